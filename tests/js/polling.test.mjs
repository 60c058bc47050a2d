// Triggers that arrive by polling, against the sandbox. That no item is lost or told twice whatever happens is the business
// of the simulation in src/poll/tests.rs; here: the way through the host, the events, the cursor as plain JSON.
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { failureOf, pluginOn } from './support.mjs';

const start = Date.parse('2026-11-23T10:00:00Z');
const minutes = 60_000;
let now = start;
const sandbox = await startSandbox({ clock: () => now });
const plugin = await pluginOn(sandbox, { clock: () => now });

after(async () => {
  await plugin.close();
  await sandbox.close();
});
beforeEach(() => {
  now = start;
  sandbox.reset();
});

/** A host that polls one trigger and keeps its cursor as text. */
function host(trigger, options = {}) {
  let kept;
  return {
    /** Polls until there is no more; gives all events. */
    async poll() {
      const events = [];
      for (let done = false; !done; ) {
        const result = await plugin.poll(trigger, kept === undefined ? undefined : JSON.parse(kept), options);
        events.push(...result.events);
        kept = JSON.stringify(result.cursor);
        done = result.done;
      }
      return events;
    },
    cursor: () => kept,
  };
}

const orders = (events) => events.map((event) => event.order.id).sort();
const sell = (options = {}) => {
  const story = sandbox.story(options);
  story.payment();
  return story;
};

