import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../../pkg/dist/src/index.js';
import { serve } from '../../../pkg/dist/src/serve.js';
import { failureOf, form, freePort, pluginOn } from '../../js/support.mjs';
import { startMainJob, troubles } from '../../support/mainjob.mjs';
import { connectionOf, contextOf, loadPacked, startFlow } from './engine.mjs';

const NAME = 'activepieces-piece-ghl-digistore24';
const TOKEN = 'token-of-the-receiver';

/** Ends with the file. */
const ends = [];
let require;
let piece;
before(() => {
  require = loadPacked({ after: (end) => ends.push(end) });
  piece = Object.values(require(NAME)).find((one) => one?.constructor.name === 'Piece');
});
after(() => {
  for (const end of ends) end();
});

/** The connection for the sandbox, as a person fills it in. */
const propsOf = ({ highlevelUrl, digistore24Url, token, locationId }, more = {}) => ({
  highlevelToken: token,
  locationId,
  digistore24ApiKey: DEFAULT_API_KEY,
  highlevelUrl,
  digistore24Url,
  ...more,
});

/** A receiver with a ledger, beside the sandbox. */
async function startReceiver(t, options) {
  const log = () => {};
  const plugin = await createPlugin({ ...options, store: memoryStore(), log });
  const receiver = await serve({ plugin, log, syncToken: TOKEN });
  t.after(() => receiver.close());
  return { receiverUrl: receiver.url, receiverToken: TOKEN };
}

const act = (name, { props, values }) => {
  const { createMockActionContext } = require('@activepieces/pieces-framework');
  return piece.getAction(name).run({ ...createMockActionContext({ propsValue: values }), auth: connectionOf(props) });
};

describe('the package', () => {
  test('is loaded as the engine loads pieces; its metadata is the framework’s', () => {
    const { ActionBase, TriggerBase } = require('@activepieces/pieces-framework');
    const metadata = JSON.parse(JSON.stringify(piece.metadata()));
    assert.equal(metadata.displayName, 'HighLevel + Digistore24');
    assert.match(metadata.logoUrl, /^data:image\/svg/);
    assert.match(metadata.minimumSupportedRelease, /^\d+\.\d+\.\d+$/);
    const problems = [
      [ActionBase, metadata.actions],
      [TriggerBase, metadata.triggers],
    ].flatMap(([schema, all]) =>
      Object.values(all).flatMap((one) => {
        // A list of texts has no columns; the framework's schema wants some all the same, its type doesn't.
        const props = Object.entries(one.props).map(([name, prop]) => [
          name,
          prop.type === 'ARRAY' ? { properties: {}, ...prop } : prop,
        ]);
        const { success, error } = schema.safeParse({ ...one, props: Object.fromEntries(props) });
        return success ? [] : [`${one.name}: ${error.message.slice(0, 300)}`];
      }),
    );
    assert.deepEqual(problems, []);
    const titles = Object.values(metadata.actions).map(({ displayName }) => displayName);
    assert.deepEqual(titles, [...new Set(titles)], 'each is known by its title');
    assert.equal(titles.indexOf('Add note'), 0, 'the business level comes first');
  });

  test('a new entry of the catalog is an action or a trigger without a line of code', async () => {
    const { pieceOf } = require(NAME);
    const entry = {
      id: 'ghl.moons.landOn',
      service: 'ghl',
      kind: 'action',
      resourceTitle: 'Moons',
      title: 'Land on a moon',
      description: 'Lands.',
      effect: 'update',
      retry: 'safe',
      paging: null,
      input: {
        properties: {
          moon: { type: 'string', title: 'Moon', enum: ['io', 'europa'] },
          crew: { type: 'object', title: 'Crew', properties: { size: { type: 'integer', title: 'Size' } } },
          gently: { type: 'boolean', title: 'Gently' },
          stages: { type: 'array', title: 'Stages', items: { type: 'string' } },
        },
        required: ['moon'],
      },
    };
    const arrives = ['polling'];
    const made = pieceOf([
      entry,
      { ...entry, id: 'ghl.eclipse', kind: 'trigger', title: 'Eclipse', arrives, sample: {} },
    ]);
    const action = made.getAction('ghl_moons_landOn');
    assert.equal(action.displayName, 'HighLevel · Moons: Land on a moon');
    assert.equal(action.errorHandlingOptions.retryOnFailure.defaultValue, true);
    assert.deepEqual(
      Object.entries(action.props).map(([name, { type, required }]) => [name, type, required]),
      [
        ['moon', 'STATIC_DROPDOWN', true],
        ['crew__size', 'NUMBER', false],
        ['gently', 'STATIC_DROPDOWN', false],
        ['stages', 'ARRAY', false],
      ],
    );
    assert.equal(made.getTrigger('ghl_eclipse').type, 'POLLING');
    assert.ok(made.getAction('any_operation'));
  });
});

