// Events that another host hands over: `POST /sync` of the receiver, and `remoteSync`, its other end.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { createFleet, createPlugin, memoryStore, remoteSync } from '../../pkg/dist/src/index.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { failureOf, freePort, optionsFor } from './support.mjs';

const token = 'token-of-the-receiver';
let sandbox;
let receiver;

beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
  await sandbox.close();
});

const log = () => {};

async function start(more = { syncToken: token }) {
  const options = { ...optionsFor(sandbox), store: memoryStore(), log };
  const plugin = await createPlugin(options);
  await plugin.setup();
  receiver = await serve({ plugin, log, ...more });
  return remoteSync({ url: receiver.url, token });
}

describe('an event that is handed over', () => {
  test('is carried out once, with the receiver’s ledger; the report comes back', async () => {
    const { apply } = await start();
    const raw = sandbox.story().payment();
    const report = await apply({ raw });
    assert.deepEqual([report.outcome, report.event], ['done', 'payment']);
    assert.equal(report.contactId, sandbox.state().contacts[0].id);
    const seen = sandbox.requests().length;
    assert.equal((await apply({ raw })).outcome, 'duplicate');
    assert.equal(sandbox.requests().length, seen, 'a repeat makes no call');
  });

  test('what must wait, the receiver goes on with by itself', async () => {
    let tell;
    const done = new Promise((resolve) => {
      tell = ({ outcome }) => outcome === 'done' && resolve();
    });
    const { apply } = await start({ syncToken: token, onReport: tell });
    sandbox.fault({ service: 'ghl', kind: 'status', status: 503, method: 'POST', path: '/contacts/', times: 1 });
    const raw = sandbox.story().payment();
    const report = await apply({ raw });
    assert.deepEqual([report.outcome, report.error.code], ['waiting', 'outcome_unknown']);
    await done;
    assert.equal((await apply({ raw })).outcome, 'duplicate');
    assert.equal(sandbox.state().contacts.length, 1);
  });

  test('is taken only with the token, and only where there is one', async () => {
    await start();
    for (const wrong of ['another-token-12345', 'no token at all']) {
      const error = await failureOf(remoteSync({ url: receiver.url, token: wrong }).apply({ raw: {} }));
      assert.equal(error.code, 'unauthenticated');
      assert.match(error.help, /SYNC_TOKEN/);
    }
    await receiver.close();
    const { apply } = await start({});
    assert.equal((await failureOf(apply({ raw: {} }))).code, 'misconfigured');
    assert.deepEqual(sandbox.state().contacts, []);
  });

  test('one that is none is refused as the plugin itself does', async () => {
    const { apply } = await start();
    assert.equal((await failureOf(apply({ nothing: true }))).code, 'invalid_input');
  });
});

test('of a fleet: the location that the address names', async () => {
  const { highlevel, digistore24 } = optionsFor(sandbox);
  const connection = { id: 'acme', digistore24, highlevel: [highlevel] };
  const fleet = await createFleet({ connections: [connection], store: memoryStore(), log });
  await (await fleet.plugin('acme', highlevel.locationId)).setup();
  receiver = await serve({ fleet, log, syncToken: token });
  const at = (path) => remoteSync({ url: `${receiver.url}/sync/${path}`, token });
  const report = await at(`acme/${highlevel.locationId}`).apply({ raw: sandbox.story().payment() });
  assert.equal(report.outcome, 'done');
  assert.equal((await failureOf(at('nobody/nowhere').apply({ raw: {} }))).code, 'invalid_input');
});

test('a receiver that is down, or is none: said so', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const down = await failureOf(remoteSync({ url, token }).apply({ raw: {} }));
  assert.deepEqual([down.code, down.retryable], ['unavailable', true]);
  const server = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const other = remoteSync({ url: `http://127.0.0.1:${server.address().port}`, token });
  assert.equal((await failureOf(other.apply({ raw: {} }))).code, 'misconfigured');
  assert.throws(() => remoteSync({ url: 'sync.example.com', token }), { code: 'invalid_input' });
});