describe('Digistore24', () => {
  test('from now: nothing old, each new order once, also one that turns up late', async () => {
    sell();
    const { poll } = host('digistore24.newPurchase');
    assert.deepEqual(await poll(), []);
    now += 5 * minutes;
    const [first, second] = [sell(), sell()];
    const events = await poll();
    assert.deepEqual(orders(events), [first.orderId, second.orderId].sort(), 'two of the same second');
    assert.deepEqual(await poll(), []);
    now += 5 * minutes;
    const late = sell({ at: '2026-11-23 10:15:00' });
    assert.deepEqual(orders(await poll()), [late.orderId]);
    now += 24 * 60 * minutes;
    assert.deepEqual(await poll(), []);
    const { poll: other } = host('digistore24.newPurchase');
    assert.deepEqual(await other(), []);
  });

  test('an order has the shape of all events', async () => {
    const { poll } = host('digistore24.newPurchase');
    await poll();
    now += minutes;
    const story = sell({ billing: 'subscription', products: [{}, {}], test: true });
    const [event] = await poll();
    const { buyer, items } = story.purchase;
    assert.equal(event.dedupeKey, `default|digistore24.newPurchase|${story.orderId}`);
    assert.deepEqual(
      [event.orderId, event.email, event.firstName, event.event, event.test, event.occurredAt],
      [story.orderId, buyer.email, buyer.firstName, 'payment', true, '2026-11-23T11:01:00+01:00'],
    );
    assert.deepEqual(
      event.items.map((item) => [item.id, item.productId, item.name, item.quantity]),
      items.map((item) => [item.id, item.product.id, item.product.name, item.quantity]),
    );
    assert.equal(event.money.gross, story.purchase.firstAmount / 100);
    assert.equal(event.subscription.billingType, 'subscription');
    assert.deepEqual(event.triggers, ['digistore24.newPurchase', 'bridge.newSale']);
    assert.equal(event.raw.id, story.orderId);

    const split = host('digistore24.newPurchase', { input: { from: '2026-11-23', splitItems: true } });
    const parts = await split.poll();
    assert.deepEqual(
      parts.map((part) => part.items.map((item) => item.id)),
      items.map((item) => [item.id]),
    );
    assert.equal(new Set(parts.map((part) => part.dedupeKey)).size, 2);
  });

  test('from a day or time; a filter', async () => {
    const at = (time) => sell({ at: time }).orderId;
    at('2026-11-20 23:59:59');
    const [first, second] = [at('2026-11-21 00:00:00'), at('2026-11-22 12:00:00')];
    assert.deepEqual(orders(await host('digistore24.newPurchase', { input: { from: '2026-11-21' } }).poll()), [
      ...[first, second].sort(),
    ]);
    const precise = { input: { from: '2026-11-22T11:00:00Z' } };
    assert.deepEqual(orders(await host('digistore24.newPurchase', precise).poll()), [second]);
    const product = sell({ products: [{ id: '777', name: 'Other' }] });
    const filtered = { input: { from: '2026-11-20', productIds: ['777', '778'] } };
    assert.deepEqual(orders(await host('digistore24.newPurchase', filtered).poll()), [product.orderId]);
  });

  test('a long time is read in parts of a few requests, whatever the budget; the cursor stays small', async () => {
    const sold = [];
    for (let i = 0; i < 3_300; i += 1) {
      const time = new Date(Date.UTC(2026, 9, 1) + i * 20 * minutes).toISOString();
      sold.push(sell({ at: time.slice(0, 19).replace('T', ' ') }).orderId);
    }
    for (const maxRequests of [2, 3, 50]) {
      const reader = host('digistore24.newPurchase', { maxRequests, input: { from: '2026-09-30' } });
      const before = sandbox.requests().length;
      assert.deepEqual(orders(await reader.poll()), [...sold].sort(), `${maxRequests} requests`);
      assert.ok(sandbox.requests().length - before < 20, `${sandbox.requests().length - before} requests`);
      assert.ok(reader.cursor().length < 16_000, `${reader.cursor().length} characters`);
    }
    const { events, done } = await plugin.poll('digistore24.newPurchase', null, {
      maxRequests: 2,
      input: { from: '2026-09-30' },
    });
    assert.equal(done, false);
    assert.ok(events.length < sold.length);
  });

  test('the hour that exists twice', async () => {
    now = Date.parse('2026-10-25T00:10:00Z');
    const { poll } = host('digistore24.newPurchase');
    await poll();
    const told = [];
    const sold = [];
    for (let i = 0; i < 30; i += 1) {
      now += 7 * minutes;
      sold.push(sell().orderId);
      told.push(...(await poll()));
    }
    assert.deepEqual(orders(told), sold.sort());
  });

  test('a failure in the middle keeps what was read; a host that forgets the cursor is told again, by the same keys', async () => {
    for (let i = 0; i < 1_200; i += 1) sell({ at: `2026-11-23 10:${String(i % 60).padStart(2, '0')}:00` });
    const from = { input: { from: '2026-11-23' } };
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 400, body: 'no', after: 1, times: 1 });
    const first = await plugin.poll('digistore24.newPurchase', null, from);
    assert.deepEqual([first.events.length, first.done], [500, false]);
    assert.ok(plugin.lines.some(({ level, message }) => level === 'warn' && message.includes('ended early')));
    const again = await plugin.poll('digistore24.newPurchase', null, from);
    assert.equal(again.events.length, 1_200);
    const rest = await plugin.poll('digistore24.newPurchase', first.cursor, from);
    assert.deepEqual(
      [...first.events, ...rest.events].map((event) => event.dedupeKey).sort(),
      again.events.map((event) => event.dedupeKey).sort(),
    );
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 400, body: 'no' });
    assert.equal((await failureOf(plugin.poll('digistore24.newPurchase', rest.cursor))).code, 'malformed_response');
  });

  test('transactions, refunds, requests, changes of subscriptions, proofs, tickets, deliveries', async () => {
    const story = sell({ billing: 'subscription' });
    const names =
      'newTransaction newRefund newRefundRequest rebillingStatusChange newServiceProofRequest newEticket newDelivery';
    const hosts = Object.fromEntries(names.split(' ').map((name) => [name, host(`digistore24.${name}`)]));
    sandbox.addToDigistore24('etickets');
    for (const { poll } of Object.values(hosts)) assert.deepEqual(await poll(), []);
    now += 10 * minutes;
    story.refund();
    story.cancelled();
    const request = sandbox.addToDigistore24('refund-requests');
    const ticket = sandbox.addToDigistore24('etickets');
    const delivery = sandbox.addToDigistore24('deliveries');
    const proof = sandbox.addToDigistore24('service-proofs');
    const told = {};
    for (const [name, { poll }] of Object.entries(hosts)) told[name] = await poll();
    const kinds = Object.fromEntries(Object.entries(told).map(([name, events]) => [name, events.map((e) => e.event)]));
    assert.deepEqual(kinds, {
      newTransaction: ['refund', 'refund_request'],
      newRefund: ['refund'],
      newRefundRequest: ['refund_request'],
      rebillingStatusChange: ['rebill_cancelled'],
      newServiceProofRequest: ['service_proof_request'],
      newEticket: ['eticket'],
      newDelivery: ['delivery'],
    });
    assert.equal(told.newRefund[0].transaction.id, story.purchase.transactions[1].id);
    assert.equal(told.newRefund[0].money.gross, story.purchase.firstAmount / 100);
    assert.equal(told.newRefund[0].orderId, story.orderId);
    assert.equal(told.newRefund[0].email, story.purchase.buyer.email);
    assert.equal(told.newRefundRequest[0].transaction.id, request.id);
    assert.equal(told.newEticket[0].eticket.id, ticket.id);
    assert.equal(told.newDelivery[0].raw.id, delivery.id);
    assert.equal(told.newDelivery[0].orderId, story.orderId);
    assert.equal(told.newServiceProofRequest[0].raw.id, proof.id);
    assert.equal(told.rebillingStatusChange[0].orderId, story.orderId);
    for (const { poll } of Object.values(hosts)) assert.deepEqual(await poll(), []);
  });

  test('new and changed buyers', async () => {
    const { buyer } = sell().purchase;
    const [fresh, changed] = [host('digistore24.newBuyer'), host('digistore24.buyerChanged')];
    for (const { poll } of [fresh, changed]) assert.deepEqual(await poll(), []);
    now += 10 * minutes;
    const second = sell().purchase.buyer;
    const [event] = await fresh.poll();
    assert.deepEqual([event.event, event.buyer.id, event.email], ['buyer_created', second.id, second.email]);
    assert.deepEqual(await changed.poll(), [], 'a new one has not changed');
    const keys = [];
    for (const city of ['Köln', 'Bonn', 'Köln']) {
      await plugin.digistore24.updateBuyer({ buyer_id: buyer.id, city });
      const events = await changed.poll();
      assert.deepEqual(
        events.map((one) => [one.event, one.buyer.id, one.buyer.city]),
        [['buyer_changed', buyer.id, city]],
      );
      keys.push(events[0].dedupeKey);
    }
    assert.equal(new Set(keys).size, 3, 'the same state again is a change again');
    assert.deepEqual(await fresh.poll(), []);
    assert.deepEqual(await changed.poll(), []);
  });
});