describe('the main job', () => {
  test('signed messages in by the trigger’s own IPN connection, the sync; a repeat makes no call', async (t) => {
    const job = await startMainJob(t);
    const props = propsOf(job.settings, await startReceiver(t, job.options));
    const sync = (event) => act('bridge_syncEvent', { props, values: { event } });
    const flow = await startFlow(t, { piece, trigger: 'digistore24_any', props, run: sync });
    // Digistore24 looks at the address before the flow is open, so a renewal installs it.
    await flow.enable();
    assert.deepEqual(connectionsOf(job.sandbox), []);
    await flow.renew();
    await job.run(async ({ body }) => {
      // The connection has a passphrase of its own.
      const { sha_sign: _, ...message } = Object.fromEntries(new URLSearchParams(body));
      const answer = await post(flow, message, job.sandbox);
      await flow.idle();
      assert.deepEqual(flow.failures, []);
      return answer;
    });
    await flow.disable();
    assert.deepEqual(connectionsOf(job.sandbox), [], 'nothing is left behind');
  });
});

const connectionsOf = (sandbox) => [...sandbox.world.ds24.ipnConnections.values()];

/** Signs a message with the passphrase of the connection and sends it, as Digistore24 does. */
async function post({ address }, message, sandbox, passphrase = connectionsOf(sandbox).at(-1)?.passphrase) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await fetch(address, { method: 'POST', headers, body: form(message, passphrase) });
  return { status: response.status, text: await response.text() };
}

/** A flow on the sandbox that collects its events. */
async function collecting(t, trigger, more = {}, values = {}) {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const props = propsOf(settingsOf(sandbox), more);
  const events = [];
  const flow = await startFlow(t, { piece, trigger, props, values, run: (event) => events.push(event) });
  return { sandbox, props, flow, events };
}

const settingsOf = ({ highlevelUrl, digistore24Url }) => ({
  highlevelUrl,
  digistore24Url,
  token: DEFAULT_TOKEN,
  locationId: DEFAULT_LOCATION_ID,
});

