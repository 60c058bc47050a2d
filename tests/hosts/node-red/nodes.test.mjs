// The nodes in a real Node-RED, on the sandbox.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../../../pkg/dist/sandbox/index.js';
import { form, passphrase } from '../../js/support.mjs';
import { checkTrouble, troubles } from '../../support/mainjob.mjs';
import { connectionOn, dist, flowOf, startCollector, startNodeRed, until, userDirectory } from './nodered.mjs';

/** Ends with the file. */
const ends = [];
const file = { after: (end) => ends.unshift(end) };
let red;
before(async () => {
  red = await startNodeRed(file, userDirectory(file));
});
after(async () => {
  for (const end of ends) await end();
});

const settingsOf = (sandbox) => ({
  highlevelUrl: sandbox.highlevelUrl,
  digistore24Url: sandbox.digistore24Url,
  token: DEFAULT_TOKEN,
  locationId: DEFAULT_LOCATION_ID,
  apiKey: DEFAULT_API_KEY,
  passphrase,
});

async function sandboxFor(t) {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  return { sandbox, settings: settingsOf(sandbox) };
}

/** A connection's id is its store's name: each test has its own. */
let count = 0;
const freshId = () => `connection${++count}`;

/** A flow that sends one message into an action; gives what came out of it, or of the Catch node. */
async function act(t, { settings, operation, fields = {}, limit = '', payload = {} }) {
  const collector = await startCollector(t);
  const connection = freshId();
  await red.deploy(
    flowOf(
      connectionOn(settings, { id: connection }),
      { id: 'in', type: 'http in', url: '/begin', method: 'post', to: ['act', 'answer'] },
      { id: 'answer', type: 'http response' },
      { id: 'act', type: 'ghl-digistore24-action', connection, operation, fields, limit, to: ['wrap'] },
      { id: 'catch', type: 'catch', scope: ['act'], to: ['wrap'] },
      ...collector.nodes,
    ),
  );
  await fetch(`${red.url}/begin`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
  });
  const [told] = await collector.take();
  return told;
}

const typed = (type, value) => ({ type, value });

describe('the action', () => {
  test('fields from the message, JSONata, written ones; the answer is the payload', async (t) => {
    const { sandbox, settings } = await sandboxFor(t);
    const { payload, error } = await act(t, {
      settings,
      operation: 'bridge.findOrCreateContact',
      fields: {
        email: typed('msg', 'payload.who'),
        firstName: typed('jsonata', '$uppercase(payload.name)'),
        tags: typed('written', 'vip, autumn'),
      },
      payload: { who: 'kim@example.com', name: 'kim' },
    });
    assert.equal(error, undefined);
    assert.ok(payload);
    const [contact] = sandbox.state().contacts;
    assert.deepEqual([contact.email, contact.tags.toSorted()], ['kim@example.com', ['autumn', 'vip']]);
  });

  test('a list over all its pages', async (t) => {
    const { sandbox, settings } = await sandboxFor(t);
    for (const email of ['a@example.com', 'b@example.com', 'c@example.com'])
      sandbox.story({ buyer: { email } }).payment();
    const { payload } = await act(t, { settings, operation: 'digistore24.listBuyers', limit: '2' });
    assert.equal(payload.length, 2, JSON.stringify(payload));
  });

  test('wrong fields are named, before anything is sent', async (t) => {
    const { sandbox, settings } = await sandboxFor(t);
    const { error } = await act(t, { settings, operation: 'ghl.contacts.addTags', fields: {} });
    assert.equal(error.code, 'invalid_input');
    assert.match(error.message, /contactId/);
    assert.ok(error.cause.help);
    assert.equal(sandbox.requests().length, 0);
  });

  test('an expression that fails says which field', async (t) => {
    const { settings } = await sandboxFor(t);
    const fields = { contactId: typed('jsonata', '$nothing(') };
    const { error } = await act(t, { settings, operation: 'ghl.contacts.getContact', fields });
    assert.equal(error.code, 'misconfigured');
    assert.match(error.message, /Contact/);
  });

  test('a missing permission is named', async (t) => {
    const { sandbox, settings } = await sandboxFor(t);
    sandbox.configure({ tokens: { 'pit-less': { scopes: ['locations.readonly'] } } });
    const fields = { contactId: typed('written', 'abc') };
    const operation = 'ghl.contacts.getContact';
    const { error } = await act(t, { settings: { ...settings, token: 'pit-less' }, operation, fields });
    checkTrouble(error.cause, 'forbidden');
    assert.match(error.message, /contacts\.readonly/);
  });

  for (const [name, { code, change }] of Object.entries(troubles)) {
    test(`${name}: what to do`, async (t) => {
      const { settings } = await sandboxFor(t);
      const { highlevel } = await change({
        highlevel: { auth: { token: settings.token }, baseUrl: settings.highlevelUrl },
      });
      const changed = { ...settings, token: highlevel.auth.token, highlevelUrl: highlevel.baseUrl };
      const fields = { contactId: typed('written', 'abc') };
      const { error } = await act(t, { settings: changed, operation: 'ghl.contacts.getContact', fields });
      checkTrouble(error.cause, code);
      assert.equal(error.code, code);
    });
  }
});

