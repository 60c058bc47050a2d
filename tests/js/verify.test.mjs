// Writes whose answer is missing: looked up, never blindly repeated. After each call exactly one thing exists.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { failureOf, pluginOn } from './support.mjs';

let sandbox;
let contactId;
/** The requests before the test. */
let begun;
/** The sandbox's clock is ahead of the plugin's by so much. */
let skew = 0;
const clock = () => Date.now() + skew;

before(async () => {
  sandbox = await startSandbox({ clock });
});
after(() => sandbox.close());
beforeEach(async () => {
  skew = 0;
  sandbox.reset();
  sandbox.configure({ allowDuplicateOpportunity: true });
  const plugin = await pluginOn(sandbox);
  ({ id: contactId } = (await plugin.ghl.contacts.createContact({ email: 'owner@example.com' })).contact);
  begun = sandbox.requests().length;
});

const ghl = () => sandbox.state();
const pipelineId = () => ghl().pipelines[0].id;
const later = '2026-12-01T09:00:00.000Z';

/** Operation, input, the POST's path, how many exist, and the id in the answer. */
const writes = {
  'ghl.contacts.createContact': {
    input: () => ({ email: 'New@Example.com' }),
    path: '/contacts/',
    count: () => ghl().contacts.length - 1,
    id: ({ contact }) => contact.id,
  },
  'ghl.contacts.upsertContact': {
    input: () => ({ email: 'new@example.com' }),
    path: '/contacts/upsert',
    count: () => ghl().contacts.length - 1,
    id: ({ contact }) => contact.id,
  },
  'ghl.contacts.createNote': {
    input: () => ({ contactId, title: 'Call', body: 'Call back' }),
    path: '/contacts/*/notes',
    count: () => ghl().contacts[0].notes.length,
    id: ({ note }) => note.id,
  },
  'ghl.opportunities.createOpportunity': {
    input: () => ({ contactId, pipelineId: pipelineId(), name: 'Course', status: 'open' }),
    path: '/opportunities/',
    count: () => ghl().opportunities.length,
    id: ({ opportunity }) => opportunity.id,
  },
  'ghl.calendars.createAppointment': {
    input: () => ({ contactId, calendarId: ghl().calendars[0].id, startTime: later }),
    path: '/calendars/events/appointments',
    count: () => ghl().appointments.length,
    id: ({ id }) => id,
  },
  'ghl.locations.createTag': {
    input: () => ({ name: 'VIP' }),
    path: '/locations/*/tags',
    count: async () => (await (await pluginOn(sandbox)).ghl.locations.getLocationTags({})).tags.length,
    id: ({ tag }) => tag.id,
  },
  'ghl.locations.createCustomField': {
    input: () => ({ name: 'Shoe size', dataType: 'NUMERICAL' }),
    path: '/locations/*/customFields',
    count: () => ghl().customFields.length,
    id: ({ customField }) => customField.id,
  },
  'ghl.businesses.createBusiness': {
    input: () => ({ name: 'Shop & Co' }),
    path: '/businesses/',
    count: () => ghl().businesses.length,
    id: ({ buiseness }) => buiseness.id,
  },
  'digistore24.createVoucher': {
    service: 'digistore24',
    input: () => ({ code: 'SPRING', first_rate: 10 }),
    path: '/api/call/createVoucher',
    count: () => ghl().digistore24.vouchers.length,
    id: ({ discount_code_id }) => discount_code_id,
  },
};

const posts = (path) =>
  sandbox
    .requests()
    .slice(begun)
    .filter((r) => r.method === 'POST' && isLike(path, r.path)).length;
const isLike = (pattern, path) =>
  new RegExp(`^${pattern.replaceAll('*', '[^/]+').replace(/\/$/, '')}/?$`).test(path.split('?')[0]);