describe('messages of Digistore24', () => {
  const on = async (t, ...rest) => {
    const made = await collecting(t, ...rest);
    await made.flow.enable();
    await made.flow.renew();
    return made;
  };

  test('a trigger tells only its own events, by the product too, each once', async (t) => {
    const { flow, sandbox, events } = await on(t, 'bridge_newSale', {}, { productIds: ['551377'], testOrders: true });
    assert.equal(connectionsOf(sandbox)[0].productIds, '551377');
    const [mine, other] = ['551377', '999'].map((id) => sandbox.story({ products: [{ id }] }));
    const payment = mine.payment();
    for (const message of [payment, other.payment(), mine.refund(), payment]) {
      assert.deepEqual(await post(flow, message, sandbox), { status: 200, text: 'OK' });
    }
    await flow.idle();
    assert.deepEqual(
      events.map(({ orderId, triggers }) => [orderId, triggers.includes('bridge.newSale')]),
      [[mine.orderId, true]],
    );
    assert.equal(events[0]._dedupe_key, events[0].dedupeKey);
  });

  test('a forged message is refused, and starts nothing at the open address either', async (t) => {
    const { flow, sandbox, events } = await on(t, 'digistore24_any');
    const forged = sandbox.story().payment();
    const { status, text } = await post(flow, forged, sandbox, 'another passphrase');
    assert.equal(status, 403);
    assert.doesNotMatch(text, /OK/);
    await post({ address: flow.webhookUrl }, forged, sandbox, 'another passphrase');
    await flow.idle();
    assert.deepEqual([events, flow.failures], [[], []]);
  });

  test('what can’t be queued is not answered with OK, and comes in with the repeat', async (t) => {
    const { flow, sandbox, events } = await on(t, 'digistore24_any');
    const payment = sandbox.story().payment();
    flow.isFull = true;
    assert.equal((await post(flow, payment, sandbox)).status, 503);
    flow.isFull = false;
    const { get } = flow.store;
    flow.store.get = () => Promise.reject(new Error('the storage is down'));
    assert.equal((await post(flow, payment, sandbox)).status, 503);
    flow.store.get = get;
    assert.equal((await post(flow, payment, sandbox)).text, 'OK');
    await flow.idle();
    assert.equal(events.length, 1);
  });

  test('a form that Activepieces has read is checked as well, with brackets in names', async (t) => {
    const { flow, sandbox, events } = await on(t, 'digistore24_any');
    flow.keepsRaw = false;
    const signed = form({ ...sandbox.story().payment(), empty: '' }, connectionsOf(sandbox)[0].passphrase);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    // Names with brackets are not signed.
    const body = `${signed}&${new URLSearchParams({ 'more[a][b]': 'ä &' })}`;
    assert.equal(await (await fetch(flow.address, { method: 'POST', headers, body })).text(), 'OK');
    await flow.idle();
    assert.equal(events[0].raw['more[a][b]'], 'ä &');
  });

  test('published again, the connection stays; a flow that is off leaves none', async (t) => {
    const { flow, sandbox } = await on(t, 'digistore24_any');
    const [before] = connectionsOf(sandbox);
    await flow.disable({ isRepublish: true });
    await flow.enable({ isRepublish: true });
    await flow.renew();
    assert.deepEqual(
      connectionsOf(sandbox).map(({ domainId, passphrase }) => [domainId, passphrase]),
      [[before.domainId, before.passphrase]],
    );
    await flow.disable();
    assert.deepEqual(connectionsOf(sandbox), []);
  });

  test('a storage that is full: no connection is made, and the person is told', async (t) => {
    const { flow, sandbox } = await collecting(t, 'digistore24_any');
    flow.store.put = () => Promise.reject(new Error('the storage is full'));
    assert.match((await failureOf(flow.enable())).message, /\(storage\)$/);
    assert.deepEqual(connectionsOf(sandbox), []);
  });

  test('an account of Digistore24 alone is enough', async (t) => {
    const { flow, sandbox, events } = await on(t, 'bridge_newSale', { highlevelToken: '', locationId: '' });
    assert.equal((await post(flow, sandbox.story().payment(), sandbox)).text, 'OK');
    await flow.idle();
    assert.deepEqual([events.length, flow.failures], [1, []]);
  });

  test('a connection made by hand needs no key; without key and passphrase the person is told', async (t) => {
    const byHand = { digistore24ApiKey: '', ipnPassphrase: 'made-by-hand-12' };
    const { flow, sandbox, events } = await collecting(t, 'digistore24_any', byHand);
    await flow.enable();
    assert.equal((await post(flow, sandbox.story().payment(), sandbox, byHand.ipnPassphrase)).text, 'OK');
    await flow.idle();
    assert.equal(events.length, 1);
    const { flow: bare } = await collecting(t, 'digistore24_any', { digistore24ApiKey: '' });
    assert.match((await failureOf(bare.enable())).message, /neither an API key.*Add an API key.*\(misconfigured\)$/);
  });

  test('the test of a trigger shows the newest real sale, else the catalog’s sample', async (t) => {
    const { flow, sandbox } = await collecting(t, 'bridge_newSale');
    const [sample] = await flow.test();
    assert.deepEqual(sample, piece.getTrigger('bridge_newSale').sampleData);
    const story = sandbox.story();
    story.payment();
    const [real] = await flow.test();
    assert.equal(real.orderId, story.orderId);
    assert.deepEqual(Object.keys(real).sort(), Object.keys(sample).sort(), 'one shape');
  });
});

