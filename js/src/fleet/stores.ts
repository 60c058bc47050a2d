import { problem, wrongField } from '../errors.js';
import type { StoreEntry, StoreValues } from '../protocol.js';
import type { Awaitable, Store } from '../store/types.js';
import { PARKED } from './options.js';

/** What lies together: what belongs to a location, to a vendor (`location` null), to the whole fleet (both null). */
export interface Scope {
  connection: string | null;
  location: string | null;
}

/** Where a fleet keeps its state: all in one store, or in one for each scope. */
export interface FleetStorage {
  /** One for all: every key begins with connection and location. Default: memory, with a warning. */
  store?: Store;
  /** One for each scope, asked for when it is first needed. What belongs to a location is written in its store alone. */
  storeFor?: (scope: Scope) => Awaitable<Store>;
}

/** The stores of a fleet, each made once. */
export class Stores {
  readonly #made = new Map<string, Promise<Store>>();
  readonly #storeFor: (scope: Scope) => Awaitable<Store>;
  /** All is in this one. */
  readonly #single: Store | undefined;

  /** @throws PluginError `invalid_input`: not one of the two. */
  constructor({ store, storeFor }: FleetStorage) {
    if (store && storeFor) throw wrongField('storeFor', 'stands beside store: choose one of the two');
    for (const name of ['get', 'list', 'commit'] as const) {
      if (store && typeof store[name] !== 'function') throw wrongField(`store.${name}`, 'must be a function');
    }
    const one = storeFor ?? (store && (() => store));
    if (!one) throw wrongField('store', 'is required where there is no storeFor');
    this.#single = store;
    this.#storeFor = one;
  }

  /** The store as the plugin of a location sees it. It can't close it: others may use it. */
  async of(connection: string, location: string, clientId?: string): Promise<Store> {
    const places: Place[] = [
      // An agency's app is connected once, and its pair of tokens is good for one use: all connections share it.
      {
        prefix: `${connection}/company:`,
        as: `agency/${clientId ?? ''}/company:`,
        store: () => this.#get({ connection: null, location: null }),
      },
      {
        prefix: location === PARKED ? `${connection}/` : `${connection}/${location}/`,
        store: () => this.#get({ connection, location: location === PARKED ? null : location }),
      },
      { prefix: `${connection}/`, store: () => this.#get({ connection, location: null }) },
    ];
    await places[1]?.store();
    return spread(places);
  }

  /** Closes all. */
  async close(): Promise<void> {
    const made = await Promise.allSettled(this.#made.values());
    const stores = new Set(made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
    if (this.#single) stores.add(this.#single);
    await Promise.allSettled(Array.from(stores, async (store) => store.close?.()));
  }

  #get(scope: Scope): Promise<Store> {
    const name = JSON.stringify([scope.connection, scope.location]);
    const known = this.#made.get(name);
    if (known) return known;
    const store = (async () => this.#storeFor(scope))();
    this.#made.set(name, store);
    // A failure is not kept: the next one tries again.
    store.catch(() => this.#made.delete(name));
    return store;
  }
}

/** For a router that needs to remember nothing. */
export function forgetfulStore(clock: () => number): Store {
  const nothing = (): StoreValues => ({ entries: [], now: clock() });
  return { get: nothing, list: nothing, commit: () => ({ ok: true, version: 0, now: clock() }) };
}

/** Where keys with a prefix lie, and what the prefix is called there. */
interface Place {
  prefix: string;
  as?: string;
  store: () => Promise<Store>;
}

/** One store whose keys lie in several; the first place whose prefix fits counts. */
function spread(places: Place[]): Store {
  const placeOf = (key: string): Place => {
    const place = places.find(({ prefix }) => key.startsWith(prefix));
    if (!place) throw problem('storage', 'a key belongs to no store of the fleet', 'Please report this as a bug.');
    return place;
  };
  const inside = ({ prefix, as = prefix }: Place, key: string) => as + key.slice(prefix.length);
  const outside = ({ prefix, as = prefix }: Place, entry: StoreEntry): StoreEntry => ({
    ...entry,
    key: prefix + entry.key.slice(as.length),
  });

  return {
    async get(keys) {
      const answers: StoreValues[] = [];
      for (const place of new Set(keys.map(placeOf))) {
        const own = keys.filter((key) => placeOf(key) === place);
        const store = await place.store();
        const { entries, now } = await store.get(own.map((key) => inside(place, key)));
        answers.push({ entries: entries.map((entry) => outside(place, entry)), now });
      }
      return { entries: answers.flatMap(({ entries }) => entries), now: Math.max(0, ...answers.map(({ now }) => now)) };
    },

    async list({ prefix, after, limit }) {
      const place = placeOf(prefix);
      const store = await place.store();
      const range = { prefix: inside(place, prefix), after: after == null ? null : inside(place, after), limit };
      const { entries, now } = await store.list(range);
      return { entries: entries.map((entry) => outside(place, entry)), now };
    },

    async commit(writes) {
      const places = new Set(writes.map(({ key }) => placeOf(key)));
      const [place] = places;
      if (!place || places.size > 1) {
        throw problem('storage', 'a commit spans several stores of the fleet', 'Please report this as a bug.');
      }
      const store = await place.store();
      return store.commit(writes.map((write) => ({ ...write, key: inside(place, write.key) })));
    },
  };
}

/**
 * The store of a location's plugin (null: of what is parked) where each scope has a store of its own: for hosts that hold the
 * plugins themselves, each beside its own scope.
 */
export function scopedStore(
  storeFor: NonNullable<FleetStorage['storeFor']>,
  { connection, location, clientId }: { connection: string; location: string | null; clientId?: string },
): Promise<Store> {
  return new Stores({ storeFor }).of(connection, location ?? PARKED, clientId);
}
