// Actions for people that write to HighLevel, against the sandbox: what they do, what they say when it goes wrong, and
// with how many calls.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LOCATION_ID } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import {
  breakAt,
  callsSince,
  contactOf,
  email,
  field,
  fieldsOf,
  mark,
  only,
  open,
  plugin,
  sandbox,
  state,
} from './bridge-support.mjs';
import { failureOf } from './support.mjs';

describe('every action that is about a contact', () => {
  const inputs = {
    addTag: { tags: ['vip'] },
    removeTag: { tags: ['vip'] },
    setFields: { fields: { city: 'Graz' } },
    addNote: { text: 'hello' },
    createTask: { title: 'call' },
    completeTask: { title: 'call' },
    createOrUpdateDeal: { pipeline: 'Sales', name: 'Course' },
    addToWorkflow: { workflow: 'Welcome' },
    removeFromWorkflow: { workflow: 'Welcome' },
    bookAppointment: { calendar: 'Onboarding call', start: '2026-12-01T10:00:00Z' },
    sendMessage: { type: 'Email', subject: 'Hi', text: 'hello' },
  };

  test('is in this list', () => {
    const about = plugin.catalog
      .list({ service: 'bridge', resource: 'actions' })
      .filter(({ input, id }) => input.properties.contactId && id !== 'bridge.customerTimeline');
    assert.deepEqual(about.map(({ id }) => id.slice('bridge.'.length)).sort(), Object.keys(inputs).sort());
  });

  for (const [name, input] of Object.entries(inputs)) {
    test(`${name}: by e-mail or id; an unknown address is not found, and changes nothing`, async () => {
      const from = mark();
      const error = await failureOf(plugin.bridge[name]({ ...input, email }));
      assert.deepEqual([error.code, error.operation], ['not_found', `bridge.${name}`]);
      assert.ok(fieldsOf(error).email && error.help, 'the field is named');
      assert.doesNotMatch(JSON.stringify(error), /ayse/);
      assert.deepEqual(callsSince(from), ['GET /contacts/search/duplicate'], 'never an upsert, never by phone');

      const none = await failureOf(plugin.bridge[name](input));
      assert.deepEqual([none.code, fieldsOf(none)], ['invalid_input', { contactId: 'or email is required' }]);

      const contactId = await contactOf();
      if (name === 'completeTask') await plugin.bridge.createTask({ contactId, title: 'call' });
      const before = mark();
      const byEmail = await plugin.bridge[name]({ ...input, email: email.toUpperCase() });
      assert.equal(byEmail.contactId, contactId);
      assert.ok(Array.isArray(byEmail.notes));
      const between = mark();
      assert.equal((await plugin.bridge[name]({ ...input, contactId })).contactId, contactId);
      assert.equal(callsSince(before)[0], 'GET /contacts/search/duplicate');
      assert.ok(!callsSince(between).includes('GET /contacts/search/duplicate'));

      const gone = await failureOf(plugin.bridge[name]({ ...input, contactId: 'nobody' }));
      if (name !== 'createOrUpdateDeal') assert.equal(gone.code, 'not_found');
    });
  }

  test('a contact of another address is not the one, even if the service offers it', async () => {
    const fetch = () => Response.json({ contact: { id: 'c1', email: 'other@shop.test' } });
    const odd = await open({ fetch });
    assert.equal((await failureOf(odd.bridge.addTag({ email, tags: ['x'] }))).code, 'not_found');
  });
});

