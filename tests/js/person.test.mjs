// One person through changes in both services: who is it, whose address, whose task, which deal, what consent; and what
// happens where the location doesn't let the sync do what it wants.
//
// What the sync means, and where each part of it is shown beside this file:
//   identity: tests/sync/messages.rs (order, buyer, address, phone, deleted), tests/sync/history.rs (the field with the buyer's number)
//   order of writes, names, playbooks, retriggers: tests/sync/rules.rs; fields, tags, states, refunds: src/mapping/tests.rs
//   nothing twice, whatever fails: tests/sync/messages.rs; silent imports, forgetting: tests/js/history.test.mjs
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { clock, ready, sandbox, time } from './midyear-support.mjs';
import { pluginOn } from './support.mjs';

const open = (mapping = {}, more = {}) => ready({ mapping, ...more });

/** A playbook of one kind of step after another. */
const playbook = (when, steps, more = {}) =>
  Object.fromEntries([...Object.entries({ name: 'welcome', when: { event: when }, ...more }), ['then', steps]]);

const COURSE = { id: '512345', name: 'Kräuterkurs', price: 4900, tags: [] };
const BUYER = { id: '4242', email: 'anna@example.com', firstName: 'Anna', phone: '' };

const plan = (more = {}) => sandbox.story({ buyer: BUYER, products: [COURSE], billing: 'subscription', ...more });
const contacts = () => sandbox.state().contacts;
const only = () => {
  assert.equal(contacts().length, 1);
  return contacts()[0];
};
const deals = () => sandbox.state().opportunities;
const calls = (part) => sandbox.requests().filter(({ method, path }) => `${method} ${path}`.includes(part)).length;

async function carryOut(plugin, message) {
  const report = await plugin.sync.apply({ raw: message });
  assert.equal(report.outcome, 'done', JSON.stringify(report.error));
  return report;
}

describe('who is it', () => {
  test('a new e-mail address: the contact stays, its address too', async () => {
    const plugin = await open();
    const order = plan();
    await carryOut(plugin, order.payment());
    await carryOut(plugin, { ...order.payment(), email: 'anna.new@example.com' });
    assert.equal(only().email, 'anna@example.com');
  });

  test('… and follows where the mapping says so', async () => {
    const plugin = await open({ followEmail: true });
    const order = plan();
    await carryOut(plugin, order.payment());
    await carryOut(plugin, { ...order.payment(), email: 'Anna.New@example.com' });
    assert.equal(only().email, 'anna.new@example.com');
    const before = calls('search/duplicate');
    await carryOut(plugin, { ...order.payment(), email: 'anna.new@example.com' });
    assert.equal(calls('search/duplicate'), before, 'an address that is not new is not looked up');
  });

  for (const allowDuplicateContact of [false, true]) {
    test(`… but never onto another contact's (duplicates ${allowDuplicateContact ? '' : 'not '}allowed)`, async () => {
      sandbox.configure({ allowDuplicateContact });
      const plugin = await open({ followEmail: true });
      const other = await plugin.ghl.contacts.createContact({ email: 'taken@example.com' });
      const order = plan();
      await carryOut(plugin, order.payment());
      const { plan: done } = await carryOut(plugin, { ...order.payment(), email: 'taken@example.com' });
      assert.deepEqual(done.remarks, ["the buyer's new e-mail address belongs to another contact: it is left there"]);
      const emails = Object.fromEntries(contacts().map(({ id, email }) => [email, id]));
      assert.equal(emails['taken@example.com'], other.contact.id);
      assert.ok(emails['anna@example.com']);
    });
  }

  test('two contacts that a person has merged: one goes on with both orders, notes and tags, nothing twice', async () => {
    const plugin = await open();
    const [one, two] = [plan(), plan({ buyer: { ...BUYER, id: '77', email: 'second@example.com' } })];
    for (const order of [one, two]) await carryOut(plugin, { ...order.payment(), tags: 'herbs' });
    const [loser, winner] = contacts();
    sandbox.mergeContacts(winner.id, loser.id);
    await plugin.ghl.contacts.updateContact({ contactId: winner.id, email: 'anna@example.com' });
    await carryOut(plugin, one.payment());
    assert.equal(only().notes.length, 2);
    await carryOut(plugin, one.refund());
    assert.ok(only().tags.includes('herbs'), 'the other order still earns it');
    await carryOut(plugin, two.refund());
    assert.deepEqual(only().tags, ['ds24-refunded']);
    assert.equal(only().notes.length, 2);
  });

  test('a deleted contact comes back with a renewal only where the mapping says so', async () => {
    for (const recreate of [false, true]) {
      sandbox.reset();
      const plugin = await open({ recreate });
      const order = plan();
      await carryOut(plugin, order.payment());
      sandbox.deleteContact(only().id);
      const report = await plugin.sync.apply({ raw: order.payment() });
      assert.equal(report.outcome, recreate ? 'done' : 'dead');
      assert.equal(contacts().length, recreate ? 1 : 0);
      if (recreate) assert.deepEqual([only().notes.length, only().fields['contact.ds24_lifetime']], [1, 98]);
    }
  });

  test('a number that HighLevel refuses blocks no sale and goes into a field of its own', async () => {
    for (const invalidPhoneStatus of [422, 400]) {
      sandbox.reset();
      const plugin = await open();
      sandbox.fault({
        service: 'ghl',
        kind: 'status',
        method: 'POST',
        path: '/contacts/',
        status: invalidPhoneStatus,
        body: { statusCode: invalidPhoneStatus, message: ['phone must be a valid phone number'] },
        times: 1,
      });
      await carryOut(plugin, plan({ buyer: { ...BUYER, phone: '+49 30 1234567' } }).payment());
      assert.deepEqual([only().phone ?? null, only().fields['contact.ds24_phone']], [null, '+49301234567']);
    }
  });
});

