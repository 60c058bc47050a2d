// The Digistore24 part of the catalog: every function, drop-downs that lead somewhere, secrets, what may be repeated;
// the importer; and the judge of the forms that the plugin sends.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { published, repoRoot, specsDir } from '../../scripts/conformance/catalog.mjs';
import { checkForms } from '../../scripts/conformance/digistore24.mjs';
import { readSpecification } from '../../scripts/import/digistore24.mjs';
import { corrections, inData, unpublished } from '../../scripts/import/digistore24-patches.mjs';
import { importDigistore24 } from '../../scripts/import-digistore24.mjs';

const files = published().filter(({ data }) => data.service === 'digistore24');
const entries = files.flatMap(({ data }) => data.operations.map((operation) => ({ operation, file: data })));
const byId = new Map(entries.map(({ operation }) => [operation.id, operation]));
const nameOf = ({ id }) => id.slice('digistore24.'.length);

const specs = specsDir();
const noSpecs = specs ? false : 'SKIPPED: no folder with the published specifications (set SPECS_DIR)';
const folder = specs && join(specs, 'digistore24');

/** All input properties of an operation, at any depth, as `{ path, schema, beside }`. */
function* inputs({ properties = {} }, before = '') {
  for (const [name, schema] of Object.entries(properties)) {
    const path = before + name;
    yield { name, path, schema, beside: properties };
    yield* inputs(schema, `${path}.`);
    if (schema.items) yield* inputs(schema.items, `${path}[].`);
  }
}

test('every published function is there, and those that are known beside them', () => {
  assert.ok(entries.length >= 125, `${entries.length} functions`);
  assert.equal(byId.size, entries.length, 'an id stands twice');
  for (const name of Object.keys(unpublished)) assert.ok(byId.has(`digistore24.${name}`), name);
  for (const { operation } of entries) assert.equal(operation.tier, 'core', operation.id);
});

test('the catalog has all functions of the specification', { skip: noSpecs }, async () => {
  const functions = await readSpecification(folder);
  assert.equal(functions.size, 122);
  const ours = new Map(entries.map(({ operation, file }) => [nameOf(operation), file.resource]));
  for (const { name, resource } of functions.values()) assert.equal(ours.get(name), resource, name);
  const beyond = [...ours.keys()].filter((name) => !functions.has(name));
  assert.deepEqual(beyond.sort(), Object.keys(unpublished).sort());
});

test('samples fit, and so does each argument alone that they have', () => {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
  addFormats(ajv);
  ajv.addVocabulary(['x-choices', 'x-connection', 'x-secret']);
  for (const { operation, file } of entries) {
    const validate = ajv.compile({ ...operation.input, $defs: file.$defs ?? {} });
    const { input } = operation.sample;
    assert.ok(validate(input), `${operation.id}: ${ajv.errorsText(validate.errors)}`);
    // A misspelt, a missing and a wrong argument are found: the schema is closed, at every depth.
    assert.ok(!validate({ ...input, no_such_field: 1 }), `${operation.id} takes anything`);
    for (const name of operation.input.required ?? []) {
      const { [name]: _, ...without } = input;
      assert.ok(!validate(without), `${operation.id} does not need ${name}`);
    }
    for (const [name, value] of Object.entries(input)) {
      const schema = operation.input.properties[name];
      if (schema.properties) {
        assert.ok(!validate({ ...input, [name]: { ...value, no_such_field: 1 } }), `${operation.id} ${name}`);
      }
      assert.ok(!validate({ ...input, [name]: null }), `${operation.id} ${name} takes null`);
    }
  }
});

test('every form field can be labelled', () => {
  const plain = /^([a-z]{3,}|id|ids|of|to)$/;
  for (const { operation } of entries) {
    assert.ok(operation.title && operation.description, operation.id);
    assert.ok(operation.description.endsWith('.'), `${operation.id}: a description is a sentence`);
    for (const { name, path, schema } of inputs(operation.input)) {
      if (schema.title) continue;
      const words = name.split('_');
      const good = words.every((word) => plain.test(word)) && !['is', 'utm'].includes(words[0]);
      assert.ok(good, `${operation.id} ${path}: no title can be made of this name`);
    }
  }
  const titles = entries.map(({ operation }) => operation.title);
  assert.equal(new Set(titles).size, titles.length, 'two operations have the same title');
});

