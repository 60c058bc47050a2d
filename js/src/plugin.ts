import { type AuthMethods, authMethods, type CheckReport } from './auth.js';
import { type BatchCall, type BatchOptions, type BatchResults, batch } from './batch.js';
import { cleanup } from './cleanup.js';
import { Core, guarded, healthy } from './core.js';
import { type Host, writeLog } from './drive.js';
import { asPluginError, type PluginError, problem, wrongField } from './errors.js';
import { forget } from './forget.js';
import { hearing, isReachable } from './hearing.js';
import { backfill } from './history/backfill.js';
import { reconcile } from './history/reconcile.js';
import { reconcileWhenDue } from './history/schedule.js';
import { type Desk, Shelf } from './history/shelf.js';
import { lateTwins, REQUESTS_FOR_TWINS } from './history/twins.js';
import { type ItemOf, type ListInputOf, type Listing, type ListOptions, listing } from './lists.js';
import { checkMapping } from './mapping-check.js';
import {
  type BridgeActions,
  bridgeActions,
  type CallOptions,
  type Digistore24Operations,
  digistore24Operations,
  type HighLevelOperations,
  highLevelOperations,
  type InputOf,
  type OutputOf,
  type RunOptions,
} from './operations.js';
import type {
  BackfillOptions,
  BackfillProgress,
  BriefEntry,
  CatalogEntry,
  CatalogFilter,
  Cleanup,
  ConnectionOptions,
  DryRun,
  ErrorDetails,
  Event,
  Forgotten,
  Header,
  HighLevelEvent,
  IpnState,
  JsonObject,
  LogLine,
  MappingCheck,
  PluginEvent,
  PollCursor,
  Polled,
  PolledEvent,
  PollOptions,
  RawEvent,
  Reading,
  Reconciliation,
  Report,
  Room,
  RoomEntry,
  ServiceName,
  Setup,
  Tick,
  Timeline,
  Whom,
} from './protocol.js';
import { memoryStore } from './store/memory.js';
import type { Store } from './store/types.js';
import { type LedgerView, wholeTimeline } from './timeline.js';
import { type AlertOptions, Alerts } from './watch/alerts.js';
import { type Listener, Listeners } from './watch/listeners.js';
import type { Alert } from './watch/rules.js';
import { isTrace, newTrace } from './watch/trace.js';
import { addressed, checkMethod, readBody, refusal, type WebhookRequest, type WebhookService } from './webhook.js';

/** The options of {@link createPlugin}: plain data for the core, and what the host lends to it. */
export interface Options extends ConnectionOptions {
  /** Where inbox and ledger live. Default: memory, with a warning when the sync uses it. Closed with the plugin. */
  store?: Store;
  /** Default: the global fetch. */
  fetch?: typeof globalThis.fetch;
  /** Default: warnings and errors go to the console. */
  log?: (line: LogLine) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  clock?: () => number;
  /** Gets what happens, for metrics and traces. What it throws is ignored. */
  onEvent?: (event: PluginEvent) => void;
  /** Who is told at once of what a person should know. */
  alerts?: AlertOptions;
}

/** What became of a webhook. */
export type Received = ReceivedOf<'digistore24', Event> | ReceivedOf<'ghl', HighLevelEvent>;

interface ReceivedOf<Service extends ServiceName, E> {
  /** Whose webhook it was. */
  service: Service;
  /** For the sender. Only a stored message is answered with `OK`. */
  response: Response;
  /**
   * Digistore24: the event, where it is new; one for each item where items are split. HighLevel: the event, where it is new
   * and of this location; {@link EventMethods.done} says that it is dealt with.
   */
  events: E[];
  /** `kept`: stored and not worked on. `checked`: the sender asked only whether the address works. */
  outcome: 'queued' | 'duplicate' | 'kept' | 'checked' | 'refused';
  /** Why it was refused. */
  error?: ErrorDetails;
}