describe('the trigger', () => {
  /** A trigger whose events go to the test. */
  async function listening(t, { trigger, fields = {}, more = {}, prepare = () => {} }) {
    const { sandbox, settings } = await sandboxFor(t);
    prepare(sandbox);
    const collector = await startCollector(t);
    const connection = freshId();
    const flow = flowOf(
      connectionOn({ ...settings, ...more }, { id: connection }),
      { id: 'trigger', type: 'ghl-digistore24-trigger', connection, trigger, fields, minutes: '60', to: ['wrap'] },
      { id: 'catch', type: 'catch', scope: ['trigger'], to: ['wrap'] },
      ...collector.nodes,
    );
    await red.deploy(flow);
    const send = (message, secret) =>
      red.post(
        {
          method: 'POST',
          path: '/webhooks/digistore24',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: form(message, secret),
        },
        connection,
      );
    return { sandbox, collector, connection, flow, send };
  }

  test('by webhook: its own events, each once; nothing is written', async (t) => {
    const { sandbox, collector, flow, send } = await listening(t, { trigger: 'bridge.newSale' });
    const order = sandbox.story({ billing: 'subscription' });
    const payment = order.payment();
    for (const message of [payment, order.missed(), payment]) {
      assert.deepEqual(await send(message), { status: 200, text: 'OK' });
    }
    await red.deploy(flow);
    for (const message of [payment, sandbox.story({}).payment()]) {
      assert.deepEqual(await send(message), { status: 200, text: 'OK' });
    }
    const [first, second, ...more] = await collector.take(2);
    assert.equal(first.topic, 'bridge.newSale');
    assert.equal(first.payload.orderId, order.orderId);
    assert.notEqual(second.payload.orderId, order.orderId);
    assert.deepEqual(more, []);
    assert.equal(sandbox.requests().length, 0, 'without a sync node nothing is written');
  });

  test('one that is set wrongly says so, and stops nobody else', async (t) => {
    const { sandbox, collector, flow, connection, send } = await listening(t, { trigger: 'bridge.newSale' });
    const wrong = {
      id: 'wrong',
      type: 'ghl-digistore24-trigger',
      z: 'tab',
      connection,
      trigger: 'ghl.nothing',
      wires: [],
    };
    const caught = { id: 'caught', type: 'catch', z: 'tab', scope: ['wrong'], wires: [['wrap']] };
    await red.deploy([...flow, wrong, caught]);
    assert.deepEqual(await send(sandbox.story({}).payment()), { status: 200, text: 'OK' });
    const told = await collector.take(2);
    assert.equal(told.find(({ error }) => error)?.error.code, 'invalid_input');
    assert.ok(told.some(({ topic }) => topic === 'bridge.newSale'));
  });

  test('a wrong signature begins nothing', async (t) => {
    const { sandbox, collector, send } = await listening(t, { trigger: '' });
    const { status } = await send(sandbox.story({}).payment(), 'another passphrase');
    assert.notEqual(status, 200);
    await send(sandbox.story({}).payment());
    assert.equal((await collector.take()).length, 1);
  });

  test('the connection makes its IPN connection, and believes its passphrase', async (t) => {
    const { sandbox, collector, connection, send } = await listening(t, { trigger: 'digistore24.onPayment' });
    const url = `${red.url}/ghl-digistore24/${connection}/webhooks/digistore24`;
    const { body } = await red.ask('install', { id: connection, url });
    assert.equal(body.installed, true, JSON.stringify(body));
    const [made] = sandbox.world.ds24.ipnConnections.values();
    assert.deepEqual(await send(sandbox.story({}).payment(), made.passphrase), { status: 200, text: 'OK' });
    const [{ topic }] = await collector.take();
    assert.equal(topic, 'digistore24.onPayment');
  });

  test('by a workflow of HighLevel: ids only, and only with the token in the address', async (t) => {
    const token = 'a-long-random-workflow-token';
    const { collector, connection } = await listening(t, {
      trigger: 'bridge.newContact',
      more: { workflowToken: token },
    });
    const post = (word) =>
      red.post(
        {
          method: 'POST',
          path: `/webhooks/ghl-workflow/default/${word}`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            contact_id: 'abc',
            email: 'kim@example.com',
            location: { id: DEFAULT_LOCATION_ID },
            customData: { event: 'ContactCreate', key: '1' },
          }),
        },
        connection,
      );
    assert.equal((await post('guessed-guessed-guessed')).status, 403);
    assert.equal((await post(token)).status, 200);
    const [{ payload, topic }] = await collector.take();
    assert.equal(topic, 'bridge.newContact');
    assert.deepEqual([payload.contactId, payload.verified], ['abc', false]);
  });

  test('by polling: what is new, each once, also after a deploy', async (t) => {
    const { sandbox, collector, flow } = await listening(t, {
      trigger: 'digistore24.newPurchase',
      fields: { from: typed('written', '2000-01-01') },
      prepare: (world) => world.story({}).payment(),
    });
    await collector.take();
    sandbox.story({}).payment();
    await red.deploy(flow);
    const [second, ...more] = await collector.take();
    assert.ok(second.payload.orderId);
    assert.deepEqual(more, []);
  });

  test('made anew while messages come in: none is lost', async (t) => {
    const { sandbox, collector, flow, send } = await listening(t, { trigger: 'bridge.newSale' });
    const messages = Array.from({ length: 12 }, () => sandbox.story({}).payment());
    const sent = messages.map(async (message, i) => {
      const renamed = flow.map((node) => (node.id === 'trigger' ? { ...node, name: `${i}` } : node));
      if (i % 4 === 1) await red.deploy(renamed, 'nodes');
      // As Digistore24 does: again until it reads OK.
      await until(async () => (await send(message)).text === 'OK');
    });
    await Promise.all(sent);
    const told = await collector.take(messages.length);
    assert.deepEqual(
      told.map(({ payload }) => payload.orderId).toSorted(),
      messages.map(({ order_id }) => order_id).toSorted(),
    );
  });
});