describe('events of HighLevel', () => {
  test('by a workflow: only with the token, only its own event, only ids', async (t) => {
    const workflowToken = 'a-long-random-word';
    const { flow, sandbox, events } = await collecting(t, 'bridge_newContact', { workflowToken });
    await flow.enable();
    const plugin = await pluginOn(sandbox);
    const { contact } = await plugin.ghl.contacts.createContact({ email: 'who@example.com', firstName: 'Who' });
    const send = (token, event) =>
      sandbox.sendWorkflowWebhook(`${flow.webhookUrl}?token=${token}`, contact.id, { event });
    await send(workflowToken, 'ContactCreate');
    await send(workflowToken, 'ContactTagUpdate');
    await send('another-long-random-word', 'ContactCreate');
    await flow.idle();
    assert.deepEqual(flow.failures, []);
    assert.deepEqual(
      events.map(({ contactId, verified }) => [contactId, verified]),
      [[contact.id, false]],
    );
    const { flow: without } = await collecting(t, 'bridge_newContact');
    assert.match((await failureOf(without.enable())).message, /workflow token/);
  });

  test('by polling: from the moment when it is turned on, each once, also when it is published again', async (t) => {
    let now = Date.now();
    t.mock.method(Date, 'now', () => now);
    const { flow, sandbox, props } = await collecting(t, 'ghl_newContact');
    const plugin = await pluginOn(sandbox);
    const create = (email) => {
      now += 5 * 60_000;
      return plugin.ghl.contacts.createContact({ email });
    };
    const poll = async () => {
      now += 5 * 60_000;
      const context = contextOf({ props, store: flow.store });
      return (await piece.getTrigger('ghl_newContact').run(context)).map(({ data }) => data.email);
    };
    await create('before@example.com');
    now += 60 * 60_000;
    await flow.enable();
    assert.deepEqual(await poll(), []);
    await create('one@example.com');
    assert.deepEqual(await poll(), ['one@example.com']);
    assert.deepEqual(await poll(), []);
    await create('two@example.com');
    await flow.disable({ isRepublish: true });
    await flow.enable({ isRepublish: true });
    assert.deepEqual(await poll(), ['two@example.com']);
    assert.ok((await flow.test()).length >= 3);
  });
});

describe('actions', () => {
  test('a drop-down asks the account; the action does it; the input is checked', async (t) => {
    const { sandbox, props } = await collecting(t, 'digistore24_any');
    const plugin = await pluginOn(sandbox);
    await plugin.ghl.locations.createTag({ name: 'vip' });
    const { tags } = piece.getAction('bridge_findOrCreateContact').props;
    const { options } = await tags.options({ auth: connectionOf(props) }, {});
    assert.ok(options.some(({ value }) => value === 'vip'));
    assert.equal((await tags.options({}, {})).disabled, true);

    const values = {
      email: 'new@example.com',
      firstName: 'New',
      tags: ['vip'],
      phone: '',
      fields: {},
      overwrite: false,
    };
    await act('bridge_findOrCreateContact', { props, values });
    const [contact] = sandbox.state().contacts;
    assert.deepEqual([contact.email, contact.firstName, contact.tags], ['new@example.com', 'New', ['vip']]);

    const wrong = await failureOf(act('bridge_findOrCreateContact', { props, values: { email: 'nobody' } }));
    assert.match(wrong.message, /email.*\(invalid_input\)$/is);
  });

  test('any operation: the whole catalog by name, its form, its call', async (t) => {
    const { props } = await collecting(t, 'digistore24_any');
    const { operation, input } = piece.getAction('any_operation').props;
    const { options } = await operation.options({ auth: connectionOf(props) }, {});
    assert.ok(options.length > 650, `${options.length}`);
    const id = 'ghl.locations.createTag';
    assert.ok(options.some(({ value }) => value === id));
    const form = await input.props({ auth: connectionOf(props), operation: id }, {});
    assert.deepEqual(
      Object.entries(form).map(([name, { type, required }]) => [name, type, required]),
      [['name', 'SHORT_TEXT', true]],
    );
    const { tag } = await act('any_operation', { props, values: { operation: id, input: { name: 'Gold' } } });
    assert.equal(tag.name, 'gold');
    // What can be chosen is chosen there, too.
    const workflow = await input.props(
      { auth: connectionOf(props), operation: 'ghl.contacts.addContactToWorkflow' },
      {},
    );
    assert.ok(['STATIC_DROPDOWN', 'SHORT_TEXT'].includes(workflow.workflowId.type));
  });
});