/** How a webhook is to be taken. */
export interface ReceiveOptions extends Pick<CallOptions, 'trace'> {
  /** Whose webhook it is, where its address doesn't end as the receiver's own do. */
  service?: WebhookService;
  /** Tell one event for each item of the order. */
  splitItems?: boolean;
  /**
   * It is kept and not worked on: a router found no location for it, or the host only reads events. That needs no account of
   * HighLevel; without `parked` it does, so that no sale is taken that nobody carries out.
   */
  parked?: boolean;
}

/** Events of webhooks. */
export interface EventMethods {
  /**
   * Turns the body of a webhook into events; needs no store and makes no call. Says nothing about the signature: whoever
   * acts on them must know where they came from.
   *
   * @throws PluginError `invalid_input`: the body is none of that service, or an option is wrong.
   */
  read(service: 'digistore24', body: string | Uint8Array, options?: Reading): Event[];
  read(service: 'ghl', body: string | Uint8Array, options?: Reading): HighLevelEvent[];
  /**
   * The events of HighLevel that were stored and that nobody has dealt with, the oldest first, at most `limit` (default
   * 100). They stay until {@link EventMethods.done}, at most a month, so that a host that stops in between loses none. It
   * takes nothing away: two that take at the same time get the same events.
   */
  take(options?: { limit?: number }): Promise<HighLevelEvent[]>;
  /** These events are dealt with, by their `dedupeKey`: {@link EventMethods.take} gives them no more. */
  done(dedupeKeys: string[]): Promise<void>;
}

/** Which IPN connection is to be made. */
export interface IpnInstall {
  /** Where Digistore24 sends to: public, https, no redirects. Digistore24 calls it at once, so the receiver must run. */
  url: string;
  /** As the vendor sees it in Digistore24. Default `HighLevel`. */
  name?: string;
  /** Only messages about these products. Default: all. */
  productIds?: string[];
  /** Messages about new affiliates, too. */
  affiliations?: boolean;
  /** For a test address (http as well): a connection of its own beside the real one. */
  test?: boolean;
  /** A new passphrase. The present one stays valid until the next rotation. */
  rotate?: boolean;
}

/** The connection that sends Digistore24's messages. */
export interface IpnMethods {
  /**
   * Makes the connection, or brings the one that it made to what is wanted. Never touches another one. From then on
   * {@link Plugin.receive} believes its passphrase, which lies in the store.
   */
  install(options: IpnInstall, call?: CallOptions): Promise<IpnState>;
  /** Reads it back. */
  check(options?: { test?: boolean }, call?: CallOptions): Promise<IpnState>;
  /** Ends it, and forgets its passphrases. */
  remove(options?: { test?: boolean }, call?: CallOptions): Promise<IpnState>;
}

/** The sync's part of a plugin. */
export interface SyncMethods {
  /** What would be done for an event. Makes no call and writes nothing. */
  plan(event: HighLevelEvent, options?: CallOptions): Promise<DryRun<HighLevelEvent>>;
  plan(event: RawEvent, options?: CallOptions): Promise<DryRun>;
  /**
   * Carries out an event as if its webhook had come; says so too where it came before. One of HighLevel, such as one that was
   * polled, is `kept` where no playbook begins with it.
   */
  apply(event: RawEvent | HighLevelEvent, options?: CallOptions): Promise<Report>;
  /**
   * Imports what was sold before, silently: contact and fields, each person once. Tells after each step (at most 50
   * requests, then a checkpoint in the store) how far it is. May be stopped at any point; with the same options it goes on,
   * also in another process.
   */
  backfill(options?: BackfillOptions, control?: CallOptions): AsyncGenerator<BackfillProgress, void, void>;
  /**
   * Compares the ledger with Digistore24's lists and takes in what webhooks missed; {@link Plugin.tick} then works on it.
   * Silent where it is older than two days. Without `from` since the end of the last run.
   */
  reconcile(options?: { from?: string; maxRequests?: number } & CallOptions): Promise<Reconciliation>;
  /**
   * Takes out what test orders left in HighLevel (their notes, tasks and deals, tags and fields that only they earned) and in
   * the ledger. Can be repeated. `deleteContacts`: contacts too that this plugin made and that have nothing but test orders.
   */
  cleanup(options?: { deleteContacts?: boolean; dryRun?: boolean } & CallOptions): Promise<Cleanup>;
}

