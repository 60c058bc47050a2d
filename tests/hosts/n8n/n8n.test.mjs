import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DEFAULT_API_KEY } from '../../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../../pkg/dist/src/index.js';
import { serve } from '../../../pkg/dist/src/serve.js';
import { failureOf, form } from '../../js/support.mjs';
import { startMainJob, troubles } from '../../support/mainjob.mjs';
import { lint, sourcesOf } from './lint.mjs';
import { answering, contextOf, installPacked } from './n8n.mjs';

const SINGLE = 'n8n-nodes-digistore24';
const BOTH = 'n8n-nodes-ghl-digistore24';
const SYNC_TOKEN = 'token-of-the-receiver';
const ends = [];
const loaded = {};
for (const name of [SINGLE, BOTH]) loaded[name] = installPacked({ after: (end) => ends.push(end) }, name);
test.after(() => {
  for (const end of ends) end();
});

const credentialsOf = ({ highlevelUrl, digistore24Url, token, locationId }, more = {}) => ({
  highLevelPrivateIntegrationApi: { token, locationId, baseUrl: highlevelUrl },
  digistore24Api: { apiKey: DEFAULT_API_KEY, baseUrl: digistore24Url },
  ...more,
});

async function startReceiver(t, options) {
  const log = () => {};
  const plugin = await createPlugin({ ...options, store: memoryStore(), log });
  const receiver = await serve({ plugin, log, syncToken: SYNC_TOKEN });
  t.after(() => receiver.close());
  return { url: receiver.url, token: SYNC_TOKEN };
}

const execute = (pack, given) => {
  const [node] = Object.values(pack.nodes).filter(({ execute }) => execute);
  return node.execute.call(contextOf(pack, { items: [{ json: {} }], ...given }));
};

describe('the packages', () => {
  test('the linter is at work', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'n8n-lint-'));
    test.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'wrong.js'), 'setTimeout(() => {}, 1);');
    const found = await lint(folder, ['*.js']);
    assert.ok(found.length === 1 && found[0].includes('no-restricted-globals'), `${found}`);
  });
  for (const name of [SINGLE, BOTH]) {
    test(`${name}: n8n's linter has nothing to say of what is published`, async () => {
      assert.deepEqual(await lint(loaded[name].folder, ['**/*.js', '**/*.json']), []);
    });
    test(`${name}: nor of its sources`, async (t) => {
      assert.deepEqual(await lint(sourcesOf(t, loaded[name]), ['{nodes,credentials}/**/*.ts']), []);
    });
  }
});

test('the main job: Digistore24’s messages by the trigger, the sync by the receiver', async (t) => {
  const { options, settings, run } = await startMainJob(t);
  const pack = loaded[BOTH];
  const credentials = credentialsOf(settings, { ghlDigistore24ReceiverApi: await startReceiver(t, options) });
  credentials.digistore24Api.ipnPassphrase = settings.passphrase;
  await run(async ({ headers, body }) => {
    const request = { headers, rawBody: Buffer.from(body) };
    const trigger = contextOf(pack, { credentials, parameters: { event: 'any' }, request, response: answering() });
    const { description, webhook } = pack.nodes.ghlDigistore24Trigger;
    const { workflowData } = await webhook.call(trigger);
    const parameters = { resource: 'bridge.actions', operation: 'bridge.syncEvent', event: (json) => json };
    const [done] = await execute(pack, { credentials, parameters, items: workflowData[0] });
    assert.deepEqual(
      done.map(({ pairedItem }) => pairedItem),
      [{ item: 0 }],
    );
    return { status: 200, text: description.webhooks.find(({ name }) => name === 'default').responseData };
  });
});

