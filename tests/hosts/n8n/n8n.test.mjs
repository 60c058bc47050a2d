import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';
import { properties } from '../../../js/hosts/n8n/build.mjs';
import { startSandbox } from '../../../pkg/dist/sandbox/index.js';
import { createPlugin } from '../../../pkg/dist/src/index.js';
import { freePort } from '../../js/support.mjs';
import { contextFor, credentialsFor, folder, load } from './support.mjs';

const { NodeApiError } = createRequire(import.meta.url)('n8n-workflow');
const names = ['n8n-nodes-digistore24', 'n8n-nodes-ghl-digistore24'];
const both = load(names[1]);
const email = 'jürgen@example.com';

async function sandboxFor(t) {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  return sandbox;
}

const run = async (context) => (await both.node.execute.call(context))[0];

for (const name of names) {
  test(`${name} is a community node that n8n can load`, () => {
    const { manifest, node, credentials } = load(name);
    assert.equal(manifest.license, 'MIT');
    assert.ok(manifest.keywords.includes('n8n-community-node-package'));
    assert.equal(manifest.dependencies, undefined);
    assert.deepEqual(
      node.description.credentials.map((one) => one.name),
      credentials.map((one) => one.name),
    );
    for (const one of credentials) assert.ok(one.test && one.authenticate);
    assert.equal(node.description.usableAsTool, true);
  });

  test(`${name} passes n8n's linter for community nodes`, async () => {
    const require = createRequire(import.meta.url);
    const { ESLint } = require('eslint');
    const { n8nCommunityNodesPlugin } = await import('@n8n/eslint-plugin-community-nodes');
    const config = n8nCommunityNodesPlugin.configs.recommended;
    const eslint = new ESLint({
      cwd: folder(name),
      overrideConfigFile: true,
      allowInlineConfig: false,
      baseConfig: [config, { files: ['**/*.js'], rules: { 'no-console': 'error' } }].flat(),
    });
    const results = await eslint.lintFiles(['dist/**/*.js']);
    assert.ok(results.length >= 2);
    const [sentinel] = await eslint.lintText('setTimeout(() => {}, 1);', { filePath: 'dist/sentinel.js' });
    assert.equal(sentinel.errorCount, 1, 'the linter is at work');
    const found = results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => `${ruleId}: ${message}`));
    assert.deepEqual([...new Set(found)], []);
  });
}

test('the node for Digistore24 knows nothing of HighLevel', () => {
  const { node } = load(names[0]);
  const [resource] = node.description.properties;
  assert.deepEqual(
    resource.options.filter(({ value }) => !value.startsWith('digistore24.')),
    [],
  );
});

test('every action of the catalog is an operation, its required fields first', async () => {
  const plugin = await createPlugin({});
  const actions = plugin.catalog.list({}).filter(({ kind }) => kind !== 'trigger');
  await plugin.close();
  const { properties: all } = both.node.description;
  const offered = all
    .filter(({ name }) => name === 'operation')
    .flatMap(({ options }) => options.map((one) => one.value));
  assert.deepEqual(offered.toSorted(), actions.map(({ id }) => id).toSorted());
  const shown = all.filter(({ displayOptions }) =>
    displayOptions?.show.operation?.includes('bridge.findOrCreateContact'),
  );
  assert.deepEqual(
    shown.map(({ name, required = false }) => [name, required]),
    [
      ['field_email', true],
      ['optional', false],
    ],
  );
});

test('a new entry of the catalog appears without a line of code', async () => {
  const { faceOf } = await properties();
  const input = {
    type: 'object',
    required: ['size'],
    properties: { size: { type: 'string', enum: ['small', 'large'] }, gift: { type: 'boolean', title: 'As a gift' } },
  };
  const entry = {
    id: 'ghl.hats.knit',
    service: 'ghl',
    resource: 'hats',
    kind: 'action',
    tier: 'core',
    title: 'Knit a hat',
  };
  const face = faceOf([{ ...entry, resourceTitle: 'Hats', description: 'Knits.', paging: null, input }]);
  const [resource, operation, size, optional] = face.properties;
  assert.deepEqual(resource.options, [{ value: 'ghl.hats', name: 'HighLevel: Hats' }]);
  assert.deepEqual(
    operation.options.map(({ value, name }) => [value, name]),
    [['ghl.hats.knit', 'Knit a hat']],
  );
  assert.deepEqual([size.required, size.options.map(({ value }) => value)], [true, ['small', 'large']]);
  assert.deepEqual(
    optional.options.map(({ name, type, displayName }) => [name, type, displayName]),
    [['gift', 'boolean', 'As a gift']],
  );
});

