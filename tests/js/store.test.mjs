import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'libsql';
import { memoryStore, PluginError } from '../../pkg/dist/src/index.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { temporaryFolder } from './support.mjs';

const sqliteModule = new URL('../../pkg/dist/src/store/sqlite.js', import.meta.url).href;
const clock = () => 1_700_000_000_000;

const kinds = {
  memory: () => memoryStore({ clock }),
  sqlite: (t) => openSqliteStore(join(temporaryFolder(t), 'state.sqlite'), { clock }),
};

const put = (key, value = '1', expect = null) => ({ key, value, expect });
const keysOf = ({ entries }) => entries.map(({ key }) => key);

for (const [kind, open] of Object.entries(kinds)) {
  describe(`${kind}: what every store does`, () => {
    const withStore = (name, body) =>
      test(name, async (t) => {
        const store = open(t);
        await body(store);
        await store.close?.();
      });

    withStore('an empty store has nothing', async (store) => {
      assert.deepEqual(await store.get(['a']), { entries: [], now: clock() });
      assert.deepEqual(await store.list({ prefix: '', limit: 10 }), { entries: [], now: clock() });
    });

    withStore('a commit writes all its keys with one version', async (store) => {
      const { ok, version, now } = await store.commit([put('a', '"x"'), put('b', '"ü😀"')]);
      assert.deepEqual({ ok, version, now }, { ok: true, version: 1, now: clock() });
      const { entries } = await store.get(['b', 'a', 'a', 'missing']);
      entries.sort((x, y) => (x.key < y.key ? -1 : 1));
      assert.deepEqual(entries, [
        { key: 'a', value: '"x"', version: 1 },
        { key: 'b', value: '"ü😀"', version: 1 },
      ]);
    });

    withStore('an expectation that does not hold leaves everything as it was', async (store) => {
      await store.commit([put('a', '1', 0)]);
      for (const expect of [0, 2, 99]) {
        const result = await store.commit([put('new', '1'), put('a', '2', expect), put('later', '1')]);
        assert.deepEqual([result.ok, result.version], [false, 1]);
      }
      assert.equal((await store.commit([{ key: 'missing', expect: 1, value: null }])).ok, false);
      assert.deepEqual(keysOf(await store.list({ prefix: '', limit: 10 })), ['a']);
      assert.deepEqual((await store.get(['a'])).entries, [{ key: 'a', value: '1', version: 1 }]);
    });

    withStore('versions grow over the whole store, also of keys that were deleted', async (store) => {
      await store.commit([put('a', '1', 0)]);
      await store.commit([put('b')]);
      assert.equal((await store.commit([put('a', '2', 1)])).version, 3);
      assert.equal((await store.commit([{ key: 'a', expect: 3, value: null }])).version, 4);
      assert.deepEqual((await store.get(['a'])).entries, []);
      assert.equal((await store.commit([put('a', '3', 0)])).version, 5);
      assert.equal((await store.get(['a'])).entries[0].version, 5);
    });

    withStore('ranges: prefix, after, limit, in the order of the bytes', async (store) => {
      const keys = ['p/\u{1F600}', 'p/\uFFFD', 'p/ä', 'p/z', 'p/', 'p0', 'p', 'o/x', 'p/a/b', '\u{10FFFF}'];
      await store.commit(keys.map((key) => put(key)));
      const all = ['p/', 'p/a/b', 'p/z', 'p/ä', 'p/\uFFFD', 'p/\u{1F600}'];
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', limit: 100 })), all);
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', limit: 2 })), all.slice(0, 2));
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', after: 'p/z', limit: 2 })), all.slice(3, 5));
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', after: 'p/y', limit: 1 })), ['p/z']);
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', after: 'a', limit: 1 })), ['p/']);
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', after: 'q', limit: 9 })), []);
      assert.deepEqual(keysOf(await store.list({ prefix: '\u{10FFFF}', limit: 9 })), ['\u{10FFFF}']);
      const bytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(keysOf(await store.list({ prefix: '', after: null, limit: 100 })), bytes);
    });

    withStore('paging through many keys meets each once', async (store) => {
      const names = Array.from({ length: 250 }, (_, i) => `n/${String((i * 7919) % 250).padStart(4, '0')}`);
      for (const name of names) await store.commit([put(name)]);
      const met = [];
      for (let after; ; after = met.at(-1)) {
        const page = keysOf(await store.list({ prefix: 'n/', after, limit: 100 }));
        met.push(...page);
        if (page.length < 100) break;
      }
      assert.deepEqual(met, [...names].sort());
    });
  });
}

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

async function textOf(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
