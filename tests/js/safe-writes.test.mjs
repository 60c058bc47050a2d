// Writes of whole contacts that lose nothing, against the sandbox: tags stay, custom fields arrive, and what HighLevel
// didn't take is told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LOCATION_ID } from '../../pkg/dist/sandbox/index.js';
import {
  callsSince,
  contactOf,
  email,
  field,
  fieldsOf,
  mark,
  only,
  plugin,
  sandbox,
  state,
} from './bridge-support.mjs';
import { failureOf } from './support.mjs';

const contacts = () => plugin.ghl.contacts;
const allowDuplicates = () =>
  sandbox.configure({ locations: { [DEFAULT_LOCATION_ID]: { allowDuplicateContact: true } } });

describe('tags in a body', () => {
  test('are refused where they would replace the others, and the way out is named', async () => {
    const contactId = await contactOf({ tags: ['vip'] });
    const from = mark();
    for (const work of [
      contacts().updateContact({ contactId, tags: ['new'] }),
      contacts().upsertContact({ email, tags: ['new'] }),
      contacts().upsertContact({ email, tags: ['new'], replaceTags: false }),
    ]) {
      const error = await failureOf(work);
      assert.equal(error.code, 'invalid_input');
      assert.match(fieldsOf(error).tags, /addTags.*replaceTags: true/);
    }
    assert.deepEqual(callsSince(from), []);
    assert.deepEqual(only().tags, ['vip']);
  });

  test('replace the others where that is said, and the word for it is not sent', async () => {
    const contactId = await contactOf({ tags: ['vip'] });
    await contacts().updateContact({ contactId, tags: ['New'], replaceTags: true });
    assert.deepEqual(only().tags, ['new']);
    assert.deepEqual(Object.keys(sandbox.requests().at(-1).body), ['tags']);
    await contacts().updateContact({ contactId, city: 'Graz' });
    assert.deepEqual(only().tags, ['new']);
  });
});

describe('warnings', () => {
  test('there are none where HighLevel only writes things in its own form', async () => {
    const { warnings } = await contacts().createContact({
      email: 'AYSE.Demir@Shop.test',
      phone: '030 1234567',
      firstName: 'Ayşe',
      dateOfBirth: '09/25/1990',
      tags: ['VIP '],
      timezone: 'Europe/Vienna',
      dnd: false,
      customFields: [{ id: await field('Note', 'TEXT'), field_value: 'x' }],
    });
    assert.deepEqual(warnings, []);
  });

  test('name what upsert left out, and repeat no value', async () => {
    await contactOf({ phone: '+49301111111' });
    await contacts().createContact({ email: 'other@shop.test', phone: '+49302222222' });
    const answer = await contacts().upsertContact({ email, phone: '+49302222222', gender: 'female', city: 'Graz' });
    assert.deepEqual(answer.warnings, [
      { path: 'phone', problem: 'changed' },
      { path: 'gender', problem: 'dropped' },
    ]);
    assert.equal(answer.contact.city, 'Graz');
  });

  test('name a custom field that was dropped', async () => {
    const id = await field('Level', 'RADIO', ['Gold']);
    const contactId = await contactOf();
    const customFields = [{ id, field_value: 'Bronze' }];
    const { warnings } = await contacts().updateContact({ contactId, customFields });
    assert.deepEqual(warnings, [{ path: 'customFields[0]', problem: 'dropped' }]);
  });
});

