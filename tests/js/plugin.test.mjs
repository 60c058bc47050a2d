import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { drive } from '../../pkg/dist/src/drive.js';
import { createPlugin, memoryStore, PluginError } from '../../pkg/dist/src/index.js';
import { load } from '../../pkg/dist/src/loaders/node.js';
import { failureOf, form, freePort, optionsFor, passphrase, pluginOn } from './support.mjs';

const sandbox = await startSandbox();
const plugin = await pluginOn(sandbox);
after(async () => {
  await plugin.close();
  await sandbox.close();
});
beforeEach(() => sandbox.reset());

const paths = (error) => error.fields.map(({ path }) => path).sort();

describe('createPlugin', () => {
  test('names every wrong option and never its value', async () => {
    const error = await failureOf(
      createPlugin({
        highlevel: { auth: { kind: 'private-integration' }, locationID: 'canary', baseUrl: 'canary' },
        digistore24: { apiKey: 7 },
        settleSeconds: -1,
        mapping: { tgas: {} },
        colour: 'canary',
      }),
    );
    assert.ok(error instanceof PluginError);
    assert.equal(error.code, 'invalid_input');
    for (const path of ['highlevel.locationId', 'highlevel.locationID', 'highlevel.baseUrl', 'digistore24.apiKey']) {
      assert.ok(paths(error).includes(path), `${path} in ${paths(error)}`);
    }
    for (const path of ['settleSeconds', 'mapping.tgas', 'colour', 'highlevel.auth.token']) {
      assert.ok(paths(error).includes(path), `${path} in ${paths(error)}`);
    }
    assert.doesNotMatch(JSON.stringify(error), /"canary/);
  });

  test('what the host lends must fit', async () => {
    for (const [name, options] of Object.entries({
      fetch: { fetch: 'no function' },
      log: { log: console },
      clock: { clock: 1 },
      'store.commit': { store: { get() {}, list() {} } },
    })) {
      assert.deepEqual(paths(await failureOf(createPlugin(options))), [name]);
    }
    const cyclic = {};
    cyclic.mapping = cyclic;
    assert.equal((await failureOf(createPlugin(cyclic))).code, 'invalid_input');
  });

  test('without accounts the catalog works and a call says what is missing', async () => {
    const bare = await createPlugin();
    assert.ok(bare.catalog.list().length > 30);
    for (const id of ['ghl.contacts.getContact', 'digistore24.ping']) {
      const error = await failureOf(bare.run(id, id.startsWith('ghl') ? { contactId: 'x' } : {}));
      assert.equal(error.code, 'misconfigured', id);
    }
    await bare.close();
    await bare.close();
    assert.equal((await failureOf(bare.run('digistore24.ping'))).code, 'cancelled');
  });
});

describe('the catalog', () => {
  test('resources with several words have names that JavaScript can write', async () => {
    const { customFields, adManager } = plugin.ghl;
    assert.equal(
      (await failureOf(customFields.getCustomFieldById({}))).operation,
      'ghl.custom-fields.getCustomFieldById',
    );
    assert.equal((await failureOf(adManager.fbGetPage({}))).code, 'invalid_input');
  });

  test('can be filtered, and each entry is whole', () => {
    const all = plugin.catalog.list();
    assert.ok(plugin.catalog.list({ service: 'ghl' }).every(({ service }) => service === 'ghl'));
    assert.ok(plugin.catalog.list({ resource: 'contacts', kind: 'search' }).length > 3);
    const [entry] = plugin.catalog.list({ id: 'ghl.contacts.addTags' });
    assert.deepEqual(entry.input.required.sort(), ['contactId', 'tags']);
    for (const { id, title, input, output, sample, effect, scopes } of all) {
      assert.ok(id && title && input.type === 'object' && output && sample.input && effect && scopes, id);
    }
    assert.equal(failed(() => plugin.catalog.list({ id: 'ghl.nothing' })).code, 'invalid_input');
    assert.equal(failed(() => plugin.catalog.list({ colour: 'red' })).code, 'invalid_input');
  });
});

function failed(work) {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it succeeded');
}

describe('every operation, once', () => {
  test('contacts with tags, notes, tasks, appointments', async () => {
    const { contacts } = plugin.ghl;
    const email = 'käte@example.com';
    const { contact } = await contacts.createContact({ firstName: 'Käte', lastName: 'Groß', email });
    const contactId = contact.id;
    assert.equal((await contacts.getContact({ contactId })).contact.lastName, 'Groß');
    assert.equal((await contacts.getDuplicateContact({ email })).contact.id, contactId);
    await contacts.updateContact({ contactId, city: 'Köln' });
    const upserted = await contacts.upsertContact({ email, companyName: 'Groß GmbH' });
    assert.equal(upserted.contact.id, contactId);
    assert.deepEqual((await contacts.addTags({ contactId, tags: ['VIP', 'b'] })).tags.sort(), ['b', 'vip']);
    assert.deepEqual((await contacts.removeTags({ contactId, tags: ['b'] })).tags, ['vip']);
    assert.ok(Array.isArray((await contacts.getContacts({ limit: 5 })).contacts));
    assert.ok(Array.isArray((await contacts.searchContactsAdvanced({ pageLimit: 5 })).contacts));
    assert.ok(Array.isArray((await contacts.getContactsByBusinessId({ businessId: 'none' })).contacts));

    const { note } = await contacts.createNote({ contactId, title: 'Grüße', body: 'eins' });
    await contacts.updateNote({ contactId, id: note.id, body: 'zwei' });
    assert.equal((await contacts.getNote({ contactId, id: note.id })).note.body, 'zwei');
    assert.equal((await contacts.getAllNotes({ contactId })).notes.length, 1);
    await contacts.deleteNote({ contactId, id: note.id });

    const due = { title: 'call', dueDate: '2026-12-01T09:00:00Z', completed: false };
    const { task } = await contacts.createTask({ contactId, ...due });
    await contacts.updateTask({ contactId, taskId: task.id, title: 'write' });
    await contacts.updateTaskCompleted({ contactId, taskId: task.id, completed: true });
    const found = (await contacts.getTask({ contactId, taskId: task.id })).task;
    assert.deepEqual([found.title, found.completed], ['write', true]);
    assert.equal((await contacts.getAllTasks({ contactId })).tasks.length, 1);
    await contacts.deleteTask({ contactId, taskId: task.id });

    assert.deepEqual((await contacts.getAppointmentsForContact({ contactId })).events, []);
    const { buiseness } = await plugin.ghl.businesses.createBusiness({ name: 'Groß GmbH' });
    await contacts.addRemoveContactFromBusiness({ ids: [contactId], businessId: buiseness.id });
    assert.equal((await contacts.getContactsByBusinessId({ businessId: buiseness.id })).contacts.length, 1);
    const bulk = await contacts.bulkUpdateTags({ type: 'add', contacts: [contactId], tags: ['c'] });
    assert.deepEqual(bulk.responses[0].tagsAdded, ['c']);
    const [workflow] = (await plugin.ghl.workflows.getWorkflow()).workflows;
    assert.ok((await contacts.addContactToWorkflow({ contactId, workflowId: workflow.id })).succeded);
    assert.ok((await contacts.deleteContactFromWorkflow({ contactId, workflowId: workflow.id })).succeded);
    await contacts.deleteContact({ contactId });
    assert.equal((await failureOf(contacts.getContact({ contactId }))).code, 'not_found');
    // The sandbox has no followers and no campaigns.
    assertCovered('ghl.contacts.', /Followers|Campaign/);
  });

  test('locations: the location and its custom fields', async () => {
    const { locations } = plugin.ghl;
    assert.ok((await locations.getLocation({})).location.id);
    const { customField } = await locations.createCustomField({ name: 'Größe', dataType: 'TEXT', model: 'contact' });
    const { customFields } = await locations.getCustomFields({ model: 'contact' });
    assert.deepEqual(
      customFields.map(({ id }) => id),
      [customField.id],
    );
  });

  test('Digistore24: account, orders, buyers, webhook connection', async (t) => {
    const story = sandbox.story({ buyer: { email: 'b@example.com', lastName: 'Weißmüller' } });
    story.payment();
    const ds24 = plugin.digistore24;
    assert.ok((await ds24.ping()).server_time);
    assert.equal((await ds24.getUserInfo()).user_name, 'sandboxacademy');
    const order = await ds24.getPurchase({ purchase_id: story.orderId });
    assert.equal(order.buyer.last_name, 'Weißmüller');
    assert.equal((await ds24.listPurchases({ search: { role: 'vendor' } })).purchase_list.length, 1);
    assert.equal((await ds24.listTransactions({})).transaction_list.length, 1);
    const [buyer] = (await ds24.listBuyers({})).items;
    assert.equal((await ds24.getBuyer({ buyer_id: buyer.id })).buyer.email, 'b@example.com');
    await ds24.updatePurchase({ purchase_id: story.orderId, tracking_param: 'ä b&c' });
    assert.equal((await ds24.getPurchase({ purchase_id: story.orderId })).tracking_param, 'ä b&c');

    const server = createServer((_, response) => response.end('OK'));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const connection = { ipn_url: `http://127.0.0.1:${server.address().port}/`, name: 'x', product_ids: 'all' };
    assert.ok((await ds24.ipnSetup({ ...connection, domain_id: 'd-1', sha_passphrase: 'random' })).sha_passphrase);
    assert.equal((await ds24.ipnInfo({ domain_id: 'd-1' })).ipn_settings.domain_id, 'd-1');
    assert.equal((await ds24.ipnDelete({ domain_id: 'd-1' })).modified, 'Y');
    // All other functions: tests/js/digistore24-sandbox.test.mjs.
  });

  /** All operations of a service were called in this test: each new entry of the catalog needs a line here. */
  function assertCovered(prefix, except = /^$/) {
    const called = sandbox.requests().map(({ method, path }) => `${method} ${path}`);
    for (const { id, method, path } of plugin.catalog.list()) {
      if (!id.startsWith(prefix) || except.test(id)) continue;
      const pattern = new RegExp(`^${method} ${path.replace(/\{[^}]+\}/g, '[^/]+')}/?$`);
      assert.ok(
        called.some((call) => pattern.test(call)),
        `${id} was not called`,
      );
    }
  }
});

describe('refused before anything is sent', () => {
  const refused = async (promise, ...wanted) => {
    const error = await failureOf(promise);
    assert.equal(error.code, 'invalid_input', error.message);
    assert.equal(error.retryable, false);
    if (wanted.length > 0) assert.deepEqual(paths(error), wanted.sort());
    assert.deepEqual(sandbox.requests(), []);
    return error;
  };

  test('every wrong field is named', async () => {
    const error = await refused(
      plugin.run('ghl.contacts.createTask', { title: 7, dueDate: 'tomorrow', completed: 'no', colour: 'red' }),
      'contactId',
      'title',
      'dueDate',
      'completed',
      'colour',
    );
    assert.equal(error.operation, 'ghl.contacts.createTask');
    await refused(plugin.ghl.contacts.addTags({ contactId: 'c', tags: 'vip' }), 'tags');
    await refused(plugin.ghl.contacts.addTags({ contactId: 'c', tags: ['a', 7, null] }), 'tags[1]', 'tags[2]');
    await refused(plugin.digistore24.getPurchase({}), 'purchase_id');
    await refused(plugin.run('ghl.contacts.addTags', []));
    await refused(plugin.run('ghl.contacts.addTags', 'text'));
    await refused(plugin.run('ghl.contacts.addTags', null), 'contactId', 'tags');
  });

  test('unknown operations', async () => {
    for (const id of ['ghl.contacts.explode', 'constructor', '', 'ghl', '../x']) await refused(plugin.run(id, {}));
    await refused(plugin.ghl.contacts.explode({}));
    await refused(plugin.digistore24.explode());
    await refused(plugin.run(undefined));
  });

  test('what is no JSON', async () => {
    const cyclic = {};
    cyclic.self = cyclic;
    await refused(plugin.run('ghl.contacts.createContact', cyclic));
    await refused(plugin.run('ghl.contacts.createContact', { firstName: 7n }));
    await refused(plugin.run('ghl.contacts.searchContactsAdvanced', { pageLimit: Number.NaN }), 'pageLimit');
    let deep = {};
    for (let i = 0; i < 5000; i++) deep = { deep };
    await refused(plugin.run('ghl.contacts.createContact', deep));
  });

  test('ids can’t leave their place in the path', async () => {
    await plugin.ghl.contacts.getContact({ contactId: '../locations/x?y=1#z' }).catch(() => {});
    for (const { path } of sandbox.requests()) assert.match(path, /^\/contacts\/[^/?#]+$/);
  });

  test('namespaces are no promises and print', async () => {
    assert.equal(plugin.ghl.then, undefined);
    assert.equal((await plugin.ghl) === plugin.ghl, true);
    assert.equal(plugin.ghl.contacts.addTags, plugin.ghl.contacts.addTags);
    assert.equal(JSON.stringify({ ghl: plugin.ghl.contacts }), '{"ghl":{}}');
  });
});

describe('services that fail', () => {
  const read = () => plugin.ghl.contacts.getContact({ contactId: 'someContact000000001' });
  const write = () => plugin.ghl.contacts.createContact({ email: 'a@example.com' });

  test('unreachable: nothing was sent', async () => {
    // A port that nobody listens on, one that fetch itself refuses, a name that doesn't exist.
    for (const baseUrl of [`http://127.0.0.1:${await freePort()}`, 'http://127.0.0.1:9', 'https://nowhere.invalid']) {
      const lost = await pluginOn(sandbox, { highlevel: { ...optionsFor(sandbox).highlevel, baseUrl } });
      const error = await failureOf(lost.ghl.contacts.createContact({ email: 'a@example.com' }));
      assert.deepEqual([error.code, error.retryable], ['unavailable', true], baseUrl);
      assert.match(error.help, /nothing was sent/);
      await lost.close();
    }
  });

  test('an answer that is no JSON, of wrong types, cut short or huge', async () => {
    for (const [kind, codes] of Object.entries({
      malformed: ['malformed_response'],
      truncated: ['outcome_unknown'],
      huge: ['outcome_unknown', 'malformed_response'],
    })) {
      sandbox.fault({ service: 'ghl', kind, times: 1 });
      const error = await failureOf(write());
      assert.ok(codes.includes(error.code), `${kind}: ${error.code}`);
      assert.equal(sandbox.requests().length, 1, `${kind}: a create is not repeated`);
      sandbox.reset();
    }
    sandbox.fault({ service: 'digistore24', kind: 'malformed' });
    assert.equal((await failureOf(plugin.digistore24.ping())).code, 'malformed_response');
    sandbox.clearFaults();
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 200, body: '[]' });
    assert.equal((await failureOf(plugin.digistore24.ping())).code, 'malformed_response');
  });

  test('a lost answer: a read is repeated, a create is not', async () => {
    sandbox.fault({ service: 'ghl', kind: 'reset', times: 1 });
    assert.equal((await failureOf(read())).code, 'not_found');
    assert.equal(sandbox.requests().length, 2);
    sandbox.reset();
    sandbox.fault({ service: 'ghl', kind: 'reset_after', times: 1 });
    assert.equal((await failureOf(write())).code, 'outcome_unknown');
    assert.equal(sandbox.requests().length, 1);
    assert.equal(sandbox.state().contacts.length, 1);
  });

  test('redirects are not followed', async () => {
    sandbox.fault({ service: 'ghl', kind: 'status', status: 302, headers: { location: `${sandbox.url}/` } });
    const error = await failureOf(read());
    assert.deepEqual([error.code, error.status], ['misconfigured', 302]);
    assert.match(error.message, /redirect/);
    assert.equal(sandbox.requests().length, 1);
  });

  test('an answer of 16 MiB and more is not kept in memory', async () => {
    const fetch = async () => new Response('x'.repeat(17 * 1024 * 1024));
    const drowned = await pluginOn(sandbox, { fetch });
    const error = await failureOf(drowned.ghl.contacts.createContact({ email: 'a@example.com' }));
    assert.equal(error.code, 'malformed_response');
    await drowned.close();
  });
});

describe('the caller gives up', () => {
  test('before, during a call, and during a pause', async () => {
    const input = { contactId: 'someContact000000001' };
    const early = await failureOf(plugin.run('ghl.contacts.getContact', input, { signal: AbortSignal.abort() }));
    assert.equal(early.code, 'cancelled');
    assert.deepEqual(sandbox.requests(), []);

    sandbox.fault({ service: 'ghl', kind: 'timeout', times: 1 });
    const control = new AbortController();
    const call = failureOf(plugin.run('ghl.contacts.getContact', input, { signal: control.signal }));
    await until(() => sandbox.requests().length === 1);
    control.abort();
    assert.equal((await call).code, 'cancelled');

    sandbox.reset();
    sandbox.fault({ service: 'ghl', kind: 'rate_limited', headers: { 'retry-after': '30' } });
    const patience = new AbortController();
    const waiting = failureOf(plugin.run('ghl.contacts.getContact', input, { signal: patience.signal }));
    await until(() => sandbox.requests().length === 1);
    await sleep(20);
    patience.abort();
    assert.equal((await waiting).code, 'cancelled');
    assert.equal(sandbox.requests().length, 1);
  });
});

describe('the loop that drives a call', () => {
  const host = { store: memoryStore(), fetch, log() {}, clock: () => 7 };
  /** A task that plays back steps and keeps what it was given. */
  const scripted = (...steps) => {
    const given = [];
    return { given, step: (input) => given.push(input) && steps.shift() };
  };

  test('effects of one step run at the same time; answers go in as they come', async () => {
    const task = scripted(
      {
        effects: [
          { id: 1, kind: 'sleep', ms: 60 },
          { id: 2, kind: 'sleep', ms: 1 },
        ],
      },
      { effects: [{ id: 3, kind: 'get', keys: ['a'] }] },
      { effects: [] },
      { done: '"end"' },
    );
    assert.equal(await drive(task, host), '"end"');
    const answers = task.given.map((input) => input.answers.map(({ id }) => id));
    assert.deepEqual(answers, [[], [2], [3], [1]]);
    assert.ok(task.given.every(({ now, seed }) => now === 7 && Number.isInteger(seed) && seed >= 0));
  });

  test('log lines need no answer; a task that waits for nothing is a bug', async () => {
    const line = { id: 0, kind: 'log', level: 'info', message: 'm', fields: {} };
    assert.equal(await drive(scripted({ effects: [line] }, { done: '1' }), host), '1');
    assert.equal((await failureOf(drive(scripted({ effects: [] }), host))).code, 'outcome_unknown');
    const failed = { code: 'conflict', message: 'm', help: 'h', retryable: true };
    assert.deepEqual((await failureOf(drive(scripted({ failed }), host))).toJSON(), failed);
  });
});

describe('a trap', () => {
  test('ends the calls in flight as outcome_unknown; the next call gets a new instance', async () => {
    const own = await pluginOn(sandbox);
    const before = await load();
    const { step } = before.Task.prototype;
    sandbox.fault({ service: 'digistore24', kind: 'slow', delayMs: 100, times: 1 });
    const inFlight = failureOf(own.digistore24.ping());
    await until(() => sandbox.requests().length === 1);
    before.Task.prototype.step = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    const error = await failureOf(own.digistore24.ping());
    before.Task.prototype.step = step;
    assert.equal(error.code, 'outcome_unknown');
    assert.doesNotMatch(JSON.stringify(error), /unreachable/);
    assert.equal((await inFlight).code, 'outcome_unknown');

    assert.ok((await own.digistore24.ping()).server_time);
    assert.notEqual(await load(), before);
    assert.ok((await plugin.digistore24.ping()).server_time, 'other plugins go on too');
    await own.close();
  });
});

describe('sync', () => {
  const post = (message, secret) => plugin.receive({ method: 'POST', body: form(message, secret) });
  const calls = () => sandbox.requests().filter(({ service }) => service === 'ghl').length;

  test('a sale arrives, is planned and carried out; a repeat does nothing', async () => {
    const own = await pluginOn(sandbox);
    await own.setup();
    const purchase = (email) => sandbox.story({ buyer: { email } }).payment();
    await own.sync.apply({ raw: purchase('first@example.com') });

    const message = purchase('second@example.com');
    const before = calls();
    const received = await own.receive(new Request('http://localhost/', { method: 'POST', body: form(message) }));
    assert.deepEqual([received.outcome, await received.response.text()], ['queued', 'OK']);
    const [event] = received.events;
    assert.deepEqual([event.event, event.buyer.email, event.test], ['payment', 'second@example.com', false]);
    assert.equal(event.raw.sha_sign, undefined);
    const plan = await own.sync.plan(event);
    assert.deepEqual(
      plan.steps.map((step) => Object.keys(step.do)[0]),
      ['createContact', 'createNote', 'addTags'],
    );
    assert.equal(calls(), before, 'neither receiving nor planning makes a call');

    const tick = await own.tick();
    assert.deepEqual(
      [tick.done, tick.nextAt ?? null, tick.events.length, tick.events[0].outcome],
      [true, null, 1, 'done'],
    );
    assert.equal(calls() - before, 4);
    const again = await own.receive({ method: 'POST', body: new TextEncoder().encode(form(message)) });
    assert.deepEqual([again.outcome, again.events], ['duplicate', []]);
    assert.equal((await own.sync.apply(event)).outcome, 'duplicate');
    assert.equal((await own.tick()).events.length, 0);
    assert.equal(calls() - before, 4);
    assert.deepEqual(await own.inbox(), []);
    assert.equal((await own.inbox('done')).length, 2);

    const timeline = await own.timeline({ email: 'Second@Example.com ' });
    assert.equal(timeline.status, 'active');
    assert.equal((await own.timeline({ contactId: timeline.contact.id })).orders.length, 1);
    assert.equal((await failureOf(own.timeline({ email: 'nobody@example.com' }))).code, 'not_found');
    assert.equal((await failureOf(own.timeline({}))).code, 'invalid_input');
    await own.close();
  });

  test('an order of two items may be told as two events; carrying out either does all of it, once', async () => {
    const own = await pluginOn(sandbox);
    await own.setup();
    const story = sandbox.story({ buyer: { email: 'two@example.com' } });
    const { sha_sign: _, ...first } = story.payment();
    const two = {
      item_count: '2',
      order_item_id_2: '77',
      product_id_2: '78',
      product_name_2: 'Extra',
      product_txn_amount_2: '5.00',
    };
    const received = await own.receive({ method: 'POST', body: form({ ...first, ...two }) }, { splitItems: true });
    const { events } = received;
    assert.deepEqual(
      events.map(({ productId, items, amount }) => [productId, items.length, typeof amount]),
      [
        [first.product_id, 1, 'number'],
        ['78', 1, 'number'],
      ],
    );
    assert.notEqual(events[0].dedupeKey, events[1].dedupeKey);
    for (const event of events) assert.deepEqual(event.triggers, ['digistore24.onPayment', 'bridge.newSale']);
    assert.equal((await own.sync.plan(events[1])).event.items.length, 2, 'the message counts, not the part');
    assert.equal((await own.sync.apply(events[0])).outcome, 'done');
    assert.equal((await own.sync.apply(events[1])).outcome, 'duplicate');
    const { orders } = await own.timeline({ email: 'two@example.com' });
    assert.equal(orders[0].items.length, 2);
    await own.close();
  });

  test('refused messages', async () => {
    const message = sandbox.story().payment();
    const forged = await post(message, 'another passphrase');
    assert.deepEqual(
      [forged.outcome, forged.response.status, forged.error.code],
      ['refused', 403, 'signature_invalid'],
    );
    assert.equal((await post(message, '')).response.status, 403);
    for (const [body, status] of [
      ['{"event":"on_payment"}', 400],
      ['', 400],
      [`a=${'x'.repeat(1024 * 1024)}`, 413],
      [new Blob(['x'.repeat(2 * 1024 * 1024)]).stream(), 413],
      [7, 400],
    ]) {
      const { response, outcome, error, events } = await plugin.receive({ method: 'POST', body });
      assert.deepEqual([response.status, outcome, error.code, events], [status, 'refused', 'invalid_input', []]);
      assert.doesNotMatch(await response.text(), /OK/);
    }
    assert.deepEqual(await plugin.inbox(), []);
    const checked = await plugin.receive(new Request('http://localhost/'));
    assert.deepEqual([checked.outcome, await checked.response.text()], ['checked', 'OK']);
  });

  test('a body that never ends is not read on', async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    assert.equal((await plugin.receive({ method: 'POST', body })).response.status, 413);
    assert.ok(pulled < 1.3 * 1024 * 1024, `${pulled} bytes were read`);
  });

  test('a store that fails: no OK, no value in the error', async () => {
    const store = { ...memoryStore(), commit: () => Promise.reject(new Error('canary b@example.com')) };
    const own = await pluginOn(sandbox, { store });
    const received = await own.receive({ method: 'POST', body: form(sandbox.story().payment()) });
    assert.deepEqual([received.outcome, received.response.status, received.error.code], ['refused', 503, 'storage']);
    assert.doesNotMatch((await received.response.text()) + JSON.stringify([received.error, own.lines]), /OK|canary/);
    await own.close();
  });

  test('events must be events', async () => {
    for (const event of [undefined, null, {}, { raw: 'text' }, { raw: { event: 7 } }]) {
      assert.equal((await failureOf(plugin.sync.plan(event))).code, 'invalid_input', JSON.stringify(event));
    }
    assert.equal((await failureOf(plugin.tick({ maxRequest: 3 }))).code, 'invalid_input');
    assert.equal((await failureOf(plugin.inbox('cellar'))).code, 'invalid_input');
  });

  test('the default store warns once', async () => {
    const lines = [];
    const own = await createPlugin({ ...optionsFor(sandbox), log: (line) => lines.push(line) });
    await own.tick();
    await own.tick();
    assert.equal(lines.filter(({ level, message }) => level === 'warn' && /memory/.test(message)).length, 1);
    await own.close();
  });

  test('a log that throws harms nothing', async () => {
    const own = await pluginOn(sandbox, {
      log: () => {
        throw new Error('the disk is full');
      },
    });
    const body = form(sandbox.story().payment(), passphrase);
    assert.equal((await own.receive({ method: 'POST', body })).outcome, 'queued');
    assert.equal((await own.receive({ method: 'POST', body: '' })).response.status, 400);
    await own.close();
  });
});

async function until(condition) {
  for (let i = 0; i < 500; i++) {
    if (condition()) return;
    await sleep(10);
  }
  throw new Error('it did not happen');
}
