// The component through jco: the host of hosts/jco does the main job against the sandbox.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { transpileBytes } from '@bytecodealliance/jco-transpile';
import { componentWit } from '@bytecodealliance/jco-transpile/wasm-tools';
import { finish } from '../../hosts/jco/host.mjs';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { buildComponent, component } from '../../scripts/build-component.mjs';
import { failureOf, form, freePort, optionsFor, temporaryFolder } from './support.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
let bytes;
let plugin;

before(async (t) => {
  await buildComponent();
  bytes = readFileSync(component);
  const folder = temporaryFolder(t);
  const { files } = await transpileBytes(bytes, { name: 'plugin', instantiation: 'sync' });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  // Not `.mjs`: the nearest package.json says what a module is.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const { instantiate } = await import(pathToFileURL(join(folder, 'plugin.js')));
  plugin = instantiate((name) => new WebAssembly.Module(readFileSync(join(folder, name))), {});
});

/** The interface's numbers are 64-bit. */
const wide = ({ version, now, ...rest }) => ({
  ...rest,
  ...(version !== undefined && { version: BigInt(version) }),
  ...(now !== undefined && { now: BigInt(now) }),
});

/** The store in memory, as the component's records. */
function store() {
  const memory = memoryStore();
  const values = ({ entries, now }) => ({ entries: entries.map(wide), now: BigInt(now) });
  return {
    get: (keys) => values(memory.get(keys)),
    list: (range) => values(memory.list(range)),
    commit: (writes) =>
      wide(
        memory.commit(
          writes.map(({ key, expect, value }) => ({
            key,
            expect: expect === undefined ? null : Number(expect),
            value: value ?? null,
          })),
        ),
      ),
  };
}

async function session(t, change = (options) => options, state = store()) {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const options = change(optionsFor(sandbox));
  const connection = plugin.connections.Connection.open(JSON.stringify(options));
  const drive = (task) => finish(connection, task, state);
  const start = (id, json) => drive(plugin.actions.run(connection, id, json, { background: false, deadlineMs: 2000n }));
  const webhook = { method: 'POST', service: 'digistore24', splitItems: false };
  return {
    sandbox,
    setup: () => drive(plugin.sync.setup(connection)),
    receive: (text) => drive(plugin.triggers.receive(connection, webhook, new TextEncoder().encode(text))),
    tick: () => drive(plugin.sync.tick(connection, undefined)),
    poll: (id, cursor) => drive(plugin.triggers.poll(connection, id, cursor, undefined, undefined)),
    page: (id, input, cursor) =>
      drive(plugin.actions.page(connection, id, JSON.stringify(input), cursor, { limit: 2, background: false })),
    run: (id, input) => start(id, JSON.stringify(input)),
    start,
    call: (method, ...args) => drive(connection.call(method, JSON.stringify(args))),
  };
}

/** jco throws the record of the interface `types` as it is. */
async function errorOf(call) {
  const error = await failureOf(call);
  assert.equal(typeof error.code, 'string', `not an error of the plugin: ${error.stack}`);
  return error;
}

test('imports nothing, and is the world of wit/', async () => {
  const wit = await componentWit(bytes);
  assert.doesNotMatch(wit, /^\s*import /m);
  const source = readFileSync(join(root, 'wit/plugin.wit'), 'utf8');
  const [, version] = /^package (\S+);/m.exec(source);
  const exported = [...source.matchAll(/^ {2}export (\w+);/gm)].map(([, name]) => name);
  const [name, number] = version.split('@');
  assert.ok(exported.length > 0);
  for (const one of exported) assert.match(wit, new RegExp(`export ${name}/${one}@${number};`));
});

describe('the main job', () => {
  test('a signed message in; contact, note, tags and task out; a repeat makes no call', async (t) => {
    const { sandbox, setup, receive, tick } = await session(t);
    await setup();
    const story = sandbox.story();
    const paid = form(story.payment());
    const missed = form(story.missed());
    for (const message of [paid, missed]) {
      const { response } = await receive(message);
      assert.deepEqual([response.status, response.body], [200, 'OK']);
      await tick();
    }

    const { contacts } = sandbox.state();
    assert.equal(contacts.length, 1);
    const [{ tags, notes, tasks }] = contacts;
    assert.ok(tags.includes('ds24-customer') && tags.includes('ds24-paused'), String(tags));
    assert.deepEqual([notes.length, tasks.length], [1, 1]);

    const calls = sandbox.requests().length;
    for (const message of [paid, missed]) {
      assert.equal((await receive(message)).response.body, 'OK');
      await tick();
    }
    assert.equal(sandbox.requests().length, calls);
  });

  test('a forged message is refused before any call', async (t) => {
    const { sandbox, receive } = await session(t);
    const { response, error } = await receive(form(sandbox.story().payment(), 'another passphrase'));
    assert.deepEqual([response.status, error.code], [403, 'signature_invalid']);
    assert.equal(sandbox.requests().length, 0);
  });
});

