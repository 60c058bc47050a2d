// Triggers: the catalog's entries, and bodies of webhooks as events.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { specsDir } from '../../scripts/conformance/catalog.mjs';

const now = Date.parse('2026-03-02T09:30:00Z');
const plugin = await createPlugin({ log: () => {}, clock: () => now });
const triggers = plugin.catalog.list({ kind: 'trigger' });
const byId = new Map(triggers.map((entry) => [entry.id, entry]));
const webhooks = triggers.filter(({ resource }) => resource === 'events');
const business = triggers.filter(({ service, resource }) => service === 'bridge' && resource === 'triggers');
const read = ({ service, wireEvent, named }, payload, options = {}) => {
  const isForm = service === 'digistore24';
  const body = isForm ? new URLSearchParams(payload).toString() : JSON.stringify(payload);
  return plugin.events.read(service, body, { ...(named === false && { event: wireEvent }), ...options });
};

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
addFormats(ajv);
ajv.addVocabulary(['x-choices', 'x-connection', 'x-secret', 'x-order']);

/** The same schema, but an object may only have the properties that are named. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  if (copy.type?.includes?.('object') && copy.properties) copy.additionalProperties ??= false;
  return copy;
}

function assertFits(schema, value, what) {
  const validate = ajv.compile(schema);
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors, { separator: '\n  ' })}`);
}

test('all events of both services are there, each with all that a builder needs', () => {
  assert.equal(webhooks.filter(({ service }) => service === 'digistore24').length, 14);
  assert.equal(webhooks.filter(({ service }) => service === 'ghl').length, 59);
  assert.equal(business.length, 23);
  for (const entry of [...webhooks, ...business]) {
    assert.equal(entry.tier, 'core', entry.id);
    assert.ok(entry.title && entry.description, entry.id);
    assert.ok(entry.arrives.length > 0, entry.id);
    assert.equal(entry.input.additionalProperties, false, entry.id);
    assert.ok(entry.output.properties.triggers, entry.id);
    assert.deepEqual(Object.keys(entry.sample).sort(), ['input', 'output', 'payload'], entry.id);
  }
});

test('nothing is offered that can’t arrive', () => {
  for (const { id, arrives } of webhooks) {
    if (id.startsWith('digistore24.')) assert.deepEqual(arrives, ['ipn']);
    else assert.ok(arrives.includes('app-webhook'), id);
    // No workflow starts when something is deleted or an app is installed.
    if (/Delete$|^ghl\.app(Install|Uninstall)/.test(id)) assert.ok(!arrives.includes('workflow-webhook'), id);
  }
  assert.deepEqual(byId.get('bridge.newContact').arrives, ['app-webhook', 'workflow-webhook', 'polling']);
  assert.deepEqual(byId.get('bridge.newSale').arrives, ['ipn', 'polling']);
  assert.deepEqual(byId.get('bridge.paymentFailed').arrives, ['ipn']);
});

const folder = specsDir();
const specification = folder && join(folder, 'ghl-webhook-events.json');
const skip = !specification && 'SKIPPED: no folder with the published specifications (set SPECS_DIR)';
test('HighLevel’s published events are the catalog’s', { skip }, () => {
  const published = JSON.parse(readFileSync(specification, 'utf8'));
  const names = published.map(([file, , , types]) => {
    // Three samples bear another event's name, some another thing.
    const [type] = types ?? [];
    const isName = type && /^[A-Z]/.test(type) && !['SMS', 'AppointmentCreate'].includes(type);
    return isName ? type : file;
  });
  const ours = webhooks.filter(({ service, wireEvent }) => service === 'ghl' && wireEvent);
  assert.deepEqual(ours.map(({ wireEvent }) => wireEvent).sort(), names.sort());
  // The published fields are those of the content, without what belongs to the delivery.
  const delivery = ['type', 'appId', 'timestamp'];
  for (const [file, , fields, types] of published) {
    const entry = ours.find(({ wireEvent }) => wireEvent === file || wireEvent === types?.[0]);
    const published = topLevel(fields).filter((name) => !delivery.includes(name));
    const known = Object.keys(entry.output.properties.data.properties ?? dataOf(entry));
    assert.deepEqual(
      published.filter((name) => !known.includes(name)),
      [],
      entry.id,
    );
  }
});

/** The names at the top of `a: string, b{c: string}, d[]{e}`. */
function topLevel(fields) {
  let depth = 0;
  let top = '';
  for (const letter of fields) {
    if ('{[('.includes(letter)) depth += 1;
    if (depth === 0) top += letter;
    if ('}])'.includes(letter)) depth -= 1;
  }
  return top
    .split(',')
    .map((field) => field.split(':')[0].trim())
    .filter((name) => /^[\w-]+$/.test(name));
}