describe('findOrCreateContact', () => {
  test('creates with fields, then adds the tags by their own call', async () => {
    await field('DS24 Status', 'TEXT');
    const from = mark();
    const input = {
      email: ' AYSE.Demir@shop.test'.trim(),
      firstName: 'Ayşe',
      city: 'Wien',
      fields: { 'ds24 status': 'active' },
    };
    const result = await plugin.bridge.findOrCreateContact({ ...input, tags: ['New', 'vip'] });
    assert.deepEqual([result.created, result.updated, result.dropped, result.notes], [true, false, [], []]);
    assert.deepEqual(result.tagsAdded, ['new', 'vip']);
    assert.deepEqual(callsSince(from), [
      `GET /locations/${DEFAULT_LOCATION_ID}/customFields`,
      'GET /contacts/search/duplicate',
      'POST /contacts/',
      `POST /contacts/${result.contactId}/tags`,
    ]);
    const made = sandbox.requests().find(({ path, method }) => method === 'POST' && path === '/contacts/');
    assert.ok(made.body.email && !('tags' in made.body), 'tags in the body would replace the others');
    assert.equal(only().fields['contact.ds24_status'] ?? only().fields.ds24_status, 'active');
  });

  test('finds, fills only what is empty, and says nothing where nothing is to do', async () => {
    const id = await field('Level', 'TEXT');
    const contactId = await contactOf({ city: 'Wien', customFields: [{ id, field_value: 'gold' }] });
    await plugin.ghl.contacts.addTags({ contactId, tags: ['vip'] });
    const given = {
      email,
      firstName: 'Other',
      lastName: 'Demir',
      city: 'Graz',
      companyName: 'Ltd',
      fields: { Level: 'silver' },
    };
    const filled = await plugin.bridge.findOrCreateContact({ ...given, tags: ['VIP'] });
    assert.deepEqual([filled.contactId, filled.created, filled.updated], [contactId, false, true]);
    assert.deepEqual(filled.notes, ['can be set only when a contact is created: companyName']);
    assert.deepEqual([only().firstName, only().lastName, only().city], ['Ayşe', 'Demir', 'Wien']);
    assert.deepEqual(filled.tagsAdded, []);
    const from = mark();
    const again = await plugin.bridge.findOrCreateContact({ email, lastName: 'Demir', tags: ['vip'] });
    assert.deepEqual([again.created, again.updated], [false, false]);
    assert.deepEqual(callsSince(from), ['GET /contacts/search/duplicate']);
    const { companyName, ...rest } = given;
    await plugin.bridge.findOrCreateContact({ ...rest, overwrite: true });
    assert.deepEqual([only().firstName, only().city, Object.values(only().fields)[0]], ['Other', 'Graz', 'silver']);
  });

  test('a duplicate that the look-up missed is the contact', async () => {
    const contactId = await contactOf();
    sandbox.fault({
      service: 'ghl',
      kind: 'status',
      path: '/contacts/search/duplicate',
      status: 200,
      body: { contact: null },
      times: 1,
    });
    const from = mark();
    const result = await plugin.bridge.findOrCreateContact({ email, lastName: 'Demir' });
    assert.deepEqual([result.contactId, result.created, result.updated], [contactId, false, true]);
    assert.deepEqual(callsSince(from), [
      'GET /contacts/search/duplicate',
      'POST /contacts/',
      `GET /contacts/${contactId}`,
      `PUT /contacts/${contactId}`,
    ]);
    assert.equal(state().contacts.length, 1);
  });

  test("somebody else's phone number is left out, on creation and on change", async () => {
    const phone = '+43 660 1234567';
    const other = (await plugin.ghl.contacts.createContact({ email: 'spouse@shop.test', phone })).contact.id;
    const note = `the phone number belongs to another contact and was left out: ${other}`;
    const created = await plugin.bridge.findOrCreateContact({ email, phone, firstName: 'Ayşe' });
    assert.deepEqual([created.created, created.notes], [true, [note]]);
    assert.equal(created.contact.phone, undefined);
    assert.deepEqual(created.dropped, [{ field: 'phone', problem: 'dropped' }]);
    const updated = await plugin.bridge.findOrCreateContact({ email, phone, city: 'Linz' });
    assert.deepEqual([updated.updated, updated.notes], [true, [note]]);
    assert.equal(state().contacts.find(({ id }) => id === created.contactId).city, 'Linz');
  });

  test('422 and still created: the contact is found', async () => {
    sandbox.fault({ service: 'ghl', kind: 'create_then_422', method: 'POST', path: '/contacts/', times: 1 });
    const result = await plugin.bridge.findOrCreateContact({ email });
    assert.deepEqual([result.created, state().contacts.length], [true, 1]);
  });

  test('a 5xx after the creation says what is done; calling again finishes', async () => {
    breakAt('POST', '/contacts/*/tags', 503);
    const error = await failureOf(plugin.bridge.findOrCreateContact({ email, tags: ['vip'] }));
    assert.equal(error.code, 'unavailable');
    assert.equal(error.cause, 'ghl.contacts.addTags');
    assert.deepEqual(error.notes, [`the contact was created: ${only().id}`]);
    assert.deepEqual(error.toJSON().notes, error.notes);
    sandbox.clearFaults();
    const again = await plugin.bridge.findOrCreateContact({ email, tags: ['vip'] });
    assert.deepEqual([again.created, again.tagsAdded], [false, ['vip']]);
  });

  test('a lost answer to the creation: it is looked for before it is repeated', async () => {
    breakAt('POST', '/contacts/', 502);
    const error = await failureOf(plugin.bridge.findOrCreateContact({ email }));
    assert.deepEqual([error.code, state().contacts.length], ['outcome_unknown', 0]);
    assert.match(error.help, /looked for and was not there/);
    sandbox.clearFaults();
    sandbox.fault({ service: 'ghl', kind: 'reset_after', method: 'POST', path: '/contacts/', times: 1 });
    const found = await plugin.bridge.findOrCreateContact({ email });
    assert.deepEqual([found.created, state().contacts.length], [true, 1]);
  });

  test('wrong input is refused before the first call', async () => {
    const from = mark();
    for (const input of [{}, { email: 'x' }, { email, tags: 'vip' }, { email, nickname: 'A' }]) {
      assert.equal((await failureOf(plugin.bridge.findOrCreateContact(input))).code, 'invalid_input');
    }
    assert.deepEqual(callsSince(from), []);
  });
});