describe('the action node', () => {
  test('a new entry of the catalog appears without a line of code', () => {
    const made = loaded[BOTH].require('./dist/core.js').actionProperties([
      {
        id: 'ghl.moons.landOn',
        service: 'ghl',
        kind: 'action',
        resource: 'moons',
        resourceTitle: 'Moons',
        title: 'Land on a moon',
        description: 'Lands.',
        paging: null,
        input: {
          properties: {
            moon: { type: 'string', title: 'Moon', enum: ['io', 'europa'] },
            crew: { type: 'object', title: 'Crew', properties: { size: { type: 'integer', title: 'Size' } } },
            day: { type: 'string', format: 'date-time', title: 'Day' },
            'stages[]': { type: 'array', title: 'Stages', items: { type: 'string' } },
          },
          required: ['moon'],
        },
      },
    ]);
    const named = (name) => made.find((one) => one.name === name);
    assert.deepEqual(
      named('resource').options.map(({ value }) => value),
      ['ghl.moons', 'any'],
    );
    assert.deepEqual(
      named('operation').options.map(({ name }) => name),
      ['Land on a moon'],
    );
    assert.deepEqual(named('moon').displayOptions, {
      show: { resource: ['ghl.moons'], operation: ['ghl.moons.landOn'] },
    });
    assert.deepEqual([named('moon').type, named('moon').required], ['options', true]);
    assert.deepEqual(
      named('additional').options.map(({ name, type }) => [name, type]),
      [
        ['crew', 'fixedCollection'],
        ['day', 'dateTime'],
        ['stages__', 'string'],
      ],
    );
  });

  test('in rows nothing is set by itself: n8n submits untouched fields, too', () => {
    const rowsIn = ({ options = [], values = [], type }) =>
      [...options, ...values].flatMap((one) => [
        ...(type === 'fixedCollection' ? (one.values ?? []) : []),
        ...rowsIn(one),
      ]);
    const rows = loaded[BOTH].nodes.ghlDigistore24.description.properties.flatMap(rowsIn);
    assert.ok(rows.length > 50, `${rows.length}`);
    const set = rows.filter(({ default: value }) => value !== '' && JSON.stringify(value).length > 2);
    assert.deepEqual(
      set.map(({ name }) => name),
      [],
    );
  });

  test('the package for Digistore24 knows nothing of HighLevel', () => {
    const { nodes, credentials } = loaded[SINGLE];
    assert.deepEqual(Object.keys(credentials), ['digistore24Api']);
    const values = nodes.digistore24.description.properties.find(({ name }) => name === 'resource').options;
    assert.deepEqual(
      values.filter(({ value }) => value !== 'any' && !value.startsWith('digistore24.')),
      [],
    );
  });

  test('each operation has its own names, and every drop-down its method', () => {
    for (const { nodes } of Object.values(loaded)) {
      const [{ description, methods }] = Object.values(nodes).filter(({ execute }) => execute);
      const asked = JSON.stringify(description.properties).match(/"loadOptionsMethod":"\w+"/g) ?? [];
      const names = new Set(asked.map((one) => one.split('"')[3]));
      assert.deepEqual(
        [...names].filter((name) => !methods.loadOptions[name]),
        [],
      );
      for (const { options } of description.properties.filter(({ name }) => name === 'operation')) {
        for (const { value } of options) {
          const own = description.properties.filter(({ displayOptions }) =>
            displayOptions?.show?.operation?.includes(value),
          );
          assert.deepEqual(
            own.map(({ name }) => name),
            [...new Set(own.map(({ name }) => name))],
            value,
          );
        }
      }
    }
  });

  test('custom fields: a form from the account, written by their ids', async (t) => {
    const { settings, sandbox } = await startMainJob(t);
    const credentials = credentialsOf(settings);
    const [{ methods, description }] = Object.values(loaded[BOTH].nodes).filter(({ execute }) => execute);
    const mappers = description.properties.filter(({ type, name }) => type === 'resourceMapper' && name !== 'input');
    const of = mappers.flatMap(({ name, displayOptions }) =>
      displayOptions.show.operation.map((id) => `${id} ${name}`),
    );
    for (const one of [
      'ghl.contacts.createContact customFields',
      'bridge.findOrCreateContact fields',
      'bridge.setFields fields',
    ]) {
      assert.ok(of.includes(one), `${one} in ${of}`);
    }
    const context = contextOf(loaded[BOTH], { credentials, parameters: { operation: 'bridge.setFields' } });
    const { fields } = await methods.resourceMapping.customFields.call(context);
    const status = fields.find(({ displayName }) => displayName === 'DS24 Status');
    const amount = fields.find(({ displayName }) => displayName === 'DS24 Amount');
    assert.deepEqual([status.type, amount.type], ['string', 'number']);

    const run = (parameters) => execute(loaded[BOTH], { credentials, parameters, items: [{ json: {} }] });
    await run({
      resource: 'ghl.contacts',
      operation: 'ghl.contacts.createContact',
      additional: { email: 'mapper@example.com' },
      customFields: { mappingMode: 'defineBelow', value: { [status.id]: 'hot', [amount.id]: null } },
    });
    await run({
      resource: 'bridge.actions',
      operation: 'bridge.setFields',
      additional: { email: 'mapper@example.com' },
      fields: { mappingMode: 'defineBelow', value: { [amount.id]: 12.5 } },
    });
    const { fields: written } = sandbox.state().contacts.find(({ email }) => email === 'mapper@example.com');
    assert.deepEqual([written['contact.ds24_status'], written['contact.ds24_amount']], ['hot', 12.5]);
  });

  test('calls, goes on after a failure, and pairs each result with its item', async (t) => {
    const { settings, sandbox } = await startMainJob(t);
    const credentials = credentialsOf(settings);
    const parameters = {
      resource: 'bridge.actions',
      operation: 'bridge.findOrCreateContact',
      email: ({ email }) => email,
      additional: ({ email, ...rest }) => rest,
    };
    const items = [
      { json: { email: 'a@example.com', firstName: 'Ann', tags: 'vip, new' } },
      { json: { email: 'no address' } },
      { json: { email: 'b@example.com' } },
    ];
    const [done] = await execute(loaded[BOTH], { credentials, parameters, items, continueOnFail: true });
    assert.deepEqual(
      done.map(({ pairedItem }) => pairedItem.item),
      [0, 1, 2],
    );
    assert.deepEqual(done[0].json.error, undefined);
    assert.equal(done[1].json.error.code, 'invalid_input');
    assert.deepEqual(
      sandbox
        .state()
        .contacts.map(({ email }) => email)
        .sort(),
      ['a@example.com', 'b@example.com'],
    );
    assert.deepEqual([...sandbox.state().contacts.find(({ email }) => email === 'a@example.com').tags].sort(), [
      'new',
      'vip',
    ]);

    const one = execute(loaded[BOTH], { credentials, parameters, items: [items[1]] });
    const error = await failureOf(one);
    assert.equal(error.constructor.name, 'NodeApiError');
    assert.match(error.description, /\(invalid_input\)/);
    assert.equal(error.context.itemIndex, 0);
  });

  test('lists give an item for each: all, or so many', async (t) => {
    const { settings, sandbox } = await startMainJob(t);
    for (let i = 0; i < 3; i++) sandbox.story({ buyer: { email: `buyer${i}@example.com` } }).payment();
    const credentials = credentialsOf(settings);
    const parameters = { resource: 'any', anyOperation: 'digistore24.listPurchases', input: { value: {} } };
    const [some] = await execute(loaded[SINGLE], { credentials, parameters: { ...parameters, limit: 2 } });
    const [all] = await execute(loaded[SINGLE], { credentials, parameters: { ...parameters, returnAll: true } });
    assert.deepEqual([some.length, all.length], [2, 3]);
  });

  test('drop-downs hold what the account has; any operation has its form', async (t) => {
    const { settings } = await startMainJob(t);
    const pack = loaded[BOTH];
    const { methods } = pack.nodes.ghlDigistore24;
    const parameters = { resource: 'any', anyOperation: 'ghl.contacts.addTags' };
    const context = contextOf(pack, { credentials: credentialsOf(settings), parameters });
    const operations = await methods.loadOptions.operations.call(context);
    assert.ok(operations.length > 600, `${operations.length}`);
    const { fields } = await methods.resourceMapping.inputFields.call(context);
    assert.deepEqual(
      fields.map(({ id, type, required }) => [id, type, required]),
      [
        ['contactId', 'string', true],
        ['tags', 'array', true],
      ],
    );
    const [users] = Object.keys(methods.loadOptions).filter((name) => /users/i.test(name));
    const choices = await methods.loadOptions[users].call(context);
    assert.ok(choices.length > 0 && choices.every(({ name, value }) => name && value), JSON.stringify(choices));
  });

  test('a base URL that was emptied is the service’s own: no secret goes to the other service', async (t) => {
    const { settings } = await startMainJob(t);
    const credentials = credentialsOf({ ...settings, highlevelUrl: '' });
    const parameters = { resource: 'any', anyOperation: 'ghl.locations.getLocation', input: { value: {} } };
    const context = contextOf(loaded[BOTH], { credentials, parameters, items: [{ json: {} }] });
    const signed = [];
    context.helpers.httpRequestWithAuthentication = async (name, { url }) => {
      signed.push([name, new URL(url).host]);
      return { statusCode: 401, headers: {}, body: Buffer.from('{}') };
    };
    await failureOf(loaded[BOTH].nodes.ghlDigistore24.execute.call(context));
    assert.deepEqual(signed[0], ['highLevelPrivateIntegrationApi', 'services.leadconnectorhq.com']);
  });

  for (const [trouble, { code, change }] of Object.entries(troubles)) {
    test(`${trouble}: n8n's error says what to do`, async (t) => {
      const { options, settings } = await startMainJob(t);
      const { highlevel } = await change(options);
      const credentials = credentialsOf({ ...settings, token: highlevel.auth.token, highlevelUrl: highlevel.baseUrl });
      const parameters = { resource: 'any', anyOperation: 'ghl.locations.getLocation', input: { value: {} } };
      const error = await failureOf(execute(loaded[BOTH], { credentials, parameters }));
      assert.equal(error.constructor.name, 'NodeApiError');
      assert.match(error.description, new RegExp(`\\S.*\\(${code}\\)$`));
      assert.doesNotMatch(JSON.stringify([error.message, error.description]), /pit-revoked/);
    });
  }
});

