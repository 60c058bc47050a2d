import { DurableObject } from 'cloudflare:workers';
import {
  createPlugin,
  createRouter,
  type ErrorDetails,
  type LogLine,
  type Plugin,
  type RoomEntry,
  type Scope,
  type Store,
  type StoreCommit,
  type StoreRange,
  type StoreValues,
  type StoreWrite,
  scopedStore,
} from 'ghl-digistore24';
import { durableStore } from 'ghl-digistore24/durable-object';
import { type Delivery, type Env, fleetOf, ledgerOf, maxRequestsOf } from './env.js';
import { detailsOf, log } from './log.js';

/** Whose object this is: of a location; of a connection where `location` is null; of the whole fleet where both are. */
type Whose = Scope;

/** What became of a delivery. `retry`: it could not be stored; it must come again. */
export type Delivered = { ok: true } | { ok: false; error: ErrorDetails };

/** How a location is doing. */
export interface Status {
  connection: string;
  location: string | null;
  /** How many messages lie in a room, counted up to {@link COUNT_LIMIT}. */
  inbox: number;
  dead: number;
  kept: number;
  /** ISO 8601; null: none is kept. */
  lastMessageAt: string | null;
  /** When it works on again: ISO 8601. */
  nextAt: string | null;
  /** Why the oldest message waits that was tried in vain: cause and help, no content. */
  waitsFor: ErrorDetails | null;
  /** The dead letters, the oldest first: cause and help, no content. */
  letters: Pick<RoomEntry, 'name' | 'event' | 'order' | 'receivedAt' | 'error'>[];
  /** Deliveries that the queue gave up, kept until they are taken again. */
  undelivered: number;
}

/** Rooms are counted up to here. */
export const COUNT_LIMIT = 1000;
/** So many dead letters the status page shows. */
const LETTERS = 20;
/** After a failure the object tries again by itself. Milliseconds. */
const AGAIN_MS = 60_000;

/**
 * The ledger of a GHL location: inbox, identities, leases, tokens and rate in one atomic scope, in the object's SQLite. One for each
 * connection keeps what has no location. Alarms work on what waits.
 */