describe('tasks', () => {
  test('are due at nine in the zone of the location, by its own calendar', async () => {
    for (const [timezone, at, due] of [
      ['Europe/Berlin', '2026-06-15T10:00:00Z', '2026-06-16T07:00:00.000Z'],
      ['America/New_York', '2026-06-15T10:00:00Z', '2026-06-16T13:00:00.000Z'],
      // Already Tuesday in Berlin, still Monday in New York.
      ['America/New_York', '2026-06-15T23:00:00Z', '2026-06-16T13:00:00.000Z'],
      ['Asia/Kolkata', '2026-06-18T23:00:00Z', '2026-06-22T03:30:00.000Z'], // Friday there: Saturday becomes Monday
      // The night between changes the clocks.
      ['America/New_York', '2026-10-30T20:00:00Z', '2026-11-02T14:00:00.000Z'],
      ['Nowhere/Land', '2026-06-15T10:00:00Z', '2026-06-16T07:00:00.000Z'],
    ]) {
      sandbox.reset();
      sandbox.configure({ timezone });
      time.now = Date.parse(at);
      const plugin = await open();
      const order = plan({ at: '2026-06-14 09:00:00' });
      await carryOut(plugin, order.payment());
      await carryOut(plugin, order.missed());
      assert.equal(new Date(only().tasks[0].dueDate).toISOString(), due, `${timezone} ${at}`);
    }
  });

  test('belong to the user who looks after the contact when they are made', async () => {
    const [{ id: owner }] = sandbox.state().users;
    for (const [ownerFirst, expected] of [
      [true, owner],
      [false, 'somebodyElse00000001'],
    ]) {
      sandbox.reset();
      const { users } = sandbox.world.ghl;
      users.push({ ...users[0], id: 'somebodyElse00000001', name: 'Else', email: 'else@example.com' });
      const plugin = await open({ tasks: { assignedTo: 'Else', ownerFirst } });
      const order = plan();
      await carryOut(plugin, order.payment());
      await plugin.ghl.contacts.updateContact({ contactId: only().id, assignedTo: owner });
      const before = sandbox.requests().length;
      await carryOut(plugin, order.missed());
      assert.equal(only().tasks[0].assignedTo, expected);
      assert.equal(calls(`GET /contacts/${only().id}`), 0, 'the answer to the change of the fields tells it');
      assert.ok(sandbox.requests().length > before);
    }
  });

  test('of other people are left alone', async () => {
    const plugin = await open();
    const order = plan();
    await carryOut(plugin, order.payment());
    await plugin.ghl.contacts.createTask({
      contactId: only().id,
      title: 'Payment missing: ring',
      dueDate: '2026-07-01T09:00:00Z',
      completed: false,
    });
    await carryOut(plugin, order.missed());
    // The same miss for another reason, told once more: paused it is already.
    await plugin.sync.apply({ raw: { ...order.missed('by_payment_denial'), pay_sequence_no: '3' } });
    await carryOut(plugin, order.payment());
    assert.deepEqual(
      only().tasks.map(({ completed }) => completed),
      [false, true],
      'one of ours for the order, done; the other one open',
    );
  });
});

