import { chmodSync, closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type Database from 'libsql';
import { type PluginError, problem, wrongField } from '../errors.js';
import type { StoreCommit, StoreEntry, StoreRange, StoreValues, StoreWrite } from '../protocol.js';
import { endOfPrefix } from './order.js';
import type { Awaitable, Store } from './types.js';

/** Options of {@link openSqliteStore}. */
export interface SqliteStoreOptions {
  /** How long to wait for another process that writes. Milliseconds, default 5000. */
  busyTimeoutMs?: number;
  /** Milliseconds since 1970. Default: the system's clock. */
  clock?: () => number;
}

const BUSY_MS = 5_000;
/** So much of it SQLite itself may wait, and the process with it: longer than others' commits take. */
const BLOCKING_MS = 100;
const RETRY_MS = 20;
/** The layout of the file, kept in `PRAGMA user_version`. */
const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE counter (version INTEGER NOT NULL);
  INSERT INTO counter VALUES (0);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;
/** Files up to this size are checked whole when they are opened: some milliseconds. */
const CHECKED_BYTES = 16 * 1024 * 1024;
const OWNER_ONLY = 0o600;

/**
 * Opens a store in an SQLite file and makes the file where there is none. Several processes may share it. A commit is
 * on the disk when it returns.
 *
 * @throws PluginError `storage`, here and in each method: locked, damaged, read-only, full, or no such store. Nothing
 * is half-written then. `misconfigured`: the optional package libsql is not installed.
 */
export function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Store {
  const { busyTimeoutMs = BUSY_MS, clock = Date.now } = options;
  const Library = libsql();
  prepareFile(path);
  const db = guarded(() => connect(Library, path, busyTimeoutMs));

  const begin = db.prepare('BEGIN IMMEDIATE');
  const end = db.prepare('COMMIT');
  const versionOf = db.prepare('SELECT version FROM entries WHERE key = ?');
  const read = db.prepare('SELECT key, value, version FROM entries WHERE key = ?');
  const range = db.prepare('SELECT key, value, version FROM entries WHERE key >= ? AND key > ? AND key < ? LIMIT ?');
  const openRange = db.prepare('SELECT key, value, version FROM entries WHERE key >= ? AND key > ? LIMIT ?');
  const last = db.prepare('SELECT version FROM counter');
  const count = db.prepare('UPDATE counter SET version = ?');
  const put = db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)');
  const drop = db.prepare('DELETE FROM entries WHERE key = ?');

  /** The last of the commits that wait for another program; the next one gets in line behind it. */
  let waiting: Promise<unknown> | undefined;

  const number = (row: unknown) => (row as { version: number } | undefined)?.version ?? 0;
  const holds = ({ key, expect }: StoreWrite) => expect === null || number(versionOf.get(key)) === expect;

  function commit(writes: StoreWrite[]): StoreCommit {
    return guarded(() => {
      begin.run();
      try {
        const ok = writes.every(holds);
        const version = number(last.get()) + (ok ? 1 : 0);
        if (ok) {
          count.run(version);
          for (const { key, value } of writes) {
            if (value === null) drop.run(key);
            else put.run(key, value, version);
          }
        }
        end.run();
        return { ok, version, now: clock() };
      } catch (error) {
        if (db.inTransaction) db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Tries again and again, and lets the process do other things meanwhile: a receiver must still answer. */
  async function commitLater(writes: StoreWrite[], deadline: number): Promise<StoreCommit> {
    while (Date.now() < deadline) {
      await sleep(RETRY_MS);
      try {
        return commit(writes);
      } catch (error) {
        if (!isLocked(error)) throw error;
      }
    }
    throw unusable('SQLITE_BUSY');
  }

  return {
    get: (keys: string[]): StoreValues =>
      guarded(() => {
        const rows = [...new Set(keys)].map((key) => read.get(key)).filter((row) => row !== undefined);
        return { entries: rows.map(entry), now: clock() };
      }),

    list: ({ prefix, after, limit }: StoreRange): StoreValues =>
      guarded(() => {
        const stop = endOfPrefix(prefix);
        const rows =
          stop === undefined ? openRange.all(prefix, after ?? '', limit) : range.all(prefix, after ?? '', stop, limit);
        return { entries: rows.map(entry), now: clock() };
      }),

    commit(writes: StoreWrite[]): Awaitable<StoreCommit> {
      const deadline = Date.now() + busyTimeoutMs;
      if (!waiting) {
        try {
          return commit(writes);
        } catch (error) {
          if (!isLocked(error) || Date.now() >= deadline) throw error;
        }
      }
      const turn = Promise.allSettled([waiting]).then(() => commitLater(writes, deadline));
      waiting = turn;
      turn
        .catch(() => {})
        .then(() => {
          if (waiting === turn) waiting = undefined;
        });
      return turn;
    },

    close() {
      if (!db.open) return;
      try {
        // So that a copy of the file alone is whole: libsql leaves the rest in the -wal file until it is collected.
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      } catch {
        // Another process is reading; the -wal file stays valid.
      }
      db.close();
    },
  };
}

/**
 * Copies a store's file as it is at this moment, while others use it: one file, whole, without what is deleted.
 *
 * @throws PluginError `storage`: there is no such store, or the copy can't be written. `invalid_input`: `to` exists already.
 */
export function backupSqliteStore(path: string, to: string): void {
  // SQLite would make an empty file.
  if (!existsSync(path)) throw problem('storage', 'there is no state file', 'Name the one to copy in STATE.');
  if (existsSync(to)) throw wrongField('file', 'names a file that exists; a backup never overwrites');
  const db = guarded(() => connect(libsql(), path, BUSY_MS));
  let isMade = false;
  try {
    prepareFile(to);
    isMade = true;
    db.prepare('VACUUM INTO ?').run(to);
  } catch (error) {
    if (isMade) rmSync(to);
    const cause = isOurs(error) ? error.cause : reasonOf(error);
    throw problem(
      'storage',
      'the copy can’t be written',
      'Check that its folder exists, that there is room, and that this user may write there; the state file is as it was.',
      typeof cause === 'string' ? { cause } : {},
    );
  } finally {
    db.close();
  }
}

/** A row without what libsql adds to it. */
function entry(row: unknown): StoreEntry {
  const { key, value, version } = row as StoreEntry;
  return { key, value, version };
}

/** SQLite comes with an optional package: without it the rest of the plugin works. */
function libsql(): typeof Database {
  try {
    return createRequire(import.meta.url)('libsql');
  } catch {
    throw problem(
      'misconfigured',
      'the package libsql could not be loaded',
      'Run `npm install libsql`; it was left out, or has no binary for this system. Or give the plugin another store.',
    );
  }
}

/** Makes the file for its owner alone before SQLite does it for everybody: it holds buyers' data. */
function prepareFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', OWNER_ONLY));
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, OWNER_ONLY);
  } catch (error) {
    throw unusable(error instanceof Error && 'code' in error ? String(error.code) : '');
  }
}

function connect(Library: typeof Database, path: string, busyTimeoutMs: number): Database.Database {
  const db = new Library(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
    patiently(busyTimeoutMs, () => db.exec('PRAGMA journal_mode = WAL'));
    db.exec('PRAGMA synchronous = FULL');
    if (statSync(path).size <= CHECKED_BYTES && text(db, 'PRAGMA quick_check(1)') !== 'ok') throw damaged();
    prepareSchema(db);
    db.exec(`PRAGMA busy_timeout = ${Math.trunc(Math.min(busyTimeoutMs, BLOCKING_MS))}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The change to WAL is the one statement that does not wait for others by itself: two processes may open at once. */
function patiently(timeoutMs: number, work: () => void): void {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (!reasonOf(error).startsWith('SQLITE_BUSY') || Date.now() >= deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function prepareSchema(db: Database.Database): void {
  if (text(db, 'PRAGMA user_version') === String(SCHEMA_VERSION)) return;
  // Under the write lock: two processes may come at the same time.
  db.exec('BEGIN IMMEDIATE');
  const found = text(db, 'PRAGMA user_version');
  const tables = text(db, 'SELECT count(*) FROM sqlite_master');
  if (found === '0' && tables === '0') db.exec(SCHEMA);
  db.exec('COMMIT');
  if (text(db, 'PRAGMA user_version') === String(SCHEMA_VERSION)) return;
  throw found === '0'
    ? problem('storage', 'the state file is the database of another program', 'Name another file in STATE.')
    : problem(
        'storage',
        `the state file has the layout ${found}, this program knows ${SCHEMA_VERSION}`,
        'Use the version of the program that wrote the file, or a newer one.',
      );
}

/** The first column of the first row. */
function text(db: Database.Database, sql: string): string {
  const row = db.prepare(sql).get() as Record<string, unknown> | undefined;
  return String(Object.values(row ?? {})[0]);
}

/** Turns SQLite's errors into ours; those could repeat values, ours don't. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isOurs(error) ? error : unusable(reasonOf(error));
  }
}

function isOurs(error: unknown): error is PluginError {
  return error instanceof Error && error.name === 'PluginError';
}

function isLocked(error: unknown): boolean {
  return isOurs(error) && typeof error.cause === 'string' && error.cause.startsWith('SQLITE_BUSY');
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : '';
  // Some of libsql's errors say what happened only in their text.
  if (/database is locked|table is locked/.test(message)) return 'SQLITE_BUSY';
  if (/not a database/.test(message)) return 'SQLITE_NOTADB';
  if (/malformed/.test(message)) return 'SQLITE_CORRUPT';
  if (/readonly/.test(message)) return 'SQLITE_READONLY';
  return code;
}

function damaged(): PluginError {
  return problem(
    'storage',
    'the state file is damaged',
    'Stop all programs that use it and restore it from a backup, or move it and its -wal file away and name a new file in STATE.',
  );
}

function unusable(code: string): PluginError {
  const failed = (message: string, help: string) => problem('storage', message, help, code ? { cause: code } : {});
  switch (code.replace(/^(SQLITE_[A-Z]+).*/, '$1')) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return failed(
        'the state file is locked by another program',
        'Wait until that program is done, or stop it; then try again.',
      );
    case 'SQLITE_CORRUPT':
      return damaged();
    case 'SQLITE_NOTADB':
      return failed(
        'the state file is not an SQLite database',
        'Name another file in STATE; this one was not changed.',
      );
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return failed('the state file can’t be written', 'Give this user the right to write the file and its folder.');
    case 'SQLITE_FULL':
    case 'ENOSPC':
      return failed('there is no room left for the state file', 'Free some room on the disk and try again.');
    case 'ENOENT':
    case 'ENOTDIR':
      return failed('the folder of the state file doesn’t exist', 'Make the folder or name another file in STATE.');
    case 'EISDIR':
      return failed('the state file is a folder', 'Name a file in STATE.');
    default:
      return failed(
        'the state file could not be read or written',
        'Check that it is on a local disk that works and has room, and that this user may write it and its folder.',
      );
  }
}