test('a list brings a page, or so many items from all pages', async (t) => {
  const { sandbox, props } = await collecting(t, 'digistore24_any');
  for (let i = 0; i < 25; i++) sandbox.story().payment();
  const list = (values) => act('digistore24_listPurchases', { props, values });
  assert.equal((await list({ page_size: 10 })).purchase_list.length, 10);
  const { items } = await list({ page_size: 10, items_of_all_pages: 23 });
  assert.equal(new Set(items.map(({ id }) => id)).size, 23);
});

describe('troubles, in words', () => {
  const read = (props) => act('ghl_contacts_getContact', { props, values: { contactId: 'nobody' } });

  for (const [name, { code, change }] of Object.entries(troubles)) {
    test(name, async (t) => {
      const job = await startMainJob(t);
      const { highlevel } = await change(job.options);
      const settings = { ...job.settings, token: highlevel.auth.token, highlevelUrl: highlevel.baseUrl };
      const props = propsOf(settings);
      const error = await failureOf(read(props));
      assert.match(error.message, new RegExp(`^[A-Z].*\\. .*\\. \\(${code}\\)$`, 's'));
      assert.doesNotMatch(error.message, /pit-/);
      const told = await piece.auth.validate({ auth: props, server: {} });
      assert.equal(told.valid, false);
      assert.match(told.error, /HighLevel/);
      assert.doesNotMatch(told.error, /pit-/);
      const { tags } = piece.getAction('bridge_findOrCreateContact').props;
      const closed = await tags.options({ auth: connectionOf(props) }, {});
      assert.equal(closed.disabled, true);
      assert.match(closed.placeholder, new RegExp(`\\(${code}\\)$`));
    });
  }

  test('a permission that is missing is named', async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    sandbox.configure({ tokens: { 'pit-less': { scopes: ['locations.readonly'] } } });
    const props = propsOf({ ...settingsOf(sandbox), token: 'pit-less' });
    assert.match((await failureOf(read(props))).message, /contacts\.readonly.*\(forbidden\)$/s);
    assert.match((await piece.auth.validate({ auth: props, server: {} })).error, /contacts\.readonly/);
  });

  test('a connection is good with either service, not with none', async (t) => {
    const { props } = await collecting(t, 'digistore24_any');
    const { digistore24ApiKey, digistore24Url, ...highlevel } = props;
    const valid = (one) => piece.auth.validate({ auth: one, server: {} });
    for (const one of [props, highlevel, { digistore24ApiKey, digistore24Url }]) {
      assert.deepEqual(await valid(one), { valid: true });
    }
    assert.match((await valid({})).error, /HighLevel, Digistore24, or both/);
    assert.equal((await valid({ ...props, locationId: '' })).valid, false);
  });

  test('the sync without a receiver, with a wrong token, with one that is down', async (t) => {
    const job = await startMainJob(t);
    const receiver = await startReceiver(t, job.options);
    let event = { raw: { event: 'on_payment' } };
    const sync = async (more) =>
      (await failureOf(act('bridge_syncEvent', { props: propsOf(job.settings, more), values: { event } }))).message;
    assert.match(await sync({}), /names no receiver.*SYNC_TOKEN.*\(misconfigured\)$/);
    assert.match(await sync({ ...receiver, receiverToken: 'a wrong one' }), /token.*\(unauthenticated\)$/);
    const receiverUrl = `http://127.0.0.1:${await freePort()}`;
    assert.match(await sync({ ...receiver, receiverUrl }), /nothing is done twice.*\(unavailable\)$/);
    event = 'no event';
    assert.match(await sync(receiver), /\(invalid_input\)$/);
  });
});