describe('setFields', () => {
  test('own and custom fields by name, key or id, in the form that they take', async () => {
    await field('DS24 Amount', 'NUMERICAL');
    await field('Paid until', 'DATE');
    await field('Topics', 'MULTIPLE_OPTIONS', ['Herbs', 'Trees']);
    await field('Level', 'RADIO', ['Gold', 'Silver']);
    const id = await field('Remark', 'TEXT');
    const contactId = await contactOf();
    const from = mark();
    const fields = {
      'Last name': 'Demir',
      postalCode: '01067',
      ds24_amount: '1.097,50',
      'contact.paid_until': '31.12.2026',
      topics: 'herbs, trees',
      LEVEL: 'gold',
      [id]: 42,
    };
    const result = await plugin.bridge.setFields({ contactId, fields });
    assert.deepEqual(result.dropped, []);
    assert.equal(callsSince(from).length, 2);
    const values = Object.fromEntries(
      Object.entries(only().fields).map(([key, value]) => [key.replace('contact.', ''), value]),
    );
    assert.deepEqual(values, {
      ds24_amount: 1097.5,
      paid_until: '2026-12-31',
      topics: ['Herbs', 'Trees'],
      level: 'Gold',
      remark: '42',
    });
    assert.deepEqual([only().lastName, only().postalCode], ['Demir', '01067']);
    const before = mark();
    await plugin.bridge.setFields({ contactId, fields: { Level: 'Silver' } });
    assert.equal(callsSince(before).length, 1, 'the list of fields is remembered');
    await plugin.bridge.setFields({ contactId, fields: { city: null, Remark: null, Topics: null } });
    assert.deepEqual(only().fields[Object.keys(only().fields).find((key) => key.endsWith('topics'))], []);
  });

  test('unknown names and wrong values come at once, with the nearest; nothing is written', async () => {
    await field('DS24 Status', 'TEXT');
    const contactId = await contactOf();
    const from = mark();
    const error = await failureOf(plugin.bridge.setFields({ contactId, fields: { 'DS24 Staus': 'x', colour: 'red' } }));
    assert.equal(error.code, 'invalid_input');
    assert.match(fieldsOf(error)['fields.DS24 Staus'], /did you mean DS24 Status\?/);
    assert.match(fieldsOf(error)['fields.colour'], /there are: DS24 Status/);
    assert.equal(callsSince(from).filter((call) => !call.startsWith('GET')).length, 0);
    await field('Amount', 'NUMERICAL');
    await field('Day', 'DATE');
    const wrong = await failureOf(plugin.bridge.setFields({ contactId, fields: { Amount: 'a lot', Day: 'soon' } }));
    assert.deepEqual(Object.keys(fieldsOf(wrong)), ['fields.Amount', 'fields.Day']);
    assert.doesNotMatch(JSON.stringify(wrong), /a lot|soon/);
    const own = await failureOf(plugin.bridge.setFields({ contactId, fields: { postalCode: 5 } }));
    assert.ok(fieldsOf(own)['fields.postalCode']);
  });

  test('what the service drops without a word is reported', async () => {
    const id = await field('Remark', 'TEXT');
    const contactId = await contactOf();
    await plugin.bridge.setFields({ contactId, fields: { Remark: 'one' } });
    const { DELETE } = { DELETE: { method: 'DELETE', path: `/locations/{locationId}/customFields/${id}` } };
    await plugin.ghl.custom.request(DELETE);
    const result = await plugin.bridge.setFields({ contactId, fields: { Remark: 'two', city: 'Linz' } });
    assert.deepEqual(result.dropped, [{ field: 'Remark', problem: 'dropped' }]);
  });

  test('two fields of one name must be told apart', async () => {
    const one = await field('Level', 'TEXT');
    const contactId = await contactOf();
    const fetch = async (url, init) => {
      const response = await globalThis.fetch(url, init);
      if (!String(url.url ?? url).includes('customFields')) return response;
      const { customFields } = await response.json();
      return Response.json({
        customFields: [...customFields, { ...customFields[0], id: 'x', fieldKey: 'contact.level2' }],
      });
    };
    const twins = await open({ fetch });
    const error = await failureOf(twins.bridge.setFields({ contactId, fields: { Level: 'x' } }));
    assert.match(fieldsOf(error)['fields.Level'], /several/);
    assert.deepEqual((await twins.bridge.setFields({ contactId, fields: { [one]: 'x' } })).dropped, []);
  });
});

