// The filters of the search for contacts: what HighLevel would refuse is refused here, with its path; custom fields by name.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { callsSince, contactOf, email, field, fieldsOf, mark, plugin, sandbox } from './bridge-support.mjs';
import { failureOf } from './support.mjs';

beforeEach(() => sandbox.configure({ searchLagMs: 0 }));

const search = (input) => plugin.ghl.contacts.searchContactsAdvanced({ pageLimit: 10, ...input });
const found = async (...filters) => (await search({ filters })).contacts.length;

test('filters and groups of filters', async () => {
  await contactOf({ city: 'Graz', tags: ['vip'] });
  const [graz, vip, wien] = [
    { field: 'city', operator: 'eq', value: 'Graz' },
    { field: 'tags', operator: 'contains', value: 'vip' },
    { field: 'city', operator: 'eq', value: 'Wien' },
  ];
  assert.equal(await found(graz, vip), 1);
  assert.equal(await found(graz, wien), 0);
  assert.equal(await found({ group: 'OR', filters: [wien, { group: 'AND', filters: [graz, vip] }] }), 1);
  assert.equal(await found({ field: 'email', operator: 'eq', value: email }), 1);
  assert.equal(await found({ field: 'phone', operator: 'not_exists' }), 1);
  assert.equal(
    await found({ field: 'dateAdded', operator: 'range', value: { gte: '2020-01-01', lt: '2100-01-01' } }),
    1,
  );
});

test('what the service would refuse is refused before it is asked, with its path', async () => {
  const from = mark();
  const inGroup = (filter) => [{ group: 'OR', filters: [{ field: 'city', operator: 'exists' }, filter] }];
  for (const [input, path, problem] of [
    [{ filters: [{ field: 'email', operator: 'contains', value: 'a' }] }, 'filters[0].operator', /eq.*not_eq/],
    [{ filters: [{ field: 'city', operator: 'range', value: 'a' }] }, 'filters[0].operator', /must be one of/],
    [{ filters: [{ field: 'dateAdded', operator: 'eq', value: 'a' }] }, 'filters[0].operator', /range/],
    [
      { filters: [{ field: 'dateAdded', operator: 'range', value: { from: 1 } }] },
      'filters[0].value.from',
      /not a field/,
    ],
    [{ filters: [{ field: 'city', operator: 'eq' }] }, 'filters[0].value', /required/],
    [{ filters: [{ field: 'city', operator: 'eq', value: 'x'.repeat(76) }] }, 'filters[0].value', /at most 75/],
    [
      { filters: inGroup({ field: 'email', operator: 'range', value: 'a' }) },
      'filters[0].filters[1].operator',
      /one of/,
    ],
    [{ filters: [{ field: 'ctiy', operator: 'eq', value: 'a' }] }, 'filters[0].field', /one of/],
    [{ filters: [{ group: 'XOR', filters: [] }] }, 'filters[0].group', /AND/],
    [{ sort: [{ field: 'city', direction: 'asc' }] }, 'sort[0].field', /one of/],
    [{ sort: ['email', 'source', 'dnd'].map((name) => ({ field: name, direction: 'asc' })) }, 'sort', /at most 2/],
    [{ query: 'x'.repeat(76) }, 'query', /at most 75/],
  ]) {
    const error = await failureOf(search(input));
    assert.equal(error.code, 'invalid_input', path);
    assert.match(fieldsOf(error)[path] ?? '', problem, `${path}: ${JSON.stringify(error.fields)}`);
  }
  assert.deepEqual(callsSince(from), []);
});

test('custom fields by name, key or id; what their kind can be asked', async () => {
  const level = await field('Level', 'TEXT');
  const amount = await field('DS24 Amount', 'NUMERICAL');
  await contactOf({
    customFields: [
      { id: level, field_value: 'gold' },
      { id: amount, field_value: 97 },
    ],
  });
  for (const name of ['Level', 'level', 'contact.level', level]) {
    assert.equal(await found({ field: `customFields.${name}`, operator: 'eq', value: 'gold' }), 1, name);
  }
  const { body } = sandbox.requests().at(-1);
  assert.equal(body.filters[0].field, `customFields.${level}`);
  const range = { field: 'customFields.DS24 Amount', operator: 'range', value: { gte: 90 } };
  assert.equal(await found({ group: 'OR', filters: [{ field: 'city', operator: 'exists' }, range] }), 1);

  const wrong = await failureOf(search({ filters: [{ ...range, operator: 'contains', value: '9' }] }));
  assert.match(fieldsOf(wrong)['filters[0].operator'], /range, eq/);
  const unknown = await failureOf(search({ filters: [{ ...range, field: 'customFields.Levle' }] }));
  assert.match(fieldsOf(unknown)['filters[0].field'], /did you mean Level\?/);
});
