// The catalog's data: well-formed, complete, and its samples fit its own schemas.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { pathNames, readCatalog, refsIn } from '../../scripts/conformance/catalog.mjs';
import { mechanicalTitle } from '../../scripts/import/titles.mjs';

const root = new URL('../../', import.meta.url);
const files = readCatalog();
const operations = files.flatMap(({ data, name }) =>
  data.operations.map((operation) => ({ name, file: data, operation })),
);

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
addFormats(ajv);
ajv.addVocabulary(['x-choices', 'x-connection', 'x-secret']);

const locationId = 'hT4nQ8vLxR2mK7pWz3Ds';
const plugin = await createPlugin({
  highlevel: { auth: { kind: 'private-integration', token: 'pit-test' }, locationId },
  digistore24: { apiKey: '1-test' },
  fetch: () => assert.fail('a request was sent'),
  log: () => {},
});
after(() => plugin.close());
/** As a host sees them: with a sample, whether it is stored or made. */
const entries = new Map(plugin.catalog.list().map((entry) => [entry.id, entry]));

/** A schema of the file, together with the file's shared definitions. */
const whole = (file, schema) => ({ ...schema, $defs: file.$defs ?? {} });

/** The same schema, but an object may only have the properties that are named. Finds misspelt samples. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === 'examples' ? value : strict(value)]),
  );
  const isObject = schema.type === 'object' || (Array.isArray(schema.type) && schema.type.includes('object'));
  if (isObject && schema.properties && !('additionalProperties' in schema)) copy.additionalProperties = false;
  return copy;
}

function fits(schema, value, what) {
  const validate = ajv.compile(schema);
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors, { separator: '\n  ' })}`);
}

test('every file follows catalog/schema.json', () => {
  assert.ok(files.length > 0, 'no catalog files');
  const it = new Ajv2020({ allErrors: true, strictTypes: false, strictRequired: false });
  const validate = it.compile(JSON.parse(readFileSync(new URL('catalog/schema.json', root), 'utf8')));
  for (const { name, data } of files) {
    assert.ok(validate(data), `${name}: ${it.errorsText(validate.errors, { separator: '\n  ' })}`);
    assert.equal(name, `${data.service}/${data.resource}.json`);
  }
});

test('operation ids are unique and belong to their file', () => {
  const seen = new Set();
  assert.ok(operations.filter(({ file }) => file.service === 'ghl').length >= 576);
  for (const { operation, file } of operations) {
    assert.ok(!seen.has(operation.id), `${operation.id} stands twice`);
    seen.add(operation.id);
    if (file.service === 'ghl') assert.ok(operation.id.startsWith(`ghl.${file.resource}.`), operation.id);
    else if (operation.path) assert.equal(operation.path, `/api/call/${operation.id.slice('digistore24.'.length)}`);
  }
});

test('shared definitions are all there and all used', () => {
  for (const { name, data } of files) {
    const used = new Set();
    const follow = (value) => {
      for (const ref of refsIn(value)) {
        assert.ok(data.$defs?.[ref], `${name}: no definition ${ref}`);
        if (used.has(ref)) continue;
        used.add(ref);
        follow(data.$defs[ref]);
      }
    };
    follow([data.operations, data.triggers ?? []]);
    // The shape around the content of each event.
    if (data.triggers?.some((trigger) => trigger.data)) used.add('Event');
    assert.deepEqual(
      Object.keys(data.$defs ?? {}).filter((key) => !used.has(key)),
      [],
      `${name}: unused definitions`,
    );
  }
});

test('path parameters and places name input properties', () => {
  for (const { operation } of operations) {
    const { input, path, place = {} } = operation;
    for (const name of pathNames(path)) {
      assert.ok(input.properties[name], `${operation.id}: ${name} is not an input`);
      assert.ok(input.required?.includes(name), `${operation.id}: ${name} must be required`);
    }
    for (const name of Object.keys(place))
      assert.ok(input.properties[name], `${operation.id}: place of unknown ${name}`);
    for (const name of input.required ?? [])
      assert.ok(input.properties[name], `${operation.id}: required ${name} is unknown`);
  }
});

const byId = new Map(operations.map((one) => [one.operation.id, one]));
test('an action for people calls operations that exist, by fields that they have', () => {
  const takes = ({ operation, file }, path) => {
    let node = operation.input;
    for (const key of path.split('.')) {
      if (node?.$ref) node = file.$defs[node.$ref.slice('#/$defs/'.length)];
      node = node?.properties?.[key];
    }
    return node !== undefined;
  };
  for (const { operation } of operations.filter(({ file }) => file.service === 'bridge')) {
    const { id, calls, input, wire = {} } = operation;
    const called = calls.map((call) => byId.get(call) ?? assert.fail(`${id}: no ${call}`));
    for (const [name, path] of Object.entries(wire)) {
      assert.ok(input.properties[name], `${id}: wire of unknown ${name}`);
      assert.ok(
        called.some((one) => takes(one, path)),
        `${id}: nothing that it calls takes ${path}`,
      );
    }
    for (const [name, { 'x-choices': choices }] of Object.entries(input.properties)) {
      // What is filled by one of its own calls may be given by name: the program knows no other keys.
      if (!calls.includes(choices?.operation)) continue;
      assert.deepEqual([choices.value, choices.label], ['id', 'name'], `${id} ${name}`);
    }
  }
});

test('a page is reached through fields that exist', () => {
  for (const { operation, file } of operations) {
    const { paging, input, id } = operation;
    if (!paging) continue;
    const inputs = [paging.limit, paging.page, paging.size, paging.skip, ...Object.keys(paging.cursor ?? {})];
    if (paging.style === 'searchAfter') inputs.push('searchAfter');
    for (const name of inputs.filter(Boolean)) assert.ok(input.properties[name], `${id}: paging by unknown ${name}`);
    const size = input.properties[paging.limit ?? paging.size];
    if (paging.max) assert.equal(size.maximum, paging.max, `${id}: most rows of a page`);
    const items = nodeAt(operation.output, paging.items, file);
    assert.equal([items?.type].flat()[0], 'array', `${id}: ${paging.items} is no list`);
    for (const path of [paging.total, paging.count, ...Object.values(paging.cursor ?? {})].filter(Boolean))
      assert.ok(nodeAt(operation.output, path, file), `${id}: the answer has no ${path}`);
  }
});

/** The node at a dotted path, through lists; `.` is the node itself. */
function nodeAt(from, path, { $defs }) {
  const whole = (node) => (node?.$ref ? $defs[node.$ref.slice('#/$defs/'.length)] : node);
  let node = whole(from);
  for (const key of path.split('.').filter(Boolean)) {
    if (node?.type === 'array') node = whole(node.items);
    node = whole(node?.properties?.[key]);
  }
  return node;
}