describe('HighLevel', () => {
  const create = async (fields) => (await plugin.ghl.contacts.createContact(fields)).contact;

  test('new and changed contacts', async () => {
    const old = await create({ firstName: 'Old', email: 'old@example.com' });
    now += 60 * minutes;
    const [fresh, changed] = [host('ghl.newContact'), host('ghl.updatedContact')];
    for (const { poll } of [fresh, changed]) assert.deepEqual(await poll(), []);
    now += 10 * minutes;
    const contact = await create({ firstName: 'New', email: 'new@example.com' });
    now += minutes;
    const [event] = await fresh.poll();
    assert.deepEqual(
      [event.contactId, event.objectId, event.event, event.via, event.data.email, event.occurredAt],
      [contact.id, contact.id, 'ContactCreate', 'polling', 'new@example.com', contact.dateAdded],
    );
    assert.equal(event.triggers[0], 'ghl.newContact');
    assert.deepEqual(
      (await changed.poll()).map(({ contactId }) => contactId),
      [contact.id],
    );
    const keys = [];
    for (const city of ['Köln', 'Bonn']) {
      now += 5 * minutes;
      await plugin.ghl.contacts.updateContact({ contactId: old.id, city });
      now += minutes;
      const events = await changed.poll();
      assert.deepEqual(
        events.map(({ contactId }) => contactId),
        [old.id],
      );
      keys.push(events[0].dedupeKey);
    }
    assert.equal(new Set(keys).size, 2);
    assert.deepEqual(await fresh.poll(), []);
    assert.deepEqual(await changed.poll(), []);
  });

  test('many contacts, in small parts', async () => {
    sandbox.configure({ burstLimit: 10_000 });
    const ids = [];
    for (let i = 0; i < 250; i += 1) {
      if (i % 7 === 0) now += 1_000;
      ids.push((await create({ email: `person${i}@example.com` })).id);
    }
    now += minutes;
    const events = await host('ghl.newContact', { maxRequests: 2, input: { from: '2026-11-23' } }).poll();
    assert.deepEqual(events.map(({ contactId }) => contactId).sort(), ids.sort());
  });

  test('notes of one contact, and of all that change', async () => {
    const contact = await create({ email: 'note@example.com' });
    await plugin.ghl.contacts.createNote({ contactId: contact.id, body: 'before' });
    now += 60 * minutes;
    const [one, all] = [host('ghl.newNote', { input: { contactId: contact.id } }), host('ghl.newNote')];
    for (const { poll } of [one, all]) assert.deepEqual(await poll(), []);
    now += 5 * minutes;
    const { note } = await plugin.ghl.contacts.createNote({ contactId: contact.id, body: 'hello' });
    // Whether the note alone moves its contact is not published; this does.
    await plugin.ghl.contacts.updateContact({ contactId: contact.id, city: 'Bonn' });
    now += minutes;
    for (const { poll } of [one, all]) {
      const events = await poll();
      assert.deepEqual(
        events.map((event) => [event.event, event.contactId, event.objectId, event.data.body]),
        [['NoteCreate', contact.id, note.id, 'hello']],
      );
      assert.deepEqual(await poll(), []);
    }
  });
});

