// The simulated HighLevel: contacts, tags, notes, tasks and the rest, with the traps of the real one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clock, ghl, locationId, newContact, sandbox, triggers } from './sandbox-support.mjs';

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
    clock.now += 10_001;
    assert.equal((await ghl('GET', '/contacts/x')).status, 400);
    await ghl('GET', '/contacts/x');
    clock.now += 10_001;
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
    clock.now += 3000;
    assert.deepEqual(
      (await search()).body.contacts.map(({ id }) => id),
      [contact.id],
    );
    await ghl('PUT', `/contacts/${contact.id}`, { city: 'Köln' });
    assert.equal((await search()).body.contacts[0].city, null);
    await ghl('DELETE', `/contacts/${contact.id}`);
    assert.equal((await search()).body.total, 1);
    clock.now += 3000;
    assert.equal((await search()).body.total, 0);
  });

  test('search filters, pages and needs its two properties', async () => {
    sandbox.configure({ searchLagMs: 0 });
    for (let i = 1; i <= 5; i += 1) {
      await newContact({ email: `p${i}@example.com`, tags: i % 2 ? ['odd'] : ['even'], city: `City ${i}` });
      clock.now += 1000;
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
    const range = { field: 'dateAdded', operator: 'range', value: { gte: clock.now - 2000 } };
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