describe('the dialogs', () => {
  test('the list to choose from and the form of an entry are the catalog’s', async () => {
    const { body: actions } = await red.ask('entries/actions');
    assert.equal(actions[0].service, 'bridge');
    assert.ok(actions.length > 600, `${actions.length}`);
    const { body: triggers } = await red.ask('entries/triggers');
    assert.ok(triggers.some(({ id }) => id === 'bridge.newSale'));
    const { body: view } = await red.ask('forms/bridge.addTag');
    assert.ok(view.fields.every(({ key, title }) => key && title));
    const { status, body } = await red.ask('forms/ghl.nothing');
    assert.deepEqual([status, body.error.code], [422, 'invalid_input']);
  });

  test('choices come from the account; check says what is wrong, deployed or not', async (t) => {
    const { sandbox, settings } = await sandboxFor(t);
    sandbox.story({ products: [{ id: '551377' }] });
    const connection = freshId();
    await red.deploy(flowOf(connectionOn(settings, { id: connection })));
    const question = { connection, entry: 'bridge.newSale', key: 'productIds', values: {} };
    const { body: choices } = await red.ask('choices', question);
    assert.ok(choices.length > 0 && choices.every(({ value, label }) => value && label), JSON.stringify(choices));

    const { token, locationId, highlevelUrl, digistore24Url } = settings;
    const config = { locationId, highlevelUrl, digistore24Url };
    const { body: wrong } = await red.ask('check', { id: 'new', config, credentials: { token: 'pit-wrong' } });
    assert.equal(wrong.ok, false);
    assert.ok(wrong.checks.some(({ ok, help }) => !ok && help));
    const { body: right } = await red.ask('check', { id: 'new', config, credentials: { token } });
    assert.ok(
      right.checks.some(({ name, ok }) => name === 'HighLevel: credentials' && ok),
      JSON.stringify(right),
    );
    const { body: setup } = await red.ask('setup', { id: connection, config, credentials: { token: '__PWRD__' } });
    assert.ok(setup.created.length > 0, JSON.stringify(setup));
  });

  test('the examples can be imported and name nodes and operations that there are', async () => {
    const { body: actions } = await red.ask('entries/actions');
    const { body: triggers } = await red.ask('entries/triggers');
    const known = new Set([...actions, ...triggers].map(({ id }) => id));
    for (const name of readdirSync(join(dist, 'examples'))) {
      const flows = JSON.parse(readFileSync(join(dist, 'examples', name), 'utf8'));
      await red.deploy(flows);
      for (const { operation, trigger, fields = {} } of flows) {
        const id = operation ?? trigger;
        if (!id) continue;
        assert.ok(known.has(id), id);
        const { body } = await red.ask(`forms/${id}`);
        for (const key of Object.keys(fields))
          assert.ok(
            body.fields.some((field) => field.key === key),
            `${id}: ${key}`,
          );
      }
    }
  });
});

test('the disk can’t be written: it says so, and takes nothing', async (t) => {
  const { sandbox, settings } = await sandboxFor(t);
  const folder = userDirectory(t);
  // A file where the folder should be: it can't be made by anybody.
  writeFileSync(join(folder, 'ghl-digistore24'), '');
  const other = await startNodeRed(t, folder);
  const collector = await startCollector(t);
  await other.deploy(
    flowOf(
      connectionOn(settings),
      { id: 'sync', type: 'ghl-digistore24-sync', connection: 'connection' },
      { id: 'catch', type: 'catch', scope: ['sync'], to: ['wrap'] },
      ...collector.nodes,
    ),
    'full',
    { isReady: false },
  );
  const [{ error }] = await collector.take();
  checkTrouble(error.cause, 'storage');
  const { status } = await other.post({
    method: 'POST',
    path: '/webhooks/digistore24',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form(sandbox.story({}).payment()),
  });
  assert.equal(status, 503, 'Digistore24 sends it again');
});