for (const [id, { service = 'ghl', input, path, count, id: idOf }] of Object.entries(writes)) {
  describe(id, () => {
    const fault = (kind, more) => sandbox.fault({ service, kind, method: 'POST', path, times: 1, ...more });

    for (const minutes of [-5, 5]) {
      test(`the answer is lost: its work is found, with clocks ${minutes} minutes apart`, async () => {
        skew = minutes * 60_000;
        fault('reset_after');
        const plugin = await pluginOn(sandbox, { settleSeconds: 60 });
        assert.ok(idOf(await plugin.run(id, input())));
        assert.deepEqual([posts(path), await count()], [1, 1]);
      });
    }

    test('nothing was done: it is repeated once, when it can no longer take effect', async () => {
      fault('reset');
      const plugin = await pluginOn(sandbox, { settleSeconds: 0.02 });
      assert.ok(idOf(await plugin.run(id, input())));
      assert.deepEqual([posts(path), await count()], [2, 1]);
    });

    test('it takes effect late, before the settle time is over: found at the second look', async () => {
      fault('reset_after', { delayMs: 20 });
      const plugin = await pluginOn(sandbox, { settleSeconds: 0.2 });
      assert.ok(idOf(await plugin.run(id, input())));
      assert.deepEqual([posts(path), await count()], [1, 1]);
    });

    test('where the time is too short to be sure, nothing is repeated and the error says so', async () => {
      fault('reset');
      const plugin = await pluginOn(sandbox, { settleSeconds: 60 });
      const error = await failureOf(plugin.run(id, input(), { deadlineMs: 10_000 }));
      assert.equal(error.code, 'outcome_unknown');
      assert.match(error.help, /was looked for and was not there/);
      assert.ok(error.retryAfterMs > 50_000 && error.retryAfterMs <= 60_000);
      assert.deepEqual([posts(path), await count()], [1, 0]);
    });
  });
}

test('an older twin is not taken for it', async () => {
  for (const id of [
    'ghl.contacts.createNote',
    'ghl.opportunities.createOpportunity',
    'ghl.businesses.createBusiness',
  ]) {
    const { input, path, count, id: idOf } = writes[id];
    const plugin = await pluginOn(sandbox, { settleSeconds: 60 });
    const twin = idOf(await plugin.run(id, input()));
    skew += 5_000;
    sandbox.fault({ service: 'ghl', kind: 'reset_after', method: 'POST', path, times: 1 });
    assert.notEqual(idOf(await plugin.run(id, input())), twin, id);
    sandbox.fault({ service: 'ghl', kind: 'reset', method: 'POST', path, times: 1 });
    skew += 5_000;
    assert.equal((await failureOf(plugin.run(id, input(), { deadlineMs: 5_000 }))).code, 'outcome_unknown', id);
    assert.equal(await count(), 2, id);
  }
});

test('the documented 422 of a contact that was created all the same', async () => {
  for (const [id, path] of [
    ['ghl.contacts.createContact', '/contacts/'],
    ['ghl.contacts.upsertContact', '/contacts/upsert'],
  ]) {
    const plugin = await pluginOn(sandbox);
    sandbox.fault({ service: 'ghl', kind: 'create_then_422', method: 'POST', path, times: 1 });
    const { contact } = await plugin.run(id, { email: `${path.length}@example.com` });
    assert.equal(sandbox.state().contacts.at(-1).id, contact.id);
    sandbox.fault({ service: 'ghl', kind: 'status', method: 'POST', path, status: 422, body: {}, times: 1 });
    const refused = await failureOf(plugin.run(id, { email: 'nobody@example.com' }));
    assert.deepEqual([refused.code, refused.status], ['invalid_input', 422]);
  }
  assert.equal(sandbox.state().contacts.length, 3);
});

test('of a task nobody can say when it was made: one that is there is told, not taken, and none is made twice', async () => {
  const plugin = await pluginOn(sandbox);
  const task = { contactId, title: 'Call', dueDate: later, completed: false };
  sandbox.fault({ service: 'ghl', kind: 'reset_after', method: 'POST', path: '/contacts/*/tasks', times: 1 });
  const error = await failureOf(plugin.ghl.contacts.createTask(task));
  const [made, ...others] = sandbox.state().contacts[0].tasks;
  assert.deepEqual([error.code, error.existingId, others.length], ['outcome_unknown', made.id, 0]);
  assert.match(error.help, /something equal exists/);
  sandbox.fault({ service: 'ghl', kind: 'reset', method: 'POST', path: '/contacts/*/tasks', times: 1 });
  await plugin.ghl.contacts.createTask({ ...task, title: 'Write' });
  assert.equal(sandbox.state().contacts[0].tasks.length, 2);
});

