import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConnectionOptions,
  createPlugin,
  type Event,
  type HighLevelEvent,
  type LogLine,
  type Plugin,
  PluginError,
  type PollCursor,
  type Reading,
  type Report,
  type Store,
} from 'ghl-digistore24';
import { openSqliteStore } from 'ghl-digistore24/sqlite';
import { startWorker, type Worker } from 'ghl-digistore24/worker';
import { type AnyEvent, Outbox } from './outbox.js';
import { detailsOf, misconfigured } from './words.js';

/** A trigger node, as its connection sees it. */
export interface Listener {
  /** The node's id. */
  id: string;
  /** Which of the events that came by a webhook are its own. */
  select(webhook: Webhook): Promise<AnyEvent[]>;
  /** Gets each of its events, once. */
  send(event: AnyEvent): void;
  /** Something went wrong with its events; they stay where they are. */
  failed(thrown: unknown): void;
}

/** What came by a webhook, proven. */
export type Webhook =
  | { service: 'digistore24'; read: (how: Reading) => Event[] }
  | { service: 'ghl'; event: HighLevelEvent };

/** A request of a webhook. */
export interface WebhookCall {
  method: string;
  /** From `/webhooks/` on. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: Uint8Array;
}

/** The sync node, as its connection sees it. */
export interface SyncNode {
  /** What became of a message. */
  report(report: Report): void;
  /** It can't work now, and tries again by itself; null: it works again. */
  failed(thrown: unknown | null): void;
}

/** Less than the 15 seconds after which Node-RED stops waiting for a node. Milliseconds. */
const PATIENCE_MS = 10_000;
/** Where the store couldn't be opened. Milliseconds. */
const RETRY_MS = 3_000;

/** Everything of one account: its plugin, its store, who listens to its webhooks. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #folder: string;
  readonly #name: string;
  readonly #log: (line: LogLine) => void;
  readonly #listeners = new Map<string, { listener: Listener; isPaused: boolean }>();
  readonly #patience = new AbortController();
  readonly #outboxes = new Map<string, Outbox>();
  /** Stop the syncs. */
  readonly #ends = new Set<() => Promise<void>>();
  #opened: Promise<{ plugin: Plugin; store: Store }> | undefined;
  #handing: Promise<void> = Promise.resolve();
  #worker: Worker | undefined;
  #syncs = 0;
  #isClosed = false;

  /** `name` names the file in the folder that keeps ledger, inbox and what triggers have to hand on. */
  constructor(options: ConnectionOptions, folder: string, name: string, log: (line: LogLine) => void) {
    this.#options = options;
    this.#folder = folder;
    this.#name = name;
    this.#log = log;
  }

  get options(): ConnectionOptions {
    return this.#options;
  }

  /** Ends calls that take too long when the flows stop. */
  get signal(): AbortSignal {
    return this.#patience.signal;
  }