test('a drop-down asks an operation that exists for values that it brings', () => {
  const byId = new Map(operations.map((one) => [one.operation.id, one]));
  let count = 0;
  const check = (fields, where) => {
    for (const [name, field] of Object.entries(fields ?? {})) {
      const at = `${where}.${name}`;
      const choices = field['x-choices'];
      if (choices) {
        count++;
        const { operation, file } = byId.get(choices.operation) ?? assert.fail(`${at}: no ${choices.operation}`);
        const items = nodeAt(operation.output, choices.items, file);
        const isMap = [items?.type].flat()[0] === 'object';
        if (!isMap) assert.equal(items?.type, 'array', `${at}: ${choices.items} is no list`);
        for (const path of [choices.value, choices.label])
          assert.ok(
            isMap ? /^\$(key|value)$|^\w+$/.test(path) : nodeAt(items.items, path, file),
            `${at}: an item has no ${path}`,
          );
        for (const [input, value] of Object.entries(choices.input ?? {}))
          fits(operation.input.properties[input] ?? assert.fail(`${at}: no ${input}`), value, at);
        for (const [input, beside] of Object.entries(choices.with ?? {})) {
          assert.ok(operation.input.properties[input], `${at}: ${choices.operation} takes no ${input}`);
          assert.ok(fields[beside], `${at}: there is no ${beside} beside it`);
        }
        for (const [path, beside] of Object.entries(choices.where ?? {})) {
          assert.ok(nodeAt(operation.output, path, file), `${at}: the answer has no ${path}`);
          assert.ok(fields[beside], `${at}: there is no ${beside} beside it`);
        }
        // Everything else that the list needs, the connection knows.
        for (const needed of operation.input.required ?? [])
          assert.ok(choices.with?.[needed] || operation.input.properties[needed]['x-connection'], `${at}: ${needed}`);
      }
      check(field.properties, at);
      check(field.items?.properties, at);
    }
  };
  for (const { operation } of operations) check(operation.input.properties, operation.id);
  for (const { data, name } of files)
    for (const [key, node] of Object.entries(data.$defs ?? {})) check(node.properties, `${name} ${key}`);
  assert.ok(count > 100, 'drop-downs');
});

