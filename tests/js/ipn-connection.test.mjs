// The IPN connection that the plugin makes at Digistore24, and several of them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { READONLY_API_KEY, startSandbox } from '../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { failureOf, form, optionsFor, temporaryFolder } from './support.mjs';

let sandbox;
let plugin;
let receiver;
let lines;
let test_;

/** A receiver without a passphrase of its own. */
async function start({ digistore24 = {}, ...more } = {}) {
  await receiver?.close();
  lines = [];
  const log = (line) => lines.push(line);
  const { ipnPassphrase: _, ...rest } = optionsFor(sandbox).digistore24;
  const options = { ...optionsFor(sandbox), digistore24: { ...rest, ...digistore24 } };
  plugin = await createPlugin({ ...options, store: memoryStore(), log, ...more });
  receiver = await serve({ plugin, log });
  // The sandbox has http addresses only, which are for tests.
  test_ = { url: receiver.webhookUrl, test: true };
}

beforeEach(async () => {
  sandbox = await startSandbox();
  await start();
});
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
  await sandbox.close();
});

const connections = () => sandbox.state().digistore24.ipnConnections;
const secret = () => [...sandbox.world.ds24.ipnConnections.values()].at(-1).passphrase;
const pay = () => sandbox.story().payment();
const post = async (message, passphrase, url = receiver.webhookUrl) =>
  (await fetch(url, { method: 'POST', body: form(message, passphrase) })).status;

describe('making it', () => {
  test('with all that the sync needs; its messages are believed from then on', async () => {
    const state = await plugin.ipn.install(test_);
    assert.deepEqual([state.installed, state.differences, state.url], [true, [], test_.url]);
    assert.match(state.id, /^ghl-test-[A-Za-z0-9]{8}$/);
    const [connection, ...others] = connections();
    assert.deepEqual(others, []);
    const { domainId, timing, categories, transactions, newsletterSendPolicy, productIds, ipnUrl } = connection;
    assert.deepEqual(
      { domainId, timing, categories, newsletterSendPolicy, productIds, ipnUrl },
      {
        domainId: state.id,
        timing: 'delayed',
        categories: 'orders,e-tickets,custom forms',
        newsletterSendPolicy: 'send_always',
        productIds: 'all',
        ipnUrl: test_.url,
      },
    );
    assert.equal(transactions.split(',').length, 8);
    assert.match(secret(), /^[A-Za-z0-9]{40}$/);
    assert.equal((await sandbox.sendIpn(pay())).ok, true);
    assert.equal(await post(pay(), 'another passphrase'), 403);
    await receiver.idle();
    assert.equal(sandbox.state().contacts.length, 1);
    assert.doesNotMatch(JSON.stringify([state, lines]), new RegExp(secret()));
  });

  test('again: the same connection, brought to what is wanted', async () => {
    const first = await plugin.ipn.install(test_);
    const passphrase = secret();
    const again = await plugin.ipn.install({ ...test_, productIds: ['551377'], affiliations: true });
    assert.deepEqual([again.id, secret(), connections().length], [first.id, passphrase, 1]);
    assert.equal(connections()[0].productIds, '551377');
    assert.match(connections()[0].categories, /affiliations/);
  });

  test('a rotation: the present passphrase stays valid until the next one', async () => {
    await plugin.ipn.install(test_);
    const passphrases = [secret()];
    for (let i = 0; i < 2; i++) {
      await plugin.ipn.install({ ...test_, rotate: true });
      passphrases.unshift(secret());
    }
    assert.equal(new Set(passphrases).size, 3);
    const statuses = [];
    for (const passphrase of passphrases) statuses.push(await post(pay(), passphrase));
    assert.deepEqual(statuses, [200, 200, 403]);
  });

  test('the passphrase is stored before Digistore24 hears of it: a lost answer loses nothing', async () => {
    sandbox.fault({ service: 'digistore24', kind: 'reset_after', path: '/api/call/ipnSetup', times: 1 });
    assert.equal((await failureOf(plugin.ipn.install(test_))).code, 'outcome_unknown');
    // It took effect: a message that comes now is believed.
    assert.equal((await sandbox.sendIpn(pay())).ok, true);
    assert.equal((await plugin.ipn.install(test_)).installed, true);
    assert.equal(connections().length, 1);
  });

  test('a store that fails: nothing is made', async () => {
    const commit = () => {
      throw new Error('the disk is gone');
    };
    await start({ store: { ...memoryStore(), commit } });
    assert.equal((await failureOf(plugin.ipn.install(test_))).code, 'storage');
    assert.deepEqual(connections(), []);
  });

  test('somebody else’s connection is never touched', async (t) => {
    const input = { ipn_url: receiver.webhookUrl, name: 'theirs', product_ids: 'all', domain_id: 'ghl-test-AAAAAAAA' };
    await plugin.digistore24.ipnSetup(input);
    // A generator that gives out the same: the id is theirs.
    t.mock.method(crypto, 'getRandomValues', (bytes) => bytes.fill(0));
    const error = await failureOf(plugin.ipn.install(test_));
    assert.equal(error.code, 'conflict');
    t.mock.restoreAll();
    assert.deepEqual(
      connections().map(({ name }) => name),
      ['theirs'],
    );
    await plugin.ipn.install(test_);
    await plugin.ipn.remove({ test: true });
    assert.deepEqual(
      connections().map(({ name }) => name),
      ['theirs'],
    );
  });

  test('what can’t be: an address without https, one that doesn’t answer, a key that only reads', async () => {
    const plain = await failureOf(plugin.ipn.install({ url: test_.url }));
    assert.deepEqual(
      plain.fields.map(({ path }) => path),
      ['url'],
    );
    const deaf = await failureOf(plugin.ipn.install({ ...test_, url: `${sandbox.url}/nowhere` }));
    assert.match(deaf.help, /start the receiver/);
    const unknown = await failureOf(plugin.ipn.install({ ...test_, passphrase: 'mine' }));
    assert.equal(unknown.code, 'invalid_input');
    await start({ digistore24: { apiKey: READONLY_API_KEY } });
    assert.equal((await failureOf(plugin.ipn.install(test_))).code, 'forbidden');
    assert.deepEqual(connections(), []);
  });
});

