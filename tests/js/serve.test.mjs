import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_LOCATION_ID, startSandbox } from '../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { failingStore, failureOf, form, optionsFor, passphrase, temporaryFolder } from './support.mjs';

let sandbox;
let receiver;
let lines;
let reports;

/** Starts a receiver on the sandbox; the next one takes its place. */
async function receive(more = {}) {
  await receiver?.close();
  lines = [];
  reports = [];
  const log = (line) => lines.push(line);
  const plugin = await createPlugin({ ...optionsFor(sandbox), store: memoryStore(), log, ...more });
  receiver = await serve({ plugin, log, onReport: (report) => reports.push(report), clock: more.clock });
  return receiver;
}

beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
  await sandbox.close();
});

const post = (body, headers = {}) =>
  fetch(receiver.webhookUrl, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...headers },
  });
const deliver = (message, options = {}) =>
  sandbox.sendIpn(message, { to: receiver.webhookUrl, passphrase, maxAttempts: 1, ...options });
const problems = () => lines.filter(({ level }) => level === 'error').map(({ fields }) => fields.problem);

describe('what the sender hears', () => {
  test('a forged or unsigned message: 403 and one plain sentence; the operator learns why', async () => {
    await receive();
    const message = sandbox.story().payment();
    for (const [secret, why] of [
      ['a wrong one', /signature/],
      ['', /no (signature )?passphrase|not sign|no signature|unsigned/i],
    ]) {
      const response = await post(form(message, secret));
      const text = await response.text();
      assert.equal(response.status, 403);
      assert.match(text, /^[^\n.]+\.$/);
      assert.doesNotMatch(text, /OK/);
      assert.match(problems().at(-1), why);
    }
    const { sha_sign: _, ...bare } = message;
    assert.equal((await post(new URLSearchParams(bare))).status, 403);
    assert.deepEqual(sandbox.requests(), []);
  });

  test('a body over 1 MiB: 413, whether or not its length is told', async () => {
    await receive();
    const big = 'a='.padEnd(1024 * 1024 + 1, 'x');
    const told = await post(big);
    assert.equal(told.status, 413);
    assert.match(await told.text(), /1 MiB/);
    const untold = await new Promise((resolve, reject) => {
      const sending = request(receiver.webhookUrl, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sending.on('error', reject);
      sending.end(big.repeat(2));
    }).catch(() => 413);
    assert.equal(untold, 413);
    assert.equal((await fetch(`${receiver.url}/healthz`)).status, 200);
  });

  test('what is no form: 400', async () => {
    await receive();
    for (const body of ['{"event":"on_payment","order_id":', '[]', '', '%%%', 'just text']) {
      const response = await post(body);
      assert.equal(response.status, 400, body);
      assert.doesNotMatch(await response.text(), /OK/);
    }
  });

  test('a store that fails: 503, no OK, and Digistore24 sends until it works', async (t) => {
    const { store } = failingStore(t, 2);
    await receive({ store });
    const delivery = await deliver(sandbox.story().payment(), { maxAttempts: 5 });
    const statuses = delivery.attempts.map(({ status }) => status);
    assert.deepEqual([delivery.ok, statuses], [true, [503, 503, 200]]);
    assert.ok(delivery.attempts.slice(0, 2).every(({ reply }) => !reply.includes('OK')));
    await receiver.idle();
    assert.equal(sandbox.state().contacts.length, 1);
  });

  test('other paths and methods', async () => {
    await receive();
    assert.equal((await fetch(receiver.url)).status, 404);
    assert.equal((await fetch(receiver.webhookUrl, { method: 'DELETE' })).status, 404);
    const check = await fetch(receiver.webhookUrl);
    assert.deepEqual([check.status, await check.text()], [200, 'OK']);
    assert.equal((await fetch(receiver.webhookUrl, { method: 'HEAD' })).status, 200);
  });
});

describe('what the operator sees', () => {
  test('healthz and metrics', async () => {
    await receive();
    const story = sandbox.story({ buyer: { email: 'canary@example.com' } });
    const message = story.payment();
    await deliver(message);
    await deliver(message);
    await deliver(sandbox.connectionTest());
    await post('a=b');
    await receiver.idle();
    const health = await (await fetch(`${receiver.url}/healthz`)).json();
    assert.deepEqual(health, { ok: true, inbox: 0, dead: 0 });
    const metrics = await (await fetch(`${receiver.url}/metrics`)).text();
    for (const line of [
      ...['queued', 'duplicate', 'kept', 'refused'].map(
        (outcome) =>
          `ghl_ds24_webhooks_total{connection="default",location="${DEFAULT_LOCATION_ID}",service="digistore24",outcome="${outcome}"} 1`,
      ),
      `ghl_ds24_events_total{connection="default",location="${DEFAULT_LOCATION_ID}",event="payment",outcome="done"} 1`,
      `ghl_ds24_calls_total{connection="default",location="${DEFAULT_LOCATION_ID}",operation="ghl.contacts.createContact",code="ok"} 1`,
      'ghl_ds24_inbox_messages 0',
      'ghl_ds24_dead_messages 0',
    ]) {
      assert.ok(metrics.includes(`${line}\n`), `${line} in\n${metrics}`);
    }
    assert.doesNotMatch(metrics + JSON.stringify(lines), /canary/);
  });

  test('a store that fails: healthz says so', async () => {
    const list = () => {
      throw new Error('canary');
    };
    await receive({ store: { ...memoryStore(), list } });
    const response = await fetch(`${receiver.url}/healthz`);
    const text = await response.text();
    assert.equal(response.status, 503);
    assert.equal(JSON.parse(text).error.code, 'storage');
    assert.doesNotMatch(text, /canary/);
    assert.equal((await fetch(`${receiver.url}/metrics`)).status, 200);
  });

  test('a port that is taken', async () => {
    await receive();
    const port = Number(new URL(receiver.url).port);
    const plugin = await createPlugin({ store: memoryStore() });
    const error = await failureOf(serve({ plugin, port, log() {} }));
    assert.deepEqual([error.code, /taken/.test(error.message)], ['misconfigured', true]);
    await plugin.close();
  });
});

describe('nothing is lost and nothing is doubled', () => {
  const crm = () => {
    const [contact, ...others] = sandbox.state().contacts;
    return { others: others.length, notes: contact?.notes.length, tags: contact?.tags.length };
  };

  test('HighLevel is down for a while: the message waits, then is carried out once', async (t) => {
    const time = { now: Date.now() };
    const clock = () => time.now;
    const store = openSqliteStore(join(temporaryFolder(t), 'state.sqlite'), { clock });
    await receive({ store, clock });
    sandbox.fault({ service: 'ghl', kind: 'status', status: 503, times: 4 });
    assert.equal((await deliver(sandbox.story().payment())).ok, true);
    await receiver.idle();
    assert.equal(reports.at(-1).outcome, 'waiting');
    assert.equal((await (await fetch(`${receiver.url}/healthz`)).json()).inbox, 1);
    time.now += 3_600_000;
    sandbox.clearFaults();
    const again = await createPlugin({ ...optionsFor(sandbox), store, clock, log() {} });
    const tick = await again.tick();
    assert.equal(tick.events[0]?.outcome, 'done');
    assert.deepEqual(crm(), { others: 0, notes: 1, tags: crm().tags });
  });

  for (const [step, path] of [
    ['the contact', '/contacts/'],
    ['the note', '/contacts/*/notes'],
    ['the tags', '/contacts/*/tags'],
  ]) {
    test(`the process dies when ${step} is written: after a restart all is there once`, async (t) => {
      const path_ = join(temporaryFolder(t), 'state.sqlite');
      const time = { now: Date.now() };
      const clock = () => time.now;
      // The process that dies: its store stops at the moment when the service has done its work and the answer is lost.
      const dying = openSqliteStore(path_, { clock });
      let isDead = false;
      const lost = () => {
        throw new Error('dead');
      };
      const first = await createPlugin({
        ...optionsFor(sandbox),
        settleSeconds: 1,
        clock,
        log() {},
        store: {
          get: (keys) => (isDead ? lost() : dying.get(keys)),
          list: (range) => (isDead ? lost() : dying.list(range)),
          commit: (writes) => (isDead ? lost() : dying.commit(writes)),
        },
        fetch: async (url, init) => {
          const response = await fetch(url, init).catch((error) => {
            isDead = true;
            throw error;
          });
          return response;
        },
      });
      sandbox.fault({ service: 'ghl', kind: 'reset_after', method: 'POST', path, times: 1 });
      const body = form(sandbox.story().payment());
      assert.equal((await first.receive({ method: 'POST', body })).outcome, 'queued');
      await first.tick().catch(() => {});
      assert.equal(isDead, true);
      dying.close();

      time.now += 24 * 3_600_000;
      const second = await createPlugin({
        ...optionsFor(sandbox),
        settleSeconds: 1,
        clock,
        log() {},
        store: openSqliteStore(path_, { clock }),
      });
      const outcomes = [];
      for (let i = 0; i < 5; i++) {
        const { events } = await second.tick();
        outcomes.push(...events.map(({ outcome }) => outcome));
        time.now += 3_600_000;
      }
      assert.equal(outcomes.at(-1), 'done', outcomes.join());
      assert.deepEqual([crm().others, crm().notes], [0, 1]);
      assert.ok(crm().tags >= 3);
      const { triggers } = sandbox.state();
      const added = triggers.filter(({ trigger }) => trigger === 'tag_added').map(({ detail }) => detail.tag);
      assert.equal(new Set(added).size, added.length, 'no tag starts a workflow twice');
      assert.deepEqual(await second.inbox(), []);
      await second.close();
    });
  }

  test('two workers on one file: one contact, one note', async (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    const plugins = await Promise.all(
      [1, 2].map(() => createPlugin({ ...optionsFor(sandbox), log() {}, store: openSqliteStore(path) })),
    );
    const body = form(sandbox.story().payment());
    const outcomes = await Promise.all(plugins.map(async (p) => (await p.receive({ method: 'POST', body })).outcome));
    assert.deepEqual(outcomes.sort(), ['duplicate', 'queued']);
    await Promise.all(plugins.map((p) => p.tick()));
    await plugins[0].tick();
    assert.deepEqual([crm().others, crm().notes], [0, 1]);
    for (const plugin of plugins) await plugin.close();
  });

  test('closing finishes the present event and keeps the rest', async (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    await receive({ store: openSqliteStore(path) });
    sandbox.fault({ service: 'ghl', kind: 'slow', delayMs: 100, times: 1 });
    for (let i = 0; i < 6; i++) await deliver(sandbox.story().payment(), { check: false });
    await sleep(20);
    await receiver.close();
    receiver = undefined;
    const done = sandbox.state().contacts.length;
    assert.ok(done >= 1 && done < 6, `${done} were done`);
    assert.ok(sandbox.state().contacts.every(({ notes, tags }) => notes.length === 1 && tags.length > 2));
    const next = await createPlugin({ ...optionsFor(sandbox), log() {}, store: openSqliteStore(path) });
    assert.equal((await next.inbox()).length, 6 - done);
    await next.tick();
    assert.equal(sandbox.state().contacts.length, 6);
    await next.close();
  });
});