test('drop-downs lead to lists whose answers have what they name', () => {
  let seen = 0;
  const at = (value, path) => (path === '.' ? value : path.split('.').reduce((inner, key) => inner?.[key], value));
  for (const { operation } of entries) {
    for (const { path, schema, beside } of inputs(operation.input)) {
      const choices = schema['x-choices'];
      if (!choices) continue;
      seen += 1;
      const where = `${operation.id} ${path}`;
      const list = byId.get(choices.operation);
      assert.ok(list, `${where}: no operation ${choices.operation}`);
      assert.equal(list.effect, 'read', where);
      const items = at(list.sample.output, choices.items);
      const entries = Array.isArray(items)
        ? items
        : Object.entries(items ?? {}).map(([$key, $value]) => ({ ...Object($value), $key, $value }));
      assert.ok(entries.length > 0, `${where}: ${choices.operation} has nothing at "${choices.items}"`);
      for (const one of ['value', 'label']) {
        const found = at(entries[0], choices[one]);
        assert.ok(['string', 'number'].includes(typeof found), `${where}: no ${choices[one]} in an item`);
      }
      const given = choices.with ?? {};
      for (const [needed, sibling] of Object.entries(given)) {
        assert.ok(list.input.properties[needed], `${where}: ${choices.operation} takes no ${needed}`);
        assert.ok(beside[sibling], `${where}: no field ${sibling} beside it`);
      }
      for (const needed of list.input.required ?? []) assert.ok(given[needed], `${where}: ${needed} is missing`);
    }
  }
  assert.ok(seen > 80, `${seen} drop-downs`);
});

test('lists with pages say how to turn them', () => {
  for (const name of ['Buyers', 'Purchases', 'Transactions', 'Commissions', 'RebillingStatusChanges']) {
    assert.equal(byId.get(`digistore24.list${name}`).paging?.style, 'page', name);
  }
  // And nobody else has pages.
  for (const { operation } of entries) {
    assert.equal(Boolean(operation.paging), 'page_no' in operation.input.properties, operation.id);
  }
});

test('what costs money, sends a message or accuses somebody is never repeated', () => {
  const never = [
    /^refund/,
    /^resend/,
    /^(reportFraud|addBalanceToPurchase|createRebillingPayment|createBillingOnDemand|createUpgradePurchase)$/,
    /^(createAddonChangePurchase|updateServiceProofRequest)$/,
  ];
  for (const { operation } of entries) {
    const name = nameOf(operation);
    const expected = never.some((pattern) => pattern.test(name));
    if (expected) assert.equal(operation.retry, 'never', name);
    if (operation.effect === 'create') assert.notEqual(operation.retry, 'safe', name);
    if (operation.effect === 'delete') assert.equal(operation.retry, 'safe', name);
    if (operation.kind === 'search') assert.equal(operation.effect, 'read', name);
  }
  // It reads like a check, but marks the ticket as used.
  assert.equal(byId.get('digistore24.validateEticket').kind, 'action');
});

test('each function says what the key must be able to do', () => {
  for (const { operation } of entries) {
    const writes = operation.effect !== 'read';
    const [access] = operation.scopes;
    if (writes && nameOf(operation) !== 'validateEticket') assert.notEqual(access, 'readonly', operation.id);
  }
  const withRight = entries.filter(({ operation }) => operation.scopes.includes('billing-on-demand'));
  assert.deepEqual(withRight.map(({ operation }) => nameOf(operation)).sort(), [
    'createAddonChangePurchase',
    'createBillingOnDemand',
    'createRebillingPayment',
    'createUpgradePurchase',
  ]);
});

test('secrets are marked wherever they stand', () => {
  const secret =
    /^(sha_passphrase|api_key|thankyou_page_key|testpay_key|(request_)?token|license_key|authkey)$|^(receipt|invoice|renew|support|rebilling_stop|request_refund|pay|download|upgrade)_url$/;
  const walk = (node, where) => {
    for (const [name, schema] of Object.entries(node.properties ?? {})) {
      if (secret.test(name)) assert.equal(schema['x-secret'], true, `${where}.${name}`);
      walk(schema, `${where}.${name}`);
    }
    if (node.items) walk(node.items, `${where}[]`);
    if (typeof node.additionalProperties === 'object') walk(node.additionalProperties, `${where}.*`);
  };
  for (const { operation } of entries) {
    walk(operation.input, `${operation.id} input`);
    walk(operation.output, `${operation.id} output`);
  }
  for (const { data } of files) for (const [name, node] of Object.entries(data.$defs ?? {})) walk(node, name);
});

test('every correction of the specification says why', () => {
  for (const { functions, reason } of corrections) assert.ok(reason.length > 20 && functions.length > 0);
  for (const reason of Object.values(inData)) assert.ok(reason.length > 20);
  // Writes nest their fields in data[…]; what names the thing stays outside.
  const place = (name) => byId.get(`digistore24.${name}`).place ?? {};
  assert.equal(place('updateBuyer').email, 'data');
  assert.equal(place('updateBuyer').buyer_id, undefined);
  assert.equal(place('updateDelivery').is_shipped, 'data');
  assert.equal(place('updateDelivery').tracking, undefined);
  assert.deepEqual(byId.get('digistore24.updateVoucher').wire, { new_code: 'code' });
});

