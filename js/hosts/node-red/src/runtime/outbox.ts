import type { Event, HighLevelEvent, JsonObject, PollCursor, Store, StoreWrite } from 'ghl-digistore24';

/** An event of either service. */
export type AnyEvent = Event | HighLevelEvent;

/** A repeat of an event is known for so long: longer than either service repeats. Milliseconds. */
const REMEMBERED_MS = 40 * 86_400_000;
const PAGE = 200;

/**
 * What a trigger still has to hand to its flow. Events lie here before their sender hears OK, and go when the flow has them: so a
 * process that is killed in between hands them on at its next start. A repeat of an event isn't taken again.
 */
export class Outbox {
  readonly #store: Store;
  readonly #root: string;
  #delivering: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(store: Store, id: string) {
    this.#store = store;
    this.#root = `node-red/${id}/`;
  }

  /** Takes what is new among these, and with them how far a list is read: one commit. */
  async put(events: readonly AnyEvent[], progress?: { trigger: string; cursor: PollCursor }): Promise<void> {
    const byKey = new Map(events.map((event) => [`${this.#root}seen/${event.dedupeKey}`, event]));
    for (;;) {
      const { entries, now } = await this.#store.get([...byKey.keys()]);
      for (const { key } of entries) byKey.delete(key);
      const writes: StoreWrite[] = [];
      for (const [key, event] of byKey) {
        writes.push({ key, expect: 0, value: String(now) });
        writes.push({ key: this.#place(now), expect: 0, value: JSON.stringify(event) });
      }
      if (progress) {
        const value = JSON.stringify(progress.cursor);
        writes.push({ key: this.#cursorKey(progress.trigger), expect: null, value });
      }
      if (writes.length === 0 || (await this.#store.commit(writes)).ok) return;
      // Somebody else was faster with one of them.
    }
  }

  /** Hands on what lies here, the oldest first. */
  deliver(send: (event: AnyEvent) => void): Promise<void> {
    const work = this.#delivering.then(async () => {
      for await (const { key, value } of this.#all('queue/')) {
        send(JSON.parse(value) as AnyEvent);
        await this.#store.commit([{ key, expect: null, value: null }]);
      }
    });
    this.#delivering = work.catch(() => {});
    return work;
  }

  /** Resolves when nothing is being handed on. */
  idle(): Promise<void> {
    return this.#delivering;
  }

  /** How far a list is read; null at the beginning. */
  async cursor(trigger: string): Promise<PollCursor | null> {
    const { entries } = await this.#store.get([this.#cursorKey(trigger)]);
    const [entry] = entries;
    return entry ? (JSON.parse(entry.value) as JsonObject) : null;
  }

  /** Forgets events that nobody repeats any more. */
  async sweep(now: number): Promise<void> {
    for await (const { key, value } of this.#all('seen/')) {
      if (now - Number(value) > REMEMBERED_MS) await this.#store.commit([{ key, expect: null, value: null }]);
    }
  }

  /** Forgets everything: the node is gone. */
  async clear(): Promise<void> {
    for await (const { key } of this.#all('')) await this.#store.commit([{ key, expect: null, value: null }]);
  }

  /** In the order of arrival. */
  #place(now: number): string {
    this.#count += 1;
    return `${this.#root}queue/${String(now).padStart(15, '0')}-${String(this.#count).padStart(9, '0')}`;
  }

  #cursorKey(trigger: string): string {
    return `${this.#root}cursor/${trigger}`;
  }

  async *#all(part: string) {
    let after: string | null = null;
    for (;;) {
      const { entries } = await this.#store.list({ prefix: this.#root + part, after, limit: PAGE });
      yield* entries;
      if (entries.length < PAGE) return;
      after = entries.at(-1)?.key ?? null;
    }
  }
}