test('new and changed opportunities', async () => {
  const { contact } = await plugin.ghl.contacts.createContact({ email: 'deal@example.com' });
  const [pipeline] = (await plugin.ghl.opportunities.getPipelines()).pipelines;
  const [fresh, changed] = [host('ghl.newOpportunity'), host('ghl.opportunityChanged', { input: { status: 'all' } })];
  for (const { poll } of [fresh, changed]) assert.deepEqual(await poll(), []);
  now += 5 * minutes;
  const made = { pipelineId: pipeline.id, name: 'Deal', status: 'open', contactId: contact.id };
  const { opportunity } = await plugin.ghl.opportunities.createOpportunity(made);
  for (const { poll } of [fresh, changed]) {
    assert.deepEqual(
      (await poll()).map((event) => [event.objectId, event.contactId, event.data.name]),
      [[opportunity.id, contact.id, 'Deal']],
    );
  }
  now += 60 * minutes;
  await plugin.ghl.opportunities.updateOpportunityStatus({ id: opportunity.id, status: 'won' });
  assert.deepEqual(await fresh.poll(), []);
  assert.deepEqual(
    (await changed.poll()).map((event) => [event.event, event.data.status]),
    [['OpportunityUpdate', 'won']],
  );
  assert.deepEqual(await changed.poll(), []);
});