function dataOf({ output }) {
  const [, name] = /\/(\w+)$/.exec(output.properties.data.$ref);
  return output.$defs[name].properties;
}

for (const entry of [...webhooks, ...business]) {
  test(`sample of ${entry.id}`, () => {
    const { input, output, sample } = entry;
    assertFits(input, sample.input, 'input');
    assertFits(output, sample.output, 'output');
    assertFits(strict(output), sample.output, 'output, names');
    assert.ok(sample.output.triggers.includes(entry.id), `fires ${sample.output.triggers}`);
    if (entry.resource === 'events') {
      assert.equal(sample.output.triggers[0], entry.id);
      const events = read(entry, sample.payload);
      assert.deepEqual(events, [sample.output], 'the body gives the event');
      const filtered = read(entry, sample.payload, { trigger: entry.id, input: sample.input });
      assert.deepEqual(filtered, events);
      // A body that names its event needs no hint; one that doesn't must not be guessed.
      if (entry.service === 'ghl' && entry.id !== 'ghl.providerOutboundMessage') {
        const [bare] = plugin.events.read('ghl', JSON.stringify(sample.payload));
        assert.equal(bare.triggers[0], entry.named === false ? 'ghl.unknownEvent' : entry.id);
        assert.equal(bare.looksLike !== null, entry.named === false, entry.id);
      }
    } else {
      for (const source of entry.sources) assert.ok(byId.has(source), source);
      assert.ok(entry.sources.includes(sample.output.triggers[0]));
    }
    for (const [, host] of JSON.stringify(sample.payload).matchAll(/(?:@|https?:\/\/)([\p{L}\d.-]+)/gu)) {
      assert.match(host, /(^|\.)example\.(com|org|net)$/, host);
    }
  });
}

test('HighLevel’s body in an envelope gives the same event', () => {
  for (const entry of webhooks.filter(({ service }) => service === 'ghl')) {
    const { payload } = entry.sample;
    const [flat] = read(entry, payload);
    const [inside] = read(entry, { data: payload });
    for (const name of ['event', 'triggers', 'data', 'locationId', 'contactId', 'objectId', 'changeKey']) {
      assert.deepEqual(inside[name], flat[name], `${entry.id} ${name}`);
    }
  }
});

test('all events of one deal’s change share a change key', () => {
  const { payload } = byId.get('ghl.opportunityStageUpdate').sample;
  const keys = ['OpportunityUpdate', 'OpportunityStageUpdate', 'OpportunityStatusUpdate'].map(
    (type) => plugin.events.read('ghl', JSON.stringify({ ...payload, type, webhookId: type }))[0],
  );
  assert.equal(new Set(keys.map(({ changeKey }) => changeKey)).size, 1);
  assert.equal(new Set(keys.map(({ dedupeKey }) => dedupeKey)).size, 3);
});

const sale = byId.get('digistore24.onPayment').sample.payload;
const fired = (changes) => read({ service: 'digistore24' }, { ...sale, ...changes })[0].triggers.slice(1);