test('createContact, updateContact and upsertContact take custom fields by name or key; the id goes on the wire', async () => {
  const id = await field('DS24 Status', 'TEXT');
  const { contacts } = plugin.ghl;
  const named = [{ name: 'ds24 status', field_value: 'a' }];
  const { contact } = await contacts.createContact({ email, customFields: named });
  const contactId = contact.id;
  const value = () => Object.values(only().fields)[0];
  assert.equal(value(), 'a');
  await contacts.updateContact({ contactId, customFields: [{ key: 'contact.ds24_status', field_value: 'b' }] });
  assert.equal(value(), 'b');
  await contacts.upsertContact({
    email,
    customFields: [
      { key: 'ds24_status', field_value: 'c' },
      { id, name: 'x', field_value: 'd' },
    ],
  });
  assert.equal(value(), 'd');
  const sent = sandbox.requests().filter(({ method, path }) => method !== 'GET' && path.startsWith('/contacts'));
  for (const { body } of sent) {
    for (const entry of body.customFields) assert.deepEqual(Object.keys(entry).sort(), ['field_value', 'id']);
  }
  const from = mark();
  await contacts.updateContact({ contactId, customFields: [{ id, field_value: 'e' }] });
  assert.equal(callsSince(from).length, 1, 'with ids there is nothing to look up');
  const error = await failureOf(
    contacts.updateContact({ contactId, customFields: [{ name: 'DS24 Statu', field_value: 'x' }] }),
  );
  assert.match(fieldsOf(error)['customFields[0].name'], /did you mean DS24 Status\?/);
  assert.equal(error.operation, 'ghl.contacts.updateContact');
  const bare = await failureOf(contacts.updateContact({ contactId, customFields: [{ field_value: 'x' }] }));
  assert.ok(fieldsOf(bare)['customFields[0].id']);
  const before = mark();
  const both = await failureOf(contacts.createContact({ email: 'x', customFields: named }));
  assert.ok(fieldsOf(both).email);
  assert.deepEqual(callsSince(before), [], 'what is wrong is said before the names are looked up');
});

