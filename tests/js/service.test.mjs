// `serve` as operators run it: a process of its own that is stopped, starved, slowed down and locked out.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { calm } from '../../pkg/dist/src/serve/calm.js';
import { Health } from '../../pkg/dist/src/serve/health.js';
import { senderOf } from '../../pkg/dist/src/serve/sender.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { environment, program, startService } from './service-support.mjs';
import { form, freePort, optionsFor, temporaryFolder } from './support.mjs';

const FORM = 'application/x-www-form-urlencoded';

let sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

/** A service on the sandbox that ends with the test. */
async function service(t, more = {}) {
  const folder = more.folder ?? temporaryFolder(t);
  const started = await startService({ env: environment(sandbox, folder), folder, ...more });
  t.after(() => started.kill('SIGKILL'));
  return Object.assign(started, { folder });
}

const post = (to, body) => fetch(to, { method: 'POST', body, headers: { 'content-type': FORM } });
const payment = () => form(sandbox.story({ buyer: { phone: '' } }).payment());
const messages = (started) => started.lines().map(({ message }) => message);

/** Resolves when something is so. */
async function until(holds) {
  while (!(await holds())) await sleep(10);
}

/** A connection on which one says what one likes; `heard` is all that comes back. */
async function socketTo(url) {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  await once(socket, 'connect');
  const ended = new Promise((resolve) => {
    socket.on('error', () => {}).on('close', resolve);
  });
  const one = { heard: '', say: (text) => socket.write(text), ended, end: () => socket.destroy() };
  socket.setEncoding('utf8').on('data', (text) => {
    one.heard += text;
  });
  return one;
}

const head = (to, length) =>
  `POST ${new URL(to).pathname} HTTP/1.1\r\nhost: x\r\ncontent-type: ${FORM}\r\ncontent-length: ${length}\r\n`;

describe('stopping', () => {
  test('SIGTERM: open requests are answered, the present event is finished, the rest waits', async (t) => {
    const started = await service(t);
    const { webhookUrl } = started;
    sandbox.fault({ service: 'ghl', kind: 'slow', delayMs: 300, path: '/contacts/**', times: 1 });
    for (let i = 0; i < 5; i++) assert.equal(await (await post(webhookUrl, payment())).text(), 'OK');
    const body = payment();
    const open = await socketTo(webhookUrl);
    open.say(`${head(webhookUrl, body.length)}\r\n${body.slice(0, 100)}`);
    const idle = await socketTo(webhookUrl);
    await until(() => sandbox.requests().length > 0);
    started.kill('SIGTERM');
    await idle.ended;
    assert.equal(await post(webhookUrl, payment()).catch(() => 'refused'), 'refused');
    open.say(body.slice(100));
    await open.ended;
    assert.match(open.heard, /^HTTP\/1\.1 200[\s\S]*connection: close[\s\S]*\r\n\r\nOK$/i);
    assert.deepEqual(await started.ended, { code: 0, signal: null });
    const { contacts } = sandbox.state();
    assert.ok(contacts.length > 0 && contacts.every(({ notes, tags }) => notes.length === 1 && tags.length > 2));
    const store = openSqliteStore(join(started.folder, 'state.sqlite'));
    const next = await createPlugin({ ...optionsFor(sandbox), store, log() {} });
    assert.equal((await next.inbox()).length, 6 - contacts.length, 'what was answered with OK is there');
    await next.close();
  });

  test('the time is over: what is under way is broken off, and the next start goes on with it', async (t) => {
    const started = await service(t, { args: ['--stop-seconds', '0'] });
    sandbox.fault({ service: 'ghl', kind: 'reset_after', method: 'POST', path: '/contacts/', delayMs: 0, times: 1 });
    sandbox.fault({ service: 'ghl', kind: 'timeout', path: '/contacts/**', after: 2, times: 1 });
    await post(started.webhookUrl, payment());
    await until(() => sandbox.requests().length > 2);
    const open = await socketTo(started.webhookUrl);
    open.say(head(started.webhookUrl, 10));
    await sleep(20);
    started.kill('SIGTERM');
    assert.deepEqual(await started.ended, { code: 0, signal: null });
    assert.ok(messages(started).some((line) => /broken off/.test(line)));
    sandbox.clearFaults();
    const again = await service(t, { folder: started.folder, laterMs: 3_600_000 });
    await until(async () => (await (await fetch(`${again.url}/healthz`)).json()).inbox === 0);
    const [contact, ...others] = sandbox.state().contacts;
    assert.deepEqual([others.length, contact.notes.length], [0, 1]);
  });

  test('a second signal ends it at once', async (t) => {
    const started = await service(t, { args: ['--stop-seconds', '3600'] });
    const open = await socketTo(started.webhookUrl);
    open.say(head(started.webhookUrl, 10));
    await until(async () => (await fetch(`${started.url}/healthz/live`)).ok);
    started.kill('SIGINT');
    await until(() => messages(started).some((line) => /stopping/.test(line)));
    started.kill('SIGTERM');
    assert.deepEqual(await started.ended, { code: null, signal: 'SIGTERM' });
  });
});

