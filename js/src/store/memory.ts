import type { StoreCommit, StoreEntry, StoreRange, StoreValues, StoreWrite } from '../protocol.js';
import { compareKeys, endOfPrefix } from './order.js';
import type { Store } from './types.js';

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Milliseconds since 1970. Default: the system's clock. */
  clock?: () => number;
}

/** A store that forgets everything with its process: for tests, trials and single calls. Never throws. */
export function memoryStore({ clock = Date.now }: MemoryStoreOptions = {}): Store {
  const entries = new Map<string, StoreEntry>();
  /** All keys in order. */
  const sorted: string[] = [];
  let version = 0;

  const holds = ({ key, expect }: StoreWrite) => expect === null || (entries.get(key)?.version ?? 0) === expect;

  const write = ({ key, value }: StoreWrite) => {
    if (value === null) {
      if (entries.delete(key)) sorted.splice(lowerBound(sorted, key), 1);
      return;
    }
    if (!entries.has(key)) sorted.splice(lowerBound(sorted, key), 0, key);
    entries.set(key, { key, value, version });
  };

  const isEntry = (entry: StoreEntry | undefined) => entry !== undefined;

  return {
    get(keys: string[]): StoreValues {
      const found = [...new Set(keys)].map((key) => entries.get(key));
      return { entries: found.filter(isEntry), now: clock() };
    },

    list({ prefix, after, limit }: StoreRange): StoreValues {
      const end = endOfPrefix(prefix);
      let from = lowerBound(sorted, prefix);
      if (after != null && compareKeys(after, prefix) >= 0) {
        from = lowerBound(sorted, after);
        if (sorted[from] === after) from++;
      }
      const to = end === undefined ? sorted.length : lowerBound(sorted, end);
      const keys = sorted.slice(from, Math.min(to, from + limit));
      return { entries: keys.map((key) => entries.get(key)).filter(isEntry), now: clock() };
    },

    commit(writes: StoreWrite[]): StoreCommit {
      const ok = writes.every(holds);
      if (ok) {
        version++;
        writes.forEach(write);
      }
      return { ok, version, now: clock() };
    },
  };
}

/** The place of the first key that is not before `key`. */
function lowerBound(sorted: string[], key: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(sorted[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