describe('tags, notes, tasks', () => {
  test('tags and notes', async () => {
    const contactId = await contactOf();
    const from = mark();
    assert.deepEqual((await plugin.bridge.addTag({ email, tags: ['VIP', 'b'] })).tags.sort(), ['b', 'vip']);
    assert.deepEqual((await plugin.bridge.removeTag({ email, tags: ['b'] })).tags, ['vip']);
    const { note } = await plugin.bridge.addNote({ email, title: 'Call', text: 'two\nlines' });
    assert.deepEqual([note.title, note.body], ['Call', 'two\nlines']);
    assert.equal(callsSince(from).length, 6);
    assert.equal(only().notes.length, 1);
    const error = await failureOf(plugin.bridge.addNote({ contactId, title: 'Call' }));
    assert.deepEqual(fieldsOf(error), { text: 'is required' });
  });

  test('a write of unknown outcome is looked up before it is repeated, and its field has the name that the caller knows', async () => {
    const contactId = await contactOf();
    breakAt('POST', '/contacts/*/notes', 500);
    const from = mark();
    const error = await failureOf(plugin.bridge.addNote({ contactId, text: 'x' }));
    assert.deepEqual(
      [error.code, error.operation, error.cause],
      ['outcome_unknown', 'bridge.addNote', 'ghl.contacts.createNote'],
    );
    const notes = `/contacts/${contactId}/notes`;
    assert.deepEqual(callsSince(from), [`POST ${notes}`, `GET ${notes}`, `POST ${notes}`, `GET ${notes}`]);
    sandbox.clearFaults();
    const body = { statusCode: 422, message: ['body must be a string'] };
    sandbox.fault({ service: 'ghl', kind: 'status', method: 'POST', path: '/contacts/*/notes', status: 422, body });
    const refused = await failureOf(plugin.bridge.addNote({ contactId, text: 'x' }));
    assert.deepEqual(fieldsOf(refused), { text: 'must be a string' });
  });

  test('when a task is due', async () => {
    const clock = () => Date.parse('2026-11-27T15:00:00Z');
    const timed = await open({ clock, store: memoryStore({ clock }) });
    const contactId = await contactOf();
    const due = async (more) =>
      Date.parse((await timed.bridge.createTask({ contactId, title: 'call', ...more })).task.dueDate);
    const at = (time) => Date.parse(time);
    assert.equal(await due({}), at('2026-11-30T09:00:00+01:00'), 'Friday -> Monday morning in Berlin');
    assert.equal(await due({ due: '+3 days' }), at('2026-11-30T15:00:00Z'));
    assert.equal(await due({ due: '2026-12-01' }), at('2026-12-01T09:00:00+01:00'));
    assert.equal(await due({ due: '2026-12-01T10:00:00+01:00' }), at('2026-12-01T09:00:00Z'));
    const from = mark();
    const error = await failureOf(timed.bridge.createTask({ email, title: 'call', due: 'soon' }));
    assert.ok(fieldsOf(error).due);
    assert.deepEqual(callsSince(from), []);
    assert.equal(
      only().tasks.every(({ completed }) => completed === false),
      true,
    );
  });

  test('an owner by name', async () => {
    const contactId = await contactOf();
    const { task } = await plugin.bridge.createTask({ contactId, title: 'call', assignedTo: 'olga owner' });
    assert.equal(task.assignedTo, state().users[0].id);
    const error = await failureOf(plugin.bridge.createTask({ contactId, title: 'x', assignedTo: 'Olga Oner' }));
    assert.match(fieldsOf(error).assignedTo, /did you mean Olga Owner\?/);
  });

  test('complete by id, or all open ones of a title', async () => {
    const contactId = await contactOf();
    const make = async (title) => (await plugin.bridge.createTask({ contactId, title })).task.id;
    const [a, b, c] = [await make('call'), await make('call'), await make('write')];
    assert.deepEqual((await plugin.bridge.completeTask({ email, title: 'call' })).completed.sort(), [a, b].sort());
    const again = await plugin.bridge.completeTask({ email, title: 'call' });
    assert.deepEqual([again.completed, again.notes], [[], ['the task was completed before']]);
    assert.deepEqual((await plugin.bridge.completeTask({ contactId, taskId: c })).completed, [c]);
    assert.ok(only().tasks.every(({ completed }) => completed));
    const none = await failureOf(plugin.bridge.completeTask({ contactId, title: 'Call' }));
    assert.deepEqual([none.code, Object.keys(fieldsOf(none))], ['not_found', ['title']]);
    assert.deepEqual(fieldsOf(await failureOf(plugin.bridge.completeTask({ contactId }))), {
      taskId: 'or title is required',
    });
  });

  test('a 5xx in the middle says which tasks are done', async () => {
    const contactId = await contactOf();
    for (let i = 0; i < 2; i++) await plugin.bridge.createTask({ contactId, title: 'call' });
    sandbox.fault({
      service: 'ghl',
      kind: 'status',
      method: 'PUT',
      path: '/contacts/*/tasks/*/completed',
      status: 500,
      after: 1,
    });
    const error = await failureOf(plugin.bridge.completeTask({ contactId, title: 'call' }));
    assert.equal(error.code, 'unavailable');
    const done = only().tasks.find(({ completed }) => completed);
    assert.deepEqual(error.notes, [`the task was completed: ${done.id}`]);
  });
});