describe('custom fields', () => {
  test('by id, key or name, with values as people write them', async () => {
    const ids = {
      date: await field('Paid until', 'DATE'),
      money: await field('Amount', 'MONETORY'),
      box: await field('Topics', 'CHECKBOX', ['Roses', 'Herbs']),
      level: await field('Level', 'RADIO', ['Gold', 'Silver']),
    };
    const customFields = [
      { name: 'paid UNTIL', value: '24.12.2026' },
      { key: 'contact.amount', value: '1.234,50' },
      { key: 'topics', value: 'roses, herbs' },
      { id: ids.level, value: 'gold' },
    ];
    const { contact, warnings } = await contacts().createContact({ email, customFields });
    const values = Object.fromEntries(contact.customFields.map(({ id, value }) => [id, value]));
    assert.deepEqual(values, {
      [ids.date]: '2026-12-24',
      [ids.money]: 1234.5,
      [ids.box]: ['Roses', 'Herbs'],
      [ids.level]: 'Gold',
    });
    assert.deepEqual(warnings, []);
    await contacts().upsertContact({ email, customFields: [{ name: 'Level', value: null }] });
    assert.equal(only().fields['contact.level'] ?? only().fields.level, undefined);
  });

  test('that are unknown or have no such value are named before anything is sent', async () => {
    await field('Level', 'RADIO', ['Gold', 'Silver']);
    await field('Paid until', 'DATE');
    const contactId = await contactOf();
    const put = (customFields) => failureOf(contacts().updateContact({ contactId, customFields }));
    const from = mark();
    const wrong = await put([
      { name: 'Level', value: 'Bronze' },
      { name: 'Paid until', value: 'soon' },
    ]);
    assert.deepEqual(fieldsOf(wrong), {
      'customFields[0].value': 'must be one of: Gold, Silver',
      'customFields[1].value': 'must be a date such as 2026-11-23',
    });
    const unknown = await put([{ key: 'levle', value: 'Gold' }]);
    assert.match(fieldsOf(unknown)['customFields[0].key'], /did you mean/);
    assert.ok(callsSince(from).every((call) => call.startsWith('GET ')));
  });
});

describe('an e-mail address and a phone number of two contacts', () => {
  const phone = '+49302222222';
  const setUp = async () => [
    await contactOf({ lastName: 'Demir' }),
    (await contacts().createContact({ email: 'other@shop.test', phone })).contact.id,
  ];
  const write = (onConflict) =>
    plugin.bridge.findOrCreateContact({ email, phone, city: 'Graz', ...(onConflict && { onConflict }) });

  for (const policy of [undefined, 'email']) {
    test(`${policy ?? 'no policy'}: the address counts, the number is left out with a note`, async () => {
      const [byEmail] = await setUp();
      const { contactId, notes, contact } = await write(policy);
      assert.deepEqual([contactId, contact.phone ?? null, contact.city], [byEmail, null, 'Graz']);
      assert.match(notes[0], /phone number belongs to another contact/);
    });
  }

  test('phone: the contact with the number is meant', async () => {
    const [byEmail, byPhone] = await setUp();
    const { contactId, notes, contact } = await write('phone');
    assert.deepEqual([contactId, contact.email, contact.city], [byPhone, 'other@shop.test', 'Graz']);
    assert.match(notes[0], new RegExp(`e-mail address belongs to another contact.*${byEmail}`));
  });

  test('refuse: nothing is changed', async () => {
    const [, byPhone] = await setUp();
    const from = mark();
    const error = await failureOf(write('refuse'));
    assert.deepEqual([error.code, error.existingId], ['conflict', byPhone]);
    assert.ok(callsSince(from).every((call) => call.startsWith('GET ')));
  });

  test('create: a new contact where the location allows it, else the error names the other', async () => {
    const [byEmail] = await setUp();
    const error = await failureOf(write('create'));
    assert.deepEqual([error.code, error.existingId], ['duplicate', byEmail]);
    allowDuplicates();
    const { contactId, created } = await write('create');
    assert.ok(created && contactId !== byEmail);
    assert.equal(state().contacts.length, 3);
  });

  test('a number of nobody is no conflict', async () => {
    const contactId = await contactOf();
    for (const policy of ['phone', 'refuse', 'create']) {
      const answer = await plugin.bridge.findOrCreateContact({ email, phone: '+49303333333', onConflict: policy });
      assert.deepEqual([answer.contactId, answer.created, answer.notes], [contactId, false, []], policy);
    }
  });
});

test('a refused second opportunity says which one there is', async () => {
  const contactId = await contactOf();
  const { pipelines } = await plugin.ghl.opportunities.getPipelines();
  const deal = { pipelineId: pipelines[0].id, contactId, name: 'Course', status: 'open' };
  const { opportunity } = await plugin.ghl.opportunities.createOpportunity(deal);
  const error = await failureOf(plugin.ghl.opportunities.createOpportunity({ ...deal, name: 'Second' }));
  assert.deepEqual([error.code, error.existingId], ['duplicate', opportunity.id]);
  assert.match(error.help, /existingId/);
});