describe('deals', () => {
  const mapping = (more) => ({ opportunity: { pipeline: 'sales', ...more } });

  test('one for each order where the location allows it', async () => {
    sandbox.configure({ allowDuplicateOpportunity: true });
    const plugin = await open(mapping());
    const [one, two] = [plan(), plan()];
    for (const order of [one, two]) await carryOut(plugin, order.payment());
    await carryOut(plugin, one.payment());
    assert.deepEqual(
      deals().map(({ monetaryValue }) => monetaryValue),
      [49, 49],
      'a renewal changes nothing',
    );
    await carryOut(plugin, two.refund({ amount: 1000 }));
    assert.deepEqual(
      deals().map(({ status, monetaryValue }) => [status, monetaryValue]),
      [
        ['won', 49],
        ['won', 39],
      ],
    );
    await carryOut(plugin, two.refund({ amount: 3900 }));
    assert.deepEqual(
      deals().map(({ status }) => status),
      ['won', 'lost'],
    );
  });

  test('value: sum counts renewals; another currency stands in the name', async () => {
    sandbox.configure({ allowDuplicateOpportunity: true });
    const plugin = await open(mapping({ value: 'sum' }));
    const [one, two] = [plan(), plan({ currency: 'CHF' })];
    for (const message of [one.payment(), one.payment(), two.payment()]) await carryOut(plugin, message);
    assert.deepEqual(
      deals().map(({ monetaryValue }) => monetaryValue),
      [98, null],
    );
    assert.match(deals()[1].name, / · 49\.00 CHF$/);
  });

  test('a refused one holds nothing else up, and is told', async () => {
    const plugin = await open(mapping());
    const theirs = await plugin.ghl.contacts.createContact({ email: BUYER.email });
    const [{ id: pipelineId }] = sandbox.state().pipelines;
    await plugin.ghl.opportunities.createOpportunity({
      contactId: theirs.contact.id,
      pipelineId,
      name: 'Consulting',
      status: 'open',
    });
    const { plan: done } = await carryOut(plugin, plan().payment());
    assert.match(done.remarks[0], /the location allows one for each contact/);
    assert.deepEqual(
      deals().map(({ name, status }) => [name, status]),
      [['Consulting', 'open']],
      "somebody's own deal",
    );
    assert.ok(only().tags.includes('ds24-customer'));
    assert.ok(plugin.lines.some(({ level, message }) => level === 'error' && /opportunity\.per/.test(message)));
  });

  test('per contact: one for all orders, with the value of all', async () => {
    const plugin = await open(mapping({ per: 'contact' }));
    const [one, two] = [plan(), plan()];
    for (const order of [one, two]) await carryOut(plugin, order.payment());
    assert.deepEqual(
      deals().map(({ status, monetaryValue }) => [status, monetaryValue]),
      [['won', 98]],
    );
    await carryOut(plugin, two.refund());
    assert.deepEqual(
      deals().map(({ status, monetaryValue }) => [status, monetaryValue]),
      [['won', 49]],
    );
    await carryOut(plugin, one.refund());
    assert.deepEqual(
      deals().map(({ status, monetaryValue }) => [status, monetaryValue]),
      [['lost', 0]],
    );
  });

  test('a new ledger finds the deal of an order by its name', async () => {
    sandbox.configure({ allowDuplicateOpportunity: true });
    const order = plan();
    await carryOut(await open(mapping()), order.payment());
    await carryOut(await open(mapping()), order.payment());
    assert.equal(deals().length, 1);
  });

  test('the check says it beforehand', async () => {
    const line = async (allowDuplicateOpportunity, more) => {
      sandbox.configure({ allowDuplicateOpportunity });
      const { checks } = await (await open(mapping(more))).check();
      return checks.find(({ name }) => name === 'HighLevel: deals');
    };
    assert.deepEqual((await line(true)).ok, true);
    assert.deepEqual((await line(false, { per: 'contact' })).ok, true);
    const refused = await line(false);
    assert.equal(refused.ok, false);
    assert.match(refused.help, /opportunity\.per/);
  });
});