/** Messages that can't be carried out without a person. */
export interface DeadLetters {
  /** The oldest first, with cause and help; at most `limit` (default 100). */
  list(limit?: number): Promise<RoomEntry[]>;
  /** Tries one again, or all. Gives what became of them. */
  retry(name?: string, options?: CallOptions): Promise<Report[]>;
  /** Gives one up. The same message isn't taken a second time. */
  drop(name: string): Promise<void>;
}

/** Digistore24 joined to HighLevel. All methods throw {@link PluginError} and nothing else. */
export interface Plugin {
  catalog: {
    /** The operations that match, the whole catalog by default. */
    list(filter: CatalogFilter & { brief: true }): BriefEntry[];
    list(filter?: CatalogFilter): CatalogEntry[];
  };
  /** HighLevel's operations: `plugin.ghl.contacts.addTags(input)`. */
  ghl: HighLevelOperations;
  /** Digistore24's functions: `plugin.digistore24.getPurchase(input)`. */
  digistore24: Digistore24Operations;
  /** Actions for people, each of several calls: `plugin.bridge.findOrCreateContact(input)`. */
  bridge: BridgeActions;
  sync: SyncMethods;
  events: EventMethods;
  ipn: IpnMethods;
  /** Calls an operation of the catalog. Input that doesn't fit is refused before anything is sent. */
  run<Id extends string>(id: Id, input?: InputOf<Id>, options?: RunOptions): Promise<OutputOf<Id>>;
  /**
   * All items of a list, each once, over as many pages as it takes; `plugin.ghl.contacts.searchContactsAdvanced.list(input)`
   * is the same. Pages of a list that changes meanwhile overlap; what is met again is told once.
   */
  list<Id extends string>(id: Id, input?: ListInputOf<Id>, options?: ListOptions): Listing<ItemOf<Id>>;
  /**
   * Makes many calls, a few at a time. Each has its own result, in the order of the calls: `{ ok: true, value }` or
   * `{ ok: false, error }`; no failure stops the others.
   *
   * @throws PluginError `invalid_input`: `concurrency` is no whole number from 1 to 100.
   */
  batch<const Calls extends readonly BatchCall[]>(calls: Calls, options?: BatchOptions): Promise<BatchResults<Calls>>;
  /**
   * Takes a webhook of either service: verified and stored, then answered. Never throws. What Digistore24 says is worked on
   * by {@link Plugin.tick}; what HighLevel says is for the host ({@link EventMethods.take}).
   */
  receive(request: Request | WebhookRequest, options?: ReceiveOptions): Promise<Received>;
  /** Works on what waits. `maxRequests` (30 or more) ends it early; it then says `done: false`. */
  tick(options?: { maxRequests?: number } & CallOptions): Promise<Tick>;
  /**
   * What is new for a trigger that arrives by polling. Keep the cursor after the events are dealt with: a host that stops
   * in between is given the same events again, with the same `dedupeKey`. `done: false`: there is more, poll again.
   */
  poll<Id extends string>(
    trigger: Id,
    cursor?: PollCursor | null,
    options?: PollOptions & CallOptions,
  ): Promise<Polled<PolledEvent<Id>>>;
  mapping: {
    /** Every mistake in a mapping, by path. Makes no call. Files that it extends must be resolved. */
    check(mapping: JsonObject): Promise<MappingCheck>;
  };
  /** One customer in one view: what both services know, in order of time. */
  timeline(whom: Whom, options?: CallOptions): Promise<Timeline>;
  deadLetters: DeadLetters;
  /**
   * Removes everything of a person from the store, with `deleteContact` the contact in HighLevel too, and names what
   * remains elsewhere. Later messages about the person's orders are kept without content. HighLevel is asked whose address it
   * is, unless `contactId` says so; null: nobody's.
   */
  forget(
    email: string,
    options?: { deleteContact?: boolean; contactId?: string | null } & CallOptions,
  ): Promise<Forgotten>;
  /** Creates the custom fields that the mapping needs. May be repeated. */
  setup(options?: CallOptions): Promise<Setup>;
  /** Connecting, changing and telling of credentials. */
  auth: AuthMethods;
  /** Is all set right? Cheap reads only. */
  check(options?: CallOptions): Promise<CheckReport>;
  /** The scopes to tick in HighLevel: for these operations, by default for the sync with its mapping and for `check`. */
  scopes(options?: { for?: string[] }): Promise<string[]>;
  /** What lies in a room of the store (default `inbox`), the oldest first, at most `limit` (default 100). */
  inbox(room?: Room, limit?: number): Promise<RoomEntry[]>;
  /** Listens to what happens, as the option `onEvent` does; gives the way to stop. */
  observe(listener: (event: PluginEvent) => void): () => void;
  /** Gives memory and store back; calls under way end by themselves first. */
  close(): Promise<void>;
}