describe('slow clients', () => {
  test('who sends no request, half of one, or a body in drops, is cut off; others are served', async (t) => {
    const plugin = await createPlugin({ ...optionsFor(sandbox), log() {} });
    const receiver = await serve({ plugin, log() {}, requestTimeoutMs: 150 });
    t.after(() => receiver.close());
    const { webhookUrl } = receiver;
    const says = ['', head(webhookUrl, 10), `${head(webhookUrl, 10)}\r\na=`];
    const slow = await Promise.all(says.map(() => socketTo(webhookUrl)));
    for (const [i, text] of says.entries()) slow[i].say(text);
    const drops = setInterval(() => slow[2].say('b'), 40);
    assert.equal(await (await post(webhookUrl, payment())).text(), 'OK');
    await Promise.all(slow.map(({ ended }) => ended));
    clearInterval(drops);
    for (const { heard } of slow.slice(1)) assert.match(heard, /^HTTP\/1\.1 408/);
  });
});

describe('the state file', () => {
  test('no room: 503, said once, alive but not ready; with room again nothing is lost', {
    skip: (process.platform !== 'linux' || !existsSync('/usr/bin/prlimit')) && 'needs the limits of Linux',
  }, async (t) => {
    // A file may grow to so many kilobytes; a disk that is full looks the same to SQLite, but for the code.
    const started = await service(t, { before: "trap '' XFSZ; ulimit -S -f 300" });
    const bodies = Array.from({ length: 40 }, payment);
    const sendAll = () => Promise.all(bodies.map(async (body) => (await post(started.webhookUrl, body)).text()));
    const answers = await sendAll();
    const taken = answers.filter((text) => text === 'OK').length;
    assert.ok(taken > 0 && taken < bodies.length, `${taken} were taken`);
    const ready = await fetch(`${started.url}/healthz`);
    assert.deepEqual([ready.status, (await ready.json()).error.code], [503, 'storage']);
    assert.equal((await fetch(`${started.url}/healthz/live`)).status, 200);
    const problems = started.lines().filter(({ level, message }) => level === 'error' && /not accepted/.test(message));
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.match(problems[0].help, /room/);

    execFileSync('prlimit', ['--pid', String(started.pid), '--fsize=unlimited']);
    assert.ok((await sendAll()).every((text) => text === 'OK'));
    assert.ok(messages(started).includes('the store works again'));
    const health = await (await fetch(`${started.url}/healthz/ready`)).json();
    assert.equal(health.ok, true);
    started.kill('SIGTERM');
    await started.ended;
    const store = openSqliteStore(join(started.folder, 'state.sqlite'));
    const next = await createPlugin({ ...optionsFor(sandbox), store, log() {} });
    const ids = new Set(
      [...(await next.inbox('inbox', 1000)), ...(await next.inbox('done', 1000))].map(({ order }) => order),
    );
    assert.equal(ids.size, bodies.length);
    await next.close();
  });

  test('locked by another program: the receiver still answers, and takes the message when it is free', async (t) => {
    const started = await service(t);
    const other = new Database(join(started.folder, 'state.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const sent = [payment(), payment()].map((body) => post(started.webhookUrl, body));
    for (let i = 0; i < 3; i++) assert.equal((await fetch(`${started.url}/healthz`)).status, 200);
    other.exec('ROLLBACK');
    other.close();
    for (const response of await Promise.all(sent)) assert.equal(await response.text(), 'OK');
  });

  test('what it can’t start with, it says: port, folder, other programs, newer versions', async (t) => {
    const first = await service(t);
    const folder = temporaryFolder(t);
    const make = (name, sql) => {
      const db = new Database(join(folder, name));
      db.exec(sql);
      db.close();
      return name;
    };
    const newer = make('newer.sqlite', 'CREATE TABLE entries (key TEXT); PRAGMA user_version = 99');
    const foreign = make('foreign.sqlite', 'CREATE TABLE addresses (name TEXT)');
    const env = environment(sandbox, folder);
    for (const [more, code, message, help] of [
      [{ port: Number(new URL(first.url).port) }, 2, /port \d+ is taken/, /--port/],
      [{ args: ['--host', '192.0.2.1'] }, 2, /doesn’t have the address/, /--host/],
      [{ env: { ...env, STATE: 'none/state.sqlite' } }, 1, /folder/, /STATE/],
      [{ env: { ...env, STATE: newer } }, 1, /layout 99/, /version/],
      [{ env: { ...env, STATE: foreign } }, 1, /another program/, /STATE/],
    ]) {
      const failed = await service(t, { folder, port: await freePort(), ...more });
      const ended = await failed.ended;
      const error = failed.lines().at(-1);
      assert.deepEqual(ended, { code, signal: null }, JSON.stringify(error));
      assert.match(error.message, message);
      assert.match(error.help, help);
    }
  });

  test('is copied while it is used: one file, whole, for its owner alone', async (t) => {
    const started = await service(t);
    sandbox.fault({ service: 'ghl', kind: 'status', status: 503 });
    for (let i = 0; i < 3; i++) await post(started.webhookUrl, payment());
    const env = environment(sandbox, started.folder);
    const cli = (...args) =>
      new Promise((resolve) => {
        execFile(process.execPath, [program, ...args, '--json'], { cwd: started.folder, env }, (error, out, err) =>
          resolve({ code: error?.code ?? 0, out, err }),
        );
      });
    const { code, out, err } = await cli('backup', 'copy.sqlite');
    assert.equal(code, 0, err);
    const copy = JSON.parse(out).backup;
    assert.equal(statSync(copy).mode & 0o777, 0o600);
    assert.ok(!existsSync(`${copy}-wal`));
    const restored = await createPlugin({ ...optionsFor(sandbox), store: openSqliteStore(copy), log() {} });
    assert.equal((await restored.inbox()).length, 3);
    await restored.close();

    const again = await cli('backup', 'copy.sqlite');
    assert.deepEqual([again.code, JSON.parse(again.err).fields[0].path], [2, 'file']);
    writeFileSync(join(started.folder, 'file'), '');
    const nowhere = await cli('backup', 'file/copy.sqlite');
    assert.deepEqual([nowhere.code, /copy can’t be written/.test(nowhere.err)], [1, true]);
    env.STATE = 'none.sqlite';
    const none = await cli('backup', 'other.sqlite');
    assert.deepEqual([none.code, /no state file/.test(none.err)], [1, true]);
    assert.ok(!existsSync(join(started.folder, 'none.sqlite')) && !existsSync(join(started.folder, 'other.sqlite')));
  });
});

describe('what the log says', () => {
  test('of a refused message the network that it came from; proxies count only where the setting says so', async (t) => {
    for (const [args, from] of [
      [[], '127.0.0.0/24'],
      [['--proxies', '1'], '203.0.113.0/24'],
      [['--proxies', '2'], '198.51.100.0/24'],
    ]) {
      const started = await service(t, { args });
      const headers = { 'content-type': FORM, 'x-forwarded-for': '192.0.2.66, 198.51.100.5, 203.0.113.7' };
      await fetch(started.webhookUrl, { method: 'POST', body: 'order_id=1&sha_sign=00', headers });
      await until(() => messages(started).includes('a refused message came from'));
      assert.equal(started.lines().at(-1).from, from);
    }
  });

  test('networks', () => {
    for (const [remote, header, proxies, network] of [
      ['203.0.113.7', undefined, 0, '203.0.113.0/24'],
      ['::ffff:203.0.113.7', undefined, 0, '203.0.113.0/24'],
      ['2001:db8:1:2::3', undefined, 0, '2001:db8:1::/48'],
      ['2001:db8::3', undefined, 0, '2001:db8:0::/48'],
      ['::1', undefined, 0, '0:0:0::/48'],
      ['10.0.0.1', '198.51.100.7', 0, '10.0.0.0/24'],
      ['10.0.0.1', '198.51.100.7', 1, '198.51.100.0/24'],
      ['10.0.0.1', '[2001:db8:1:2::3]:443', 1, '2001:db8:1::/48'],
      ['10.0.0.1', '198.51.100.7:5000', 1, '198.51.100.0/24'],
      ['10.0.0.1', 'a name, or worse\n', 1, ''],
      ['10.0.0.1', undefined, 1, ''],
      ['10.0.0.1', '198.51.100.7', 2, '10.0.0.0/24'],
      [undefined, undefined, 0, ''],
    ]) {
      assert.equal(senderOf(remote, header, proxies), network, `${remote} ${header} ${proxies}`);
    }
  });

  test('the same trouble once a minute, with how often it came; what differs, and what is no trouble, always', () => {
    const time = { now: 0 };
    const lines = [];
    const log = calm(
      (line) => lines.push(line),
      () => time.now,
    );
    const full = { level: 'error', message: 'full', fields: { help: 'make room' } };
    for (let i = 0; i < 500; i++) log(full);
    log({ ...full, fields: { help: 'another' } });
    for (let i = 0; i < 2; i++) log({ level: 'info', message: 'fine', fields: {} });
    assert.deepEqual(
      lines.map(({ message, fields }) => fields.help ?? message),
      ['make room', 'another', 'fine', 'fine'],
    );
    time.now = 60_000;
    log(full);
    assert.deepEqual(lines.at(-1).fields, { help: 'make room', times: '500' });
    for (let i = 0; i < 1000; i++) log({ level: 'warn', message: `${i}`, fields: {} });
    log({ level: 'warn', message: '999', fields: {} });
    assert.equal(lines.length, 1005);
  });

  test('a failure that is old does not keep messages away for ever', () => {
    const time = { now: 0 };
    const lines = [];
    const health = new Health(
      (line) => lines.push(line),
      () => time.now,
    );
    health.worked();
    for (let i = 0; i < 3; i++) health.failed({ code: 'storage', message: 'full' });
    assert.equal(health.problem().code, 'storage');
    time.now = 30_000;
    assert.equal(health.problem(), undefined);
    health.worked();
    assert.deepEqual(
      lines.map(({ fields }) => fields),
      [{ failures: '3' }],
    );
    health.isStopping = true;
    assert.equal(health.problem().code, 'cancelled');
  });
});
