import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  DEFAULT_API_KEY,
  DEFAULT_TOKEN,
  labelled,
  DEFAULT_LOCATION_ID as locationId,
  READONLY_API_KEY,
  retryWait,
  signature,
  signed,
  startSandbox,
  ungrouped,
  withoutProducts,
} from '../../pkg/dist/sandbox/index.js';

let now = Date.parse('2026-11-23T10:00:00Z');
const sandbox = await startSandbox({ clock: () => now });

after(() => sandbox.close());
beforeEach(() => sandbox.reset());

/** Calls HighLevel; `token` and `version` can be left out or changed. */
async function ghl(method, path, body, { token = DEFAULT_TOKEN, version = '2021-07-28', base = sandbox } = {}) {
  const headers = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (version) headers.version = version;
  const response = await fetch(base.highlevelUrl + path, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Calls Digistore24 with a POST form. */
async function ds24(name, args = {}, key = DEFAULT_API_KEY) {
  const response = await fetch(`${sandbox.digistore24Url}/api/call/${name}`, {
    method: 'POST',
    headers: key ? { 'x-ds-api-key': key } : {},
    body: new URLSearchParams(args),
  });
  assert.equal(response.status, 200);
  return response.json();
}

async function newContact(fields = {}) {
  const { status, body } = await ghl('POST', '/contacts/', { locationId, email: 'ada@example.com', ...fields });
  assert.equal(status, 201, JSON.stringify(body));
  return body.contact;
}

const triggers = () =>
  sandbox.state().triggers.map(({ trigger, detail }) => (detail.tag ? `${trigger}:${detail.tag}` : trigger));

describe('HighLevel: who may call', () => {
  test('a missing or unknown token is 401', async () => {
    for (const token of ['', 'pit-unknown', 'constructor']) {
      const { status, body } = await ghl('GET', '/contacts/x', undefined, { token });
      assert.equal(status, 401);
      assert.equal(body.message, 'Invalid JWT');
    }
  });

  test('the Version header must be there and be known', async () => {
    const missing = await ghl('GET', '/contacts/x', undefined, { version: '' });
    assert.deepEqual([missing.status, missing.body.message], [401, 'version header was not found.']);
    const unknown = await ghl('GET', '/contacts/x', undefined, { version: '1999-01-01' });
    assert.deepEqual([unknown.status, unknown.body.message], [401, 'version header is invalid']);
  });

  test('a missing scope is 401, a foreign location 403', async () => {
    sandbox.configure({
      tokens: { reader: { scopes: ['contacts.readonly'] }, elsewhere: { locations: ['other'] } },
    });
    const scope = await ghl('POST', '/contacts/', { locationId }, { token: 'reader' });
    assert.deepEqual([scope.status, scope.body.message], [401, 'The token is not authorized for this scope.']);
    const place = await ghl('POST', '/contacts/', { locationId }, { token: 'elsewhere' });
    assert.deepEqual([place.status, place.body.message], [403, 'The token does not have access to this location.']);
  });

  test('rate headers are on every answer, and the burst window is real', async () => {
    sandbox.configure({ burstLimit: 2, dailyLimit: 4 });
    const first = await ghl('GET', '/contacts/x');
    assert.equal(first.headers.get('x-ratelimit-max'), '2');
    assert.equal(first.headers.get('x-ratelimit-remaining'), '1');
    assert.equal(first.headers.get('x-ratelimit-limit-daily'), '4');
    assert.equal(first.headers.get('x-ratelimit-daily-remaining'), '3');
    assert.equal(first.headers.get('x-ratelimit-interval-milliseconds'), '10000');
    await ghl('GET', '/contacts/x');
    const third = await ghl('GET', '/contacts/x');
    assert.equal(third.status, 429);
    assert.equal(third.body.message, 'Too Many Requests');
    assert.equal(third.headers.get('x-ratelimit-remaining'), '0');
    now += 10_001;
    assert.equal((await ghl('GET', '/contacts/x')).status, 400);
    await ghl('GET', '/contacts/x');
    now += 10_001;
    const spent = await ghl('GET', '/contacts/x');
    assert.deepEqual([spent.status, spent.headers.get('x-ratelimit-daily-remaining')], [429, '0']);
  });
});

describe('HighLevel: contacts', () => {
  test('a body is checked strictly', async () => {
    const contact = await newContact();
    const extra = await ghl('POST', `/contacts/${contact.id}/notes`, { body: 'hello', locationId });
    assert.equal(extra.status, 422);
    assert.deepEqual(extra.body.message, ['property locationId should not exist']);
    assert.ok(extra.body.traceId);
    const wrong = await ghl('POST', `/contacts/${contact.id}/tasks`, { title: 7, dueDate: 'soon' });
    assert.deepEqual(wrong.body.message.sort(), [
      'completed must be a boolean value',
      'completed should not be empty',
      'dueDate must be a valid ISO 8601 date string',
      'title must be a string',
    ]);
    const update = await ghl('PUT', `/contacts/${contact.id}`, { companyName: 'Sample' });
    assert.deepEqual(update.body.message, ['property companyName should not exist']);
  });

  test('what is not there is 400', async () => {
    const { status, body } = await ghl('GET', '/contacts/nobody');
    assert.deepEqual([status, body.message], [400, 'Contact with id nobody not found']);
  });

  test('a duplicate is refused with the id of the contact that is there', async () => {
    const contact = await newContact({ firstName: 'Ada', phone: '+49 30 23125 001' });
    const email = await ghl('POST', '/contacts/', { locationId, email: ' ADA@example.com ' });
    assert.equal(email.status, 400);
    assert.equal(email.body.message, 'This location does not allow duplicated contacts.');
    assert.deepEqual(email.body.meta, { contactId: contact.id, contactName: 'Ada', matchingField: 'email' });
    const phone = await ghl('POST', '/contacts/', { locationId, email: 'b@example.com', phone: '030 23125001' });
    assert.equal(phone.body.meta.matchingField, 'phone');
    sandbox.configure({ allowDuplicateContact: true });
    assert.equal((await ghl('POST', '/contacts/', { locationId, email: 'ada@example.com' })).status, 201);
  });

  test('upsert follows the priority and ignores the field of another silently', async () => {
    const a = await newContact({ email: 'a@example.com' });
    const b = await newContact({ email: 'b@example.com', phone: '+493023125001' });
    const both = { locationId, email: 'a@example.com', phone: '+493023125001', firstName: 'Both' };
    const first = await ghl('POST', '/contacts/upsert', both);
    assert.deepEqual([first.body.new, first.body.contact.id, first.body.contact.phone], [false, a.id, undefined]);
    sandbox.configure({ duplicatePriority: 'phone' });
    const second = await ghl('POST', '/contacts/upsert', both);
    assert.deepEqual([second.body.contact.id, second.body.contact.email], [b.id, 'b@example.com']);
    const more = { ...both, createNewIfDuplicateAllowed: true };
    assert.equal((await ghl('POST', '/contacts/upsert', more)).body.new, false);
    sandbox.configure({ allowDuplicateContact: true });
    assert.equal((await ghl('POST', '/contacts/upsert', more)).body.new, true);
  });

  test('a bad phone number is refused, as the settings say', async () => {
    const bad = { locationId, phone: 'call me' };
    assert.equal((await ghl('POST', '/contacts/', bad)).status, 422);
    sandbox.configure({ invalidPhoneStatus: 400 });
    assert.equal((await ghl('POST', '/contacts/', bad)).status, 400);
  });

  test('search lags, the duplicate look-up does not', async () => {
    const contact = await newContact();
    const search = () => ghl('POST', '/contacts/search', { locationId, pageLimit: 10 });
    assert.equal((await search()).body.total, 0);
    const found = await ghl('GET', `/contacts/search/duplicate?locationId=${locationId}&email=ada%40example.com`);
    assert.equal(found.body.contact.id, contact.id);
    const none = await ghl('GET', `/contacts/search/duplicate?locationId=${locationId}&email=no%40example.com`);
    assert.equal(none.body.contact, null);
    now += 3000;
    assert.deepEqual(
      (await search()).body.contacts.map(({ id }) => id),
      [contact.id],
    );
    await ghl('PUT', `/contacts/${contact.id}`, { city: 'Köln' });
    assert.equal((await search()).body.contacts[0].city, null);
    await ghl('DELETE', `/contacts/${contact.id}`);
    assert.equal((await search()).body.total, 1);
    now += 3000;
    assert.equal((await search()).body.total, 0);
  });

  test('search filters, pages and needs its two properties', async () => {
    sandbox.configure({ searchLagMs: 0 });
    for (let i = 1; i <= 5; i += 1) {
      await newContact({ email: `p${i}@example.com`, tags: i % 2 ? ['odd'] : ['even'], city: `City ${i}` });
      now += 1000;
    }
    const missing = await ghl('POST', '/contacts/search', {});
    assert.equal(missing.status, 422);
    const search = async (filters, more = {}) => {
      const { body } = await ghl('POST', '/contacts/search', { locationId, pageLimit: 2, filters, ...more });
      return body;
    };
    const emails = ({ contacts }) => contacts.map(({ email }) => email[1]).join('');
    assert.equal((await search([{ field: 'tags', operator: 'contains', value: 'ODD' }])).total, 3);
    assert.equal((await search([{ field: 'email', operator: 'eq', value: 'p2@example.com' }])).total, 1);
    assert.equal((await search([{ field: 'phone', operator: 'exists' }])).total, 0);
    const range = { field: 'dateAdded', operator: 'range', value: { gte: now - 2000 } };
    assert.equal((await search([range])).total, 2);
    const either = [1, 3].map((n) => ({ field: 'city', operator: 'eq', value: `City ${n}` }));
    assert.equal((await search([{ group: 'OR', filters: either }])).total, 2);
    const page1 = await search([]);
    assert.equal(emails(page1), '54');
    const { searchAfter } = page1.contacts.at(-1);
    assert.equal(emails(await search([], { searchAfter })), '32');
    assert.equal(emails(await search([], { page: 3 })), '1');
  });

  test('deleted and merged contacts are gone; the winner inherits', async () => {
    const winner = await newContact({ email: 'w@example.com', tags: ['a'] });
    const loser = await newContact({ email: 'l@example.com', tags: ['b'] });
    await ghl('POST', `/contacts/${loser.id}/notes`, { body: 'inherited' });
    sandbox.mergeContacts(winner.id, loser.id);
    assert.equal((await ghl('GET', `/contacts/${loser.id}`)).status, 400);
    const [contact] = sandbox.state().contacts;
    assert.deepEqual([contact.tags, contact.notes[0].body], [['a', 'b'], 'inherited']);
    sandbox.deleteContact(winner.id);
    assert.deepEqual(sandbox.state().removedContacts, [
      { id: winner.id, reason: 'deleted' },
      { id: loser.id, reason: 'merged', mergedInto: winner.id },
    ]);
  });

  test('the deprecated list and the list by business', async () => {
    sandbox.configure({ createCompanies: true });
    await newContact({ email: '1@example.com', companyName: 'Sample GmbH' });
    await newContact({ email: '2@example.com', companyName: 'sample gmbh' });
    const list = await ghl('GET', `/contacts/?locationId=${locationId}&limit=1`);
    assert.deepEqual([list.body.contacts.length, list.body.meta.total], [1, 2]);
    const next = `/contacts/?locationId=${locationId}&limit=1&startAfterId=${list.body.meta.startAfterId}`;
    assert.equal((await ghl('GET', next)).body.contacts[0].email, '1@example.com');
    const [business, ...rest] = sandbox.state().businesses;
    assert.equal(rest.length, 0);
    const members = await ghl('GET', `/contacts/business/${business.id}?locationId=${locationId}`);
    assert.equal(members.body.count, 2);
  });
});

describe('HighLevel: tags, notes, tasks', () => {
  test('tags are stored in lower case; PUT and upsert replace them all', async () => {
    const contact = await newContact({ tags: [' Old ', 'KEEP'] });
    assert.deepEqual(contact.tags, ['old', 'keep']);
    const added = await ghl('POST', `/contacts/${contact.id}/tags`, { tags: ['New', 'keep'] });
    assert.equal(added.status, 201);
    assert.deepEqual(added.body.tagsAdded, ['new']);
    const removed = await ghl('DELETE', `/contacts/${contact.id}/tags`, { tags: ['OLD', 'never'] });
    assert.deepEqual([removed.body.tags, removed.body.tagsRemoved], [['keep', 'new'], ['old']]);
    const put = await ghl('PUT', `/contacts/${contact.id}`, { tags: ['Only'] });
    assert.deepEqual(put.body.contact.tags, ['only']);
    const upsert = await ghl('POST', '/contacts/upsert', { locationId, email: 'ada@example.com', tags: [] });
    assert.deepEqual(upsert.body.contact.tags, []);
  });

  test('bulk tags answer for each contact', async () => {
    const contact = await newContact({ tags: ['old'] });
    const contacts = [contact.id, 'nobody'];
    const { status, body } = await ghl('POST', '/contacts/bulk/tags/update/add', {
      contacts,
      tags: ['New'],
      locationId,
    });
    assert.deepEqual([status, body.errorCount], [201, 1]);
    assert.deepEqual(body.responses[0].tagsAdded, ['new']);
    assert.deepEqual(body.responses[0].oldTags, ['old']);
  });

  test('notes and tasks live and die', async () => {
    const { id } = await newContact();
    const { task } = (
      await ghl('POST', `/contacts/${id}/tasks`, { title: 'Call', dueDate: '2026-12-01T08:00:00Z', completed: false })
    ).body;
    const done = await ghl('PUT', `/contacts/${id}/tasks/${task.id}/completed`, { completed: true });
    assert.equal(done.body.task.completed, true);
    assert.equal((await ghl('PUT', `/contacts/${id}/tasks/${task.id}`, { body: 'more' })).body.task.body, 'more');
    assert.equal((await ghl('GET', `/contacts/${id}/tasks/${task.id}`)).body.task.title, 'Call');
    assert.equal((await ghl('GET', `/contacts/${id}/tasks`)).body.tasks.length, 1);
    assert.equal((await ghl('DELETE', `/contacts/${id}/tasks/${task.id}`)).body.succeded, true);
    const { note } = (await ghl('POST', `/contacts/${id}/notes`, { body: 'a', title: 'T' })).body;
    assert.equal((await ghl('PUT', `/contacts/${id}/notes/${note.id}`, { body: 'b' })).body.note.body, 'b');
    assert.equal((await ghl('GET', `/contacts/${id}/notes`)).body.notes.length, 1);
    assert.equal((await ghl('DELETE', `/contacts/${id}/notes/${note.id}`)).body.succeded, true);
    assert.equal((await ghl('GET', `/contacts/${id}/notes/${note.id}`)).status, 400);
  });

  test('the tasks of a location are searched', async () => {
    const business = await ghl('POST', '/businesses/', { name: 'Sample GmbH', locationId });
    const businessId = business.body.buiseness.id;
    const [one, two] = [await newContact(), await newContact({ email: 'bob@example.com' })];
    await ghl('POST', '/contacts/bulk/business', { locationId, ids: [two.id], businessId });
    const ids = {};
    for (const [contactId, title, more] of [
      [one.id, 'Call', { assignedTo: 'U1', body: 'About the invoice' }],
      [one.id, 'Write', { assignedTo: 'U2', completed: true }],
      [two.id, 'Visit', { assignedTo: 'U1' }],
    ]) {
      const body = { title, dueDate: '2026-12-01T08:00:00Z', completed: false, ...more };
      ids[title] = (await ghl('POST', `/contacts/${contactId}/tasks`, body)).body.task.id;
    }
    const path = `/locations/${locationId}/tasks/search`;
    const titles = async (body) => {
      const answer = await ghl('POST', path, body);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body.tasks.map(({ title }) => title).sort();
    };
    for (const [body, expected] of [
      [{}, ['Call', 'Visit', 'Write']],
      [{ contactId: [one.id] }, ['Call', 'Write']],
      [{ contactId: [one.id, two.id], completed: false }, ['Call', 'Visit']],
      [{ completed: true }, ['Write']],
      [{ assignedTo: ['U1'] }, ['Call', 'Visit']],
      [{ assignedTo: ['U1', 'U2'], contactId: [one.id] }, ['Call', 'Write']],
      [{ query: 'INVOICE' }, ['Call']],
      [{ query: 'vis' }, ['Visit']],
      [{ businessId }, ['Visit']],
      [{ contactId: ['nobody'] }, []],
    ]) {
      assert.deepEqual(await titles(body), expected, JSON.stringify(body));
    }
    const pages = [];
    for (let skip = 0; skip < 4; skip += 2) pages.push(await titles({ limit: 2, skip }));
    assert.deepEqual(
      pages.map(({ length }) => length),
      [2, 1],
    );
    assert.deepEqual(pages.flat().sort(), ['Call', 'Visit', 'Write']);
    const { tasks } = (await ghl('POST', path, { query: 'Call' })).body;
    assert.deepEqual(tasks, [(await ghl('GET', `/contacts/${one.id}/tasks/${ids.Call}`)).body.task]);

    const strict = await ghl('POST', path, { contactId: one.id, contactIds: [], limit: '25' });
    assert.equal(strict.status, 422);
    assert.deepEqual(strict.body.message.sort(), [
      'contactId must be an array',
      'limit must be a number conforming to the specified constraints',
      'property contactIds should not exist',
    ]);
    for (const body of [{ limit: 0 }, { skip: -1 }]) assert.equal((await ghl('POST', path, body)).status, 422);
    sandbox.configure({
      tokens: { tasks: { scopes: ['locations/tasks.readonly'] }, rest: { scopes: ['contacts.readonly'] } },
    });
    assert.equal((await ghl('POST', path, {}, { token: 'tasks' })).status, 200);
    assert.equal((await ghl('POST', path, {}, { token: 'rest' })).status, 401);

    for (let i = 0; i < 25; i += 1) {
      await ghl('POST', `/contacts/${one.id}/tasks`, { title: 'More', dueDate: '2026-12-01', completed: false });
    }
    assert.equal((await titles({})).length, 25, 'the limit where none is given');
    await ghl('DELETE', `/contacts/${one.id}`);
    assert.deepEqual(await titles({}), ['Visit'], 'the tasks of a deleted contact are gone');
  });
});

describe('HighLevel: the rest', () => {
  const fieldsPath = `/locations/${locationId}/customFields`;

  test('custom fields get a key, answer id and value, and unknown ones are dropped', async () => {
    const created = await ghl('POST', fieldsPath, { name: 'DS24 Order Id', dataType: 'TEXT' });
    assert.equal(created.status, 201);
    const { customField } = created.body;
    assert.equal(customField.fieldKey, 'contact.ds24_order_id');
    assert.equal((await ghl('POST', fieldsPath, { name: 'ds24_order_id', dataType: 'TEXT' })).status, 400);
    const contact = await newContact({
      customFields: [
        { id: customField.id, field_value: 'C74PNZH5' },
        { id: 'unknown', field_value: 'lost' },
      ],
    });
    assert.deepEqual(contact.customFields, [{ id: customField.id, value: 'C74PNZH5' }]);
    await ghl('PUT', `/contacts/${contact.id}`, { customFields: [{ key: 'ds24_order_id', field_value: 'X' }] });
    assert.deepEqual(sandbox.state().contacts[0].fields, { 'contact.ds24_order_id': 'X' });
    assert.equal(
      (await ghl('PUT', `${fieldsPath}/${customField.id}`, { name: 'Order' })).body.customField.name,
      'Order',
    );
    assert.equal((await ghl('GET', fieldsPath)).body.customFields.length, 1);
    assert.equal((await ghl('DELETE', `${fieldsPath}/${customField.id}`)).body.succeded, true);
  });

  test('one deal of a person in a pipeline, unless the location allows more', async () => {
    const { id: contactId } = await newContact();
    const { pipelines } = (await ghl('GET', `/opportunities/pipelines?locationId=${locationId}`)).body;
    const [pipeline] = pipelines;
    const deal = { pipelineId: pipeline.id, locationId, name: 'DS24 C74PNZH5', status: 'open', contactId };
    const first = await ghl('POST', '/opportunities/', deal);
    assert.equal(first.status, 201);
    const { id } = first.body.opportunity;
    const second = await ghl('POST', '/opportunities/', deal);
    assert.deepEqual(
      [second.status, second.body.code, second.body.meta.existingId],
      [400, 'OPPORTUNITY_NO_DUPLICATE', id],
    );
    sandbox.configure({ allowDuplicateOpportunity: true });
    assert.equal((await ghl('POST', '/opportunities/', deal)).status, 201);
    const pipelineStageId = pipeline.stages[1].id;
    await ghl('PUT', `/opportunities/${id}`, { pipelineStageId, monetaryValue: 49 });
    await ghl('PUT', `/opportunities/${id}/status`, { status: 'won' });
    const { opportunity } = (await ghl('GET', `/opportunities/${id}`)).body;
    assert.deepEqual(
      [opportunity.status, opportunity.monetaryValue, opportunity.pipelineStageId],
      ['won', 49, pipelineStageId],
    );
    const search = await ghl('GET', `/opportunities/search?location_id=${locationId}&q=c74pnzh5&status=won`);
    assert.equal(search.body.meta.total, 1);
    assert.equal((await ghl('GET', '/opportunities/search')).status, 422);
    assert.deepEqual(triggers().slice(1), [
      'opportunity_created',
      'opportunity_created',
      'opportunity_stage_changed',
      'opportunity_status_changed',
    ]);
  });

  test('businesses, workflows, appointments, the location', async () => {
    const { id: contactId } = await newContact();
    const business = await ghl('POST', '/businesses/', { name: 'Sample GmbH', locationId });
    const businessId = business.body.buiseness.id;
    assert.equal((await ghl('GET', `/businesses/${businessId}`)).body.business.name, 'Sample GmbH');
    assert.equal((await ghl('GET', `/businesses/?locationId=${locationId}`)).body.businesses.length, 1);
    await ghl('POST', '/contacts/bulk/business', { locationId, ids: [contactId], businessId });
    assert.equal(sandbox.state().contacts[0].businessId, businessId);

    const { workflows } = (await ghl('GET', `/workflows/?locationId=${locationId}`)).body;
    const path = `/contacts/${contactId}/workflow/${workflows[0].id}`;
    assert.equal((await ghl('POST', path, {})).body.succeded, true);
    assert.deepEqual(sandbox.state().contacts[0].workflows, [workflows[0].id]);
    assert.equal((await ghl('DELETE', path, {})).status, 200);

    const version = { version: '2021-04-15' };
    const { calendars } = (await ghl('GET', `/calendars/?locationId=${locationId}`, undefined, version)).body;
    const booking = { calendarId: calendars[0].id, locationId, contactId, startTime: '2026-12-01T09:00:00+01:00' };
    assert.equal((await ghl('POST', '/calendars/events/appointments', booking, version)).status, 200);
    assert.equal((await ghl('GET', `/contacts/${contactId}/appointments`)).body.events.length, 1);

    const { location } = (await ghl('GET', `/locations/${locationId}`)).body;
    assert.deepEqual([location.timezone, location.settings.allowDuplicateContact], ['Europe/Berlin', false]);
    assert.equal((await ghl('GET', '/nothing')).status, 404);
  });

  test('the events of a calendar, a group or a user in a span of time', async () => {
    const { id: contactId } = await newContact();
    const [calendar] = sandbox.state().calendars;
    const ids = [];
    for (const [startTime, assignedUserId] of [
      ['2026-12-01T09:00:00+01:00', 'U1'],
      ['2026-12-02T09:00:00+01:00', 'U2'],
    ]) {
      const booking = { calendarId: calendar.id, locationId, contactId, startTime, assignedUserId };
      ids.push((await ghl('POST', '/calendars/events/appointments', booking)).body.id);
    }
    const at = (time) => String(Date.parse(time));
    const span = { locationId, startTime: at('2026-12-01T08:00:00Z'), endTime: at('2026-12-02T08:00:00Z') };
    const list = (query, options) => ghl('GET', `/calendars/events?${new URLSearchParams(query)}`, undefined, options);
    for (const [query, expected] of [
      [{ ...span, calendarId: calendar.id }, ids],
      [{ ...span, groupId: calendar.groupId }, ids],
      [{ ...span, userId: 'U1' }, [ids[0]]],
      [{ ...span, calendarId: calendar.id, userId: 'U2' }, [ids[1]]],
      [{ ...span, calendarId: calendar.id, startTime: at('2026-12-01T08:00:01Z') }, [ids[1]]],
      [{ ...span, calendarId: calendar.id, endTime: at('2026-12-02T07:59:59Z') }, [ids[0]]],
      [{ ...span, calendarId: 'other' }, []],
    ]) {
      const { status, body } = await list(query);
      assert.deepEqual([status, body.events.map(({ id }) => id)], [200, expected], JSON.stringify(query));
    }
    const [event] = (await list({ ...span, userId: 'U1' })).body.events;
    assert.deepEqual(
      [event.contactId, event.calendarId, event.groupId, event.locationId, event.users],
      [contactId, calendar.id, calendar.groupId, locationId, []],
    );
    assert.deepEqual((await ghl('GET', `/calendars/events/appointments/${event.id}`)).body.event, event);

    assert.equal((await list(span)).body.message, 'One of userId, calendarId and groupId is needed');
    for (const wrong of [{ startTime: '2026-12-01' }, { endTime: '' }]) {
      assert.equal((await list({ ...span, userId: 'U1', ...wrong })).status, 400);
    }
    sandbox.configure({
      tokens: {
        events: { scopes: ['calendars/events.readonly'] },
        rest: { scopes: ['calendars.readonly'] },
        elsewhere: { locations: ['other'] },
      },
    });
    const status = async (token) => (await list({ ...span, userId: 'U1' }, { token })).status;
    assert.deepEqual([await status('events'), await status('rest'), await status('elsewhere')], [200, 401, 403]);
  });

  test('the recorder keeps the order of events and the contact at that moment', async () => {
    const { customField } = (await ghl('POST', fieldsPath, { name: 'Status', dataType: 'TEXT' })).body;
    const { id } = await newContact();
    await ghl('PUT', `/contacts/${id}`, {
      city: 'Köln',
      customFields: [{ id: customField.id, field_value: 'active' }],
    });
    await ghl('POST', `/contacts/${id}/notes`, { body: 'first sale' });
    await ghl('POST', `/contacts/${id}/tasks`, { title: 'T', dueDate: '2026-12-01T08:00:00Z', completed: false });
    await ghl('POST', `/contacts/${id}/tags`, { tags: ['Customer'] });
    await ghl('POST', `/contacts/${id}/tags`, { tags: ['customer'] });
    await ghl('DELETE', `/contacts/${id}/tags`, { tags: ['customer'] });
    assert.deepEqual(triggers(), [
      'contact_created',
      'contact_changed',
      'custom_field_changed',
      'note_created',
      'task_created',
      'tag_added:customer',
      'tag_removed:customer',
    ]);
    const { snapshot, seq } = sandbox.state().triggers[5];
    assert.equal(seq, 6);
    assert.deepEqual(
      [snapshot.fields.city, snapshot.customFields, snapshot.noteCount, snapshot.tags, snapshot.tasks.length],
      ['Köln', { 'contact.status': 'active' }, 1, ['customer'], 1],
    );
  });
});

describe('Digistore24', () => {
  test('answers in an envelope with the Berlin time; errors are HTTP 200', async () => {
    const ping = await ds24('ping');
    assert.equal(ping.result, 'success');
    assert.match(ping.current_time, /^2026-11-23 11:\d\d:\d\d$/);
    const codes = [
      await ds24('ping', {}, ''),
      await ds24('ping', {}, '1-wrong'),
      await ds24('noSuchFunction'),
      await ds24('getPurchase'),
      await ds24('getPurchase', { purchase_id: 'NONE' }),
    ].map(({ result, code }) => [result, code]);
    assert.deepEqual(
      codes,
      [2, 2, 9, 3, 4].map((code) => ['error', code]),
    );
  });

  test('a read-only key reads but does not write', async () => {
    const write = () => ds24('stopRebilling', { purchase_id: 'X' }, READONLY_API_KEY);
    assert.equal((await write()).code, 5);
    sandbox.configure({ permissionErrorCode: 8 });
    const refused = await write();
    assert.equal(refused.code, 8);
    assert.match(refused.message, /full access/);
    const info = await ds24('getUserInfo', {}, READONLY_API_KEY);
    assert.equal(info.data.api_key_permissions, 'readonly');
  });

  test('lists purchases, transactions, buyers and products of stories', async () => {
    const story = sandbox.story({ billing: 'subscription', buyer: { firstName: 'Jürgen' }, at: '2026-11-01 09:30:00' });
    story.payment();
    story.payment({ at: '2026-11-20 09:30:00' });
    story.refund({ amount: 1000, at: '2026-11-21 12:00:00' });
    sandbox.story({ test: true, at: '2026-11-02 08:00:00' }).payment();
    sandbox.story({ role: 'affiliate', at: '2026-11-03 08:00:00' }).payment();
    const list = async (args) => (await ds24('listPurchases', { from: '2026-10-01', ...args })).data;
    assert.equal((await list({})).item_count, 3);
    const own = await list({ 'search[role]': 'vendor', 'search[order_type]': 'live' });
    assert.deepEqual(
      own.purchase_list.map(({ id }) => id),
      [story.orderId],
    );
    const page = await list({ page_size: '2', page_no: '2', load_transactions: '1' });
    assert.deepEqual([page.purchase_list.length, page.page_count, page.item_count], [1, 2, 3]);
    assert.equal(page.purchase_list[0].transaction_list.length, 1);
    assert.equal((await list({ from: '-24h' })).item_count, 0);

    const money = (await ds24('listTransactions', { from: '-30d', 'search[purchase_id]': story.orderId })).data;
    assert.deepEqual(
      money.transaction_list.map(({ amount }) => amount),
      ['49.00', '49.00', '-10.00'],
    );
    assert.equal(money.summary.amounts.EUR.total_amount, '88.00');
    const refunds = { from: '-30d', 'search[transaction_type]': 'refund' };
    assert.equal((await ds24('listTransactions', refunds)).data.item_count, 1);

    const { data } = await ds24('getPurchase', { purchase_id: story.orderId });
    assert.deepEqual([data.id, data.billing_status, data.transaction_list.length], [story.orderId, 'paying', 3]);
    const other = sandbox.state().digistore24.purchases[1].id;
    const map = (await ds24('getPurchase', { purchase_id: `${story.orderId},${other}` })).data;
    assert.deepEqual(Object.keys(map).sort(), [story.orderId, other].sort());
    const { email, id } = data.buyer;
    assert.equal((await ds24('listPurchasesOfEmail', { email })).data[0].id, story.orderId);
    assert.equal((await ds24('getBuyer', { buyer_id: id })).data.buyer.first_name, 'Jürgen');
    assert.equal((await ds24('listBuyers')).data.items.length, 3);
    assert.equal((await ds24('listProducts')).data.products.length, 3);
  });

  test('updatePurchase takes data[...] only, and a payment can only be put off', async () => {
    const story = sandbox.story({ billing: 'subscription', at: '2026-11-01 09:30:00' });
    story.payment();
    const update = (args) => ds24('updatePurchase', { purchase_id: story.orderId, ...args });
    assert.equal((await update({ custom: 'x' })).code, 3);
    assert.equal((await update({ 'data[custom]': 'x' })).data.is_modified, 'Y');
    assert.equal((await update({ 'data[custom]': 'x' })).data.is_modified, 'N');
    assert.equal((await update({ 'data[next_payment_at]': '2026-11-30' })).code, 3);
    assert.equal((await update({ 'data[next_payment_at]': '2026-12-24' })).result, 'success');
    const stopped = await ds24('stopRebilling', { purchase_id: story.orderId });
    assert.deepEqual([stopped.data.modified, stopped.data.rebilling_active], ['Y', 'N']);
    assert.equal((await ds24('startRebilling', { purchase_id: story.orderId })).data.billing_status, 'paying');
    const changes = (await ds24('listRebillingStatusChanges')).data.items.map(({ type }) => type);
    assert.deepEqual(changes, ['rebill_cancelled', 'rebill_resumed']);
  });
});

describe('IPN messages', () => {
  test('the signature matches the published example', () => {
    const sign = signature({ order_id: 'ORD-1', product_id: '42', note: '', sha_sign: 'x' }, 's3cret-passphrase');
    assert.match(sign, /^9A23DE26[0-9A-F]{113}ABAF099$/);
    const second = signature(
      { Zeta: 'Z', alpha: 'A', api_mode: 'test', empty: '', event: 'connection_test' },
      `fixture-passphrase-2026-${'x'.repeat(32)}`,
    );
    assert.match(second, /^C723C6CEF004383F/);
    assert.equal(signed({ a: '1' }, '').sha_sign, 'no_signature_passphrase_provided');
  });

  test('a payment has the full set of fields', () => {
    const message = sandbox.story().payment();
    assert.ok(Object.keys(message).length >= 172, String(Object.keys(message).length));
    assert.equal(message.pay_sequence_no, '0');
    assert.equal(message.number_of_installments, '1');
    assert.equal(message.billing_status, 'completed');
    assert.match(message.order_id, /^[A-Z2-9]{8}$/);
    assert.match(message.request_refund_url, new RegExp(message.order_id));
    assert.equal(Number(message.parent_transaction_id) + 1, Number(message.transaction_id));
    assert.equal(message.purchase_id, undefined);
    assert.equal(message.event_label, undefined);
    assert.equal(labelled(message).function_call, 'on_payment');
    assert.equal(Number(message.amount_netto) + Number(message.amount_vat), Number(message.amount_brutto));
  });

  test('subscriptions, installments, and the hour that exists twice', () => {
    const abo = sandbox.story({ billing: 'subscription', at: '2026-10-25 02:30:00' });
    const [first, renewal] = [abo.payment(), abo.payment()];
    assert.deepEqual([first.pay_sequence_no, first.next_payment_at], ['1', '2026-11-25']);
    assert.equal(first.order_date_time, '2026-10-25 02:30:00');
    assert.deepEqual([renewal.pay_sequence_no, renewal.order_id], ['2', first.order_id]);
    assert.notEqual(renewal.transaction_id, first.transaction_id);
    const rates = sandbox.story({ installments: 2, at: '2026-01-31 10:00:00' });
    assert.equal(rates.payment().billing_status, 'paying');
    const last = rates.payment();
    assert.deepEqual([last.pay_sequence_no, last.billing_status, last.next_payment_at], ['2', 'completed', undefined]);
    assert.equal(last.transaction_date, '2026-02-28');
  });

  test('grouped, ungrouped, without products', () => {
    const message = sandbox.story({ products: [{ tags: ['a'] }, { quantity: 2 }] }).payment();
    assert.equal(message.item_count, '2');
    assert.equal(message.quantity_2, '2');
    assert.notEqual(message.product_id_2, message.product_id);
    const [one, two] = ungrouped(message);
    assert.deepEqual([one.product_id, two.product_id], [message.product_id, message.product_id_2]);
    assert.deepEqual([one.transaction_id, two.transaction_id], [message.transaction_id, message.transaction_id]);
    assert.equal(two.product_id_2, undefined);
    assert.equal(two.item_count, '1');
    assert.equal(withoutProducts(message).product_id, undefined);
  });

  test('upsell, upgrade, test mode', () => {
    const base = sandbox.story({ orderId: 'C74PNZH5', test: true });
    assert.equal(base.payment().api_mode, 'test');
    const upsell = base.upsell().payment();
    assert.deepEqual([upsell.order_id, upsell.upsell_no, upsell.api_mode], ['C74PNZH51', '1', 'test']);
    const upgrade = base.upgrade({ deliveryDate: '2026-12-01' }).payment();
    assert.deepEqual(
      [upgrade.upgraded_order_id, upgrade.upgrade_type, upgrade.delivery_date, upgrade.buyer_id],
      ['C74PNZH5', 'upgrade', '2026-12-01', upsell.buyer_id],
    );
  });

  test('what is no payment', () => {
    const story = sandbox.story({ billing: 'subscription' });
    const paid = story.payment();
    const missed = story.missed('by_payment_denial');
    assert.deepEqual(
      [missed.event, missed.billing_stop_reason, missed.pay_sequence_no],
      ['on_payment_missed', 'by_payment_denial', '2'],
    );
    assert.equal(missed.transaction_id, undefined);
    assert.equal(story.denied().event, 'payment_denial');
    const cancelled = story.cancelled();
    assert.match(cancelled.rebill_stop_noted_at, /^2026-11-23 /);
    assert.equal(cancelled.is_cancelled_for, paid.next_payment_at);
    assert.equal(story.resumed().rebill_stop_noted_at, '');
    const part = story.refund({ amount: 500 });
    assert.deepEqual(
      [part.transaction_type, part.transaction_amount, part.parent_transaction_id],
      ['refund', '-5.00', paid.transaction_id],
    );
    assert.equal(part.billing_status, 'paying');
    assert.equal(story.refund().billing_status, 'aborted');
    assert.equal(story.chargeback().transaction_type, 'chargeback');
    assert.equal(story.lastPaidDay().event, 'last_paid_day');
    assert.equal(story.eticket('use').action, 'use');
    assert.equal(story.customForm({ Schuhgröße: '42' }).Schuhgröße, '42');
    assert.equal(sandbox.affiliation().event, 'on_affiliation');
    const connection = sandbox.connectionTest();
    assert.deepEqual([connection.event, connection.ipn_config_id], ['connection_test', undefined]);
  });

  test('the same seed tells the same story', () => {
    const tell = () => sandbox.story({ at: '2026-11-01 09:30:00' }).payment();
    const first = tell();
    sandbox.reset();
    assert.deepEqual(tell(), first);
  });
});

describe('IPN delivery', () => {
  const received = [];
  let replies = [];
  const receiver = createServer((request, response) => {
    if (request.method === 'GET') return response.writeHead(request.url === '/moved' ? 302 : 200).end();
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      received.push(Object.fromEntries(new URLSearchParams(body)));
      const [status, text] = replies.shift() ?? [200, 'OK'];
      response.writeHead(status).end(text);
    });
  });
  let to;

  before(async () => {
    await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    to = `http://127.0.0.1:${receiver.address().port}`;
  });
  after(() => receiver.close());
  beforeEach(() => {
    received.length = 0;
    replies = [];
  });

  test('repeats until the answer is a 200 with OK', async () => {
    replies = [
      [500, 'OK'],
      [200, '{"ok":true}'],
      [200, 'done OK'],
    ];
    const delivery = await sandbox.sendIpn(sandbox.story().payment(), { to, passphrase: 'secret' });
    assert.equal(delivery.ok, true);
    assert.deepEqual(
      delivery.attempts.map(({ status, reply, ok }) => [status, reply, ok]),
      [
        [500, 'OK', false],
        [200, '{"ok":true}', false],
        [200, 'done OK', true],
      ],
    );
    assert.deepEqual(received[0], received[2]);
    const { sha_sign, ...message } = received[0];
    assert.equal(sha_sign, signature(message, 'secret'));
    assert.equal(sandbox.state().deliveries.length, 1);
  });

  test('gives up after the last attempt', async () => {
    replies = Array(9).fill([503, 'later']);
    const delivery = await sandbox.sendIpn(sandbox.connectionTest(), { to, passphrase: 'x', maxAttempts: 3 });
    assert.deepEqual([delivery.ok, delivery.attempts.length], [false, 3]);
    assert.equal(retryWait(0), 180_000);
    assert.equal(retryWait(9), 86_400_000);
  });

  test('an address that redirects or is dead is refused', async () => {
    const moved = await sandbox.sendIpn(sandbox.connectionTest(), { to: `${to}/moved`, passphrase: 'x' });
    assert.match(moved.refused, /302/);
    assert.equal(moved.attempts.length, 0);
  });

  test('ipnSetup checks the address, ipnInfo shows it, sendIpn finds it', async () => {
    const setup = (ipn_url) =>
      ds24('ipnSetup', { ipn_url, name: 'Sandbox', product_ids: 'all', domain_id: 'd-1', sha_passphrase: 'random' });
    assert.equal((await setup(`${to}/moved`)).code, 3);
    const made = (await setup(to)).data;
    assert.equal(made.created, 'Y');
    assert.equal(made.sha_passphrase.length, 30);
    assert.equal((await setup(to)).data.updated, 'Y');
    const info = (await ds24('ipnInfo', { domain_id: 'd-1' })).data;
    assert.equal(info.ipn_settings.transactions, 'payment,refund,chargeback,payment_missed');
    const delivery = await sandbox.sendIpn(sandbox.connectionTest());
    assert.equal(delivery.ok, true);
    assert.equal((await ds24('ipnDelete', { domain_id: 'd-1' })).data.modified, 'Y');
    assert.equal((await ds24('ipnInfo', { domain_id: 'd-1' })).data.have_settings, 'N');
  });

  test('over HTTP, one order from call to call', async () => {
    const post = async (body) => {
      const response = await fetch(`${sandbox.url}/_sandbox/ipn`, { method: 'POST', body: JSON.stringify(body) });
      return response.json();
    };
    const first = await post({ event: 'on_payment', story: { billing: 'subscription' }, to, passphrase: 'x' });
    assert.equal(first.delivery.ok, true);
    const next = await post({ event: 'on_payment', order: first.orderId, passphrase: 'x' });
    assert.deepEqual([next.message.pay_sequence_no, next.delivery], ['2', null]);
    const upsell = await post({ event: 'on_payment', upsellOf: first.orderId });
    assert.equal(upsell.orderId, `${first.orderId}1`);
    assert.match((await post({ event: 'on_payment', order: 'NONE' })).error, /no order/);
  });
});

