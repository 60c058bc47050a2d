// What the wasm tells of the catalog is what stands in the files, after packing and unpacking.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { readCatalog, schemasOf } from '../../scripts/conformance/catalog.mjs';

const plugin = await createPlugin({ log: () => {} });
const listed = new Map(plugin.catalog.list().map((entry) => [entry.id, entry]));

/** A schema of the listing as the file has it: without what was added, and with the order of the properties. */
function asInFile(listedSchema, own, defs, seen = new Set()) {
  if (Array.isArray(own)) return own.map((one, i) => asInFile(listedSchema?.[i], one, defs, seen));
  if (own === null || typeof own !== 'object') return listedSchema;
  const { 'x-order': order, ...rest } = listedSchema ?? {};
  if (own.$ref && !seen.has(own.$ref)) {
    seen.add(own.$ref);
    const name = own.$ref.slice('#/$defs/'.length);
    const unpacked = asInFile(defs.listed?.[name], defs.own[name], defs, seen);
    assert.deepEqual(sortTypes(unpacked), sortTypes(plain(defs.own[name])), own.$ref);
  }
  if (own.properties) {
    const names = Object.keys(own.properties);
    if (names.length > 1) assert.deepEqual(order, names, 'the order of the properties');
    rest.properties = Object.fromEntries(
      Object.entries(rest.properties ?? {}).map(([name, schema]) => {
        const { title, ...untitled } = schema;
        assert.ok(title, `${name} has a title`);
        const source = own.properties[name];
        return [name, asInFile(source?.title ? schema : untitled, source, defs, seen)];
      }),
    );
  }
  for (const key of ['items', 'anyOf']) if (own[key]) rest[key] = asInFile(rest[key], own[key], defs, seen);
  if (typeof own.additionalProperties === 'object') {
    rest.additionalProperties = asInFile(rest.additionalProperties, own.additionalProperties, defs, seen);
  }
  if (own.required) {
    // In the order of the properties; and without what the connection fills in.
    const filled = Object.keys(own.properties).filter((name) => own.properties[name]['x-connection']);
    rest.required = [...(rest.required ?? []), ...own.required.filter((name) => filled.includes(name))].sort();
  }
  return rest;
}

/** Lists whose order says nothing, sorted; comments left out. */
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain);
  if (schema === null || typeof schema !== 'object') return schema;
  const copy = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$comment') continue;
    if (key === 'properties') copy[key] = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
    else if (key === 'required') copy[key] = [...value].sort();
    else if (['enum', 'examples', 'default', 'type', 'x-choices'].includes(key)) copy[key] = value;
    else copy[key] = plain(value);
  }
  return copy;
}

/** `["null", "string"]` and `["string", "null"]` are the same. */
const sortTypes = (value) =>
  JSON.parse(
    JSON.stringify(value, (key, inner) => (key === 'type' && Array.isArray(inner) ? [...inner].sort() : inner)),
  );

/** The listing has the schema of the file. */
function assertSchema(listedSchema, { file, schema }, what) {
  const { $defs, ...whole } = listedSchema;
  const defs = { listed: $defs, own: file.$defs ?? {} };
  assert.deepEqual(sortTypes(asInFile(whole, schema, defs)), sortTypes(plain(schema)), what);
}

const files = readCatalog();
for (const { name, data } of files) {
  test(`${name}: packed and unpacked`, () => {
    for (const {
      id,
      kind,
      tier,
      title,
      description,
      input,
      output,
      data: content,
      like,
      sample,
      ...facts
    } of data.triggers ?? []) {
      const entry = listed.get(id);
      assert.ok(entry, id);
      const schemas = schemasOf(id, files);
      assertSchema(entry.input, schemas.input, `${id} input`);
      assertSchema(entry.output, schemas.output, `${id} output`);
      assert.deepEqual([entry.kind, entry.tier, entry.description], [kind, tier, description], id);
      assert.equal(entry.title, title ?? entry.title);
      assert.equal(entry.like, undefined, 'the model is named in the file only');
      for (const [key, value] of Object.entries(facts)) assert.deepEqual(entry[key], value, `${id} ${key}`);
    }
    for (const operation of data.operations) {
      const entry = listed.get(operation.id);
      assert.ok(entry, operation.id);
      const { input, output, sample, title, ...facts } = operation;
      for (const [key, schema] of Object.entries({ input, output })) {
        if (!schema) continue;
        assertSchema(entry[key], { file: data, schema }, `${operation.id} ${key}`);
      }
      if (sample) assert.deepEqual(entry.sample, sample, `${operation.id} sample`);
      if (title) assert.equal(entry.title, title);
      assert.ok(entry.title, `${operation.id} has a title`);
      for (const [key, value] of Object.entries(facts)) {
        if (key === 'version' && value === '') assert.equal(entry.version, null);
        else assert.deepEqual(entry[key] ?? null, value, `${operation.id} ${key}`);
      }
      assert.equal(entry.service, data.service);
      assert.equal(entry.resource, data.resource);
    }
  });
}

test('nothing else is listed', () => {
  const inFiles = files.flatMap(({ data }) => [...data.operations, ...(data.triggers ?? [])]);
  assert.equal(listed.size, inFiles.length);
});

test('a brief list is the same without schemas and samples', () => {
  const brief = plugin.catalog.list({ brief: true });
  const whole = [...listed.values()].map(({ input, output, sample, ...head }) => head);
  assert.deepEqual(brief, whole);
});

test('every entry has all fields, whatever it is', () => {
  const fields =
    'id service kind tier resource title description method path version scopes effect retry paging input output sample deprecated';
  assert.ok(listed.size >= 770, `${listed.size} entries`);
  for (const entry of listed.values()) {
    for (const field of fields.split(' ')) assert.ok(field in entry, `${entry.id} has no ${field}`);
    assert.ok(entry.sample.input && 'output' in entry.sample, `${entry.id} has a sample of input and output`);
  }
});