describe('businesses', () => {
  test('are found by name beyond the first page, whatever the case', async () => {
    const plugin = await open({ business: 'link' });
    for (let i = 0; i < 130; i++) {
      time.now += 200; // within the rate
      await plugin.ghl.businesses.createBusiness({ name: i === 120 ? 'ACME gmbh' : `No ${i}` });
    }
    await carryOut(plugin, plan({ buyer: { ...BUYER, company: 'Acme GmbH' } }).payment());
    const { businesses } = sandbox.state();
    assert.equal(businesses.length, 130);
    assert.equal(only().businessId, businesses[120].id);
  });

  test('a location that makes them by itself has one, too', async () => {
    sandbox.configure({ createCompanies: true });
    const plugin = await open({ business: 'link' });
    await carryOut(plugin, plan({ buyer: { ...BUYER, company: 'Acme GmbH' } }).payment());
    assert.equal(sandbox.state().businesses.length, 1);
  });
});

describe('consent', () => {
  const asked = (newsletter, extra = {}) => plan({ newsletter, ...extra });
  const evidence = async (plugin) => (await plugin.timeline({ email: BUYER.email })).choices;

  test('every choice is kept as evidence, once; the last one counts', async () => {
    const plugin = await open();
    const one = asked('optin');
    const first = one.payment();
    await carryOut(plugin, { ...first, newsletter_choice_msg: 'Yes, send me news', is_gdpr_country: 'Y' });
    await carryOut(plugin, { ...one.payment(), newsletter_choice_msg: 'Yes, send me news' });
    assert.ok(only().tags.includes('ds24-newsletter-requested'));
    await carryOut(plugin, { ...asked('optout').payment(), newsletter_choice_msg: 'No, thanks' });
    assert.deepEqual(
      only().tags.filter((tag) => tag.includes('newsletter')),
      ['ds24-newsletter-no'],
    );
    const [yes, no, ...more] = await evidence(plugin);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [yes.choice, yes.text, yes.product, yes.gdprCountry, yes.order.endsWith(first.order_id), yes.at.slice(0, 10)],
      ['optin', 'Yes, send me news', 'Kräuterkurs', true, true, '2026-06-15'],
    );
    assert.deepEqual([no.choice, no.text], ['optout', 'No, thanks']);
  });

  test('nothing chosen, nothing written', async () => {
    const plugin = await open();
    await carryOut(plugin, asked('none').payment());
    assert.deepEqual(
      only().tags.filter((tag) => tag.includes('newsletter')),
      [],
    );
    assert.deepEqual(await evidence(plugin), []);
  });

  test('whoever unsubscribed in HighLevel stays so, whatever Digistore24 says later', async () => {
    for (const way of [{ dnd: true }, { dndSettings: { Email: { status: 'permanent', message: '', code: '' } } }]) {
      sandbox.reset();
      const plugin = await open();
      await carryOut(plugin, asked('none').payment());
      await plugin.ghl.contacts.updateContact({ contactId: only().id, ...way });
      const dnd = JSON.stringify([only().dnd, only().dndSettings]);
      for (let i = 0; i < 2; i++) {
        await carryOut(plugin, asked('optin').payment());
        assert.deepEqual(
          only().tags.filter((tag) => tag.includes('newsletter')),
          [],
        );
      }
      assert.equal((await evidence(plugin)).length, 2, 'the choice is evidence all the same');
      assert.equal(JSON.stringify([only().dnd, only().dndSettings]), dnd, 'do not disturb is left alone');
    }
  });

  test('… and a marketing playbook leaves them alone', async () => {
    const plugin = await open({
      consent: { confirmedField: 'ds24_segment' },
      playbooks: [playbook('renewal', [{ addTags: ['news'] }], { kind: 'marketing' })],
    });
    const order = plan();
    await carryOut(plugin, order.payment());
    const segment = sandbox.state().customFields.find(({ fieldKey }) => fieldKey === 'contact.ds24_segment');
    const customFields = [{ id: segment.id, field_value: 'yes' }];
    await plugin.ghl.contacts.updateContact({ contactId: only().id, customFields, dnd: true });
    const dry = await plugin.sync.plan({ raw: order.payment() });
    assert.ok(dry.remarks.some((remark) => /consent/.test(remark) && /read from the contact/.test(remark)));
    await carryOut(plugin, order.payment());
    assert.ok(!only().tags.includes('news'));
    await plugin.ghl.contacts.updateContact({ contactId: only().id, dnd: false });
    await carryOut(plugin, order.payment());
    assert.ok(only().tags.includes('news'));
  });
});

