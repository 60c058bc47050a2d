import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import { type PluginError, problem } from '../errors.js';
import type { StoreCommit, StoreEntry, StoreRange, StoreValues, StoreWrite } from '../protocol.js';
import { compareKeys, endOfPrefix } from './order.js';
import type { Store } from './types.js';

/** Options of {@link openIndexedDbStore}. */
export interface IndexedDbStoreOptions {
  /** Milliseconds since 1970. Default: the system's clock. */
  clock?: () => number;
}

/** Keys are bytes: IndexedDB orders texts by UTF-16 units, and ours go by UTF-8. */
type Key = Uint8Array<ArrayBuffer>;

interface Schema extends DBSchema {
  entries: { key: Key; value: StoreEntry };
  counter: { key: 'version'; value: number };
}

const LAYOUT = 1;

/**
 * Opens a store in the browser's IndexedDB: for pages, extensions and their service workers, which share it. A commit is on the
 * disk when it resolves.
 *
 * @throws PluginError `storage`, here and in each method: full, forbidden, or used by a newer version. Nothing is half-written
 * then.
 */
export async function openIndexedDbStore(name: string, options: IndexedDbStoreOptions = {}): Promise<Store> {
  const { clock = Date.now } = options;
  const db = await guarded(() => connect(name));

  return {
    get: (keys: string[]): Promise<StoreValues> =>
      guarded(async () => {
        const { store } = db.transaction('entries');
        const found = await Promise.all([...new Set(keys)].map((key) => store.get(bytes(key))));
        return { entries: found.filter((entry) => entry !== undefined), now: clock() };
      }),

    list: ({ prefix, after, limit }: StoreRange): Promise<StoreValues> =>
      guarded(async () => {
        const range = rangeOf(prefix, after ?? '');
        return { entries: range === null ? [] : await db.getAll('entries', range, limit), now: clock() };
      }),

    commit: (writes: StoreWrite[]): Promise<StoreCommit> =>
      guarded(async () => {
        const transaction = db.transaction(['entries', 'counter'], 'readwrite', { durability: 'strict' });
        try {
          return await write(transaction, writes, clock);
        } catch (error) {
          // What was thrown before the browser saw the write would otherwise let the others through.
          abort(transaction);
          throw error;
        }
      }),

    close: () => db.close(),
  };
}

type Transaction = IDBPTransaction<Schema, ('entries' | 'counter')[], 'readwrite'>;

async function write(transaction: Transaction, writes: StoreWrite[], clock: () => number): Promise<StoreCommit> {
  const entries = transaction.objectStore('entries');
  const counter = transaction.objectStore('counter');
  // Asked for together: waiting for anything else would end the transaction.
  const [last, ...present] = await Promise.all([
    counter.get('version'),
    ...writes.map(({ key }) => entries.get(bytes(key))),
  ]);
  const ok = writes.every(({ expect }, i) => expect === null || (present[i]?.version ?? 0) === expect);
  const version = (last ?? 0) + (ok ? 1 : 0);
  if (ok) {
    await Promise.all([
      counter.put(version, 'version'),
      // Async, so that one that is thrown at once is a rejection as any other.
      ...writes.map(async ({ key, value }) =>
        value === null ? entries.delete(bytes(key)) : entries.put({ key, value, version }, bytes(key)),
      ),
    ]);
  }
  await transaction.done;
  return { ok, version, now: clock() };
}

function abort(transaction: Transaction): void {
  // Its own rejection repeats what is thrown anyway.
  transaction.done.catch(() => {});
  try {
    transaction.abort();
  } catch {
    // It has ended by itself.
  }
}

function connect(name: string): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(name, LAYOUT, {
    upgrade(database) {
      database.createObjectStore('entries');
      database.createObjectStore('counter');
    },
    // A newer version in another tab wants to change the layout.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
}

const encoder = new TextEncoder();
const bytes = (key: string): Key => encoder.encode(key);

/** The keys with a prefix that come after another: undefined is all, null none. */
function rangeOf(prefix: string, after: string): IDBKeyRange | undefined | null {
  const end = endOfPrefix(prefix);
  const isAfter = after !== '' && compareKeys(after, prefix) >= 0;
  const lower = isAfter ? after : prefix;
  if (end === undefined) return lower === '' ? undefined : IDBKeyRange.lowerBound(bytes(lower), isAfter);
  if (compareKeys(lower, end) >= 0) return null;
  return IDBKeyRange.bound(bytes(lower), bytes(end), isAfter, true);
}

/** Turns the browser's errors into ours; those could repeat values, ours don't. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unusable(error instanceof Error ? error.name : '');
  }
}

function unusable(cause: string): PluginError {
  const failed = (message: string, help: string) => problem('storage', message, help, cause ? { cause } : {});
  switch (cause) {
    case 'QuotaExceededError':
      return failed(
        'there is no room left in the browser’s storage',
        'Free some room on the disk, or let the site or extension keep more; then try again.',
      );
    case 'SecurityError':
    case 'ReferenceError':
      return failed(
        'the browser forbids storage here',
        'Allow cookies and site data for this site, or leave the private window.',
      );
    case 'VersionError':
      return failed('a newer version has changed the storage', 'Reload, so that the newer version runs.');
    case 'InvalidStateError':
      return failed('the storage was closed', 'Reload; another tab may run a newer version.');
    default:
      return failed('the browser’s storage could not be read or written', 'Reload and try again.');
  }
}
