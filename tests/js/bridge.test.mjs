// Actions for people and custom requests, against the sandbox: what they do, what they say when it goes wrong, and with
// how many calls.
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { failureOf, optionsFor, pluginOn } from './support.mjs';

const sandbox = await startSandbox();
let plugin;
const plugins = [];
after(async () => {
  await Promise.all(plugins.map((one) => one.close()));
  await sandbox.close();
});
beforeEach(async () => {
  sandbox.reset();
  plugin = await open();
});

async function open(more) {
  const one = await pluginOn(sandbox, more);
  plugins.push(one);
  return one;
}

const { catalog } = await open();
const known = new Set(catalog.list().map(({ id }) => id));

/** Whether the catalog has these operations: not all of HighLevel's are part of every branch. */
function needs(...ids) {
  const missing = ids.filter((id) => !known.has(id));
  return { skip: missing.length ? `the catalog has no ${missing}` : false };
}

const email = 'ayse.demir@shop.test';

/** Method and path of the calls since a mark, without the query. */
const mark = () => sandbox.requests().length;
const callsSince = (from) =>
  sandbox
    .requests()
    .slice(from)
    .map(({ method, path }) => `${method} ${path.split('?')[0]}`);

const state = () => sandbox.state();
const only = () => state().contacts[0];

async function contactOf(fields = {}) {
  return (await plugin.ghl.contacts.createContact({ email, firstName: 'Ayşe', ...fields })).contact.id;
}

async function field(name, dataType, options) {
  const { customField } = await plugin.ghl.locations.createCustomField({ name, dataType, model: 'contact' });
  if (options) sandbox.setOptions(customField.id, options);
  return customField.id;
}

/** The first so many requests to a path get an answer of this status. */
const breakAt = (method, path, status = 500, times = 9) =>
  sandbox.fault({ service: 'ghl', kind: 'status', method, path, status, body: { statusCode: status }, times });