test('finds or creates a contact, and reads lists, through the helper of n8n', async (t) => {
  const sandbox = await sandboxFor(t);
  const given = credentialsFor(sandbox);
  const contact = {
    operation: 'bridge.findOrCreateContact',
    field_email: email,
    optional: { firstName: 'Jürgen', tags: 'vip, new' },
  };
  const [made, again] = await run(contextFor(both, [contact, contact], given));
  assert.deepEqual([made.pairedItem, again.pairedItem], [{ item: 0 }, { item: 1 }]);
  const { contacts } = sandbox.state();
  assert.deepEqual(
    contacts.map((one) => [one.email, one.firstName, one.tags.toSorted()]),
    [[email, 'Jürgen', ['new', 'vip']]],
  );

  const order = sandbox.story({ buyer: { email } });
  order.payment();
  const list = { operation: 'digistore24.listPurchases', returnAll: true };
  const found = await run(contextFor(both, [list], given));
  assert.deepEqual(
    found.map(({ json }) => json.id),
    [order.orderId],
    'an item for each of the list',
  );
});

test('one item that fails stops the others only if the user says so', async (t) => {
  const given = credentialsFor(await sandboxFor(t));
  const wrong = { operation: 'bridge.findOrCreateContact' };
  const right = { ...wrong, field_email: email };
  const [failed, made] = await run(contextFor(both, [wrong, right], given, { continueOnFail: true }));
  assert.equal(failed.json.error.code, 'invalid_input');
  assert.ok(failed.json.error.help);
  assert.equal(made.json.error, undefined);
  await assert.rejects(run(contextFor(both, [wrong, right], given)), NodeApiError);
});

const troubles = {
  unauthenticated: async (given) => ({
    ...given,
    ghlPrivateTokenApi: { ...given.ghlPrivateTokenApi, token: 'pit-revoked' },
  }),
  unavailable: async (given) => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    return { ...given, ghlPrivateTokenApi: { ...given.ghlPrivateTokenApi, baseUrl } };
  },
};
for (const [code, change] of Object.entries(troubles)) {
  test(`${code}: the node says what to do, without a secret`, async (t) => {
    const given = await change(credentialsFor(await sandboxFor(t)));
    const item = { operation: 'ghl.locations.getLocationTags' };
    const [{ json }] = await run(contextFor(both, [item], given, { continueOnFail: true }));
    assert.equal(json.error.code, code, JSON.stringify(json));
    assert.ok(json.error.message && json.error.help);
    assert.doesNotMatch(JSON.stringify(json), /pit-/);
  });
}

test('drop-downs come from the account', async (t) => {
  const sandbox = await sandboxFor(t);
  const given = credentialsFor(sandbox);
  sandbox.story({ buyer: { email } }).payment();
  const property = both.node.description.properties.find(
    ({ name, typeOptions, displayOptions }) =>
      name === 'field_product_id' &&
      typeOptions?.loadOptionsMethod &&
      displayOptions.show.operation.includes('digistore24.getProduct'),
  );
  const context = contextFor(both, [{ operation: property.displayOptions.show.operation[0] }], given);
  const choices = await both.node.methods.loadOptions[property.typeOptions.loadOptionsMethod].call(context);
  assert.ok(choices.length > 0, JSON.stringify(property));
  assert.ok(choices.every(({ name, value }) => name && value));
});

test('no secret of the builder is in what is published', () => {
  for (const name of names) {
    const { manifest } = load(name);
    for (const file of manifest.n8n.nodes)
      assert.ok(!readFileSync(join(folder(name), file), 'utf8').includes(process.cwd()));
  }
});