describe('the triggers', () => {
  test('the IPN connection is made, known again and removed; its messages are believed', async (t) => {
    const { sandbox, settings } = await startMainJob(t);
    const pack = loaded[SINGLE];
    const trigger = pack.nodes.digistore24Trigger;
    const statics = {};
    const answers = [];
    const received = (request) => {
      const response = answering();
      const parameters = { event: 'digistore24.onPayment' };
      return trigger.webhook
        .call(contextOf(pack, { credentials, parameters, statics, request, response }))
        .then((given) => ({ ...given, response }));
    };
    const server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method, headers } = request;
      const given = await received({ method, headers, rawBody: Buffer.concat(chunks) });
      answers.push(given);
      const { responseData } = trigger.description.webhooks.find(({ name }) => name === 'default');
      response.writeHead(given.response.code ?? 200).end(given.noWebhookResponse ? given.response.text : responseData);
    });
    await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
    t.after(() => server.close());
    const credentials = { digistore24Api: { apiKey: DEFAULT_API_KEY, baseUrl: settings.digistore24Url } };
    const webhookUrl = `http://127.0.0.1:${server.address().port}/webhook/1/digistore24`;
    const parameters = { event: 'digistore24.onPayment' };
    const hooks = (name) =>
      trigger.webhookMethods.default[name].call(contextOf(pack, { credentials, parameters, statics, webhookUrl }));

    assert.equal(await hooks('checkExists'), false);
    assert.equal(await hooks('create'), true);
    assert.equal(await hooks('checkExists'), true);
    assert.ok(
      answers.every(({ workflowData }) => workflowData === undefined),
      'its test starts nothing',
    );
    const forged = form(sandbox.story({ buyer: { email: 'a@example.com' } }).payment(), 'another-passphrase');
    const refused = await received({ headers: {}, rawBody: Buffer.from(forged) });
    assert.deepEqual([refused.noWebhookResponse, refused.workflowData], [true, undefined]);
    assert.notEqual(refused.response.text, 'OK');
    assert.equal(await hooks('delete'), true);
    assert.equal(await hooks('checkExists'), false);
  });

  test('a message has the shape of its trigger; another event starts nothing', async (t) => {
    const { sandbox, settings } = await startMainJob(t);
    const pack = loaded[SINGLE];
    const { digistore24Api } = credentialsOf(settings);
    const credentials = { digistore24Api: { ...digistore24Api, ipnPassphrase: settings.passphrase } };
    const order = sandbox.story({ buyer: { email: 'a@example.com' }, billing: 'subscription' });
    const received = (message) => {
      const request = { headers: {}, rawBody: Buffer.from(form(message)) };
      const parameters = { event: 'digistore24.onPayment' };
      return pack.nodes.digistore24Trigger.webhook.call(
        contextOf(pack, { credentials, parameters, request, response: answering() }),
      );
    };
    const { workflowData } = await received(order.payment());
    assert.equal(workflowData[0][0].json.order.id, order.orderId);
    assert.deepEqual(await received(order.missed()), { noWebhookResponse: true });
  });

  test('polling begins now and goes on from there; the editor gets the newest real sale', async (t) => {
    const { sandbox, settings } = await startMainJob(t);
    const pack = loaded[SINGLE];
    const { digistore24Api } = credentialsOf(settings);
    const statics = {};
    const poll = (mode) =>
      pack.nodes.digistore24PollingTrigger.poll.call(
        contextOf(pack, {
          credentials: { digistore24Api },
          parameters: { event: 'digistore24.newPurchase' },
          statics,
          mode,
        }),
      );
    const sells = (email) => sandbox.story({ buyer: { email } }).payment();
    sells('before@example.com');
    assert.equal(await poll('trigger'), null);
    sells('after@example.com');
    const [found] = await poll('trigger');
    assert.deepEqual(
      found.map(({ json }) => json.buyer.email),
      ['after@example.com'],
    );
    assert.equal(await poll('trigger'), null);
    const [[newest]] = await poll('manual');
    assert.equal(newest.json.buyer.email, 'after@example.com');
  });

  test('a workflow’s webhook needs its token', async (t) => {
    const { settings } = await startMainJob(t);
    const pack = loaded[BOTH];
    const workflowToken = 'a-long-word-of-the-workflow';
    const { highLevelPrivateIntegrationApi } = credentialsOf(settings);
    const credentials = { highLevelPrivateIntegrationApi: { ...highLevelPrivateIntegrationApi, workflowToken } };
    const body = {
      contact_id: 'contact1',
      location: { id: settings.locationId },
      customData: { event: 'ContactTagUpdate', key: '1' },
    };
    const received = (token) => {
      const request = { headers: { 'content-type': 'application/json' }, rawBody: Buffer.from(JSON.stringify(body)) };
      return pack.nodes.ghlWorkflowTrigger.webhook.call(
        contextOf(pack, {
          credentials,
          parameters: { event: 'any' },
          query: { token },
          request,
          response: answering(),
        }),
      );
    };
    const { workflowData } = await received(workflowToken);
    assert.equal(workflowData[0][0].json.verified, false);
    assert.deepEqual(await received('guessed'), { noWebhookResponse: true });
  });
});

test('without a receiver the sync says what it needs', async (t) => {
  const { settings } = await startMainJob(t);
  const parameters = { resource: 'bridge.actions', operation: 'bridge.syncEvent', event: {} };
  const error = await failureOf(execute(loaded[BOTH], { credentials: credentialsOf(settings), parameters }));
  assert.match(error.description, /SYNC_TOKEN.*\(misconfigured\)/);
});