describe('tasks and appointments', () => {
  const { contacts, calendars } = plugin.ghl;
  const create = async (email, more = {}) => (await contacts.createContact({ email, ...more })).contact;
  const addTask = async (contactId, more = {}) => {
    const fields = { title: 'Call', dueDate: '2026-12-01T08:00:00Z', completed: false, ...more };
    return (await contacts.createTask({ contactId, ...fields })).task;
  };
  const told = (events) => events.map((event) => [event.event, event.objectId, event.contactId]);
  const asked = (path) => sandbox.requests().filter((request) => request.path === path);

  test('new tasks of all contacts, of some users, of some contacts', async () => {
    const [one, two] = [await create('one@example.com'), await create('two@example.com')];
    // They come before those of the first contact, whose new task then stands on the second page.
    for (let i = 0; i < 30; i += 1) await addTask(two.id, { title: `Old ${i}` });
    const all = host('ghl.newTask');
    const users = host('ghl.newTask', { input: { assignedTo: ['U1', 'U2'] } });
    const some = host('ghl.newTask', { input: { contactIds: [two.id] } });
    for (const { poll } of [all, users, some]) assert.deepEqual(await poll(), []);
    const path = `/locations/${one.locationId}/tasks/search`;
    const bodies = asked(path).map(({ body }) => body);
    assert.deepEqual(
      new Set(bodies.filter(({ skip }) => skip === 0).map(({ limit, skip, ...filters }) => JSON.stringify(filters))),
      new Set([{}, { assignedTo: ['U1', 'U2'] }, { contactId: [two.id] }].map((filters) => JSON.stringify(filters))),
    );
    now += 5 * minutes;
    const mine = await addTask(one.id, { assignedTo: 'U2', title: 'Mine' });
    const other = await addTask(two.id, { assignedTo: 'U3', completed: true });
    const event = (task) => ['TaskCreate', task.id, task.contactId];
    const events = await all.poll();
    assert.deepEqual(told(events).sort(), [event(mine), event(other)].sort());
    assert.equal(events.find(({ objectId }) => objectId === mine.id).data.title, 'Mine');
    assert.deepEqual(told(await users.poll()), [event(mine)]);
    assert.deepEqual(told(await some.poll()), [event(other)]);
    await contacts.updateTask({ contactId: one.id, taskId: mine.id, body: 'changed', completed: true });
    for (const { poll } of [all, users, some]) assert.deepEqual(await poll(), []);
  });

  test('a task is done, opened again, and done again', async () => {
    const { id: contactId } = await create('done@example.com');
    const first = await addTask(contactId, { completed: true });
    const { id: taskId } = await addTask(contactId);
    const { poll } = host('ghl.completedTask', { input: { contactIds: [contactId] } });
    const complete = (completed) => contacts.updateTaskCompleted({ contactId, taskId, completed });
    const event = ['TaskComplete', taskId, contactId];
    assert.deepEqual(await poll(), []);
    await complete(true);
    const once = await poll();
    assert.deepEqual(told(once), [event]);
    assert.deepEqual([once[0].data.completed, once[0].triggers[0]], [true, 'ghl.completedTask']);
    assert.deepEqual(await poll(), []);
    // Opened again: two polls don't meet it; then it is done once more.
    await complete(false);
    for (let i = 0; i < 2; i += 1) assert.deepEqual(await poll(), []);
    await complete(true);
    const again = await poll();
    assert.deepEqual(told(again), [event]);
    assert.notEqual(again[0].dedupeKey, once[0].dedupeKey);
    await contacts.deleteTask({ contactId, taskId: first.id });
    assert.deepEqual(await poll(), []);
  });

  test('the task search says more than is published: another name of the id, a time', async (t) => {
    let tasks = [];
    const other = await createPlugin({
      highlevel: { auth: { kind: 'host' }, locationId: 'L1', baseUrl: 'https://ghl.example' },
      clock: () => now,
      log: () => {},
      fetch: async () => Response.json({ tasks }),
    });
    t.after(() => other.close());
    const task = (id, more = {}) => ({ _id: id, contactId: 'C1', title: 'Call', completed: true, ...more });
    const times = { dateAdded: '2026-11-23T09:59:50.000Z', dateUpdated: '2026-11-23T10:00:00.000Z' };
    for (const [trigger, occurredAt] of [
      ['ghl.newTask', times.dateAdded],
      ['ghl.completedTask', times.dateUpdated],
    ]) {
      tasks = [];
      const { cursor } = await other.poll(trigger);
      tasks = [task('T1', times)];
      const { events } = await other.poll(trigger, cursor);
      assert.deepEqual(
        events.map((event) => [event.objectId, event.contactId, event.occurredAt]),
        [['T1', 'C1', occurredAt]],
      );
    }
  });

  test('new appointments of a calendar, a group, a user, a contact', async () => {
    const { id: contactId, locationId } = await create('talk@example.com');
    const [{ id: calendarId, groupId }] = sandbox.state().calendars;
    const [{ id: userId }] = sandbox.state().users;
    const day = 24 * 60 * minutes;
    const book = (days, more = {}) =>
      calendars.createAppointment({
        calendarId,
        contactId,
        startTime: new Date(now + days * day).toISOString(),
        assignedUserId: userId,
        ...more,
      });
    await book(2);
    now += 60 * minutes;
    const inputs = [{ calendarId }, { groupId }, { userId }, { contactId }];
    const hosts = inputs.map((input) => host('ghl.newAppointment', { input }));
    const strangers = [{ calendarId: 'K' }, { groupId: 'G' }, { userId: 'U' }].map((input) =>
      host('ghl.newAppointment', { input }),
    );
    for (const { poll } of [...hosts, ...strangers]) assert.deepEqual(await poll(), []);
    const [{ query, headers }] = asked('/calendars/events');
    assert.equal(headers.version, '2021-04-15');
    assert.deepEqual(query, {
      locationId,
      calendarId,
      startTime: String(now - day),
      endTime: String(now + 366 * day),
    });
    assert.equal(asked(`/contacts/${contactId}/appointments`).length, 1);

    now += 5 * minutes;
    const booked = await book(1, { title: 'Talk' });
    const distant = await book(400);
    for (const [i, { poll }] of hosts.entries()) {
      const events = await poll();
      // A contact's appointments are listed whole, the others in a span of time.
      const expected = inputs[i].contactId ? [booked, distant] : [booked];
      assert.deepEqual(
        told(events).sort(),
        expected.map(({ id }) => ['AppointmentCreate', id, contactId]).sort(),
        JSON.stringify(inputs[i]),
      );
      const event = events.find(({ objectId }) => objectId === booked.id);
      assert.deepEqual([event.occurredAt, event.data.title], [booked.dateAdded, 'Talk']);
      assert.deepEqual(await poll(), []);
    }
    for (const { poll } of strangers) assert.deepEqual(await poll(), []);
    // A change is no new appointment.
    await calendars.editAppointment({ eventId: booked.id, title: 'Moved' });
    for (const { poll } of hosts) assert.deepEqual(await poll(), []);
    const { code, status } = await failureOf(plugin.poll('ghl.newAppointment'));
    assert.deepEqual([code, status], ['invalid_input', 400], 'HighLevel wants to know whose');
  });
});