describe('faults, log and controls', () => {
  const path = '/contacts/';
  const body = { locationId, email: 'fault@example.com' };
  const create = () => ghl('POST', path, body);
  const contacts = () => sandbox.state().contacts.length;

  test('status and rate_limited do nothing, so many times', async () => {
    sandbox.fault({ service: 'ghl', kind: 'status', status: 503, path: '/contacts/**', method: 'post', times: 1 });
    sandbox.fault({ service: 'ghl', kind: 'rate_limited', after: 1, times: 1 });
    assert.equal((await create()).status, 503);
    assert.equal((await ghl('GET', '/contacts/x')).status, 400);
    assert.equal((await create()).status, 429);
    assert.equal(contacts(), 0);
    assert.equal((await create()).status, 201);
    sandbox.fault({ service: 'digistore24', kind: 'rate_limited', times: 1 });
    assert.equal((await ds24('ping')).code, 12);
  });

  test('reset before, reset after, later', async () => {
    sandbox.fault({ service: 'ghl', kind: 'reset', times: 1 });
    await assert.rejects(create());
    assert.equal(contacts(), 0);
    sandbox.fault({ service: 'ghl', kind: 'reset_after', times: 1 });
    await assert.rejects(create());
    assert.equal(contacts(), 1);
    assert.equal((await create()).body.meta.matchingField, 'email');
    sandbox.reset();
    sandbox.fault({ service: 'ghl', kind: 'reset_after', times: 1, delayMs: 50 });
    await assert.rejects(create());
    assert.equal(contacts(), 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(contacts(), 1);
  });

  test('spoiled answers', async () => {
    const read = async (kind) => {
      sandbox.fault({ service: 'digistore24', kind, times: 1 });
      const response = await fetch(`${sandbox.digistore24Url}/api/call/ping`, {
        headers: { 'x-ds-api-key': DEFAULT_API_KEY },
      });
      return response.text();
    };
    assert.match(await read('malformed'), /^<html>/);
    await assert.rejects(read('truncated'));
    assert.ok((await read('huge')).length > 10_000_000);
    assert.equal(typeof JSON.parse(await read('wrong_type')).result, 'number');
  });

  test('create_then_422 creates', async () => {
    sandbox.fault({ service: 'ghl', kind: 'create_then_422', times: 1 });
    assert.equal((await create()).status, 422);
    assert.equal(contacts(), 1);
  });

  test('slow and timeout', async () => {
    sandbox.fault({ service: 'ghl', kind: 'slow', delayMs: 60, times: 1 });
    const started = Date.now();
    await create();
    assert.ok(Date.now() - started >= 55);
    sandbox.fault({ service: 'ghl', kind: 'timeout', times: 1 });
    const signal = AbortSignal.timeout(50);
    await assert.rejects(fetch(`${sandbox.highlevelUrl}/contacts/x`, { signal }));
    assert.equal(sandbox.requests().at(-1).status, null);
  });

  test('a probability draws from the seed', async () => {
    sandbox.fault({ service: 'ghl', kind: 'status', status: 500, probability: 0.5 });
    const draw = async () => {
      const statuses = [];
      for (let i = 0; i < 20; i += 1) statuses.push((await ghl('GET', '/contacts/x')).status);
      return statuses;
    };
    const first = await draw();
    assert.ok(first.includes(500) && first.includes(400));
    sandbox.reset();
    sandbox.fault({ service: 'ghl', kind: 'status', status: 500, probability: 0.5 });
    assert.deepEqual(await draw(), first);
  });

  test('the log has no secrets', async () => {
    await create();
    await ds24('ipnInfo', { domain_id: 'd', sha_passphrase: 'hidden-words' });
    const log = sandbox.requests();
    assert.deepEqual(
      log.map(({ service, method, path, status }) => [service, method, path, status]),
      [
        ['ghl', 'POST', '/contacts/', 201],
        ['digistore24', 'POST', '/api/call/ipnInfo', 200],
      ],
    );
    assert.deepEqual(log[0].body, body);
    const text = JSON.stringify([log, sandbox.state()]);
    for (const secret of [DEFAULT_TOKEN, DEFAULT_API_KEY, 'hidden-words']) assert.ok(!text.includes(secret), secret);
  });

  test('the controls over HTTP, and the root page', async () => {
    const control = async (method, name, body) => {
      const response = await fetch(`${sandbox.url}/_sandbox/${name}`, { method, body: body && JSON.stringify(body) });
      return response.json();
    };
    assert.equal((await control('PATCH', 'settings', { searchLagMs: 5 })).searchLagMs, 5);
    assert.equal((await control('POST', 'faults', { service: 'ghl', kind: 'status', status: 502 })).length, 1);
    assert.equal((await create()).status, 502);
    assert.deepEqual(await control('DELETE', 'faults'), []);
    const { id } = (await create()).body.contact;
    assert.equal((await control('GET', 'state')).contacts[0].id, id);
    assert.equal((await control('GET', 'requests')).length, 2);
    await control('POST', 'contacts/delete', { id });
    assert.equal(contacts(), 0);
    await control('POST', 'reset');
    assert.equal((await control('GET', 'state')).settings.searchLagMs, 3000);
    const page = await fetch(sandbox.url);
    assert.match(await page.text(), /_sandbox\/state/);
  });

  test('locations have settings of their own', async () => {
    sandbox.configure({ locations: { second: { allowDuplicateContact: true, timezone: 'UTC' } } });
    await create();
    assert.equal((await ghl('POST', path, { ...body, locationId: 'second' })).status, 201);
    assert.equal((await ghl('POST', path, { ...body, locationId: 'second' })).status, 201);
    assert.equal((await ghl('GET', '/locations/second')).body.location.timezone, 'UTC');
    assert.equal((await ghl('GET', '/opportunities/pipelines?locationId=second')).body.pipelines.length, 1);
    assert.equal((await ghl('POST', path, { ...body, locationId: 'third' })).status, 400);
  });
});