describe('what is not there', () => {
  const mapping = {
    customFields: { own: { Kurs: '{{item.name}}' } },
    opportunity: { pipeline: 'Sale', stage: 'New' },
    tasks: { assignedTo: 'Olga Owner' },
    playbooks: [playbook('newSale', [{ workflow: 'Welcom' }, { task: { title: 'x' } }])],
  };

  test('the check names each, with what was meant', async () => {
    const plugin = await open(mapping);
    await plugin.ghl.locations.createCustomField({ name: 'Kurse', dataType: 'TEXT', model: 'contact' });
    const { ok, checks } = await plugin.check();
    const { message } = checks.find(({ name }) => name === 'HighLevel: names in the mapping');
    assert.equal(ok, false);
    assert.deepEqual(message.split('; '), [
      'there is no pipeline "Sale" (did you mean Sales?)',
      'there is no custom field "Kurs" (did you mean Kurse?)',
      'there is no workflow "Welcom" (did you mean Welcome?)',
    ]);
  });

  test('a dead letter before anything is written; after the repair all is there, once', async () => {
    const plugin = await open({ ...mapping, opportunity: null, playbooks: [] });
    const report = await plugin.sync.apply({ raw: plan().payment() });
    assert.deepEqual([report.outcome, report.error.code], ['dead', 'invalid_input']);
    assert.equal(contacts().length, 0);
    await plugin.ghl.locations.createCustomField({ name: 'Kurs', dataType: 'TEXT', model: 'contact' });
    time.now += 10 * 60_000;
    const [done] = await plugin.deadLetters.retry();
    assert.equal(done.outcome, 'done', JSON.stringify(done.error));
    assert.equal(only().fields['contact.kurs'], 'Kräuterkurs');
  });

  // Whatever was written before the step that HighLevel refused is there once in the end.
  for (const [what, path] of [
    ['note', '/contacts/*/notes'],
    ['deal', '/opportunities/'],
    ['task', '/contacts/*/tasks'],
    ['tags', '/contacts/*/tags'],
    ['workflow', '/contacts/*/workflow/*'],
  ]) {
    test(`refused at the ${what}: the next event goes on, and after the repair nothing is twice`, async () => {
      const plugin = await open({
        opportunity: { pipeline: 'Sales' },
        playbooks: [
          playbook('newSale', [{ task: { title: 'Say hello' } }, { note: { body: 'Hello' } }, { workflow: 'Welcome' }]),
        ],
      });
      const order = plan();
      sandbox.fault({
        service: 'ghl',
        kind: 'status',
        method: 'POST',
        path,
        status: 422,
        body: { statusCode: 422, message: ['no'] },
        times: 1,
      });
      const report = await plugin.sync.apply({ raw: order.payment() });
      assert.equal(report.outcome, 'dead', JSON.stringify(report));
      await carryOut(plugin, order.payment());
      const [done] = await plugin.deadLetters.retry();
      assert.equal(done.outcome, 'done', JSON.stringify(done.error));
      const { notes, tasks, tags } = only();
      assert.deepEqual(
        [notes.length, tasks.length, deals().length, tags.includes('ds24-customer')],
        [2, 1, 1, true],
        `the order's note and the playbook's: ${notes.map(({ title }) => title)}`,
      );
      assert.equal(sandbox.state().triggers.filter(({ trigger }) => trigger === 'workflow_added').length, 1);
      const left = await plugin.deadLetters.list();
      assert.deepEqual(left, []);
    });
  }

  test('what was not written because its field was missing is written when it is there', async () => {
    const plugin = await pluginOn(sandbox, { clock, store: memoryStore({ clock }) });
    const order = plan();
    await carryOut(plugin, order.payment());
    await plugin.setup();
    await carryOut(plugin, order.payment());
    assert.equal(only().fields['contact.ds24_buyer_id'], BUYER.id);
  });
});

test('what is optional costs nothing where it has nothing to do: four calls for a first purchase, two for a renewal', async () => {
  const plugin = await open({ followEmail: true, business: 'link', recreate: true });
  const order = plan();
  for (const expected of [4, 2]) {
    const before = sandbox.requests().length;
    await carryOut(plugin, order.payment());
    assert.equal(sandbox.requests().length - before, expected);
  }
});