for (const { operation, file } of operations) {
  test(`sample of ${operation.id}`, () => {
    const { input, output } = operation;
    const { sample } = entries.get(operation.id);
    if (operation.sample) assert.deepEqual(sample, operation.sample);
    fits(whole(file, input), filled(input, sample.input), `${operation.id} input`);
    fits(whole(file, output), sample.output, `${operation.id} output`);
    fits(strict(whole(file, output)), sample.output, `${operation.id} output, names`);
  });
}

/** An input with what the connection knows. */
function filled(schema, given) {
  const input = structuredClone(given);
  for (const [name, property] of Object.entries(schema.properties)) {
    if (property['x-connection']) input[name] ??= locationId;
  }
  return input;
}

test('every wrong variant of every sample is refused, and the field is named', async () => {
  let count = 0;
  for (const { operation, file } of operations) {
    const given = filled(operation.input, entries.get(operation.id).sample.input);
    for (const { at, what, input } of variants(operation.input, given, file.$defs ?? {})) {
      count++;
      const said = `${operation.id}, ${at} ${what}`;
      const error = await plugin.run(operation.id, input).then(
        () => assert.fail(`${said}: accepted`),
        (thrown) => thrown,
      );
      assert.equal(error.code, 'invalid_input', `${said}: ${error.message}`);
      assert.ok(
        error.fields.some(({ path }) => path === at),
        `${said}: only ${error.fields.map(({ path }) => path)}`,
      );
    }
  }
  assert.ok(count > 4000, `only ${count} variants`);
});

/** Each way to spoil one place of an input: a required field gone, one too many, a wrong type, a wrong value. */
function* variants(schema, whole, $defs) {
  function* spoil(node, value, at, put, isTop) {
    if (node.$ref) {
      yield* spoil({ ...$defs[node.$ref.slice('#/$defs/'.length)] }, value, at, put);
      return;
    }
    const types = [node.type].flat();
    const wrong = { string: 7, number: 'seven', integer: 'seven', boolean: 'yes', array: 'list', object: 'thing' }[
      types[0]
    ];
    if (!isTop && types.length === 1 && wrong !== undefined) yield { at, what: 'of a wrong type', input: put(wrong) };
    if (node.enum && typeof value === 'string') yield { at, what: 'not among the values', input: put('nonsense') };
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) {
        if (node.items) yield* spoil(node.items, item, `${at}[${i}]`, (one) => put(value.with(i, one)));
      }
    } else if (value && typeof value === 'object') {
      const below = (name) => (at ? `${at}.${name}` : name);
      for (const name of node.required ?? []) {
        const { [name]: _, ...rest } = value;
        const isFilledIn = isTop && node.properties[name]['x-connection'];
        if (!isFilledIn) yield { at: below(name), what: 'missing', input: put(rest) };
      }
      if (node.additionalProperties === false)
        yield { at: below('oddOne'), what: 'too many', input: put({ ...value, oddOne: 1 }) };
      for (const [name, one] of Object.entries(node.properties ?? {})) {
        if (name in value) yield* spoil(one, value[name], below(name), (inner) => put({ ...value, [name]: inner }));
      }
    }
  }
  yield* spoil(schema, whole, '', (value) => value, true);
}

test('titles that nobody gave are made from names, and stored ones say something else', () => {
  for (const { operation } of operations) {
    const { title, description, paging, input } = entries.get(operation.id);
    const plain = mechanicalTitle(operation.id.split('.').at(-1));
    assert.equal(title, operation.title ?? plain);
    assert.equal(description, operation.description ?? title);
    assert.deepEqual(paging, operation.paging ?? null);
    for (const [name, field] of Object.entries(input.properties)) {
      assert.equal(
        field.title,
        operation.input.properties[name].title ?? mechanicalTitle(name),
        `${operation.id} ${name}`,
      );
    }
    if (operation.id.startsWith('ghl.')) assert.notEqual(operation.title, plain, operation.id);
  }
});

test('mail addresses and web addresses in samples belong to nobody', () => {
  for (const { operation } of operations) {
    const text = JSON.stringify(entries.get(operation.id).sample);
    for (const [, host] of text.matchAll(/(?:@|https?:\/\/)([\p{L}\d.-]+)/gu)) {
      assert.match(host, /(^|\.)example\.(com|org|net)$|\.(test|example|invalid)$/, `${operation.id}: ${host}`);
    }
  }
});
