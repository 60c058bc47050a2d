// The catalog's data: well-formed, complete, and its samples fit its own schemas.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { pathNames, readCatalog, refsIn } from '../../scripts/conformance/catalog.mjs';

const root = new URL('../../', import.meta.url);
const files = readCatalog();
const operations = files.flatMap(({ data, name }) =>
  data.operations.map((operation) => ({ name, file: data, operation })),
);

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
addFormats(ajv);
ajv.addVocabulary(['x-choices', 'x-connection', 'x-secret']);

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
    follow(data.operations);
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
const skip = byId.has('ghl.workflows.getWorkflow') ? false : "the catalog lacks most of HighLevel's operations";
test('an action for people calls operations that exist, by fields that they have', { skip }, () => {
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
    for (const path of [paging.items, paging.total, paging.count, ...Object.values(paging.cursor ?? {})].filter(
      Boolean,
    )) {
      let node = operation.output;
      for (const key of path.split('.')) {
        if (node?.$ref) node = file.$defs[node.$ref.slice('#/$defs/'.length)];
        node = node?.properties?.[key];
      }
      assert.ok(node, `${id}: the answer has no ${path}`);
    }
  }
});

for (const { operation, file } of operations) {
  test(`sample of ${operation.id}`, () => {
    const { input, output, sample } = operation;
    const given = structuredClone(sample.input);
    for (const [name, property] of Object.entries(input.properties)) {
      if (property['x-connection'] && !(name in given)) given[name] = 'hT4nQ8vLxR2mK7pWz3Ds';
    }
    fits(whole(file, input), given, `${operation.id} input`);
    fits(whole(file, output), sample.output, `${operation.id} output`);
    fits(strict(whole(file, output)), sample.output, `${operation.id} output, names`);
  });
}

test('mail addresses and web addresses in samples belong to nobody', () => {
  for (const { operation } of operations) {
    const text = JSON.stringify(operation.sample);
    for (const [, host] of text.matchAll(/(?:@|https?:\/\/)([\p{L}\d.-]+)/gu)) {
      assert.match(host, /(^|\.)example\.(com|org|net)$|\.(test|example|invalid)$/, `${operation.id}: ${host}`);
    }
  }
});