/** A path of the wrong field, with what is wrong. */
const fieldsOf = (error) => Object.fromEntries((error.fields ?? []).map(({ path, problem }) => [path, problem]));

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
    const [{ calls }] = catalog.list({ id: `bridge.${name}` });
    test(
      `${name}: by e-mail or id; an unknown address is not found, and changes nothing`,
      needs(...calls),
      async () => {
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
      },
    );
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
    assert.deepEqual([result.created, result.notes.length, state().contacts.length], [true, 1, 1]);
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

  test('a lost answer to the creation is not repeated', async () => {
    breakAt('POST', '/contacts/', 502, 1);
    const error = await failureOf(plugin.bridge.findOrCreateContact({ email }));
    assert.deepEqual([error.code, state().contacts.length], ['outcome_unknown', 0]);
    assert.match(error.help, /Call again/);
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

  test('a write of unknown outcome is not repeated, and its field has the name that the caller knows', async () => {
    const contactId = await contactOf();
    breakAt('POST', '/contacts/*/notes', 500);
    const from = mark();
    const error = await failureOf(plugin.bridge.addNote({ contactId, text: 'x' }));
    assert.deepEqual(
      [error.code, error.operation, error.cause],
      ['outcome_unknown', 'bridge.addNote', 'ghl.contacts.createNote'],
    );
    assert.equal(callsSince(from).length, 1);
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

  test('an owner by name', needs('ghl.users.getUserByLocation'), async () => {
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

describe('createOrUpdateDeal', needs('ghl.opportunities.searchOpportunity', 'ghl.users.getUserByLocation'), () => {
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

describe(
  'workflows, appointments, messages',
  needs('ghl.workflows.getWorkflow', 'ghl.calendars.createAppointment'),
  () => {
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
  },
);

describe('Digistore24', () => {
  const order = () => {
    const story = sandbox.story({ buyer: { email, lastName: 'Demir' } });
    story.payment();
    return story.orderId;
  };
  const ds24 = (from) => callsSince(from).map((call) => call.replace('POST /api/call/', ''));

  test('orders in plain values with the original beside them', async () => {
    const orderId = order();
    const from = mark();
    const got = await plugin.bridge.getOrder({ orderId });
    assert.equal(typeof got.amount, 'number');
    assert.equal(typeof got.raw.amount, 'string');
    assert.equal(Number(got.raw.amount), got.amount);
    assert.equal(got.buyer.email, email);
    assert.equal(got.buyer.zipcode, got.raw.buyer.zipcode);
    const { orders, raw } = await plugin.bridge.findOrdersByEmail({ email });
    assert.deepEqual([orders.length, orders[0].id, typeof orders[0].amount], [1, orderId, 'number']);
    assert.equal(raw[0].id, orderId);
    assert.deepEqual((await plugin.bridge.findOrdersByEmail({ email: 'nobody@shop.test' })).orders, []);
    assert.deepEqual(ds24(from), ['getPurchase', 'listPurchasesOfEmail', 'listPurchasesOfEmail']);
    const error = await failureOf(plugin.bridge.getOrder({ orderId: 'NONE' }));
    assert.deepEqual(
      [error.code, error.operation, error.cause.split(':')[0]],
      ['not_found', 'bridge.getOrder', 'digistore24.getPurchase'],
    );
  });

  test('rebilling, licence, voucher, mails', async () => {
    const story = sandbox.story({ buyer: { email }, plan: 'subscription' });
    story.payment();
    const { orderId } = story;
    const stopped = await plugin.bridge.stopRebilling({ orderId });
    assert.equal(typeof stopped.modified, 'boolean');
    assert.equal(stopped.raw.modified, stopped.modified ? 'Y' : 'N');
    assert.equal(typeof (await plugin.bridge.resumeRebilling({ orderId })).rebilling_active, 'boolean');
    const licence = await plugin.bridge.validateLicence({ orderId, licenceKey: 'WRONG' });
    assert.deepEqual([licence.is_license_valid, licence.is_license_key_found], [false, false]);
    const code = 'FRUEHLING';
    const voucher = await plugin.bridge.createVoucher({ code, firstRate: 20, limited: true, uses: 5 });
    assert.equal(voucher.code, code);
    assert.equal(typeof voucher.discount_code_id, 'string');
    const [kept] = state().digistore24.vouchers;
    assert.deepEqual([kept.first_rate, kept.is_count_limited, kept.count_left], ['20.00', 'Y', '5']);
    assert.equal((await failureOf(plugin.bridge.createVoucher({ code }))).code, 'invalid_input');
    assert.equal((await plugin.bridge.resendConfirmation({ orderId })).modified, true);
    assert.equal((await plugin.bridge.resendInvoice({ orderId })).status, 'success');
    assert.deepEqual(
      state().digistore24.mails.map(({ kind }) => kind),
      ['confirmation', 'invoice'],
    );
  });

  test('a mail, a refund: never twice', async () => {
    const orderId = order();
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 502 });
    for (const [name, input] of [
      ['resendInvoice', { orderId }],
      ['resendConfirmation', { orderId }],
      ['issueRefund', { orderId, confirm: true }],
    ]) {
      const from = mark();
      const error = await failureOf(plugin.bridge[name](input));
      assert.deepEqual([error.code, callsSince(from).length], ['outcome_unknown', 1], name);
    }
  });

  test('refund: the whole order, one payment, a part; only when it is confirmed', async () => {
    const sent = [];
    const fetch = async (url, init) => {
      const request = new Request(url, init);
      sent.push([
        new URL(request.url).pathname.split('/').at(-1),
        Object.fromEntries(new URLSearchParams(await request.text())),
      ]);
      return Response.json({ result: 'success', data: { status: 'completed', modified: 'Y', note: '' } });
    };
    const { bridge } = await open({ fetch });
    const done = await bridge.issueRefund({ orderId: 'A', force: true, confirm: true });
    assert.deepEqual([done.modified, done.status, done.note], [true, 'completed', null]);
    await bridge.issueRefund({ transactionId: 5, requestDate: '2026-02-01', confirm: true });
    await bridge.issueRefund({ orderId: 'A', amount: 12.5, confirm: true });
    assert.deepEqual(sent, [
      ['refundPurchase', { purchase_id: 'A', force: 'Y' }],
      ['refundTransaction', { transaction_id: '5', request_date: '2026-02-01' }],
      ['refundPartially', { purchase_id: 'A', amount: '12.5' }],
    ]);
    for (const [input, at] of [
      [{ orderId: 'A' }, 'confirm'],
      [{ orderId: 'A', confirm: false }, 'confirm'],
      [{ confirm: true }, 'orderId'],
      [{ orderId: 'A', transactionId: '5', confirm: true }, 'transactionId'],
      [{ transactionId: '5', amount: 1, confirm: true }, 'amount'],
      [{ orderId: 'A', amount: 0, confirm: true }, 'amount'],
      [{ orderId: 'A', amount: -1, confirm: true }, 'amount'],
      [{ orderId: 'A', amount: 1, force: true, confirm: true }, 'force'],
    ]) {
      assert.deepEqual(Object.keys(fieldsOf(await failureOf(bridge.issueRefund(input)))), [at]);
    }
    assert.equal(sent.length, 3);
    const orderId = order();
    const answer = await plugin.bridge.issueRefund({ orderId, confirm: true });
    assert.equal(answer.modified, true);
  });

  test('a buy link from flat fields, written into a field of the contact', async () => {
    await field('Buy link', 'TEXT');
    const contactId = await contactOf();
    const productId = sandbox.story().purchase.items[0].product.id;
    const input = {
      productId,
      email,
      firstName: 'Ayşe',
      amount: 49,
      payments: 1,
      currency: 'EUR',
      protect: 'email',
      custom: 'crm-1',
      validUntil: '7d',
      voucher: 'X',
    };
    const from = mark();
    const link = await plugin.bridge.createBuyLink({ ...input, writeTo: { field: 'Buy link' } });
    assert.deepEqual([link.contactId, link.dropped, link.notes], [contactId, [], []]);
    assert.equal(Object.values(only().fields)[0], link.url);
    assert.equal(callsSince(from).length, 4);
    const [kept] = state().digistore24.buyUrls;
    assert.deepEqual(kept.args.buyer, { email, first_name: 'Ayşe', readonly_keys: 'email' });
    assert.deepEqual(kept.args.payment_plan, { first_amount: '49', number_of_installments: '1', currency: 'EUR' });
    assert.deepEqual(
      [kept.args.tracking, kept.args.settings, kept.args.valid_until],
      [{ custom: 'crm-1' }, { voucher_code: 'X' }, '7d'],
    );
    const bare = await plugin.bridge.createBuyLink({ productId });
    assert.ok(bare.url.startsWith('https://') && !('notes' in bare));
  });

  test('contact and field of the link are looked up before it is made', async () => {
    await field('Number', 'NUMERICAL');
    const productId = sandbox.story().purchase.items[0].product.id;
    const made = () => state().digistore24.buyUrls.length;
    const fails = async (writeTo) => failureOf(plugin.bridge.createBuyLink({ productId, email, writeTo }));
    const nobody = await fails({ field: 'Number' });
    assert.deepEqual([nobody.code, Object.keys(fieldsOf(nobody))], ['not_found', ['writeTo.email']]);
    const contactId = await contactOf();
    assert.ok(fieldsOf(await fails({ field: 'Nothing', contactId }))['writeTo.field']);
    assert.equal(fieldsOf(await fails({ field: 'Number', contactId }))['writeTo.field'], 'must be a text field');
    assert.equal(made(), 0);
    await field('Buy link', 'TEXT');
    breakAt('PUT', '/contacts/*', 500);
    const broken = await fails({ field: 'Buy link', contactId });
    assert.equal(made(), 1);
    const [{ id, url }] = state().digistore24.buyUrls;
    assert.deepEqual([broken.code, broken.notes], ['unavailable', [`the buy link was created: ${id}`]]);
    assert.ok(!JSON.stringify(broken).includes(url), 'a link is a secret');
  });
});

describe('events and customers', () => {
  test('syncEvent carries out an event once, customerTimeline shows it', async () => {
    await plugin.setup();
    const message = sandbox.story({ buyer: { email, lastName: 'Demir' } }).payment();
    const event = { raw: message };
    const first = await plugin.bridge.syncEvent({ event });
    assert.deepEqual([first.outcome, first.contactId], ['done', only().id]);
    const from = mark();
    assert.equal((await plugin.bridge.syncEvent({ event })).outcome, 'duplicate');
    assert.deepEqual(callsSince(from), []);
    assert.deepEqual(await plugin.sync.apply(event), await plugin.bridge.syncEvent({ event }));
    const view = await plugin.bridge.customerTimeline({ email });
    assert.deepEqual(view, await plugin.timeline({ email }));
    assert.ok(view.timeline.some(({ kind }) => kind === 'purchase'));
    assert.equal((await failureOf(plugin.bridge.customerTimeline({ email: 'x@shop.test' }))).code, 'not_found');
    assert.equal((await failureOf(plugin.bridge.customerTimeline({}))).code, 'invalid_input');
    assert.ok(fieldsOf(await failureOf(plugin.bridge.syncEvent({ event: {} })))['event.raw']);
  });

  test('an action says which scopes its calls need; an account that is missing is named', async () => {
    const [entry] = plugin.catalog.list({ id: 'bridge.addTag' });
    assert.deepEqual([...entry.scopes].sort(), ['contacts.readonly', 'contacts.write']);
    assert.equal(entry.method, null);
    const { highlevel, ...shop } = optionsFor(sandbox);
    const half = await open({ highlevel: undefined });
    assert.ok(highlevel && shop);
    const orderId = 'X';
    assert.equal((await failureOf(half.bridge.getOrder({ orderId }))).code, 'not_found');
    for (const [name, input] of [
      ['addTag', { email, tags: ['x'] }],
      ['setFields', { contactId: 'c', fields: { Remark: 'x' } }],
      ['customerTimeline', { email }],
    ]) {
      assert.equal((await failureOf(half.bridge[name](input))).code, 'misconfigured', name);
    }
    assert.equal((await failureOf(plugin.bridge.addTags({}))).code, 'invalid_input');
  });
});

describe('custom requests', () => {
  test('HighLevel: any path, with token and version', async () => {
    await contactOf();
    const answer = await plugin.ghl.custom.request({
      path: '/contacts/',
      query: { locationId: '{locationId}', limit: 1 },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.contacts.length, 1);
    const body = { locationId: DEFAULT_LOCATION_ID, email: 'new@shop.test' };
    const created = await plugin.ghl.custom.request({ method: 'POST', path: '/contacts/', body });
    assert.equal(created.status, 201);
    const tagged = {
      method: 'POST',
      path: `/contacts/${created.body.contact.id}/tags`,
      body: { tags: ['x'] },
      version: '2021-04-15',
    };
    assert.deepEqual((await plugin.ghl.custom.request(tagged)).body.tags, ['x']);
    const missing = await failureOf(plugin.ghl.custom.request({ path: '/contacts/nobody' }));
    assert.deepEqual([missing.code, missing.operation], ['not_found', 'ghl.custom.request']);
    const version = await failureOf(plugin.ghl.custom.request({ path: '/contacts/', version: '' }));
    assert.equal(version.code, 'misconfigured');
  });

  test('only a GET is repeated', async () => {
    for (const [method, calls, code] of [
      ['GET', 4, 'unavailable'],
      ['POST', 1, 'outcome_unknown'],
      ['PUT', 1, 'outcome_unknown'],
      ['DELETE', 1, 'outcome_unknown'],
    ]) {
      const waiting = await open({ clock: () => 0 });
      breakAt(method, '/things', 503);
      const from = mark();
      const error = await failureOf(waiting.ghl.custom.request({ method, path: '/things' }));
      assert.deepEqual([error.code, callsSince(from).length], [code, calls], method);
      sandbox.clearFaults();
    }
  });

  test('every way out is closed; nothing is sent', async () => {
    const from = mark();
    const refused = [
      { path: 'https://evil.test/' },
      { path: '//evil.test/' },
      { path: 'contacts' },
      { path: '/../x' },
      { path: '/x/%2e%2E/y' },
      { path: '/x/..%2Fy' },
      { path: '/x\\y' },
      { path: '/x?y=1' },
      { path: '/x#y' },
      { path: '/x y' },
      { path: '/x\r\nhost: evil' },
      { path: '/x', headers: { Authorization: 'Bearer y' } },
      { path: '/x', headers: { hOST: 'evil.test' } },
      { path: '/x', headers: { cookie: 'a=b' } },
      { path: '/x', headers: { 'x-a': '1\r\nx-b: 2' } },
      { path: '/x', headers: { 'x a': '1' } },
      { path: '/x', method: 'CONNECT' },
      { path: '/x', body: {} },
      { path: '/x', baseUrl: 'https://evil.test' },
      { method: 'GET' },
    ];
    for (const input of refused) {
      const error = await failureOf(plugin.ghl.custom.request(input));
      assert.equal(error.code, 'invalid_input', JSON.stringify(input));
      assert.ok(error.fields.length, JSON.stringify(input));
    }
    for (const input of [
      { function: '../x' },
      { function: 'a/b' },
      { function: '' },
      { arguments: {} },
      { function: 'ping', arguments: 'x' },
    ]) {
      const error = await failureOf(plugin.digistore24.customRequest(input));
      assert.equal(error.code, 'invalid_input', JSON.stringify(input));
    }
    assert.deepEqual(callsSince(from), []);
  });

  test('a token without the scope, a plain text, an empty answer', async () => {
    sandbox.configure({ tokens: { [DEFAULT_TOKEN]: { scopes: [] } } });
    const error = await failureOf(
      plugin.ghl.custom.request({ path: '/contacts/', query: { locationId: DEFAULT_LOCATION_ID } }),
    );
    assert.equal(error.code, 'forbidden');
    assert.doesNotMatch(error.message, /scope $/);
    for (const [text, body] of [
      ['plain', 'plain'],
      ['', null],
      ['[1]', [1]],
    ]) {
      const odd = await open({ fetch: () => new Response(text) });
      assert.deepEqual(await odd.ghl.custom.request({ path: '/x' }), { status: 200, body });
    }
  });

  test('Digistore24: any function by its name', async () => {
    const story = sandbox.story({ buyer: { email } });
    story.payment();
    const custom = (input) => plugin.digistore24.customRequest(input);
    const found = await custom({ function: 'getPurchase', arguments: { purchase_id: story.orderId } });
    assert.equal(found.id, story.orderId);
    assert.ok((await custom({ function: 'ping' })).server_time);
    await custom({ function: 'updatePurchase', arguments: { purchase_id: story.orderId, data: { custom: 'ä b&c' } } });
    assert.equal(
      (await custom({ function: 'getPurchase', arguments: { purchase_id: story.orderId } })).custom,
      'ä b&c',
    );
    assert.equal(
      (await failureOf(custom({ function: 'getPurchase', arguments: { purchase_id: 'NONE' } }))).code,
      'not_found',
    );
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 502 });
    const from = mark();
    assert.equal((await failureOf(custom({ function: 'ping' }))).code, 'outcome_unknown');
    assert.equal(callsSince(from).length, 1);
  });
});
