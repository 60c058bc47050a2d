import type { CheckReport } from '../auth.js';
import { asPluginError, problem, wrongField } from '../errors.js';
import type { CallOptions } from '../operations.js';
import { checkFunctions, createPlugin, type Plugin, type Received, type ReceiveOptions, toConsole } from '../plugin.js';
import type { ErrorDetails, Forgotten, LogLine, PluginEvent, Report, Room, RoomEntry, Tick } from '../protocol.js';
import { memoryStore } from '../store/memory.js';
import type { AlertOptions } from '../watch/alerts.js';
import type { Listener } from '../watch/listeners.js';
import { refusal, type WebhookRequest } from '../webhook.js';
import { type FleetData, join } from './options.js';
import { Parking } from './parking.js';
import { type FleetPlace, named, routerOf } from './router.js';
import { type FleetStorage, Stores } from './stores.js';
import { Turns } from './turns.js';

/** The options of {@link createFleet}: plain data, and what the host lends to it. */
export interface FleetOptions extends FleetData, FleetStorage {
  /** Default: the global fetch. */
  fetch?: typeof globalThis.fetch;
  /** Gets each line, with `connection` and `location` among its fields. Default: warnings and errors go to the console. */
  log?: (line: LogLine) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  clock?: () => number;
  /** Gets what happens, of all locations. */
  onEvent?: (event: PluginEvent) => void;
  /** Who is told of what a person should know; each location's causes count by themselves. */
  alerts?: AlertOptions;
  /** How many locations are worked on at the same time. Default 8. */
  concurrency?: number;
}

/** What became of a webhook, and whose it was; both null where it was refused. `location` is null where it was parked. */
export type FleetReceived = Received & { connection: string | null; location: string | null };

/** A location's part of a {@link FleetTick}. */
export interface PlaceTick extends FleetPlace, Tick {
  /** The last failure: of a message, or of the location as a whole. Names connection and location. */
  error?: ErrorDetails;
}

/** What a tick did. */
export interface FleetTick {
  /** Nothing is left anywhere that could be done now. */
  done: boolean;
  /** When to come again: milliseconds since 1970. */
  nextAt: number | null;
  /** In the order of their turns. A location that had no turn is `done: false` without events. */
  places: PlaceTick[];
}

/** A message in a room of one of the stores. `location` is null where it is parked. */
export interface FleetRoomEntry extends RoomEntry {
  connection: string;
  location: string | null;
}

/** What a check found at a location. */
export interface PlaceCheck extends FleetPlace, CheckReport {
  /** Why it could not be checked. */
  error?: ErrorDetails;
}

/** Messages that wait for a person, of all locations. */
export interface FleetDeadLetters {
  /** The oldest first of each location, at most `limit` of each (default 100). */
  list(limit?: number): Promise<FleetRoomEntry[]>;
  /** Tries one again, or all of a location, or all. */
  retry(which?: Partial<FleetPlace> & { name?: string }, options?: CallOptions): Promise<PlaceReport[]>;
  /** Gives one up. */
  drop(which: FleetPlace & { name: string }): Promise<void>;
}

/** Messages of Digistore24 that belong to no location: another merchant's, no route's, tests, unknown ones. */
export interface ParkedMessages {
  /** The oldest first of each connection, with `reason`; at most `limit` of each (default 100). */
  list(limit?: number): Promise<FleetRoomEntry[]>;
  /** Routes them again, by the routes of now, and carries out what has a location; the others stay. */
  retry(which?: { connection?: string; name?: string }, options?: CallOptions): Promise<PlaceReport[]>;
  /** Removes what is older than finished messages are kept; {@link Fleet.tick} does it, too. */
  sweep(options?: CallOptions): Promise<void>;
}

/** What became of a message, and where. */
export type PlaceReport = Report & FleetPlace;

/** Many vendors and many locations. All methods throw `PluginError` and nothing else. */
export interface Fleet {
  /** All locations, in the order of the options. */
  readonly places: readonly FleetPlace[];
  /**
   * The plugin of a location, made on first use and closed with the fleet: don't close it. A connection with one location needs
   * no `location`.
   *
   * @throws PluginError `invalid_input`: there is no such connection or location.
   */
  plugin(connection: string, location?: string): Promise<Plugin>;
  /** Takes a webhook of either service: routed, stored with its location or parked, then answered. Never throws. */
  receive(request: Request | WebhookRequest, options?: Omit<ReceiveOptions, 'parked'>): Promise<FleetReceived>;
  /**
   * Works on what waits, in turns: each location gets a few requests, then the next one. No failure of one ends the others.
   * `maxRequests` (30 or more) ends it early; the next tick goes on with those that had no turn.
   */
  tick(options?: { maxRequests?: number } & CallOptions): Promise<FleetTick>;
  /** Is all set right everywhere? A location that can't be asked is one line. */
  check(options?: CallOptions): Promise<{ ok: boolean; places: PlaceCheck[] }>;
  /** What lies in a room of all stores (default `inbox`), the oldest first of each location, at most `limit` of each. */
  inbox(room?: Room, limit?: number): Promise<FleetRoomEntry[]>;
  deadLetters: FleetDeadLetters;
  parked: ParkedMessages;
  /** Forgets a person everywhere: at all locations, and among what is parked. See {@link Plugin.forget}. */
  forget(email: string, options?: { deleteContact?: boolean } & CallOptions): Promise<(FleetPlace & Forgotten)[]>;
  /** Listens to what happens anywhere; gives the way to stop. */
  observe(listener: Listener): () => void;
  /** Gives memory and stores back; calls under way end by themselves first. */
  close(): Promise<void>;
}

