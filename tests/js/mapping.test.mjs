import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { readMappingFile } from '../../pkg/dist/src/settings.js';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const schema = JSON.parse(readFileSync(path('pkg/dist/mapping.schema.json'), 'utf8'));
const isValid = new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false }).compile(
  schema,
);

/** The JSON examples of a document. */
const examples = (name) =>
  [...readFileSync(path(name), 'utf8').matchAll(/```json\n(.*?)```/gs)].map(([, text]) => JSON.parse(text));

test('every example in the documentation is right, by the schema and by the plugin', async () => {
  const plugin = await createPlugin();
  const all = [...examples('docs/mapping.md'), ...examples('docs/playbooks.md')];
  assert.ok(all.length >= 4);
  for (const mapping of all) {
    assert.ok(isValid(mapping), JSON.stringify(isValid.errors));
    assert.deepEqual(await plugin.mapping.check(mapping), { ok: true, problems: [] });
  }
  await plugin.close();
});

test('schema and plugin refuse the same', async () => {
  const plugin = await createPlugin();
  for (const mapping of [
    { tgas: {} },
    { notes: 'sometimes' },
    { playbooks: [{ use: 'duning' }] },
    { opportunity: {} },
    // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
    { playbooks: [{ name: 'a', when: { event: 'sale' }, then: [{ segment: 'x' }] }] },
  ]) {
    assert.ok(!isValid(mapping), JSON.stringify(mapping));
    assert.equal((await plugin.mapping.check(mapping)).ok, false);
  }
  const { problems } = await plugin.mapping.check({ playbooks: [{ use: 'duning' }] });
  assert.match(problems[0].problem, /did you mean dunning\?$/);
  await plugin.close();
});

test('createPlugin names mistakes of the mapping under its path', async () => {
  await assert.rejects(createPlugin({ mapping: { notes: { title: '{{buyer.nane}}' } } }), (error) => {
    assert.deepEqual(
      error.fields.map((field) => field.path),
      ['mapping.notes.title'],
    );
    return true;
  });
});

test('a file extends files beside it, and never in a circle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mapping-'));
  const file = (name, content) => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  file('base.json', { extends: 'minimal', tags: { prefix: 'a-' } });
  const own = file('own.json', { extends: './base.json', testOrders: 'ignore' });
  assert.deepEqual(readMappingFile(own), {
    extends: { extends: 'minimal', tags: { prefix: 'a-' } },
    testOrders: 'ignore',
  });
  const round = file('round.json', { extends: './round.json' });
  assert.throws(() => readMappingFile(round), { code: 'misconfigured' });
});