test('what the service wrote in another way is told, not repeated', async () => {
  const plugin = await pluginOn(sandbox);
  // As if HighLevel had cleaned the text.
  const fetch = (url, init) => globalThis.fetch(url, { ...init, body: init.body?.replace('<b>Call</b>', 'Call') });
  const cleaned = await pluginOn(sandbox, { fetch });
  sandbox.fault({ service: 'ghl', kind: 'reset_after', method: 'POST', path: '/contacts/*/notes', times: 1 });
  const error = await failureOf(cleaned.ghl.contacts.createNote({ contactId, body: '<b>Call</b>' }));
  const { notes } = await plugin.ghl.contacts.getAllNotes({ contactId });
  assert.deepEqual([error.code, error.existingId, notes.length], ['outcome_unknown', notes[0].id, 1]);
});

test('what can’t be looked up is not repeated', async () => {
  const plugin = await pluginOn(sandbox);
  const noAddress = { firstName: 'Ada' };
  sandbox.fault({ service: 'ghl', kind: 'reset_after', method: 'POST', path: '/contacts/', times: 1 });
  assert.equal((await failureOf(plugin.ghl.contacts.createContact(noAddress))).code, 'outcome_unknown');
  assert.equal(sandbox.state().contacts.length, 2);
  const workflowId = sandbox.state().workflows[0].id;
  sandbox.fault({ service: 'ghl', kind: 'reset', method: 'POST', path: '/contacts/*/workflow/*', times: 1 });
  const error = await failureOf(plugin.ghl.contacts.addContactToWorkflow({ contactId, workflowId }));
  assert.equal(error.code, 'outcome_unknown');
  assert.equal(posts('/contacts/*/workflow/*'), 1);
});

test('the look-up fails, too: nothing is repeated', async () => {
  const plugin = await pluginOn(sandbox);
  sandbox.fault({ service: 'ghl', kind: 'status', status: 500, path: '/contacts/*/notes' });
  const error = await failureOf(plugin.ghl.contacts.createNote({ contactId, body: 'x' }, { deadlineMs: 2_000 }));
  assert.equal(error.code, 'outcome_unknown');
  assert.match(error.help, /Looking for it failed/);
  assert.equal(posts('/contacts/*/notes'), 1);
});

test('every look-up of the catalog names what exists', async () => {
  const plugin = await pluginOn(sandbox);
  const entries = new Map(plugin.catalog.list().map((entry) => [entry.id, entry]));
  const found = [...entries.values()].filter(({ verify }) => verify);
  assert.ok(found.length >= 19);
  const propertiesOf = (schema, defs) => {
    const resolved = schema.$ref ? defs[schema.$ref.split('/').at(-1)] : schema;
    const one = resolved.items ?? resolved.anyOf?.find((other) => other.type !== 'null') ?? resolved;
    return one.$ref || one.items || one.anyOf ? propertiesOf(one, defs) : one.properties;
  };
  for (const { id, verify, input } of found) {
    const search = entries.get(verify.search);
    assert.equal(search?.retry, 'safe', id);
    const required = new Set(search.input.required ?? []);
    for (const way of verify.input) {
      for (const [name, from] of Object.entries(way)) {
        assert.ok(search.input.properties[name], `${id}: ${verify.search} takes no ${name}`);
        assert.ok(input.properties[from], `${id}: no field ${from}`);
      }
      for (const name of required) assert.ok(name in way, `${id}: ${verify.search} needs ${name}`);
    }
    const defs = search.output.$defs ?? {};
    const answer = verify.items ? propertiesOf(search.output, defs)[verify.items] : search.output;
    assert.ok(answer, `${id}: no ${verify.items}`);
    const item = propertiesOf(answer, defs);
    for (const name of verify.same ?? []) assert.ok(input.properties[name], `${id}: no field ${name}`);
    const names = [...(verify.same ?? []), ...(verify.alike ?? [])];
    // Custom fields have their time without its being in the specification.
    if (verify.newer && id !== 'ghl.locations.createCustomField') names.push(verify.newer);
    for (const name of names) assert.ok(item[name], `${id}: an item has no ${name}`);
  }
});