/**
 * Makes a plugin. How the wasm is loaded follows from the host; no option is needed for it.
 *
 * @throws PluginError `invalid_input` that names every wrong option; `misconfigured`: the wasm can't be loaded;
 * `unavailable`: it could not be fetched now.
 */
export async function createPlugin(options: Options = {}): Promise<Plugin> {
  const { store, fetch, log = toConsole, clock = Date.now, onEvent, alerts: told, ...data } = options;
  checkFunctions({ fetch, log, clock, onEvent });
  for (const name of ['get', 'list', 'commit'] as const) {
    if (store && typeof store[name] !== 'function') throw wrongField(`store.${name}`, 'must be a function');
  }
  // Nobody else can see a store of our own: what is in it about the rate may as well stay in the core.
  data.exclusive ??= store === undefined;
  const listeners = new Listeners({
    connection: data.id ?? 'default',
    location: data.highlevel?.locationId ?? null,
  });
  if (onEvent) listeners.add(onEvent);
  // Looked up at each call, and called without an object: browsers insist on that.
  const send: typeof globalThis.fetch = fetch ?? ((...args) => globalThis.fetch(...args));
  const alerts = told && new Alerts(told, { fetch: send, log: (line) => writeLog({ log }, line), onRaised });
  if (alerts) listeners.add(alerts.onEvent);
  function onRaised({ at, trace, kind, cause }: Alert): void {
    listeners.tell({ kind: 'alert', at: Date.parse(at), trace, alert: kind, cause });
  }
  const core = await Core.create(JSON.parse(asJson(data, 'options')));
  const wasm = await healthy();
  const host: Host = {
    store: store ?? memoryStore({ clock }),
    fetch: send,
    allows: (url) => core.allows(url),
    log,
    isHeard: listeners.isHeard,
    tell: listeners.tell,
    clock,
  };
  if (!store && data.highlevel?.auth?.kind === 'oauth') {
    log({ level: 'warn', message: 'the tokens are kept in memory and end with this process', fields: MEMORY_HELP });
  }
  let isOpen = true;
  let warned = store !== undefined;
  const pending = new Set<Promise<unknown>>();

  async function call<T>(method: string, args: unknown[], options: CallOptions = {}, body?: Uint8Array): Promise<T> {
    if (!isOpen) throw problem('cancelled', 'the plugin is closed', 'Make a new one with createPlugin.');
    const { signal, trace } = options;
    if (trace !== undefined && !isTrace(trace)) {
      throw wrongField('options.trace', 'must be 1 to 64 letters, digits and the marks ._:-');
    }
    const work = core.call(method, asJson(args, 'input'), body, host, { signal, trace });
    pending.add(work);
    try {
      return JSON.parse(await work) as T;
    } finally {
      pending.delete(work);
    }
  }

  /** A call that uses the ledger. */
  function ledger<T>(method: string, args: unknown[], options?: CallOptions, body?: Uint8Array): Promise<T> {
    if (!warned) {
      warned = true;
      log({ level: 'warn', message: 'the ledger is kept in memory and ends with this process', fields: MEMORY_HELP });
    }
    return call(method, args, options, body);
  }

  async function receive(request: Request | WebhookRequest, options: ReceiveOptions = {}): Promise<Received> {
    const { method } = request;
    const { splitItems = false, parked = false, service: said, ...rest } = options;
    const address = addressed(request, said);
    const service = address.service === 'digistore24' ? 'digistore24' : 'ghl';
    try {
      const isCheck = /^(GET|HEAD)$/i.test(method);
      if (isCheck && service === 'digistore24') checkMethod(request);
      const body = isCheck ? undefined : await readBody(request);
      const result = await ledger<WireReceived>('receive', [{ method, splitItems, parked, ...address }], rest, body);
      const { status, headers, body: text } = result.response;
      return { ...result, service, response: new Response(text, { status, headers }) } as Received;
    } catch (thrown) {
      const error = asPluginError(thrown);
      const { trace = newTrace() } = rest;
      const told = { outcome: 'refused', event: null, code: error.code } as const;
      listeners.tell({ kind: 'webhook', at: clock(), trace, service, ...told });
      return refused(service, error, log);
    }
  }

  const run = async (id: string, input?: JsonObject, options: RunOptions = {}): Promise<unknown> => {
    const { signal, trace, ...urgency } = options;
    const usesLedger = id === 'bridge.syncEvent' || id === 'bridge.customerTimeline';
    const answer = await (usesLedger ? ledger : call)<unknown>('run', [id, input ?? {}, urgency], { signal, trace });
    return id === 'bridge.customerTimeline' ? completed(input as Whom, answer as LedgerView, options) : answer;
  };

  const completed = (whom: Whom, view: LedgerView, options?: CallOptions) =>
    wholeTimeline(whom, view, {
      run: (id, input) => run(id, input, options),
      list: (id, input, limit) => list(id, input, { ...options, limit }),
      ledger: (method, args) => ledger(method, args, options),
      hasApiKey: data.digistore24?.apiKey !== undefined,
    });

  /** For what reads lists and keeps them in the store beside the ledger. */
  const desk = (options: CallOptions = {}): Desk => ({
    // What is under way is finished: the signal ends the work between two steps.
    call: (method, args) => ledger(method, args, { trace: options.trace }),
    shelf: new Shelf(host.store, `${data.id ?? 'default'}/${data.highlevel?.locationId ?? ''}`),
    now: clock,
    backgroundShare: data.backgroundShare ?? 0.5,
    signal: options.signal,
  });

  async function tick({ signal, trace, ...options }: { maxRequests?: number } & CallOptions = {}): Promise<Tick> {
    const control = { signal, trace };
    alerts?.again(clock());
    let done = await ledger<Tick>('tick', [options], control);
    const { maxRequests = Number.POSITIVE_INFINITY } = options;
    const spent = done.events.reduce((sum, { requests }) => sum + requests, 0);
    let left = maxRequests - spent;
    if (done.done && left >= REQUESTS_FOR_TWINS) {
      const { twins, requests } = await lateTwins(desk(control), (id, input) => run(id, input, control));
      left -= requests;
      if (twins.length > 0) done = { ...done, twins };
      for (const { id, action, ids } of twins) {
        const fields = { id, action, count: String(ids.length) };
        writeLog({ log }, { level: 'error', message: 'a late write left something twice', fields });
        listeners.tell({ kind: 'twin', at: clock(), trace: trace ?? newTrace(), id, action, count: ids.length });
      }
    }
    const { reconcileEveryHours: hours } = data;
    if (!hours || data.digistore24?.apiKey === undefined) return done;
    done = await reconcileWhenDue(desk(control), done, { everyMs: hours * 3_600_000, maxRequests: left, log });
    if (done.reconciliation?.done) {
      const { found, repaired } = done.reconciliation;
      const fields = { found: String(found), repaired: String(repaired) };
      if (found > 0) writeLog({ log }, { level: 'warn', message: 'webhooks have missed something', fields });
      listeners.tell({ kind: 'drift', at: clock(), trace: trace ?? newTrace(), found, repaired });
    }
    return done;
  }

  const inbox = (room: Room = 'inbox', limit = 100) => ledger<RoomEntry[]>('inbox.list', [{ room, limit }]);

  async function retry(name: string | undefined, options: CallOptions = {}): Promise<Report[]> {
    const names = name === undefined ? (await inbox('dead', 10_000)).map((letter) => letter.name) : [name];
    const ids = new Set<string>();
    for (const one of names) {
      // Behind the time of arrival a name has the id of its event.
      if (await ledger<boolean>('deadLetters.retry', [one], options)) ids.add(one.slice(14, 30));
      // Of all, one that somebody else retries or drops just now is left to them.
      else if (name !== undefined) throw wrongField('name', 'is not the name of a dead letter that can be read');
    }
    const { events } = await ledger<Tick>('tick', [{}], options);
    return events.filter(({ id }) => ids.has(id));
  }

  const list = (id: string, input: JsonObject = {}, { background, deadlineMs, ...options }: ListOptions = {}) =>
    listing(
      (cursor, limit) => call('page', [id, input, cursor, { ...limit, background, deadlineMs }], options),
      options,
    );
  const ways = { run, list };

  return {
    catalog: {
      list: ({ reachable = false, ...filter } = {}) => {
        const found = guarded(wasm, () => wasm.catalogList(asJson(filter, 'filter')));
        const entries = JSON.parse(found) as CatalogEntry[];
        return reachable ? entries.filter((entry) => entry.kind !== 'trigger' || isReachable(entry, data)) : entries;
      },
    },
    ghl: highLevelOperations(ways),
    digistore24: digistore24Operations(ways),
    bridge: bridgeActions(ways),
    sync: {
      plan: (event: RawEvent | HighLevelEvent, options?: CallOptions) =>
        ledger<DryRun & DryRun<HighLevelEvent>>('sync.plan', [raw(event)], options),
      apply: (event, options) => ledger('sync.apply', [raw(event)], options),
      backfill: (options = {}, control) => backfill(desk(control), options),
      reconcile: ({ from, maxRequests, ...control } = {}) => reconcile(desk(control), from, maxRequests),
      cleanup: ({ deleteContacts = false, dryRun = false, ...options } = {}) =>
        cleanup(deleteContacts, dryRun, {
          signal: options.signal,
          ledger: (method, args) => ledger(method, args, options),
          run: (id, input) => run(id, input, options),
        }),
    },
    events: {
      read: (service: string, body: string | Uint8Array, options: Reading = {}) => {
        const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
        if (!(bytes instanceof Uint8Array)) throw wrongField('body', 'must be the text or the bytes as they came');
        const read = () => wasm.readEvents(data.id ?? 'default', service, bytes, asJson(options, 'options'), clock());
        return JSON.parse(guarded(wasm, read));
      },
      take: (options = {}) => ledger('events.take', [options]),
      done: async (dedupeKeys) => {
        await ledger('events.done', [dedupeKeys]);
      },
    },
    ipn: {
      install: (options, call) => ledger('ipn.install', [{ ...options, random: randomLetters(48) }], call),
      check: (options = {}, call) => ledger('ipn.check', [options], call),
      remove: (options = {}, call) => ledger('ipn.remove', [options], call),
    },
    run: run as Plugin['run'],
    list: list as Plugin['list'],
    batch: ((calls: readonly BatchCall[], options: BatchOptions = {}) => batch(run, calls, options)) as Plugin['batch'],
    receive,
    tick,
    poll: (trigger, cursor = null, { signal, trace, ...options } = {}) =>
      call('poll', [trigger, cursor, options], { signal, trace }),
    mapping: { check: (mapping) => call('mapping.check', [mapping]) },
    timeline: async (whom, options) => completed(whom, await ledger<LedgerView>('timeline', [whom], options), options),
    deadLetters: {
      list: (limit) => inbox('dead', limit),
      retry,
      drop: async (name) => {
        if (!(await ledger<boolean>('deadLetters.drop', [name]))) {
          throw wrongField('name', 'is not the name of a dead letter');
        }
      },
    },
    forget: async (email, { deleteContact = false, contactId, ...options } = {}) => {
      if (typeof email !== 'string' || email.trim() === '') throw wrongField('email', 'is required');
      return forget(email.trim(), deleteContact, contactId, {
        forgetInStore: (whom, inHighLevel) => ledger('forget', [whom, inHighLevel], options),
        run: (id, input) => run(id, input, options),
      });
    },
    setup: (options) => call('setup', [], options),
    inbox,
    auth: authMethods(call),
    check: async (options) => {
      const { checks } = await call<CheckReport>('check', [], options);
      // To whom HighLevel answers at all the rest can be asked.
      if (checks.some(({ name, ok }) => name === 'HighLevel: credentials' && ok)) {
        const mapping = await call<JsonObject>('mapping.expand', [data.mapping ?? {}]);
        checks.push(
          ...(await checkMapping(mapping, {
            run: (id, input) => run(id, input, options),
            nearest: (given, names) => call('nearest', [given, names]),
          })),
        );
      }
      const filter = asJson({ service: 'bridge', resource: 'triggers' }, 'filter');
      const triggers: CatalogEntry[] = data.mapping ? JSON.parse(guarded(wasm, () => wasm.catalogList(filter))) : [];
      const heard = hearing(data, (event) => {
        const { arrives, sources = [] } = triggers.find(({ id }) => id === `bridge.${event}`) ?? {};
        return sources.some((id) => id.startsWith('ghl.')) ? arrives : undefined;
      });
      checks.push(...heard);
      return { ok: checks.every(({ ok }) => ok), checks };
    },
    scopes: (options = {}) => call('scopes', [options]),
    observe: (listener: Listener) => listeners.add(listener),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await Promise.allSettled(pending);
      await alerts?.idle();
      core.free();
      await host.store.close?.();
    },
  };
}

