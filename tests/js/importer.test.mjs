// The importer: facts come from the specification, prose stays, and nothing changes twice.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { specsDir } from '../../scripts/conformance/catalog.mjs';
import { proposeAll } from '../../scripts/import/all.mjs';

const specs = specsDir();
const noSpecs = specs ? false : 'SKIPPED: no folder with the published specifications (set SPECS_DIR)';

test('the catalog is what the published specification proposes, to the letter', { skip: noSpecs }, async () => {
  const proposed = await proposeAll(join(specs, 'ghl'));
  assert.equal(proposed.length, 41);
  for (const { path, text, notes } of proposed) {
    assert.deepEqual(notes, [], basename(path));
    assert.equal(text, readFileSync(path, 'utf8'), `${basename(path)}: run npm run import:highlevel`);
  }
});

const schemas = {
  Thing: {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'Their words', example: 'Their example' },
      size: { type: 'number', nullable: true, default: 3 },
      parts: { type: 'array', items: { $ref: '#/components/schemas/Thing' } },
    },
    required: ['name'],
  },
};

const specification = () => ({
  openapi: '3.0.0',
  paths: {
    '/things/{thingId}': {
      put: {
        operationId: 'UPDATE-a-thing',
        parameters: [
          { name: 'Version', in: 'header', schema: { type: 'string', enum: ['2021-07-28'] } },
          { name: 'name', in: 'query', required: true, schema: { type: 'string' } },
          { name: 'fields', in: 'query', explode: false, schema: { type: 'array', items: { type: 'string' } } },
        ],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
        responses: {
          200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
        },
        security: [{ bearer: ['things.write'] }, { 'Location-Access': ['things.write'] }],
      },
    },
  },
  components: { schemas: structuredClone(schemas) },
});

/** A folder with one specification and one for the catalog. */
function workshop(t) {
  const folder = mkdtempSync(join(tmpdir(), 'importer-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [from, to] = [join(folder, 'specs'), join(folder, 'catalog')];
  for (const one of [from, to]) mkdirSync(one);
  const file = join(to, 'things.json');
  return {
    async run(document) {
      writeFileSync(join(from, 'things.json'), JSON.stringify(document));
      const [{ path, text, notes }] = await proposeAll(from, to);
      assert.equal(path, file);
      writeFileSync(file, text);
      return { data: JSON.parse(text), text, notes };
    },
    edit(change) {
      const data = JSON.parse(readFileSync(file, 'utf8'));
      change(data);
      writeFileSync(file, JSON.stringify(data));
    },
  };
}

test('an entry is made from the specification', async (t) => {
  const { data, notes } = await workshop(t).run(specification());
  assert.deepEqual(notes, []);
  const [operation] = data.operations;
  assert.equal(operation.id, 'ghl.things.updateAThing');
  assert.deepEqual(operation.scopes, ['things.write']);
  assert.deepEqual(
    [operation.kind, operation.effect, operation.retry, operation.tier],
    ['action', 'update', 'safe', 'all'],
  );
  // A parameter that is not declared, a name that stands in two places, a list in one value.
  assert.deepEqual(operation.input.required.toSorted(), ['name', 'nameQuery', 'thingId']);
  assert.deepEqual(operation.place, { nameQuery: 'query', fields: 'list' });
  assert.deepEqual(operation.wire, { nameQuery: 'name' });
  assert.deepEqual(operation.input.properties.size, { type: ['number', 'null'], default: 3 });
  // A type that contains itself, and refuses what it doesn't know where it is an input.
  assert.deepEqual(operation.output, { $ref: '#/$defs/Thing' });
  assert.deepEqual(operation.input.properties.parts.items, { $ref: '#/$defs/ThingInput' });
  assert.equal(data.$defs.ThingInput.additionalProperties, false);
  assert.equal(data.$defs.Thing.additionalProperties, undefined);
  assert.ok(!JSON.stringify(data).includes('Their'), 'no words of the specification');
});

test('prose stays, facts are refreshed, and a second run changes nothing', async (t) => {
  const { run, edit } = workshop(t);
  await run(specification());
  edit((data) => {
    const [operation] = data.operations;
    Object.assign(operation, { title: 'Change', description: 'Changes a thing.', paging: null });
    operation.sample = { input: { thingId: 't', name: 'a', nameQuery: 'b' }, output: {} };
    Object.assign(operation.input.properties.size, { title: 'Length', description: 'In metres.', minimum: 0 });
    data.$defs.Thing.properties.name.description = 'What it is called.';
    data.$defs.Thing.properties.found = { type: 'boolean' };
    operation.input.properties.invented = { type: 'string' };
    operation.scopes = [];
    operation.input.required = [];
  });
  const edited = await run(specification());
  const [operation] = edited.data.operations;
  assert.deepEqual([operation.title, operation.description], ['Change', 'Changes a thing.']);
  assert.equal(operation.sample.input.nameQuery, 'b');
  const size = { type: ['number', 'null'], title: 'Length', description: 'In metres.', default: 3, minimum: 0 };
  assert.deepEqual(operation.input.properties.size, size);
  assert.equal(edited.data.$defs.Thing.properties.name.description, 'What it is called.');
  assert.ok(edited.data.$defs.Thing.properties.found, 'more in an answer is welcome');
  assert.equal(operation.input.properties.invented, undefined, 'more in an input is not');
  assert.deepEqual(operation.scopes, ['things.write']);
  assert.ok(operation.input.required.includes('thingId'));
  assert.equal((await run(specification())).text, edited.text);

  const newer = specification();
  const put = newer.paths['/things/{thingId}'].put;
  Object.assign(newer.components.schemas.Thing.properties, { size: { type: 'string' }, colour: { enum: ['red'] } });
  put.deprecated = true;
  newer.paths['/things'] = { get: { ...put, operationId: 'list-things', requestBody: undefined, deprecated: false } };
  const { data } = await run(newer);
  const [changed, added] = data.operations;
  assert.deepEqual([changed.deprecated, changed.title], [true, 'Change']);
  assert.equal(changed.input.properties.size.type, 'string');
  assert.equal(changed.input.properties.size.title, 'Length');
  assert.deepEqual(changed.input.properties.colour.enum, ['red']);
  assert.deepEqual([added.id, added.kind], ['ghl.things.listThings', 'search']);

  const { data: fewer, notes } = await run(specification());
  assert.equal(fewer.operations.length, 1);
  assert.deepEqual(notes, ['ghl.things.listThings is not in the specification any more and was dropped']);
});
