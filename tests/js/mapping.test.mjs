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

const sale = {
  event: 'on_payment',
  merchant_id: '777',
  order_id: 'Z1',
  order_item_id: '1',
  product_id: '512345',
  product_name: 'Kurs',
  transaction_id: '9001',
  transaction_amount: '1234567.50',
  transaction_currency: 'EUR',
  transaction_date: '2026-07-01',
  transaction_time: '01:30:00',
  buyer_id: '42',
  email: 'a@example.com',
};

/** What these texts come to, as custom fields of a sale. */
async function filled(own) {
  const plugin = await createPlugin({
    mapping: { customFields: { own } },
    digistore24: { apiKey: 'no-key' },
    highlevel: { auth: { kind: 'private-integration', token: 'pit-test' }, locationId: 'loc1' },
  });
  const { steps } = await plugin.sync.plan({ raw: sale });
  await plugin.close();
  return steps.find((step) => step.do.createContact).do.createContact.custom;
}

test('amounts are written as the languages have it: Intl says the same', async () => {
  const table = /Languages: `([^`]+)`/.exec(readFileSync(path('docs/mapping.md'), 'utf8'))[1].split(' ');
  assert.ok(table.length > 20);
  const own = Object.fromEntries(
    table.flatMap((language) => [[`${language}_big`, `{{money.gross | money: ${language}}}.`]]),
  );
  const custom = await filled(own);
  for (const language of table) {
    const right = new Intl.NumberFormat(language, { minimumFractionDigits: 2 }).format(1234567.5);
    // Swiss data have both apostrophes.
    const plain = (text) => text.replaceAll('’', "'");
    assert.equal(plain(custom[`${language}_big`]), plain(`${right}.`), language);
  }
});

test('dates are told in any zone that the host knows; another one is a mistake of the mapping', async () => {
  const zones = ['America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'UTC', 'Europe/Berlin'];
  const own = Object.fromEntries(zones.map((zone) => [zone, `{{occurredAt | date: "DD/MM/YYYY HH:mm", ${zone}}}`]));
  const custom = await filled(own);
  const moment = new Date('2026-06-30T23:30:00Z');
  for (const timeZone of zones) {
    const right = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(moment);
    assert.equal(custom[timeZone], right.replace(',', ''), timeZone);
  }
  const plugin = await createPlugin();
  const note = { notes: { title: '{{occurredAt | date: Europe/Viena}} {{occurredAt | date: location}}' } };
  assert.deepEqual(await plugin.mapping.check(note), {
    ok: false,
    problems: [{ path: 'notes.title', problem: 'Europe/Viena is no time zone that is known here' }],
  });
  await plugin.close();
});

/** Every change of one place in a document: gone, misspelt, of another type. */
function* broken(document, path = []) {
  const at = path.reduce((value, name) => value[name], document);
  const changed = (change) => {
    const copy = structuredClone(document);
    const parent = path.slice(0, -1).reduce((value, name) => value[name], copy);
    change(parent, path.at(-1));
    return copy;
  };
  if (path.length > 0) {
    for (const value of [null, 7, -1.5, 'x', '', true, [], {}, ['x'], [7]]) {
      yield changed((parent, name) => {
        parent[name] = value;
      });
    }
    if (typeof path.at(-1) === 'string') {
      yield changed((parent, name) => delete parent[name]);
      yield changed((parent, name) => {
        parent[`${name}x`] = parent[name];
        delete parent[name];
      });
    }
  }
  if (typeof at === 'object' && at !== null) {
    for (const name of Object.keys(at)) yield* broken(document, [...path, Array.isArray(at) ? Number(name) : name]);
  }
}

/** What no schema can say. */
const MEANING =
  /is no (field|filter|ready mapping)|at character|parameter|name of another playbook|consent\.confirmedField|time that can't be read|allowRefund|doesn't fit|needs a field|lacks what|no amount of its own/;

test('schema and plugin agree about every document that is broken in one place', async () => {
  const plugin = await createPlugin();
  let [refused, count] = [0, 0];
  for (const whole of [...examples('docs/mapping.md'), ...examples('docs/playbooks.md')]) {
    for (const mapping of broken(whole)) {
      count++;
      const { ok, problems } = await plugin.mapping.check(mapping);
      // Which parameters each ready playbook needs stands with the playbook.
      const isParameter = ({ path, problem }) => /\.with\.\w+$/.test(path) && problem === 'is required';
      const told = problems.filter((one) => !MEANING.test(one.problem) && !isParameter(one));
      // A name in `extends` is a file or a ready mapping: only the plugin knows which there are.
      assert.equal(
        isValid(mapping),
        told.length === 0,
        `${JSON.stringify(mapping)} ${JSON.stringify({ problems, errors: isValid.errors })}`,
      );
      if (!ok) refused++;
      for (const { path } of problems) assert.ok(path, JSON.stringify(problems));
    }
  }
  assert.ok(refused > 800 && count > refused, `${refused} of ${count}`);
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
