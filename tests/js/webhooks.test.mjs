// HighLevel's webhooks: signed, stored, handed on. The sandbox signs by node:crypto, the plugin checks by itself.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  DEFAULT_LOCATION_ID,
  startSandbox,
  WEBHOOK_PUBLIC_KEY,
  webhookSignature,
} from '../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { failingStore, failureOf, form, optionsFor, pluginOn, temporaryFolder } from './support.mjs';

const workflowToken = 'a-workflow-token-0123456789';
let sandbox;
let receiver;
let plugin;
let lines;

const withKey = (more = {}) => {
  const options = optionsFor(sandbox);
  return {
    ...options,
    highlevel: { ...options.highlevel, webhookPublicKey: WEBHOOK_PUBLIC_KEY, workflowToken, ...more },
  };
};

/** Starts a receiver on the sandbox. */
async function receive({ serving = {}, highlevel, ...more } = {}) {
  lines = [];
  const log = (line) => lines.push(line);
  plugin = await createPlugin({ ...withKey(highlevel), store: memoryStore(), log, ...more });
  receiver = await serve({ plugin, log, ...serving });
}

beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
  await sandbox.close();
});

const contactCreate = (more = {}) => ({
  type: 'ContactCreate',
  locationId: DEFAULT_LOCATION_ID,
  id: 'c1',
  firstName: 'Zoë',
  webhookId: 'w1',
  ...more,
});
const signed = (body, more = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    method: 'POST',
    url: '/webhooks/ghl',
    headers: { 'X-GHL-Signature': webhookSignature(text) },
    body: text,
    ...more,
  };
};

describe('signatures', () => {
  test('what node:crypto signs is taken, and one changed byte is not', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const own = await pluginOn(
      sandbox,
      withKey({ webhookPublicKey: publicKey.export({ format: 'pem', type: 'spki' }) }),
    );
    for (let i = 0; i < 50; i++) {
      const body = Buffer.from(
        JSON.stringify(contactCreate({ webhookId: `w${i}`, noise: randomBytes(i * 9).toString('base64') })),
      );
      const signature = sign(null, body, privateKey);
      const send = (bytes, claimed) =>
        own.receive({
          method: 'POST',
          url: '/webhooks/ghl',
          headers: { 'x-ghl-signature': claimed.toString('base64') },
          body: bytes,
        });
      const change = (bytes) => {
        const changed = Buffer.from(bytes);
        changed[i % changed.length] ^= 1 << (i % 8);
        return changed;
      };
      assert.equal((await send(change(body), signature)).response.status, 403);
      assert.equal((await send(body, change(signature))).response.status, 403);
      assert.equal((await send(body, signature)).outcome, 'queued');
    }
    await own.close();
  });

  test('missing, foreign, legacy, other bytes: 403, nothing stored, the reason in the log', async () => {
    await receive();
    const body = JSON.stringify(contactCreate());
    const other = generateKeyPairSync('ed25519').privateKey;
    for (const [headers, sent = body] of [
      [{}],
      [{ 'X-GHL-Signature': 'N/A' }],
      [{ 'X-GHL-Signature': '' }],
      [{ 'X-WH-Signature': webhookSignature(body) }],
      [{ 'X-GHL-Signature': sign(null, Buffer.from(body), other).toString('base64') }],
      [{ 'X-GHL-Signature': webhookSignature(body) }, JSON.stringify(JSON.parse(body), null, 1)],
      [{ 'X-GHL-Signature': webhookSignature(body) }, `${body} `],
    ]) {
      const response = await fetch(`${receiver.url}/webhooks/ghl`, { method: 'POST', headers, body: sent });
      assert.equal(response.status, 403, JSON.stringify(headers));
      assert.doesNotMatch(await response.text(), /OK/);
      assert.match(
        lines.findLast(({ message }) => message === 'a message was not accepted').fields.problem,
        /signature/,
      );
    }
    assert.deepEqual(await plugin.events.take(), []);
    assert.doesNotMatch(JSON.stringify(lines), /Zoë/);
  });

  test('a key that is none is a wrong option; two are valid during a rotation', async () => {
    for (const webhookPublicKey of [
      'canary',
      ['canary'],
      [],
      [WEBHOOK_PUBLIC_KEY, WEBHOOK_PUBLIC_KEY, WEBHOOK_PUBLIC_KEY],
    ]) {
      const error = await failureOf(createPlugin(withKey({ webhookPublicKey })));
      assert.deepEqual([error.code, error.fields[0].path], ['invalid_input', 'highlevel.webhookPublicKey']);
      assert.doesNotMatch(JSON.stringify(error), /canary/);
    }
    const older = generateKeyPairSync('ed25519');
    const olderKey = older.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const both = await pluginOn(sandbox, withKey({ webhookPublicKey: [olderKey, WEBHOOK_PUBLIC_KEY] }));
    const body = JSON.stringify(contactCreate({ webhookId: 'w2' }));
    const byOlder = { 'x-ghl-signature': sign(null, Buffer.from(body), older.privateKey).toString('base64') };
    assert.equal((await both.receive(signed(contactCreate()))).outcome, 'queued');
    assert.equal((await both.receive(signed(body, { headers: byOlder }))).outcome, 'queued');
    await both.close();
  });
});