describe('createOrUpdateDeal', () => {
  const deal = { email, pipeline: 'sales', name: 'Course' };

  test('creates, then updates the open one; pipeline, stage and owner by name', async () => {
    const contactId = await contactOf();
    const from = mark();
    const made = await plugin.bridge.createOrUpdateDeal({
      ...deal,
      stage: 'customer',
      value: 190,
      assignedTo: 'Olga Owner',
    });
    assert.deepEqual([made.contactId, made.created, made.opportunity.monetaryValue], [contactId, true, 190]);
    assert.equal(callsSince(from).length, 5);
    const [pipeline] = state().pipelines;
    const [first] = state().opportunities;
    assert.deepEqual(
      [first.pipelineStageId, first.status, first.assignedTo],
      [pipeline.stages[1].id, 'open', state().users[0].id],
    );
    const before = mark();
    const input = { contactId, pipeline: pipeline.id, stage: pipeline.stages[2].id, status: 'lost', value: 0 };
    const changed = await plugin.bridge.createOrUpdateDeal(input);
    assert.deepEqual([changed.created, changed.opportunityId], [false, made.opportunityId]);
    assert.equal(callsSince(before).length, 3);
    assert.deepEqual([state().opportunities.length, state().opportunities[0].status], [1, 'lost']);
  });

  test('of several open deals the one of the name', async () => {
    sandbox.configure({ allowDuplicateOpportunity: true });
    const contactId = await contactOf();
    const { id: pipelineId } = state().pipelines[0];
    const make = async (name) =>
      (await plugin.ghl.opportunities.createOpportunity({ pipelineId, name, status: 'open', contactId })).opportunity
        .id;
    const [a] = [await make('A'), await make('B')];
    const result = await plugin.bridge.createOrUpdateDeal({ ...deal, name: 'A', value: 5 });
    assert.deepEqual([result.created, result.opportunityId], [false, a]);
  });

  test('where the location allows one deal, the closed one is updated and the result says so', async () => {
    await contactOf();
    const made = await plugin.bridge.createOrUpdateDeal(deal);
    await plugin.bridge.createOrUpdateDeal({ ...deal, status: 'won' });
    const again = await plugin.bridge.createOrUpdateDeal({ ...deal, value: 7 });
    assert.deepEqual([again.created, again.opportunityId, again.notes.length], [false, made.opportunityId, 1]);
    assert.deepEqual(
      [state().opportunities.length, state().opportunities[0].status],
      [1, 'won'],
      'it is not opened again',
    );
  });

  test('unknown names, a missing name, a 5xx', async () => {
    const contactId = await contactOf();
    const fails = async (more) => failureOf(plugin.bridge.createOrUpdateDeal({ ...deal, ...more }));
    assert.match(fieldsOf(await fails({ pipeline: 'Sale' })).pipeline, /did you mean Sales\?/);
    assert.match(fieldsOf(await fails({ stage: 'Elsewhere' })).stage, /there are: New, Customer, Lost/);
    const unnamed = await failureOf(plugin.bridge.createOrUpdateDeal({ contactId, pipeline: 'Sales' }));
    assert.ok(fieldsOf(unnamed).name);
    breakAt('POST', '/opportunities/', 500);
    const broken = await fails({});
    assert.deepEqual([broken.code, broken.cause], ['outcome_unknown', 'ghl.opportunities.createOpportunity']);
    assert.equal(state().opportunities.length, 0);
    const body = { statusCode: 422, message: ['monetaryValue must be a number'] };
    sandbox.clearFaults();
    sandbox.fault({ service: 'ghl', kind: 'status', method: 'POST', path: '/opportunities/', status: 422, body });
    assert.deepEqual(fieldsOf(await fails({ value: 5 })), { value: 'must be a number' });
  });
});

