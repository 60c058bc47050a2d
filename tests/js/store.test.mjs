import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import 'fake-indexeddb/auto';
import * as esbuild from 'esbuild';
import { Miniflare } from 'miniflare';
import { memoryStore, PluginError } from '../../pkg/dist/src/index.js';
import { openIndexedDbStore } from '../../pkg/dist/src/store/indexeddb.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { clock, put, storeContract } from './store-contract.mjs';
import { temporaryFolder } from './support.mjs';

const durableModule = fileURLToPath(new URL('../../pkg/dist/src/store/durable.js', import.meta.url));
const sqliteModule = new URL('../../pkg/dist/src/store/sqlite.js', import.meta.url).href;
let opened = 0;
const kinds = {
  memory: () => memoryStore({ clock }),
  sqlite: (t) => openSqliteStore(join(temporaryFolder(t), 'state.sqlite'), { clock }),
  'Durable Object': durableObject,
  IndexedDB: () => openIndexedDbStore(`store-${opened++}`, { clock }),
};

for (const [kind, open] of Object.entries(kinds)) storeContract(kind, open);

describe('sqlite: the file', () => {
  const storage = (text) => (error) => {
    assert.ok(error instanceof PluginError, String(error));
    assert.equal(error.code, 'storage');
    assert.match(error.message, text);
    assert.ok(error.help.length > 10);
    return true;
  };

  test('outlives its process, versions go on, and only its owner can read it', (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    const first = openSqliteStore(path);
    first.commit([put('a', '"kept"')]);
    first.commit([{ key: 'gone', expect: 0, value: null }]);
    for (const suffix of ['', '-wal', '-shm']) assert.equal(statSync(path + suffix).mode & 0o777, 0o600, suffix);
    first.close();
    first.close();
    const second = openSqliteStore(path);
    assert.equal(second.get(['a']).entries[0].value, '"kept"');
    assert.equal(second.commit([put('b')]).version, 3);
    second.close();
  });

  test('a file that others could read is closed to them', (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    writeFileSync(path, '', { mode: 0o644 });
    chmodSync(path, 0o644);
    openSqliteStore(path).close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('locked by another program: an error within the time, and nothing is written', (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    const store = openSqliteStore(path, { busyTimeoutMs: 50 });
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    assert.throws(() => store.commit([put('a')]), storage(/locked/));
    assert.deepEqual(store.get(['a']).entries, []);
    other.exec('ROLLBACK');
    assert.equal(store.commit([put('a')]).ok, true);
    store.close();
    other.close();
  });

  test('locked from the start: an error when it is opened', (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    const other = new Database(path);
    other.exec('PRAGMA journal_mode = WAL; PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE t (x); BEGIN EXCLUSIVE;');
    assert.throws(() => openSqliteStore(path, { busyTimeoutMs: 50 }), storage(/locked/));
    other.close();
  });

  test('not a database, a folder, no folder', (t) => {
    const folder = temporaryFolder(t);
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'These are notes of a person, and long enough to be taken for a header. '.repeat(50));
    const before = readFileSync(text);
    assert.throws(() => openSqliteStore(text), storage(/not an SQLite database/));
    assert.deepEqual(readFileSync(text), before);
    mkdirSync(join(folder, 'sub'));
    assert.throws(() => openSqliteStore(join(folder, 'sub')), storage(/folder/));
    assert.throws(() => openSqliteStore(join(folder, 'none', 'state.sqlite')), storage(/folder.*exist/));
  });

  test('a damaged file is refused when it is opened', (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    const store = openSqliteStore(path);
    for (let i = 0; i < 50; i++) store.commit([put(`key/${i}`, JSON.stringify('x'.repeat(900)))]);
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 8192, 20_000);
    writeFileSync(path, bytes);
    assert.throws(() => openSqliteStore(path), storage(/damaged/));
  });

  test('another program’s database and a newer layout are left alone', (t) => {
    const folder = temporaryFolder(t);
    const make = (name, sql) => {
      const path = join(folder, name);
      const db = new Database(path);
      db.exec(sql);
      db.close();
      return path;
    };
    const foreign = make('foreign.sqlite', 'CREATE TABLE addresses (name TEXT)');
    assert.throws(() => openSqliteStore(foreign), storage(/another program/));
    const newer = make('newer.sqlite', 'CREATE TABLE entries (key TEXT); PRAGMA user_version = 99');
    assert.throws(() => openSqliteStore(newer), storage(/layout 99/));
  });

  test('read-only: an error that says so', { skip: process.getuid?.() !== 0 && 'needs another user' }, async (t) => {
    const folder = temporaryFolder(t);
    chmodSync(folder, 0o755);
    const path = join(folder, 'state.sqlite');
    openSqliteStore(path).close();
    chmodSync(path, 0o444);
    const code = `const { openSqliteStore } = await import(${JSON.stringify(sqliteModule)});
      try { openSqliteStore(${JSON.stringify(path)}); } catch (error) { console.log(JSON.stringify(error)); }`;
    const nobody = 65_534;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      uid: nobody,
      gid: nobody,
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    if (/EACCES|ERR_MODULE_NOT_FOUND|Cannot find/.test(err)) return t.skip('the other user can’t read the checkout');
    assert.match(JSON.parse(out).message, /can’t be written/, err);
  });

  test('two processes count with compare-and-set, one is killed: nothing is lost', async (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    const code = `const { openSqliteStore } = await import(${JSON.stringify(sqliteModule)});
      const store = openSqliteStore(${JSON.stringify(path)});
      for (let i = 0; i < Number(process.argv[1]);) {
        const [entry] = store.get(['count']).entries;
        const value = String(Number(entry?.value ?? 0) + 1);
        if (!(await store.commit([{ key: 'count', expect: entry?.version ?? 0, value }])).ok) continue;
        i++;
        process.stdout.write('+');
      }`;
    const start = (times) =>
      spawn(process.execPath, ['--input-type=module', '--eval', code, String(times)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const steady = start(300);
    const killed = start(1_000_000);
    let acknowledged = 0;
    killed.stdout.on('data', (chunk) => {
      acknowledged += chunk.length;
      if (acknowledged > 100) killed.kill('SIGKILL');
    });
    const ended = new Promise((resolve) => killed.on('close', (_, signal) => resolve(signal)));
    assert.equal((await textOf(steady.stdout)).length, 300);
    assert.equal(await ended, 'SIGKILL');

    const store = openSqliteStore(path);
    const [{ value, version }] = store.get(['count']).entries;
    assert.equal(version, Number(value));
    // The killed process may have committed once more than it could say, or lost what it had in its pipe.
    assert.ok(Number(value) >= 300 + acknowledged, `${value} for 300 + ${acknowledged}`);
    assert.equal(store.commit([put('count', '0', version)]).ok, true);
    store.close();
  });
});

describe('IndexedDB: the browser’s troubles', () => {
  test('two that are open count with compare-and-set: nothing is lost', async () => {
    const name = `shared-${opened++}`;
    const stores = await Promise.all([openIndexedDbStore(name), openIndexedDbStore(name)]);
    const count = async (store) => {
      for (let done = 0; done < 50; ) {
        const [entry] = (await store.get(['count'])).entries;
        const value = String(Number(entry?.value ?? 0) + 1);
        if ((await store.commit([put('count', value, entry?.version ?? 0)])).ok) done++;
      }
    };
    await Promise.all(stores.map(count));
    const [{ value, version }] = (await stores[0].get(['count'])).entries;
    assert.deepEqual([value, version], ['100', 100]);
    for (const store of stores) store.close();
  });

  test('no room left: an error that says so, and nothing is half-written', async (t) => {
    const store = await openIndexedDbStore(`full-${opened++}`);
    await store.commit([put('a', '"old"')]);
    const original = IDBObjectStore.prototype.put;
    t.after(() => {
      IDBObjectStore.prototype.put = original;
    });
    IDBObjectStore.prototype.put = function full(value, key) {
      if (value?.key === 'b') throw new DOMException('no room', 'QuotaExceededError');
      return original.call(this, value, key);
    };
    await assert.rejects(Promise.resolve(store.commit([put('a', '"new"'), put('b')])), (error) => {
      assert.deepEqual([error.code, error.cause], ['storage', 'QuotaExceededError']);
      return true;
    });
    IDBObjectStore.prototype.put = original;
    assert.equal((await store.get(['a'])).entries[0].value, '"old"');
    store.close();
  });

  test('closed for a newer version: says to reload', async () => {
    const store = await openIndexedDbStore(`closed-${opened++}`);
    store.close();
    await assert.rejects(Promise.resolve(store.get(['a'])), { code: 'storage', help: /Reload/ });
  });
});

/** A store in an object of workerd, spoken to over fetch. */
async function durableObject(t) {
  const { outputFiles } = await esbuild.build({
    stdin: {
      contents: `import { durableStore } from ${JSON.stringify(durableModule)};
        export class Kept {
          constructor(ctx) { this.store = durableStore(ctx.storage, { clock: () => ${clock()} }); }
          async fetch(request) {
            const { method, argument } = await request.json();
            return Response.json(this.store[method](argument));
          }
        }
        export default { fetch: (request, { KEPT }) => KEPT.get(KEPT.idFromName('one')).fetch(request) };`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const miniflare = new Miniflare({
    modules: true,
    script: outputFiles[0].text,
    compatibilityDate: '2025-09-01',
    durableObjects: { KEPT: { className: 'Kept', useSQLite: true } },
  });
  t.after(() => miniflare.dispose());
  const ask = (method) => async (argument) => {
    const body = JSON.stringify({ method, argument });
    return (await miniflare.dispatchFetch('http://store.test/', { method: 'POST', body })).json();
  };
  return { get: ask('get'), list: ask('list'), commit: ask('commit') };
}

async function textOf(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