test('a payment is a sale, a renewal or an upgrade, never two of them', () => {
  assert.deepEqual(fired({}), ['bridge.newSale']);
  assert.deepEqual(fired({ billing_type: 'single_payment', pay_sequence_no: '0' }), ['bridge.newSale']);
  assert.deepEqual(fired({ billing_type: '', pay_sequence_no: '' }), ['bridge.newSale']);
  assert.deepEqual(fired({ order_id: 'K7QX2M9A1', upsell_no: '1' }), ['bridge.newSale']);
  assert.deepEqual(fired({ pay_sequence_no: '2' }), ['bridge.renewal']);
  assert.deepEqual(fired({ pay_sequence_no: '24' }), ['bridge.renewal']);
  assert.deepEqual(fired({ upgraded_order_id: 'OLD' }), ['bridge.upgrade']);
  assert.deepEqual(fired({ upgraded_order_id: 'OLD', pay_sequence_no: '2' }), ['bridge.renewal']);
});

test('a trigger’s input chooses events', () => {
  const two = { ...sale, item_count: '2', order_item_id_2: '9', product_id_2: '551460', product_txn_amount_2: '5.00' };
  const chosen = (input, message = two) =>
    read({ service: 'digistore24' }, message, { trigger: 'bridge.newSale', input }).map(({ productId }) => productId);
  assert.deepEqual(chosen({}), ['551377']);
  assert.deepEqual(chosen({ splitItems: true }), ['551377', '551460']);
  assert.deepEqual(chosen({ splitItems: true, productIds: ['551460'] }), ['551460']);
  assert.deepEqual(chosen({ productIds: ['551460'] }), ['551377'], 'the whole order has that product');
  assert.deepEqual(chosen({ productIds: [] }), ['551377']);
  assert.deepEqual(chosen({ productIds: ['1'] }), []);
  const test = { ...sale, api_mode: 'test' };
  assert.deepEqual([chosen({}, test), chosen({ testOrders: false }, test)], [['551377'], []]);
  assert.deepEqual(read({ service: 'digistore24' }, sale, { trigger: 'bridge.refund' }), []);
});

test('split events have their own keys and share the money', () => {
  const two = { ...sale, item_count: '2', order_item_id_2: '9', product_id_2: '551460', product_txn_amount_2: '5.00' };
  const whole = read({ service: 'digistore24' }, two);
  const split = read({ service: 'digistore24' }, two, { splitItems: true });
  assert.equal(new Set([...whole, ...split].map(({ dedupeKey }) => dedupeKey)).size, 3);
  assert.equal(new Set([...whole, ...split].map(({ id }) => id)).size, 3);
  assert.deepEqual(
    split.map(({ amount, item, items }) => [amount, item.productId, items.length]),
    [
      [19, '551377', 1],
      [5, '551460', 1],
    ],
  );
});

test('what is wrong is told, by name', () => {
  const thrown = (work) => {
    try {
      work();
    } catch (error) {
      return [error.code, ...(error.fields ?? []).map(({ path }) => path)];
    }
  };
  assert.deepEqual(
    thrown(() => plugin.events.read('shop', '{}')),
    ['invalid_input', 'service'],
  );
  assert.deepEqual(
    thrown(() => plugin.events.read('ghl', '[]')),
    ['invalid_input', 'body'],
  );
  assert.deepEqual(
    thrown(() => plugin.events.read('ghl', 5)),
    ['invalid_input', 'body'],
  );
  assert.deepEqual(
    thrown(() => plugin.events.read('ghl', '{}', { triger: 'x' })),
    ['invalid_input', 'options.triger'],
  );
  const wrong = (trigger, input) => thrown(() => plugin.events.read('ghl', '{}', { trigger, input }));
  assert.deepEqual(wrong('ghl.contactCreat', {}), ['invalid_input', 'operation']);
  assert.deepEqual(wrong('ghl.contacts.createContact', {}), ['invalid_input', 'operation']);
  assert.deepEqual(wrong('ghl.contactCreate', { productIds: [] }), ['invalid_input', 'productIds']);
  assert.deepEqual(wrong('bridge.newSale', { productIds: 5, splitItems: 'yes' }), [
    'invalid_input',
    'productIds',
    'splitItems',
  ]);
  assert.deepEqual(wrong('bridge.newSale', 5)[0], 'invalid_input');
});

test('bytes do as well as text', () => {
  const { payload, output } = byId.get('ghl.contactCreate').sample;
  assert.deepEqual(plugin.events.read('ghl', new TextEncoder().encode(JSON.stringify(payload))), [output]);
});