describe('reading it back and removing it', () => {
  test('each difference is named, passphrases are not told', async () => {
    assert.deepEqual(await plugin.ipn.check({ test: true }), {
      id: null,
      url: null,
      installed: false,
      differences: [],
    });
    const { id } = await plugin.ipn.install(test_);
    await plugin.digistore24.ipnSetup({
      ipn_url: test_.url,
      name: 'HighLevel',
      product_ids: 'all',
      domain_id: id,
      categories: 'custom forms,orders,e-tickets',
      sha_passphrase: 'canary',
    });
    const { differences } = await plugin.ipn.check({ test: true });
    const fields = differences.map(({ field }) => field).sort();
    assert.deepEqual(fields, ['sha_passphrase', 'timing', 'transactions']);
    assert.doesNotMatch(JSON.stringify(differences), /canary/);
    assert.deepEqual((await plugin.ipn.check()).installed, false, 'the real one is another');
    assert.deepEqual((await plugin.ipn.install(test_)).differences, []);
  });

  test('removed: its passphrase counts no more', async () => {
    await plugin.ipn.install(test_);
    const passphrase = secret();
    assert.equal((await plugin.ipn.remove({ test: true })).installed, false);
    assert.deepEqual([connections(), await post(pay(), passphrase)], [[], 403]);
    assert.equal((await plugin.ipn.remove({ test: true })).installed, false);
  });

  test('another process knows the passphrase', async (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    await start({ store: openSqliteStore(path) });
    await plugin.ipn.install(test_);
    const other = await createPlugin({ ...optionsFor(sandbox), store: openSqliteStore(path), log() {} });
    const body = form(pay(), secret());
    assert.equal((await other.receive({ method: 'POST', body })).outcome, 'queued');
    const [event] = (await other.receive({ method: 'POST', body: form(pay(), secret()) })).events;
    assert.equal((await other.sync.plan(event)).signature, 'missing', 'an event has no signature');
    await other.close();
  });
});

describe('several connections', () => {
  test('each has its passphrases; an address may name its connection', async () => {
    const ipn = [
      { id: 'shop-a', passphrases: ['a-new', 'a-old'] },
      { id: 'shop-b', passphrases: ['b'] },
    ];
    await start({ digistore24: { ipn, ipnPassphrase: 'short form' } });
    for (const passphrase of ['a-new', 'a-old', 'b', 'short form'])
      assert.equal(await post(pay(), passphrase), 200, passphrase);
    assert.equal(await post(pay(), 'c'), 403);
    const named = `${receiver.webhookUrl}/default/shop-b`;
    assert.deepEqual([await post(pay(), 'b', named), await post(pay(), 'a-new', named)], [200, 403]);
    assert.equal(await post(pay(), 'b', `${receiver.webhookUrl}/default/shop-c`), 403);
    // The same sale through two connections is one.
    const message = pay();
    const bodies = ['a-new', 'b'].map((passphrase) => form(message, passphrase));
    const outcomes = [];
    for (const body of bodies) outcomes.push((await plugin.receive({ method: 'POST', body })).outcome);
    assert.deepEqual(outcomes, ['queued', 'duplicate']);
  });

  test('wrong options are named and not repeated', async () => {
    const wrong = (ipn) => failureOf(createPlugin({ digistore24: { ipn } }));
    for (const ipn of [
      [{ id: 'a' }],
      [{ id: 'a', passphrases: [] }],
      [{ id: 'a', passphrases: ['canary', 'b', 'c'] }],
      'canary',
    ]) {
      const error = await wrong(ipn);
      assert.equal(error.code, 'invalid_input');
      assert.doesNotMatch(JSON.stringify(error), /canary/);
    }
  });
});

describe('what the first messages tell of the connection', () => {
  test('a message by GET is refused and said aloud: answered with OK the sale would be lost', async () => {
    await start({ digistore24: { ipnPassphrase: 'p' } });
    const response = await fetch(`${receiver.webhookUrl}?${form(pay(), 'p')}`);
    assert.equal(response.status, 405);
    assert.doesNotMatch(await response.text(), /OK/);
    assert.match(lines.findLast(({ message }) => message === 'a message was not accepted').fields.help, /POST/);
    assert.equal((await fetch(receiver.webhookUrl)).status, 200);
  });

  test('a message with fewer items than it counts: a warning', async () => {
    await start({ digistore24: { ipnPassphrase: 'p' } });
    const warned = () => lines.filter(({ level, message }) => level === 'warn' && /fewer items/.test(message)).length;
    await post(pay(), 'p');
    assert.equal(warned(), 0);
    await post({ ...pay(), item_count: '3' }, 'p');
    assert.equal(warned(), 1);
  });
});
