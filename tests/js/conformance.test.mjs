// The catalog against the published specifications, and the plugin's requests against Prism.
// The specifications are not part of this project; where they are absent the tests say so and are skipped.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { readCatalog, specsDir } from '../../scripts/conformance/catalog.mjs';
import { compareWithSpecs } from '../../scripts/conformance/catalog-vs-spec.mjs';
import { checkRequests } from '../../scripts/conformance/requests.mjs';
import { pluginOn } from './support.mjs';

const specs = specsDir();
const noSpecs = specs ? false : 'SKIPPED: no folder with the published specifications (set SPECS_DIR)';

test('every catalog entry agrees with the published specification', { skip: noSpecs }, async (t) => {
  const { results, stale } = await compareWithSpecs();
  for (const { id, skipped, problems, exceptions } of results) {
    await t.test(id, { skip: skipped ?? false }, (one) => {
      for (const { at, reason } of exceptions) one.diagnostic(`on purpose: ${at}. ${reason}`);
      assert.deepEqual(problems, []);
    });
  }
  assert.deepEqual(stale, [], 'exceptions that nothing needs any more');
});

// The check itself is checked: each of these faults must be found.
const faults = {
  'a wrong path': ['ghl.contacts.getContact', (o) => (o.path = '/contact/{contactId}')],
  'a wrong method': ['ghl.contacts.updateContact', (o) => (o.method = 'PATCH')],
  'a wrong name': ['ghl.contacts.addTags', (o) => (o.id = 'ghl.contacts.addTag')],
  'a wrong scope': ['ghl.contacts.addTags', (o) => (o.scopes = ['contacts.readonly'])],
  'a missing field': ['ghl.contacts.upsertContact', (o) => delete o.input.properties.companyName],
  'an invented field': ['ghl.contacts.updateContact', (o) => (o.input.properties.gender = { type: 'string' })],
  'a field that may not be empty': ['ghl.contacts.createContact', (o) => (o.input.properties.email.type = 'string')],
  'a wrong type': ['ghl.contacts.createTask', (o) => (o.input.properties.completed.type = 'string')],
  'a forgotten duty': ['ghl.contacts.createTask', (o) => (o.input.required = ['contactId', 'title'])],
  'an invented duty': ['ghl.contacts.updateNote', (o) => o.input.required.push('body')],
  'wrong values': ['ghl.locations.getCustomFields', (o) => o.input.properties.model.enum.pop()],
  'wrong values in a shared definition': [
    'ghl.contacts.createContact',
    (_, file) => file.$defs.DndChannelInput.properties.status.enum.pop(),
  ],
  'a body in the query': ['ghl.contacts.removeTags', (o) => delete o.place],
  'a forgotten mark': ['ghl.contacts.getContacts', (o) => delete o.deprecated],
  'a missing answer': ['ghl.contacts.getTask', (_, file) => delete file.$defs.Task.properties.dueDate],
  'a wrong version': ['ghl.contacts.getTask', (_, file) => (file.version = '2021-04-15')],
  'a wrong default': ['digistore24.listBuyers', (o) => (o.input.properties.page_size.default = 500)],
  'a missing filter': ['digistore24.listPurchases', (o) => delete o.input.properties.search.properties.role],
  'a field outside data': ['digistore24.updatePurchase', (o) => delete o.place.custom],
  'a missing column': ['digistore24.listTransactions', (_, file) => delete file.$defs.Transaction.properties.amount],
};

test('the comparison finds faults', { skip: noSpecs }, async (t) => {
  for (const [name, [id, breakIt]] of Object.entries(faults)) {
    await t.test(name, async () => {
      const entry = readCatalog().find(({ data }) => data.operations.some((one) => one.id === id));
      const operation = entry.data.operations.find((one) => one.id === id);
      breakIt(operation, entry.data);
      const { results } = await compareWithSpecs({ files: [entry] });
      assert.ok(
        results.some((one) => one.problems.length > 0),
        'nothing was found',
      );
    });
  }
});

test("Prism accepts the plugin's requests", { skip: noSpecs, timeout: 300_000 }, async (t) => {
  const { skipped, results } = await checkRequests();
  if (skipped) return t.skip(`SKIPPED: ${skipped}`);
  assert.ok(results.filter((one) => one.skipped).length <= 15);
  for (const { id, skipped, problems } of results) {
    await t.test(id, { skip: skipped ?? false }, () => assert.deepEqual(problems, []));
  }
});

// The judge is judged: each of these plugins must displease it.
const wrongRequests = {
  'no request': () => {},
  'a missing field': (send) => send('POST', '/contacts/c/tags', {}),
  'an invented field': (send, { tags }) => send('POST', '/contacts/c/tags', { tags, tag: 'x' }),
  'a wrong type': (send) => send('POST', '/contacts/c/tags', { tags: 'x' }),
  'a body in the query': (send) => send('POST', '/contacts/c/tags?tags=x'),
  'a wrong path': (send, { tags }) => send('POST', '/contact/c/tags', { tags }),
  'a wrong method': (send, { tags }) => send('PATCH', '/contacts/c/tags', { tags }),
  'no version': (send, { tags }) => send('POST', '/contacts/c/tags', { tags }, { version: '' }),
};

test('the judge finds wrong requests', { skip: noSpecs, timeout: 120_000 }, async (t) => {
  const { data } = readCatalog().find(({ name }) => name === 'ghl/contacts.json');
  const addTags = data.operations.find(({ id }) => id === 'ghl.contacts.addTags');
  const plugins = Object.entries(wrongRequests);
  // One copy of the operation for each plugin, so that one start of Prism is enough.
  const operations = plugins.map(([name]) => ({ ...addTags, id: `ghl.contacts.${name}` }));
  const open = ({ baseUrl, fetch }) => ({
    async run(id, input) {
      const send = (method, path, body, headers) =>
        fetch(`${baseUrl}${path}`, {
          method,
          headers: {
            authorization: 'Bearer t',
            version: data.version,
            'content-type': 'application/json',
            ...headers,
          },
          body: body && JSON.stringify(body),
        });
      await wrongRequests[id.slice('ghl.contacts.'.length)](send, input);
    },
    async close() {},
  });
  const { skipped, results } = await checkRequests({ files: [{ data: { ...data, operations } }], open });
  if (skipped) return t.skip(`SKIPPED: ${skipped}`);
  for (const { id, problems } of results) await t.test(id, () => assert.notDeepEqual(problems, []));
});

test('no published parameter of a message is taken for an answer of a form', { skip: noSpecs }, async (t) => {
  const text = readFileSync(join(specs, 'digistore24/ipn-field-catalogue.json'), 'utf8');
  const names = new Set([...text.matchAll(/"name": "([a-z][a-z0-9_]*)"/g)].map(([, name]) => name));
  assert.ok(names.size > 200);
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const plugin = await pluginOn(sandbox);
  t.after(() => plugin.close());
  await plugin.setup();
  const story = sandbox.story();
  await plugin.sync.apply({ raw: story.payment() });
  const filled = story.customForm({ notes: 'ANSWER', payment: 'ANSWER' });
  const { sha_sign, ...own } = Object.fromEntries([...names].map((name) => [name, 'OWN']));
  assert.equal((await plugin.sync.apply({ raw: { ...own, ...filled } })).outcome, 'done');
  const body = sandbox.state().contacts[0].notes[0].body;
  assert.equal(body.split('ANSWER').length - 1, 2, body);
  assert.ok(!body.includes(': OWN'), body);
});
