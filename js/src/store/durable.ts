import { type PluginError, problem } from '../errors.js';
import type { StoreCommit, StoreEntry, StoreRange, StoreValues, StoreWrite } from '../protocol.js';
import { endOfPrefix } from './order.js';
import type { Store } from './types.js';

/** What of a Durable Object's storage the store uses: `ctx.storage` of an object with the SQLite backend has it. */
export interface DurableStorage {
  sql: {
    exec(query: string, ...bindings: (string | number | null)[]): { toArray(): Record<string, unknown>[] };
  };
  transactionSync<T>(work: () => T): T;
}

/** Options of {@link durableStore}. */
export interface DurableStoreOptions {
  /** Milliseconds since 1970. Default: the system's clock. */
  clock?: () => number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL);
  INSERT OR IGNORE INTO counter VALUES (1, 0);
`;

/**
 * A store in a Durable Object of Cloudflare. What a commit wrote is kept before anything leaves the object: the platform holds
 * answers and requests back until then. Belongs into the object's constructor.
 *
 * @throws PluginError `storage`, here and in each method: full, or out of order. Nothing is half-written then.
 */
export function durableStore(storage: DurableStorage, { clock = Date.now }: DurableStoreOptions = {}): Store {
  const ask = (query: string, ...bindings: (string | number | null)[]) =>
    storage.sql.exec(query, ...bindings).toArray();
  guarded(() => storage.transactionSync(() => ask(SCHEMA)));

  const versionOf = (key: string) => number(ask('SELECT version FROM entries WHERE key = ?', key));
  const holds = ({ key, expect }: StoreWrite) => expect === null || versionOf(key) === expect;

  return {
    get: (keys: string[]): StoreValues =>
      guarded(() => {
        const rows = [...new Set(keys)].flatMap((key) => ask('SELECT * FROM entries WHERE key = ?', key));
        return { entries: rows.map(entry), now: clock() };
      }),

    list: ({ prefix, after, limit }: StoreRange): StoreValues =>
      guarded(() => {
        const stop = endOfPrefix(prefix);
        const from = 'SELECT * FROM entries WHERE key >= ? AND key > ?';
        const rows =
          stop === undefined
            ? ask(`${from} ORDER BY key LIMIT ?`, prefix, after ?? '', limit)
            : ask(`${from} AND key < ? ORDER BY key LIMIT ?`, prefix, after ?? '', stop, limit);
        return { entries: rows.map(entry), now: clock() };
      }),

    commit: (writes: StoreWrite[]): StoreCommit =>
      guarded(() =>
        storage.transactionSync(() => {
          const ok = writes.every(holds);
          const version = number(ask('SELECT version FROM counter')) + (ok ? 1 : 0);
          if (ok) {
            ask('UPDATE counter SET version = ?', version);
            for (const { key, value } of writes) {
              if (value === null) ask('DELETE FROM entries WHERE key = ?', key);
              else ask('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)', key, value, version);
            }
          }
          return { ok, version, now: clock() };
        }),
      ),
  };
}

const number = ([row]: Record<string, unknown>[]) => Number(row?.version ?? 0);

function entry({ key, value, version }: Record<string, unknown>): StoreEntry {
  return { key: String(key), value: String(value), version: Number(version) };
}

/** Turns SQLite's errors into ours; those could repeat values, ours don't. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unusable(error instanceof Error ? error.message : '');
  }
}

function unusable(reason: string): PluginError {
  if (/SQLITE_FULL|exceeded|too big|TOOBIG/i.test(reason)) {
    return problem(
      'storage',
      'there is no room left in the Durable Object',
      'Shorten keepDays, or move locations to connections of their own; then send the message again.',
      { cause: 'full' },
    );
  }
  return problem(
    'storage',
    'the Durable Object’s storage could not be read or written',
    'Check that the class stands under new_sqlite_classes in the migrations; if so, try again.',
  );
}
