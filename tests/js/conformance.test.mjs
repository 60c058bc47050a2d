// The catalog against the published specifications, and the plugin's requests against Prism.
// The specifications are not part of this project; where they are absent the tests say so and are skipped.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { placeOf, readCatalog, repoRoot } from '../../scripts/conformance/catalog.mjs';
import { compareWithSpecs, specsDir } from '../../scripts/conformance/catalog-vs-spec.mjs';
import { prismScript, startPrism, watchingFetch } from '../../scripts/conformance/prism.mjs';

const specs = specsDir();
const pluginFile = join(repoRoot, 'pkg/dist/src/index.js');
const locationId = 've9EPM428h8vShlRW1KT';
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
  'wrong values in a shared definition': ['ghl.contacts.createContact', (_, file) => file.$defs.DndChannel.properties.status.enum.pop()],
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

/**
 * Lets `send(operation, { baseUrl, fetch })` send the sample of each operation of one resource to Prism
 * and gives for each operation what was sent and what Prism found wrong with it.
 */
export async function prismCheck(resource, send) {
  const file = readCatalog().find(({ data }) => data.service === 'ghl' && data.resource === resource).data;
  const prism = await startPrism(join(specs, 'ghl', `${resource}.json`));
  try {
    const report = [];
    for (const operation of file.operations) {
      const requests = [];
      let error;
      try {
        await send(operation, { baseUrl: prism.url, fetch: watchingFetch(requests) });
      } catch (thrown) {
        error = thrown; // a mock answer may well displease the plugin; only its request is judged here
      }
      report.push({ operation, requests, error });
    }
    return report;
  } finally {
    await prism.stop();
  }
}

/** What must be in the query and in the body: the sample and nothing else. The service refuses fields it does not know, Prism does not. */
function expected({ input, sample, ...operation }) {
  const given = { ...sample.input };
  for (const [name, property] of Object.entries(input.properties)) {
    if (property['x-connection']) given[name] ??= locationId;
  }
  const query = {};
  const body = {};
  for (const [name, value] of Object.entries(given)) {
    const place = placeOf(operation, name);
    if (place === 'query') query[name] = String(value);
    if (place === 'body') body[name] = value;
  }
  return { query, body };
}

/** No request, a refused request, a violation, or something that nobody asked for: each is a failure. */
export function judge({ operation, requests, error }) {
  const { id } = operation;
  assert.notEqual(error?.code, 'invalid_input', `${id}: the plugin refused its own sample: ${JSON.stringify(error?.fields ?? error?.message)}`);
  assert.ok(requests.length > 0, `${id}: no request was sent${error ? ` (${error.message})` : ''}`);
  for (const { method, url, body, status, violations } of requests) {
    const where = `${id}: ${method} ${new URL(url).pathname}${new URL(url).search} ${body}`;
    assert.deepEqual(
      violations.map((one) => `${one.location.join('.')}: ${one.message}`),
      [],
      where,
    );
    const wanted = expected(operation);
    assert.deepEqual(Object.fromEntries(new URL(url).searchParams), wanted.query, `${where}: query`);
    assert.deepEqual(body ? JSON.parse(body) : {}, wanted.body, `${where}: body`);
    assert.ok(status >= 200 && status < 300, `${where}: Prism answered ${status}`);
  }
}

const noPrism =
  noSpecs ||
  (!prismScript() && 'SKIPPED: @stoplight/prism-cli is not installed') ||
  (!existsSync(pluginFile) && 'SKIPPED: the plugin is not built (pkg/dist/src/index.js)');

for (const resource of ['contacts', 'locations']) {
  test(`Prism accepts the plugin's requests: ghl.${resource}`, { skip: noPrism, timeout: 120_000 }, async (t) => {
    const { createPlugin } = await import(pathToFileURL(pluginFile).href);
    const report = await prismCheck(resource, async ({ id, sample }, { baseUrl, fetch }) => {
      const plugin = await createPlugin({
        highlevel: { auth: { kind: 'private-integration', token: 'pit-test' }, locationId, baseUrl },
        fetch,
        log: () => {},
      });
      await plugin.run(id, sample.input);
    });
    for (const one of report) await t.test(one.operation.id, () => judge(one));
  });
}