test('the importer', { skip: noSpecs }, async (t) => {
  const catalog = mkdtempSync(join(tmpdir(), 'digistore24-'));
  t.after(() => rmSync(catalog, { recursive: true }));
  cpSync(join(repoRoot, 'catalog/digistore24'), catalog, { recursive: true });
  const read = (resource) => JSON.parse(readFileSync(join(catalog, `${resource}.json`), 'utf8'));
  const write = (resource, data) => writeFileSync(join(catalog, `${resource}.json`), JSON.stringify(data));
  const contents = () => readdirSync(catalog).map((name) => [name, readFileSync(join(catalog, name), 'utf8')]);

  await t.test('changes nothing when the specification has not changed', async () => {
    const before = contents();
    assert.deepEqual(await importDigistore24(folder, catalog), []);
    assert.deepEqual(contents(), before);
  });

  await t.test('adds what is missing and keeps what people wrote', async () => {
    const buyers = read('buyers');
    const update = buyers.operations.find(({ id }) => id === 'digistore24.updateBuyer');
    delete update.input.properties.zipcode;
    delete update.place.zipcode;
    update.input.properties.city.title = 'Town';
    delete buyers.$defs.Buyer.properties.city;
    buyers.operations = buyers.operations.filter(({ id }) => id !== 'digistore24.listBuyers');
    write('buyers', buyers);
    rmSync(join(catalog, 'licenses.json'));

    const added = await importDigistore24(folder, catalog);
    assert.deepEqual(added.sort(), [
      'digistore24.getBuyer output.buyer.city',
      'digistore24.listBuyers',
      'digistore24.updateBuyer input.zipcode',
      'digistore24.validateLicenseKey',
    ]);
    const after = read('buyers').operations.find(({ id }) => id === 'digistore24.updateBuyer');
    assert.equal(after.input.properties.city.title, 'Town');
    assert.equal(after.place.zipcode, 'data');
    assert.deepEqual(await importDigistore24(folder, catalog), []);
  });

  await t.test('says when there is nothing to import', async () => {
    await assert.rejects(importDigistore24(catalog, catalog), /no OpenAPI file/);
  });
});

test('the forms that the plugin sends are what the specification names', { skip: noSpecs }, async (t) => {
  const { skipped, results } = await checkForms();
  if (skipped) return t.skip(`SKIPPED: ${skipped}`);
  assert.equal(results.length, entries.length);
  for (const { id, problems } of results) await t.test(id, () => assert.deepEqual(problems, []));
});

// The judge is judged: each of these forms must displease it.
const wrongForms = {
  'no request': null,
  'a field outside of data': 'buyer_id=7120589&email=nina%40example.org',
  'a wrong name': 'buyer_id=7120589&data[e_mail]=nina%40example.org',
  'a wrong type': 'buyer_id=seven&data[email]=nina%40example.org',
  'a wrong value': 'buyer_id=7120589&data[salutation]=X',
  'a missing argument': 'data[email]=nina%40example.org',
  'brackets that are none': 'buyer_id=7120589&data.email=nina%40example.org',
};

test('the judge finds wrong forms', { skip: noSpecs }, async (t) => {
  const entry = files.find(({ name }) => name === 'digistore24/buyers.json');
  const operations = entry.data.operations.filter(({ id }) => id === 'digistore24.updateBuyer');
  const judged = async (form, path = '/api/call/updateBuyer') => {
    const open = (fetch) => ({
      async run() {
        const headers = { 'x-ds-api-key': '900001-conformance', 'content-type': 'application/x-www-form-urlencoded' };
        if (form !== null) await fetch(`https://ds24.example${path}`, { method: 'POST', headers, body: form });
      },
      async close() {},
    });
    const { skipped, results } = await checkForms({ files: [{ data: { ...entry.data, operations } }], open });
    return skipped ? t.skip(`SKIPPED: ${skipped}`) : results[0].problems;
  };
  for (const [name, form] of Object.entries(wrongForms)) {
    await t.test(name, async () => {
      const problems = await judged(form);
      // Any fixed form is not the given values; more than that must be found.
      assert.ok(
        problems.some((one) => !one.startsWith('values:') && !one.includes("can't be sent")),
        problems.join('\n'),
      );
    });
  }
  await t.test('a wrong address', async () => {
    assert.ok((await judged('buyer_id=1', '/api/call/getBuyer')).some((one) => one.startsWith('address')));
  });
});