test('what is no trigger, no input and no cursor is refused', async () => {
  const refused = async (promise, path) => {
    const { code, fields } = await failureOf(promise);
    assert.deepEqual([code, fields[0].path], ['invalid_input', path]);
  };
  const before = sandbox.requests().length;
  await refused(plugin.poll('digistore24.newPurchas'), 'operation');
  await refused(plugin.poll('digistore24.onPayment'), 'trigger');
  await refused(plugin.poll('digistore24.newPurchase', null, { input: { from: 'yesterday' } }), 'input.from');
  await refused(plugin.poll('digistore24.newEticket', null, { input: { from: '2026-11-23' } }), 'from');
  await refused(plugin.poll('digistore24.newPurchase', null, { input: { products: [] } }), 'products');
  for (const cursor of [{}, { v: 2 }, 'x', [1], { v: 1, trigger: 'digistore24.newPurchase', seen: ['short'] }]) {
    await refused(plugin.poll('digistore24.newPurchase', cursor), 'cursor');
  }
  assert.equal(sandbox.requests().length, before, 'nothing was sent');
  const { cursor } = await plugin.poll('digistore24.newBuyer');
  await refused(plugin.poll('digistore24.newPurchase', cursor), 'cursor');
});

describe('the catalog', () => {
  const entries = plugin.catalog.list();
  const ids = new Set(entries.map(({ id }) => id));
  const polled = entries.filter(({ poll }) => poll);

  test('ten triggers of Digistore24 and eight of HighLevel', () => {
    const count = (service) => polled.filter((entry) => entry.service === service).length;
    assert.deepEqual([count('digistore24'), count('ghl')], [10, 8]);
    for (const { arrives, kind } of polled) assert.deepEqual([arrives, kind], [['polling'], 'trigger']);
  });

  for (const { id, poll, output, input, sample } of polled) {
    const operations = [poll, poll.each, ...Object.values(poll.with ?? {})]
      .map((one) => one?.operation)
      .filter(Boolean);
    test(`${id}: its lists, its sample`, () => {
      for (const operation of operations) assert.ok(ids.has(operation), `${operation} is in the catalog`);
      const ajv = new Ajv2020({ allErrors: true, strict: false });
      addFormats(ajv);
      assert.ok(ajv.validate(input, sample.input), ajv.errorsText());
      assert.ok(ajv.validate(output, sample.output), ajv.errorsText());
      assert.ok(sample.output.dedupeKey && sample.output.event, 'it says what happened');
      const listed = entries.find((entry) => entry.id === poll.operation);
      for (const path of [poll.from, poll.to, ...Object.values(poll.filters ?? {}), ...Object.keys(poll.days ?? {})]) {
        if (!path) continue;
        const [name, inner] = path.split('.');
        const property = listed.input.properties[name];
        assert.ok(property, `${poll.operation} takes ${path}`);
        if (property.properties) assert.ok(property.properties[inner], `${poll.operation} takes ${path}`);
      }
      for (const name of Object.keys(poll.filters ?? {})) assert.ok(input.properties[name], `${name} can be chosen`);
    });
  }
});