  /**
   * The plugin; opened at the first use, and once more where that failed.
   *
   * @throws PluginError `storage` where the folder can't be written, `invalid_input` for wrong settings.
   */
  async plugin(): Promise<Plugin> {
    return (await this.#open()).plugin;
  }

  #open(): Promise<{ plugin: Plugin; store: Store }> {
    if (this.#isClosed) throw CLOSED;
    this.#opened ??= this.#make();
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    return this.#opened;
  }

  async #make(): Promise<{ plugin: Plugin; store: Store }> {
    let store: Store;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      // An imported flow may carry any text as an id.
      store = openSqliteStore(join(this.#folder, `${encodeURIComponent(this.#name)}.sqlite`));
    } catch (thrown) {
      if (thrown instanceof PluginError && thrown.code !== 'storage') throw thrown;
      const { message } = detailsOf(thrown);
      throw new PluginError({
        code: 'storage',
        message: `the folder ghl-digistore24 in Node-RED’s user directory can’t be used: ${message}`,
        help: 'Let the user that Node-RED runs as write there, and see that the disk is not full.',
        retryable: true,
      });
    }
    try {
      return { store, plugin: await createPlugin({ ...this.#options, store, log: this.#log }) };
    } catch (thrown) {
      await store.close?.();
      throw thrown;
    }
  }

  /** Takes a webhook: whoever sent it hears OK when sync and triggers have it in the store. */
  async receive(call: WebhookCall): Promise<Response> {
    const isHighLevel = call.url.startsWith('/webhooks/ghl');
    try {
      const plugin = await this.plugin();
      // Without a sync node nobody works on it: it is kept, so that a repeat is known.
      const parked = !isHighLevel && this.#syncs === 0;
      const received = await plugin.receive(call, { parked });
      const { outcome, response } = received;
      if (outcome === 'refused' || outcome === 'checked') return response;
      if (received.service === 'ghl') await this.#handOn();
      // A repeat, too: perhaps the process ended between the inbox and the triggers.
      else
        await this.#tell({ service: 'digistore24', read: (how) => plugin.events.read('digistore24', call.body, how) });
      this.#worker?.kick();
      return response;
    } catch (thrown) {
      const { code, message, help } = detailsOf(thrown);
      this.#log({ level: 'error', message: 'a webhook was not stored', fields: { code, problem: message, help } });
      return notStored(isHighLevel);
    }
  }

  /** Events of HighLevel leave the plugin's store when those who listen have them in their own part of it. */
  #handOn(): Promise<void> {
    const work = this.#handing.then(async () => {
      const { events } = await this.plugin();
      for (;;) {
        const waiting = await events.take();
        if (waiting.length === 0) return;
        for (const event of waiting) {
          await this.#tell({ service: 'ghl', event });
          await events.done([event.dedupeKey]);
        }
      }
    });
    this.#handing = work.catch(() => {});
    return work;
  }

  async #tell(webhook: Webhook): Promise<void> {
    for (const { listener } of this.#listeners.values()) {
      const events = await listener.select(webhook);
      if (events.length > 0) await (await this.outbox(listener.id)).put(events);
    }
    for (const { listener } of this.#listeners.values()) this.#deliver(listener);
  }

  /** Hands on what lies there for a trigger; what can't be handed on now stays. */
  #deliver(listener: Listener): void {
    this.outbox(listener.id)
      .then((outbox) => outbox.deliver((event) => this.#send(listener, event)))
      .catch((thrown) => {
        if (!this.#isClosed && !(thrown instanceof Paused)) listener.failed(thrown);
      });
  }

  #send(listener: Listener, event: AnyEvent): void {
    const { isPaused = true } = this.#listeners.get(listener.id) ?? {};
    if (isPaused || this.#isClosed) throw new Paused();
    listener.send(event);
  }

  /** What a trigger has to hand on. */
  async outbox(id: string): Promise<Outbox> {
    const { store } = await this.#open();
    const outbox = this.#outboxes.get(id) ?? new Outbox(store, id);
    this.#outboxes.set(id, outbox);
    return outbox;
  }

  /** Events of a list that somebody asked for: kept with how far it is read, then handed on. */
  async take(
    listener: Listener,
    events: readonly AnyEvent[],
    progress: { trigger: string; cursor: PollCursor },
  ): Promise<void> {
    await (await this.outbox(listener.id)).put(events, progress);
    this.#deliver(listener);
  }

  /** Begins to listen, with what was left from the last time. */
  listen(listener: Listener): void {
    this.#listeners.set(listener.id, { listener, isPaused: false });
    this.outbox(listener.id)
      .then((outbox) => outbox.sweep(Date.now()))
      .then(() => this.#handOn())
      .then(() => this.#deliver(listener))
      .catch((thrown) => {
        if (!this.#isClosed) listener.failed(thrown);
      });
  }

  /** The node is made anew: what comes meanwhile is kept for it. */
  pause(id: string): void {
    const listening = this.#listeners.get(id);
    if (listening) listening.isPaused = true;
  }

  /** All nodes have started: who is still paused has gone to another connection, or is disabled. */
  settle(): void {
    for (const [id, { isPaused }] of this.#listeners) if (isPaused) this.#listeners.delete(id);
  }

  /** The node is gone. */
  async forget(id: string): Promise<void> {
    this.#listeners.delete(id);
    await (await this.outbox(id)).clear();
  }

  /** Works on the inbox until the end; gives the way to stop. */
  startSync(node: SyncNode): () => Promise<void> {
    const stopping = new AbortController();
    this.#syncs += 1;
    const running = this.#sync(node, stopping.signal);
    const stop = async () => {
      stopping.abort();
      await running;
    };
    this.#ends.add(stop);
    return async () => {
      if (this.#ends.delete(stop)) this.#syncs -= 1;
      await stop();
    };
  }

  async #sync(node: SyncNode, signal: AbortSignal): Promise<void> {
    let hasFailed = false;
    while (!signal.aborted) {
      try {
        const plugin = await this.plugin();
        if (signal.aborted) return;
        if (hasFailed) node.failed(null);
        await this.#work(plugin, node, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        hasFailed = true;
        node.failed(thrown);
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #work(plugin: Plugin, node: SyncNode, signal: AbortSignal): Promise<void> {
    const worker = startWorker({
      plugin,
      log: this.#log,
      onReport: (report) => node.report(report),
      onStoreFailure: (error) => node.failed(new PluginError(error)),
    });
    this.#worker = worker;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#worker = undefined;
    const late = setTimeout(() => worker.abort(), PATIENCE_MS);
    await worker.stop();
    clearTimeout(late);
  }

  /** Takes nothing new, finishes what is under way, closes the store. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const late = setTimeout(() => this.#patience.abort(), PATIENCE_MS);
    await Promise.allSettled([...this.#ends].map((end) => end()));
    await Promise.allSettled([this.#handing, ...[...this.#outboxes.values()].map((outbox) => outbox.idle())]);
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.plugin.close();
    clearTimeout(late);
  }
}

/** A delivery ends where its node is being made anew. */
class Paused extends Error {}

const CLOSED = misconfigured('the flows are being stopped', 'It goes on by itself when they are started again.');

/** Digistore24 repeats after any error, HighLevel only after a 429. */
export function notStored(isHighLevel: boolean): Response {
  return new Response('Not stored: please send it again.', {
    status: isHighLevel ? 429 : 503,
    headers: { 'retry-after': '60' },
  });
}