describe('what becomes of an event', () => {
  test('every event of the catalog, flat and in an envelope', async () => {
    await receive({ clock: () => Date.parse('2026-03-02T12:00:00Z') });
    const { receive: take } = plugin;
    for (const { id, sample, wireEvent, named } of plugin.catalog.list({ service: 'ghl', resource: 'events' })) {
      const { payload } = sample;
      for (const body of [
        { ...payload, webhookId: `${id} 1` },
        { data: payload, webhookId: `${id} 2` },
      ]) {
        const text = JSON.stringify(body).replaceAll(/"locationId":"[^"]*"/g, `"locationId":"${DEFAULT_LOCATION_ID}"`);
        const url = `/webhooks/ghl${named === false ? `?event=${wireEvent}` : ''}`;
        const received = await take(signed(text, { url }));
        const [event] = received.events;
        assert.ok(['queued', 'kept'].includes(received.outcome), `${id} ${received.outcome}`);
        if (received.outcome === 'queued') assert.deepEqual([event.triggers[0], event.verified], [id, true]);
      }
    }
  });

  test('replayed: one event; its second way with a webhookId of its own: another', async () => {
    await receive();
    const outcomes = [];
    for (const webhookId of ['w1', 'w1', 'w2'])
      outcomes.push((await plugin.receive(signed(contactCreate({ webhookId })))).outcome);
    assert.deepEqual(outcomes, ['queued', 'duplicate', 'queued']);
    const bare = contactCreate({ webhookId: undefined });
    assert.equal((await plugin.receive(signed(bare))).outcome, 'queued');
    assert.equal((await plugin.receive(signed(bare))).outcome, 'duplicate');
    assert.equal((await plugin.events.take()).length, 3);
  });

  test('an old event is refused: by default after a month, when its repetition would not be known any more', async () => {
    const time = { now: Date.parse('2026-11-25T12:00:00Z') };
    await receive({ clock: () => time.now, highlevel: { webhookMaxAgeSeconds: 4200 } });
    const at = (minutesAgo, webhookId) =>
      plugin.receive(
        signed(contactCreate({ webhookId, timestamp: new Date(time.now - minutesAgo * 60_000).toISOString() })),
      );
    assert.equal((await at(69, 'a')).outcome, 'queued');
    assert.deepEqual([(await at(71, 'b')).outcome, (await at(71, 'b')).response.status], ['refused', 403]);
    await receiver.close();
    await receive({ clock: () => time.now });
    assert.equal((await at(29 * 24 * 60, 'c')).outcome, 'queued');
    assert.equal((await at(31 * 24 * 60, 'd')).outcome, 'refused');
  });

  test('a store that fails: 429, never 5xx, and HighLevel sends again', async (t) => {
    const { store, fail } = failingStore(t, 2);
    await receive({ store });
    const to = `${receiver.url}/webhooks/ghl`;
    const delivery = await sandbox.sendWebhook('ContactCreate', contactCreate(), { to });
    assert.deepEqual([delivery.ok, delivery.statuses], [true, [429, 429, 200]]);
    assert.equal((await plugin.events.take()).length, 1);
    fail(1);
    const body = JSON.stringify(contactCreate({ webhookId: 'w9' }));
    const response = await fetch(to, { method: 'POST', body, headers: { 'x-ghl-signature': webhookSignature(body) } });
    assert.deepEqual([response.status, response.headers.get('retry-after')], [429, '60']);
  });

  test('a receiver that can’t do anything any more answers with 429, too', async () => {
    await receive();
    await plugin.close();
    const response = await fetch(`${receiver.url}/webhooks/ghl`, { method: 'POST', body: '{}' });
    assert.equal(response.status, 429);
    assert.equal((await fetch(receiver.webhookUrl, { method: 'POST', body: 'a=b' })).status, 503);
  });

  test('the process dies after the answer: the next one is given the event', async (t) => {
    const path = join(temporaryFolder(t), 'state.sqlite');
    const first = await createPlugin({ ...withKey(), store: openSqliteStore(path), log() {} });
    const { events, response } = await first.receive(signed(contactCreate()));
    assert.deepEqual([await response.text(), events.length], ['OK', 1]);
    // It dies here, before it did anything with the event.
    const second = await createPlugin({ ...withKey(), store: openSqliteStore(path), log() {} });
    assert.deepEqual(await second.events.take(), events);
    await second.events.done(events.map(({ dedupeKey }) => dedupeKey));
    assert.deepEqual(await second.events.take(), []);
    assert.equal((await second.receive(signed(contactCreate()))).outcome, 'duplicate');
    for (const plugin of [first, second]) await plugin.close();
  });

  test('another location’s event is kept and handed to nobody', async () => {
    await receive();
    const { outcome, events } = await plugin.receive(signed(contactCreate({ locationId: 'elsewhere' })));
    assert.deepEqual([outcome, events, await plugin.events.take()], ['kept', [], []]);
    const [entry] = await plugin.inbox('kept');
    assert.deepEqual([entry.event, entry.reason], ['ContactCreate', "another location's event"]);
  });
});