const MEMORY_HELP = { help: 'set the option store, for example openSqliteStore of ghl-digistore24/sqlite' };

interface WireReceived extends Omit<Received, 'response' | 'service'> {
  response: { status: number; headers: Header[]; body: string };
}

/** Of an event of Digistore24 only the parameters as they came count. */
function raw(event: RawEvent | HighLevelEvent): unknown {
  return event && 'via' in event ? event : { raw: event?.raw };
}

/** A message that the core didn't judge. */
function refused(service: ServiceName, error: PluginError, log: (line: LogLine) => void): Received {
  log({ level: 'error', message: 'a message was not accepted', fields: { problem: error.message, help: error.help } });
  const response = refusal(service, error);
  return { service, response, events: [], outcome: 'refused', error: error.toJSON() };
}

/** Letters and digits that nobody can guess. */
function randomLetters(count: number): string {
  let letters = '';
  while (letters.length < count) {
    const bytes = crypto.getRandomValues(new Uint8Array(count));
    letters += btoa(String.fromCharCode(...bytes)).replace(/[^A-Za-z0-9]/g, '');
  }
  return letters.slice(0, count);
}

/** JSON text, or an error that says which argument has none. */
function asJson(value: unknown, name: string): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw wrongField(name, 'must be plain JSON: no cycles, no BigInt');
  }
}

/** @throws PluginError `invalid_input`: something given is none. */
export function checkFunctions(functions: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(functions)) {
    if (value !== undefined && typeof value !== 'function') throw wrongField(name, 'must be a function');
  }
}

/** Where lines go that nobody else takes: warnings and errors. */
export function toConsole({ level, message, fields }: LogLine): void {
  if (level !== 'warn' && level !== 'error') return;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  console[level](`ghl-digistore24: ${message}${rest.join('')}`);
}