test('polling: a cursor goes on', async (t) => {
  const { poll } = await session(t);
  const first = await poll('digistore24.newPurchase');
  assert.deepEqual(first.events, []);
  const second = await poll('digistore24.newPurchase', JSON.stringify(first.cursor));
  assert.deepEqual(second.events, []);
});

test('pages: a cursor goes on', async (t) => {
  const { sandbox, run, page } = await session(t);
  sandbox.configure({ searchLagMs: 0 });
  for (const name of ['a', 'b', 'c']) {
    await run('ghl.contacts.createContact', { email: `${name}@example.com` });
  }
  const id = 'ghl.contacts.searchContactsAdvanced';
  const first = await page(id, {});
  const second = await page(id, {}, JSON.stringify(first.cursor));
  assert.deepEqual([first.items.length, second.items.length, second.done], [2, 1, true]);
  assert.equal(sandbox.state().contacts.length, 3);
});

describe('failures say what to do', () => {
  const input = { contactId: 'abcdefghijklmnopqrst' };

  test('wrong options, every one', () => {
    const options = { highlevel: { auth: { kind: 'private-integration' } }, nonsense: 1 };
    const open = () => plugin.connections.Connection.open(JSON.stringify(options));
    assert.throws(open, ({ code, fields }) => {
      assert.equal(code, 'invalid-input');
      const paths = fields.map(({ path }) => path);
      return paths.includes('highlevel.auth.token') && paths.includes('nonsense');
    });
  });

  test('bad credentials', async (t) => {
    const wrong = (options) => {
      options.highlevel.auth.token = 'pit-wrong';
      return options;
    };
    const { run } = await session(t, wrong);
    const error = await errorOf(run('ghl.contacts.getContact', input));
    assert.equal(error.code, 'unauthenticated');
    assert.ok(error.help);
    assert.doesNotMatch(inspect(error), /pit-wrong/);
  });

  test('no network', async (t) => {
    const port = await freePort();
    const nowhere = (options) => {
      options.highlevel.baseUrl = `http://127.0.0.1:${port}`;
      return options;
    };
    const { run } = await session(t, nowhere);
    const error = await errorOf(run('ghl.contacts.getContact', input));
    assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
    assert.ok(error.help);
  });

  test('a store that refuses: not answered with OK, so it is sent again', async (t) => {
    const full = () => {
      throw new RangeError('no space left');
    };
    const { sandbox, receive } = await session(t, undefined, { ...store(), commit: full });
    const { response, error } = await receive(form(sandbox.story().payment()));
    assert.deepEqual([response.status, error.code, error.cause], [503, 'storage', 'RangeError']);
    assert.match(error.help, /has room/);
  });

  test('input that is no JSON, an operation and a method that do not exist', async (t) => {
    const { run, start, call } = await session(t);
    assert.equal((await errorOf(start('ghl.contacts.getContact', '{'))).fields[0].path, 'input');
    assert.match((await errorOf(run('ghl.contacts.getContakt', {}))).message, /getContact/);
    assert.equal((await errorOf(call('nonsense'))).fields[0].path, 'method');
  });
});

test('the catalog is whole, and events can be read without a connection', () => {
  const [entry] = JSON.parse(plugin.catalog.list({ id: 'ghl.contacts.addTags', brief: false }));
  assert.deepEqual(entry.input.required, ['contactId', 'tags']);
  assert.ok(entry.sample.output.tags);
  const body = new TextEncoder().encode(form({ event: 'on_payment', order_id: 'AB12CD34', transaction_id: '1' }));
  const [event] = JSON.parse(plugin.triggers.read('default', 'digistore24', body, { splitItems: false }, 0n));
  assert.equal(event.event, 'payment');
  assert.equal(plugin.catalog.version(), JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8')).version);
});

test('every word of an error has its place in the WIT', () => {
  const rust = readFileSync(join(root, 'src/error.rs'), 'utf8');
  const codes = [...rust.matchAll(/^ {4}\w+ = "(\w+)",$/gm)].map(([, word]) => word.replaceAll('_', '-'));
  const [, body] = /enum error-code \{(.*?)\n {2}\}/s.exec(readFileSync(join(root, 'wit/plugin.wit'), 'utf8'));
  const words = [...body.matchAll(/^ {4}([\w-]+),$/gm)].map(([, word]) => word);
  assert.deepEqual(words, codes);
});

test('the page of the docs shows the host that is tested', () => {
  const page = readFileSync(join(root, 'docs/hosts/component.md'), 'utf8');
  const shown = [...page.matchAll(/```rust\n(.*?)```/gs)].map(([, code]) => code);
  const files = ['src/host.rs', 'examples/receive.rs'];
  assert.deepEqual(
    shown,
    files.map((file) => readFileSync(join(root, 'hosts/wasmtime', file), 'utf8')),
  );
});
