// Forms from the catalog: every entry has one, what is filled in comes out as the operation wants it, choices come from the services.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { formOf, inputOf, loadChoices } from '../../pkg/dist/src/form.js';
import { pluginOn } from './support.mjs';

const sandbox = await startSandbox();
const plugin = await pluginOn(sandbox);
after(async () => {
  await plugin.close();
  await sandbox.close();
});
const entries = plugin.catalog.list();
const entry = (id) => entries.find((one) => one.id === id);
const fieldOf = (id, name) => formOf(entry(id)).find((field) => field.name === name);

test('every entry of the catalog has a form: all its fields, the required ones first', () => {
  for (const one of entries) {
    const fields = formOf(one);
    const names = fields.map((field) => field.name);
    assert.deepEqual([...names].sort(), Object.keys(one.input.properties ?? {}).sort(), one.id);
    const optional = fields.findIndex((field) => !field.required);
    assert.ok(optional === -1 || fields.slice(optional).every((field) => !field.required), one.id);
    for (const field of fields) assert.ok(field.title, `${one.id} ${field.name} has no title`);
  }
});

test('no more than a few fields must be written as JSON', () => {
  const all = entries.flatMap((one) => formOf(one).map((field) => ({ id: one.id, ...field })));
  const core = all.filter((field) => entry(field.id).tier === 'core');
  const json = core.filter((field) => field.kind === 'json').map((field) => `${field.id}.${field.name}`);
  assert.ok(json.length <= core.length / 50, json.join(' '));
});

/** As a form without types gives it. */
const written = (value) => {
  if (Array.isArray(value)) return value.map(written);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, written(one)]));
  }
  return value === null ? null : String(value);
};
const isFilled = (value) =>
  value !== null && value !== '' && (typeof value !== 'object' || Object.values(value).length > 0);
/** Without what a form can't tell from an empty field. */
const filled = (value) => {
  if (Array.isArray(value)) return value.map(filled).filter(isFilled);
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).map(([name, one]) => [name, filled(one)]);
  return Object.fromEntries(pairs.filter(([, one]) => isFilled(one)));
};

test('the samples come through their forms unchanged, also as texts', () => {
  let count = 0;
  for (const one of entries) {
    const sample = filled(one.sample?.input ?? {});
    const fields = formOf(one);
    assert.deepEqual(inputOf(fields, sample), sample, one.id);
    // What is written as JSON, or under names of one's own, has no type to read it by.
    const typed = fields.filter((field) => !['json', 'map', 'group', 'groups', 'file'].includes(field.kind));
    const part = Object.fromEntries(typed.flatMap(({ name }) => (name in sample ? [[name, sample[name]]] : [])));
    const texts = new Set(typed.filter((field) => field.numeric).map((field) => field.name));
    const expected = Object.fromEntries(
      Object.entries(part).map(([name, value]) => [name, texts.has(name) ? written(value) : value]),
    );
    assert.deepEqual(inputOf(typed, written(part)), expected, one.id);
    count += Object.keys(part).length;
  }
  assert.ok(count > 1000, `only ${count} fields were compared`);
});

test('empty fields are left out; a list may be one text', () => {
  const fields = formOf(entry('bridge.findOrCreateContact'));
  const values = { email: 'a@shop.test', firstName: '', tags: 'vip, course\n new ', overwrite: 'true', fields: [] };
  assert.deepEqual(inputOf(fields, values), {
    email: 'a@shop.test',
    tags: ['vip', 'course', 'new'],
    overwrite: true,
  });
  const rows = {
    email: 'a@shop.test',
    fields: [
      { name: 'Size', value: 'XL' },
      { name: '', value: 'lost' },
    ],
  };
  assert.deepEqual(inputOf(fields, rows), { email: 'a@shop.test', fields: { Size: 'XL' } });
});

test('what can’t be read is named, all of it at once', () => {
  const fields = formOf(entry('bridge.createBuyLink'));
  assert.throws(
    () => inputOf(fields, { productId: '5', amount: 'much', payments: 'few' }),
    ({ code, fields: problems }) => {
      assert.equal(code, 'invalid_input');
      assert.deepEqual(problems.map(({ path }) => path).sort(), ['amount', 'payments']);
      return true;
    },
  );
});

test('the connection’s own fields are not required; secrets are marked', () => {
  const location =
    fieldOf('ghl.contacts.createContact', 'locationId') ?? fieldOf('ghl.contacts.searchContactsAdvanced', 'locationId');
  if (location) assert.deepEqual([location.connected, location.required], [true, false]);
  const connected = entries.flatMap((one) => formOf(one).filter((field) => field.connected));
  assert.ok(connected.length > 100);
  assert.ok(connected.every((field) => !field.required));
});

test('choices: tags, workflows, users, calendars, products, custom fields come from the services', async () => {
  const sources = {
    tags: fieldOf('ghl.contacts.addTags', 'tags').choices,
    workflow: fieldOf('bridge.addToWorkflow', 'workflow').choices,
    user: fieldOf('bridge.bookAppointment', 'assignedTo').choices,
    product: fieldOf('digistore24.onPayment', 'productIds').choices,
    field: fieldOf('ghl.contacts.createContact', 'customFields').fields.find(({ name }) => name === 'id').choices,
  };
  sandbox.story({
    products: [
      { id: '551204', name: 'Course' },
      { id: '551377', name: 'Book' },
    ],
  });
  await plugin.ghl.locations.createTag({ name: 'vip' });
  await plugin.ghl.locations.createCustomField({ name: 'Shoe size', dataType: 'TEXT', model: 'contact' });
  const labels = {};
  for (const [name, source] of Object.entries(sources)) {
    const choices = await loadChoices(plugin, source);
    assert.ok(choices.length > 0, name);
    assert.ok(
      choices.every(({ value, label }) => value !== '' && label !== ''),
      name,
    );
    labels[name] = choices.map(({ label }) => label);
  }
  assert.ok(labels.tags.includes('vip'));
  assert.ok(labels.field.includes('Shoe size'));
});

test('choices that depend on another field: the stages of the chosen pipeline, none before', async () => {
  const { pipelines } = await plugin.ghl.opportunities.getPipelines({});
  const [pipeline] = pipelines;
  const stage = entries
    .flatMap((one) => formOf(one))
    .find(
      (field) => field.choices?.items === 'pipelines.stages' && field.choices.where['pipelines.id'] === 'pipelineId',
    );
  assert.deepEqual(await loadChoices(plugin, stage.choices), []);
  const choices = await loadChoices(plugin, stage.choices, { pipelineId: pipeline.id });
  assert.deepEqual(
    choices,
    pipeline.stages.map(({ id, name }) => ({ value: id, label: name })),
  );
  assert.deepEqual(await loadChoices(plugin, stage.choices, { pipelineId: 'another' }), []);
});

test('choices over several pages, each once, up to a limit', async () => {
  const source = fieldOf('digistore24.onPayment', 'productIds').choices;
  const all = await loadChoices(plugin, source);
  assert.equal(new Set(all.map(({ value }) => value)).size, all.length);
  assert.deepEqual(await loadChoices(plugin, source, {}, { limit: 1 }), all.slice(0, 1));
});