describe('workflows, appointments, messages', () => {
  test('a workflow by name or id', async () => {
    const contactId = await contactOf();
    const from = mark();
    const added = await plugin.bridge.addToWorkflow({ email, workflow: 'welcome' });
    assert.equal(added.succeded, true);
    assert.equal(callsSince(from).length, 3);
    const [{ id }] = state().workflows;
    assert.deepEqual(only().workflows, [id]);
    await plugin.bridge.removeFromWorkflow({ contactId, workflow: id });
    assert.deepEqual(only().workflows, []);
    const error = await failureOf(plugin.bridge.addToWorkflow({ contactId, workflow: 'Welcom' }));
    assert.deepEqual([error.code, error.help.includes('nothing was changed')], ['invalid_input', true]);
    assert.match(fieldsOf(error).workflow, /did you mean Welcome\?/);
    breakAt('GET', '/workflows/', 500);
    assert.equal(
      (await failureOf(plugin.bridge.addToWorkflow({ contactId, workflow: 'Welcome' }))).cause,
      'ghl.workflows.getWorkflow',
    );
  });

  test('an appointment', async () => {
    await contactOf();
    const from = mark();
    const input = {
      email,
      calendar: 'onboarding CALL',
      start: '2026-12-01T10:00:00+01:00',
      title: 'Hello',
      notify: false,
    };
    const booked = await plugin.bridge.bookAppointment(input);
    assert.deepEqual([booked.title, booked.startTime], ['Hello', '2026-12-01T10:00:00+01:00']);
    assert.equal(callsSince(from).length, 3);
    assert.equal(state().appointments[0].id, booked.id);
    const wrong = await failureOf(plugin.bridge.bookAppointment({ email, calendar: 'x', start: 'tomorrow' }));
    assert.deepEqual(Object.keys(fieldsOf(wrong)), ['start']);
    const none = await failureOf(plugin.bridge.bookAppointment({ ...input, calendar: 'x' }));
    assert.match(fieldsOf(none).calendar, /there are: Onboarding call/);
  });

  test('messages; none is repeated', async () => {
    const contactId = await contactOf();
    const sent = await plugin.bridge.sendMessage({ email, type: 'Email', subject: 'Hi', text: '1 < 2\n& more' });
    assert.ok(sent.messageId && sent.conversationId);
    assert.equal(state().messages[0].html, '1 &lt; 2<br>&amp; more');
    await plugin.bridge.sendMessage({ contactId, type: 'Email', subject: 'Hi', html: '<b>x</b>' });
    assert.equal(state().messages[1].html, '<b>x</b>');
    const from = mark();
    for (const [input, at] of [
      [{ type: 'Email', text: 'x' }, 'subject'],
      [{ type: 'Email', subject: 'x' }, 'text'],
      [{ type: 'SMS', html: 'x' }, 'text'],
      [{ type: 'Fax', text: 'x' }, 'type'],
    ]) {
      assert.deepEqual(Object.keys(fieldsOf(await failureOf(plugin.bridge.sendMessage({ email, ...input })))), [at]);
    }
    assert.deepEqual(callsSince(from), []);
    breakAt('POST', '/conversations/messages', 502);
    const error = await failureOf(plugin.bridge.sendMessage({ contactId, type: 'Email', subject: 'x', text: 'x' }));
    assert.deepEqual([error.code, callsSince(from).length], ['outcome_unknown', 1]);
  });
});