/** So much a location may do before the next one has its turn: about one event. */
const REQUESTS_PER_TURN = 30;

/**
 * Makes a fleet: one plugin for each location, on one instance of the wasm.
 *
 * @throws PluginError `invalid_input` that names every wrong field.
 */
export async function createFleet(options: FleetOptions): Promise<Fleet> {
  const {
    store,
    storeFor,
    fetch,
    log = toConsole,
    clock = Date.now,
    onEvent,
    alerts,
    concurrency = 8,
    ...data
  } = options;
  checkFunctions({ storeFor, fetch, log, clock, onEvent });
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 100)) {
    throw wrongField('concurrency', 'must be a whole number from 1 to 100');
  }
  const joined = await join(data);
  if (!store && !storeFor) {
    const help = 'set the option store, for example openSqliteStore of ghl-digistore24/sqlite';
    log({ level: 'warn', message: 'the ledgers are kept in memory and end with this process', fields: { help } });
  }
  const stores = new Stores(
    storeFor ? { storeFor, ...(store && { store }) } : { store: store ?? memoryStore({ clock }) },
  );
  const listeners = new Set<Listener>(onEvent ? [onEvent] : []);
  const tell = (event: PluginEvent) => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch {
        // As with a log: it must not end a call that may have written something.
      }
    }
  };
  const router = routerOf(joined, { stores, log, clock, onEvent: tell });
  const { places } = router;
  const turns = new Turns(concurrency);
  const open = new Map<string, Promise<Opened>>();
  /** Where the next tick begins: after the last one that had its turn. */
  let next = Math.floor(Math.random() * places.length);

  function opened(connection: string, location: string | null): Promise<Opened> {
    const name = JSON.stringify([connection, location]);
    const known = open.get(name);
    if (known) return known;
    const made = (async (): Promise<Opened> => {
      const own = router.options(connection, location);
      const auth = own.highlevel?.auth;
      const counter = { requests: 0 };
      const send = fetch ?? ((...args: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...args));
      const plugin = await createPlugin({
        ...own,
        exclusive: own.exclusive ?? false,
        store: await stores.of(
          connection,
          own.highlevel?.locationId ?? '',
          auth?.kind === 'oauth' ? auth.clientId : undefined,
        ),
        fetch: (...args) => {
          counter.requests++;
          return send(...args);
        },
        log: named(log, { connection, location }),
        clock,
        onEvent: (event) => tell(location === null ? { ...event, location } : event),
        ...(alerts && { alerts }),
      });
      return { plugin, counter };
    })();
    open.set(name, made);
    // A failure is not kept: the next one tries again.
    made.catch(() => open.delete(name));
    return made;
  }

  const pluginAt = async ({ connection, location }: { connection: string; location: string | null }) =>
    (await opened(connection, location)).plugin;

  async function receive(
    request: Request | WebhookRequest,
    { splitItems, ...options }: Omit<ReceiveOptions, 'parked'> = {},
  ): Promise<FleetReceived> {
    const routed = await router.route(request, options);
    if (!('message' in routed)) {
      return { ...routed, events: [], connection: null, location: null };
    }
    const { connection, location, message, trace, service } = routed;
    try {
      const plugin = await pluginAt(routed);
      const parked = location === null;
      const received = await plugin.receive(message, { trace, parked, ...(splitItems && { splitItems }) });
      return { ...received, connection, location };
    } catch (thrown) {
      // Its store could not be opened.
      const error = asPluginError(thrown);
      // Whatever it says: the message is good, and comes again.
      const response = refusal(service, problem('storage', error.message, error.help));
      return { service, outcome: 'refused', response, events: [], error: whose(error, routed), connection, location };
    }
  }

  async function tick({
    maxRequests = Number.POSITIVE_INFINITY,
    ...control
  }: { maxRequests?: number } & CallOptions = {}) {
    const results = places.map((place): PlaceTick => ({ ...place, done: false, nextAt: null, events: [] }));
    const queue = [...results.slice(next), ...results.slice(0, next)];
    const order = [...queue];
    let budget = maxRequests;
    const turn = async (result: PlaceTick): Promise<void> => {
      try {
        const { plugin, counter } = await opened(result.connection, result.location);
        const before = counter.requests;
        const done = await plugin.tick({ maxRequests: REQUESTS_PER_TURN, ...control }).finally(() => {
          budget += REQUESTS_PER_TURN - (counter.requests - before);
        });
        const error = done.events.findLast(({ error }) => error)?.error;
        Object.assign(result, done, { events: [...result.events, ...done.events] });
        if (error) result.error = whose(error, result);
        if (!done.done && done.events.length > 0) queue.push(result);
      } catch (thrown) {
        result.error = whose(asPluginError(thrown), result);
      }
    };
    const hand = async (): Promise<void> => {
      while (budget >= REQUESTS_PER_TURN && !control.signal?.aborted) {
        const result = queue.shift();
        if (!result) return;
        budget -= REQUESTS_PER_TURN;
        next = (places.findIndex((place) => isSame(place, result)) + 1) % places.length;
        await turns.take(() => turn(result));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, hand));
    await sweep(control);
    const times = results.flatMap(({ nextAt }) => nextAt ?? []);
    return {
      done: results.every(({ done, error }) => done || error),
      nextAt: times.length > 0 ? Math.min(...times) : null,
      places: order,
    };
  }

  /** Asks each location, a few at a time. */
  const each = <T>(work: (plugin: Plugin, place: FleetPlace) => Promise<T>, among: readonly FleetPlace[] = places) =>
    Promise.all(among.map((place) => turns.take(async () => work(await pluginAt(place), place))));

  const parking = joined.map(
    ({ id }) => new Parking(id, { stores, router, pluginAt: (location) => pluginAt({ connection: id, location }) }),
  );

  async function sweep(options?: CallOptions): Promise<void> {
    await Promise.all(parking.map((one) => turns.take(() => one.sweep(log, options))));
  }

  async function inbox(room: Room = 'inbox', limit = 100): Promise<FleetRoomEntry[]> {
    const rooms = await each(async (plugin, place) =>
      (await plugin.inbox(room, limit)).map((entry) => ({ ...entry, ...place })),
    );
    return rooms.flat();
  }

  return {
    places,
    async plugin(connection, location) {
      const own = places.filter((place) => place.connection === connection);
      const [first] = own;
      if (location === undefined && own.length > 1) {
        throw wrongField('location', `is required: the connection has ${own.length}`);
      }
      return pluginAt({ connection, location: location ?? first?.location ?? '' });
    },
    receive,
    tick,
    async check(options) {
      const checks = await each(async (plugin, place): Promise<PlaceCheck> => {
        try {
          return { ...place, ...(await plugin.check(options)) };
        } catch (thrown) {
          return { ...place, ok: false, checks: [], error: whose(asPluginError(thrown), place) };
        }
      });
      return { ok: checks.every(({ ok }) => ok), places: checks };
    },
    inbox,
    deadLetters: {
      list: (limit) => inbox('dead', limit),
      async retry({ connection, location, name } = {}, options) {
        const among = places.filter(
          (place) =>
            place.connection === (connection ?? place.connection) && place.location === (location ?? place.location),
        );
        if (among.length === 0) throw wrongField('connection', 'or location is none of the fleet');
        if (name !== undefined && among.length > 1) throw wrongField('name', 'needs connection and location beside it');
        const all = await each(
          async (plugin, place) =>
            (await plugin.deadLetters.retry(name, options)).map((report) => ({ ...report, ...place })),
          among,
        );
        return all.flat();
      },
      drop: async ({ connection, location, name }) => (await pluginAt({ connection, location })).deadLetters.drop(name),
    },
    parked: {
      async list(limit = 100) {
        return (await Promise.all(parking.map((one) => one.list(limit)))).flat();
      },
      async retry({ connection, name } = {}, options) {
        const among = parking.filter((one) => one.connection === (connection ?? one.connection));
        if (among.length === 0) throw wrongField('connection', 'is none of the fleet');
        const reports: PlaceReport[] = [];
        for (const one of among) reports.push(...(await one.retry(name, options)));
        return reports;
      },
      sweep,
    },
    async forget(email, options) {
      const forgotten = await each(async (plugin, place) => ({ ...place, ...(await plugin.forget(email, options)) }));
      await Promise.all(parking.map((one) => one.forget(email)));
      return forgotten;
    },
    observe(listener) {
      const own: Listener = (event) => listener(event);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    async close() {
      const made = await Promise.allSettled(open.values());
      await Promise.allSettled(made.map(async (one) => one.status === 'fulfilled' && one.value.plugin.close()));
      await router.close();
      await stores.close();
    },
  };
}

/** A plugin, and how many requests it has sent. */
interface Opened {
  plugin: Plugin;
  counter: { requests: number };
}

/** An error that says whose it is. */
function whose(
  error: ErrorDetails | { toJSON(): ErrorDetails },
  { connection, location }: { connection: string; location: string | null },
): ErrorDetails {
  const details = 'toJSON' in error ? error.toJSON() : error;
  return { ...details, connection, location };
}

const isSame = (a: FleetPlace, b: FleetPlace) => a.connection === b.connection && a.location === b.location;