export class Ledger extends DurableObject<Env> {
  readonly #store: Store;
  #whose: Whose | undefined;
  #plugin: Promise<Plugin> | undefined;
  /** Something came while a step was under way: its alarm must not put that off. */
  #isWanted = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = durableStore(ctx.storage);
    ctx.blockConcurrencyWhile(async () => {
      this.#whose = await ctx.storage.get<Whose>('whose');
      ctx.storage.sql.exec(
        'CREATE TABLE IF NOT EXISTS undelivered (id INTEGER PRIMARY KEY, delivery TEXT NOT NULL, body BLOB NOT NULL)',
      );
    });
  }

  /** Stores messages in the inbox, in order, and has them worked on. Each is answered by itself. */
  async deliver(whose: Whose, deliveries: Delivery[]): Promise<Delivered[]> {
    await this.#belongTo(whose);
    const results: Delivered[] = [];
    for (const { body, ...delivery } of deliveries) results.push(await this.#take(delivery, body));
    if (results.some(({ ok }) => ok)) await this.#wakeNow();
    return results;
  }

  /** Keeps deliveries that the queue gave up. They are taken again when the object wakes. */
  async keep(whose: Whose, deliveries: Delivery[]): Promise<void> {
    await this.#belongTo(whose);
    for (const { body, ...delivery } of deliveries) {
      this.ctx.storage.sql.exec(
        'INSERT INTO undelivered (delivery, body) VALUES (?, ?)',
        JSON.stringify(delivery),
        body.slice().buffer,
      );
    }
    await this.ctx.storage.setAlarm(Date.now() + AGAIN_MS);
  }

  /** Works on what waits, soon: the cron's safety net where an alarm was lost. */
  async wake(whose: Whose): Promise<void> {
    await this.#belongTo(whose);
    // Also where an alarm is set: one of an object that was stopped may never ring.
    await this.#wakeNow();
  }

  /** How the location is doing. */
  async status(whose: Whose): Promise<Status> {
    await this.#belongTo(whose);
    const plugin = await this.#opened();
    const [inbox, dead, kept, done] = await Promise.all(
      (['inbox', 'dead', 'kept', 'done'] as const).map((room) => plugin.inbox(room, COUNT_LIMIT)),
    );
    const times = [inbox, dead, kept, done].flatMap((room) => room?.at(-1)?.receivedAt ?? []);
    const alarm = await this.ctx.storage.getAlarm();
    return {
      connection: whose.connection ?? '',
      location: whose.location,
      inbox: inbox?.length ?? 0,
      dead: dead?.length ?? 0,
      kept: kept?.length ?? 0,
      lastMessageAt: times.sort().at(-1) ?? null,
      nextAt: alarm === null ? null : new Date(alarm).toISOString(),
      waitsFor: inbox?.find(({ error }) => error !== null)?.error ?? null,
      letters: (dead ?? [])
        .slice(0, LETTERS)
        .map(({ name, event, order, receivedAt, error }) => ({ name, event, order, receivedAt, error })),
      undelivered: this.#undelivered().length,
    };
  }

  /** Tries dead letters and undelivered messages again. */
  async retry(whose: Whose): Promise<void> {
    await this.#belongTo(whose);
    await (await this.#opened()).deadLetters.retry();
    await this.#wakeNow();
  }

  // The object's store, for a router or another object that needs what is kept here.
  async get(keys: string[]): Promise<StoreValues> {
    return this.#store.get(keys);
  }
  async list(range: StoreRange): Promise<StoreValues> {
    return this.#store.list(range);
  }
  async commit(writes: StoreWrite[]): Promise<StoreCommit> {
    return this.#store.commit(writes);
  }

  /** One step: as much as fits the requests of one invocation. */
  override async alarm(): Promise<void> {
    if (this.#whose?.connection == null) return;
    this.#isWanted = false;
    // Set before the work: an object that is stopped in the middle wakes again.
    await this.ctx.storage.setAlarm(Date.now() + AGAIN_MS);
    try {
      await this.#takeAgain();
      const plugin = await this.#opened();
      const { done, nextAt } = await plugin.tick({ maxRequests: maxRequestsOf(this.env) });
      if (!done || this.#isWanted) await this.ctx.storage.setAlarm(Date.now());
      else if (nextAt !== null) await this.ctx.storage.setAlarm(nextAt);
      else if (this.#undelivered().length === 0) await this.ctx.storage.deleteAlarm();
    } catch (error) {
      log(this.#named({ level: 'error', message: 'the inbox could not be worked on', fields: fieldsOf(error) }));
    }
  }

  async #take(delivery: Omit<Delivery, 'body'>, body: Uint8Array): Promise<Delivered> {
    try {
      const plugin = await this.#opened();
      const { url, headers, trace } = delivery;
      const parked = this.#whose?.location === null;
      const { outcome, error } = await plugin.receive({ method: 'POST', url, headers, body }, { trace, parked });
      return outcome === 'refused' ? { ok: false, error: error ?? UNKNOWN } : { ok: true };
    } catch (error) {
      return { ok: false, error: detailsOf(error) };
    }
  }

  #undelivered(): { id: number; delivery: string; body: ArrayBuffer }[] {
    const rows = this.ctx.storage.sql.exec('SELECT id, delivery, body FROM undelivered ORDER BY id LIMIT 100');
    return rows.toArray() as { id: number; delivery: string; body: ArrayBuffer }[];
  }

  /** What the queue gave up. What still can't be taken stays. */
  async #takeAgain(): Promise<void> {
    for (const { id, delivery, body } of this.#undelivered()) {
      const taken = await this.#take(JSON.parse(delivery) as Omit<Delivery, 'body'>, new Uint8Array(body));
      if (!taken.ok) return;
      this.ctx.storage.sql.exec('DELETE FROM undelivered WHERE id = ?', id);
    }
  }

  async #wakeNow(): Promise<void> {
    this.#isWanted = true;
    await this.ctx.storage.setAlarm(Date.now());
  }

  async #belongTo(whose: Whose): Promise<void> {
    if (this.#whose) return;
    this.#whose = { connection: whose.connection, location: whose.location };
    await this.ctx.storage.put('whose', this.#whose);
  }

  #opened(): Promise<Plugin> {
    this.#plugin ??= this.#open().catch((error: unknown) => {
      // Not kept: the next message tries again, perhaps after a new deployment.
      this.#plugin = undefined;
      throw error;
    });
    return this.#plugin;
  }

  async #open(): Promise<Plugin> {
    const { connection, location } = this.#whose ?? { connection: null, location: null };
    if (connection === null) throw new TypeError('this object belongs to no connection');
    const router = await createRouter({ ...fleetOf(this.env), log: (line) => log(this.#named(line)) });
    const options = router.options(connection, location);
    await router.close();
    const auth = options.highlevel?.auth;
    const store = await scopedStore((scope) => this.#storeOf(scope), {
      connection,
      location,
      ...(auth?.kind === 'oauth' && { clientId: auth.clientId }),
    });
    return createPlugin({ ...options, store, log: (line) => log(this.#named(line)) });
  }

  /** This object's own store, or that of the object which has it. */
  #storeOf(scope: Scope): Store {
    const isOwn = scope.connection === this.#whose?.connection && scope.location === this.#whose?.location;
    return isOwn ? this.#store : remoteStore(this.env, scope);
  }

  #named({ level, message, fields }: LogLine): LogLine {
    const { connection, location } = this.#whose ?? {};
    return { level, message, fields: { ...fields, ...(connection && { connection }), ...(location && { location }) } };
  }
}

/** The store of another object. Found anew for each use: what one request has found, workerd lets no other request use. */
export function remoteStore(env: Env, { connection, location }: Scope): Store {
  const ledger = () => ledgerOf(env, connection, location);
  return {
    get: (keys) => ledger().get(keys),
    list: (range) => ledger().list(range),
    commit: (writes) => ledger().commit(writes),
  };
}

const UNKNOWN: ErrorDetails = {
  code: 'outcome_unknown',
  message: 'the message was not taken',
  help: 'Please report this as a bug.',
  retryable: false,
};

function fieldsOf(error: unknown): Record<string, string> {
  const { code, message, help } = detailsOf(error);
  return { code, problem: message, help };
}