describe('the receiver', () => {
  test('a changed CRM tells its app, and the host deals with each event', async () => {
    const dealt = [];
    let failures = 1;
    const onHighLevelEvent = async (event) => {
      if (failures-- > 0) throw new Error('canary: later');
      dealt.push(event);
    };
    await receive({ serving: { onHighLevelEvent } });
    sandbox.configure({ webhookUrl: `${receiver.url}/webhooks/ghl` });
    const { contact } = await plugin.ghl.contacts.createContact({ email: 'zoe@example.com', firstName: 'Zoë' });
    await plugin.ghl.contacts.addTags({ contactId: contact.id, tags: ['vip'] });
    await plugin.ghl.contacts.createNote({ contactId: contact.id, body: 'Hallo' });
    const task = { title: 'call', dueDate: '2026-12-01T09:00:00Z', completed: false };
    await plugin.ghl.contacts.createTask({ contactId: contact.id, ...task });
    await sandbox.webhooksSent();
    await receiver.idle();
    // What one failure has left waits for the next time, at the latest in half a minute: or when something comes.
    await plugin.ghl.contacts.updateContact({ contactId: contact.id, city: 'Köln' });
    await sandbox.webhooksSent();
    await receiver.idle();
    const words = ['ContactCreate', 'ContactTagUpdate', 'ContactUpdate', 'NoteCreate', 'TaskCreate'];
    assert.deepEqual(dealt.map(({ event }) => event).sort(), words);
    assert.ok(dealt.every(({ verified, contactId }) => verified && contactId === contact.id));
    assert.deepEqual(await plugin.events.take(), []);
    assert.ok(sandbox.state().webhooks.every(({ ok }) => ok));
    assert.ok(lines.some(({ message }) => /could not be dealt with/.test(message)));
    assert.doesNotMatch(JSON.stringify(lines), /canary|zoe@/);
  });

  test('a workflow’s webhook: the token decides; only ids are handed on, not verified', async () => {
    await receive();
    const { contact } = await plugin.ghl.contacts.createContact({ email: 'zoe@example.com' });
    const send = (token, key, connection = 'default') =>
      sandbox.sendWorkflowWebhook(`${receiver.url}/webhooks/ghl-workflow/${connection}/${token}`, contact.id, {
        event: 'ContactTagUpdate',
        ...(key && { key }),
      });
    assert.deepEqual((await send('a-workflow-token-012345678x')).statuses, [403]);
    assert.deepEqual((await send(workflowToken, 'run-1', 'another')).statuses, [404]);
    assert.deepEqual((await send(workflowToken, 'run-1')).statuses, [200]);
    assert.deepEqual((await send(workflowToken, 'run-1')).statuses, [200]);
    const [event, ...others] = await plugin.events.take();
    assert.deepEqual(others, []);
    assert.deepEqual([event.via, event.verified, event.contactId], ['workflow-webhook', false, contact.id]);
    assert.deepEqual(event.triggers, ['ghl.contactTagUpdate', 'bridge.tagAdded']);
    assert.equal(event.data.email, undefined);
    assert.doesNotMatch(JSON.stringify(lines), new RegExp(workflowToken));
    // Without a key two runs look the same: both count.
    await send(workflowToken);
    await send(workflowToken);
    assert.ok((await plugin.events.take()).length >= 2);
  });

  test('what looks like an app’s event is none at the address of workflows', async () => {
    await receive();
    const url = `/webhooks/ghl-workflow/default/${workflowToken}`;
    const body = JSON.stringify(contactCreate({ type: 'InvoicePaid', amountPaid: 1e6 }));
    const { events } = await plugin.receive({ method: 'POST', url, body });
    assert.deepEqual(
      [events[0].via, events[0].verified, events[0].triggers],
      ['workflow-webhook', false, ['ghl.unknownEvent']],
    );
    assert.equal(events[0].data.amountPaid, undefined);
  });

  test('whose webhook it is: by option, by address, by header', async () => {
    await receive();
    const take = (request, options) => plugin.receive({ method: 'POST', ...request }, options);
    const body = form(sandbox.story().payment());
    assert.equal((await take({ body })).service, 'digistore24');
    assert.equal(
      (await take({ body, url: 'https://x.example/api/webhooks/digistore24/default' })).outcome,
      'duplicate',
    );
    const { url: _, ...bare } = signed(contactCreate());
    assert.deepEqual([(await take(bare)).service, (await take(bare)).outcome], ['ghl', 'duplicate']);
    assert.equal((await take({ ...bare, headers: new Headers(bare.headers), url: '/hook' })).outcome, 'duplicate');
    assert.equal((await take({ ...bare, headers: {} }, { service: 'ghl' })).response.status, 403);
    // The address of one service with the message of another: refused, whoever signed.
    assert.equal((await take({ ...bare, url: '/webhooks/digistore24' })).response.status, 400);
    assert.equal((await take({ body, url: '/webhooks/ghl' })).response.status, 403);
    assert.equal((await take({ body, url: '/webhooks/digistore24/elsewhere' })).response.status, 404);
    for (const url of ['%', '//', 'http://[', '/webhooks', '/webhooks/'])
      assert.equal((await take({ body, url })).outcome, 'duplicate', url);
  });

  test('a body over 1 MiB: 413', async () => {
    await receive();
    const body = `{"a":"${'x'.repeat(1024 * 1024)}"}`;
    assert.equal((await fetch(`${receiver.url}/webhooks/ghl`, { method: 'POST', body })).status, 413);
    assert.equal((await fetch(`${receiver.url}/webhooks/ghl`)).status, 200);
  });
});
