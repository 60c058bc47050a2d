// What was sold before, what webhooks missed, what can't be carried out, and what is to be forgotten.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LOCATION_ID } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { AlertRules } from '../../pkg/dist/src/watch/rules.js';
import { clock, ready, sandbox, time } from './midyear-support.mjs';
import { failureOf, form, pluginOn } from './support.mjs';

/** A store whose content can be looked at. */
function openStore() {
  const store = memoryStore({ clock });
  const texts = async () => (await store.list({ prefix: '', after: null, limit: 1_000_000 })).entries;
  return { store, texts };
}

const COURSE = { name: 'Kräuterkurs', price: 4900, tags: ['kraeuter'] };
const BOOK = { name: 'Buch', price: 1900, tags: [] };

/** Three people who bought before: a running plan with two payments, a refunded purchase, two orders of one person. */
function past() {
  const plan = sandbox.story({
    buyer: { email: 'anna@example.com', firstName: 'Änna' },
    products: [COURSE],
    billing: 'subscription',
    at: '2026-03-20 09:00:00',
  });
  for (const at of ['2026-03-20 09:00:00', '2026-04-20 09:00:00', '2026-05-20 09:00:00']) plan.payment({ at });
  const single = sandbox.story({ buyer: { email: 'bert@example.com' }, products: [BOOK], at: '2026-04-01 10:00:00' });
  single.payment({ at: '2026-04-01 10:00:00' });
  single.refund({ at: '2026-04-05 10:00:00' });
  for (const at of ['2026-04-02 11:00:00', '2026-05-02 11:00:00']) {
    sandbox.story({ buyer: { email: 'cleo@example.com' }, products: [BOOK], at }).payment({ at });
  }
  return { plan, single };
}

async function all(steps) {
  const seen = [];
  for await (const progress of steps) seen.push(progress);
  return seen;
}

const byEmail = (email) => sandbox.state().contacts.find((contact) => contact.email === email);
const changes = () => sandbox.state().triggers.map(({ kind, tag }) => (tag ? `${kind} ${tag}` : kind));
const writes = () =>
  sandbox.requests().filter(({ method, path }) => method !== 'GET' && !/search|\/api\/call\//.test(path)).length;

describe('backfill', () => {
  test('writes each person once, silently; what comes live goes on from there', async () => {
    const { plan } = past();
    const plugin = await ready();
    const before = writes();
    const steps = await all(plugin.sync.backfill());
    const { finished, counts } = steps.at(-1);
    assert.deepEqual([finished, counts.orders, counts.people, counts.done], [true, 4, 3, 3]);
    assert.equal(writes() - before, 3, 'one write for each person');
    const { contacts } = sandbox.state();
    assert.deepEqual(
      contacts.map(({ tags }) => tags),
      [['ds24-import'], ['ds24-import'], ['ds24-import']],
    );
    assert.ok(contacts.every(({ notes, tasks, source }) => notes.length + tasks.length === 0 && /import/.test(source)));
    const anna = byEmail('anna@example.com');
    assert.equal(anna.fields['contact.ds24_status'], 'active');
    assert.equal(Number(anna.fields['contact.ds24_lifetime']), 147);
    assert.equal(byEmail('bert@example.com').fields['contact.ds24_status'], 'refunded');
    assert.equal(Number(byEmail('cleo@example.com').fields['contact.ds24_lifetime']), 38);

    // The renewal starts nobody's welcome: the tags that an import didn't write don't come with it.
    await plugin.receive({ method: 'POST', body: form(plan.payment({ at: '2026-06-15 12:00:00' })) });
    await plugin.tick();
    assert.deepEqual(byEmail('anna@example.com').tags, ['ds24-import']);
    assert.equal(Number(byEmail('anna@example.com').fields['contact.ds24_lifetime']), 196);
    // What changes, shows.
    await plugin.receive({ method: 'POST', body: form(plan.refund({ at: '2026-06-15 12:05:00' })) });
    await plugin.tick();
    assert.deepEqual(byEmail('anna@example.com').tags, ['ds24-import', 'ds24-refunded']);
    await plugin.close();
  });

  test('again: nothing; with tags: only those; a webhook that comes late: nothing', async () => {
    const { single } = past();
    const message = single.payment({ at: '2026-05-01 10:00:00' });
    const plugin = await ready();
    await all(plugin.sync.backfill());
    const before = writes();
    const again = (await all(plugin.sync.backfill())).at(-1);
    assert.equal(again.counts.known, 3);
    assert.equal((await plugin.receive({ method: 'POST', body: form(message) })).outcome, 'duplicate');
    assert.equal(writes(), before);
    await plugin.close();
  });

  test('--tags writes tags, too; --dry-run only counts', async () => {
    past();
    const plugin = await ready();
    const before = writes();
    const dry = (await all(plugin.sync.backfill({ dryRun: true, tags: true }))).at(-1);
    assert.deepEqual([dry.counts.createContact, dry.counts.addTags, dry.estimate.days], [3, 3, 1]);
    const loud = (await all(plugin.sync.backfill({ dryRun: true, live: true }))).at(-1);
    assert.deepEqual([loud.counts.createNote, loud.counts.updateNote], [4, 3]);
    assert.equal(writes(), before);
    await all(plugin.sync.backfill({ tags: true }));
    assert.ok(byEmail('anna@example.com').tags.includes('ds24-active'));
    assert.deepEqual(byEmail('bert@example.com').tags, ['ds24-import', 'ds24-refunded']);
    assert.ok(!changes().some((change) => /note|task/i.test(change)));
    await plugin.close();
  });

  test('a look at a few counts whoever is there as there, in reads only', async () => {
    past();
    const plugin = await ready();
    await plugin.ghl.contacts.createContact({ email: 'anna@example.com' });
    const before = writes();
    const { counts } = (await all(plugin.sync.backfill({ dryRun: true, limit: 20 }))).at(-1);
    assert.deepEqual([counts.createContact, counts.updateContact, writes()], [2, 1, before]);
    // HighLevel's search lags.
    time.now += 10_000;
    const whole = (await all(plugin.sync.backfill({ dryRun: true }))).at(-1);
    assert.deepEqual([whole.counts.createContact, whole.counts.updateContact], [2, 1], 'as without a limit');
    await plugin.close();
  });

  test('before the first tag it says which workflows may start; a share of the rate changes the estimate', async () => {
    past();
    const plugin = await ready();
    const before = writes();
    const steps = plugin.sync.backfill({ tags: true });
    const published = sandbox.state().workflows.filter(({ status }) => status === 'published');
    assert.ok(published.length > 0 && published.length < sandbox.state().workflows.length);
    const { value: first } = await steps.next();
    assert.deepEqual(
      first.workflows,
      published.map(({ name }) => name),
    );
    assert.equal(writes(), before, 'before anything is written');
    await steps.return();
    const estimate = async (backgroundShare) => {
      const other = await ready({ backgroundShare });
      const { estimate, workflows } = (await all(other.sync.backfill({ dryRun: true }))).at(-1);
      assert.equal(workflows, undefined, 'silent: nothing starts');
      await other.close();
      return estimate.seconds;
    };
    assert.deepEqual([await estimate(0.1), await estimate(1)], [3, 1]);
    await plugin.close();
  });

  test('live: one plan with many payments fits into steps of an edge worker', async () => {
    const story = sandbox.story({ billing: 'subscription', products: [COURSE], at: '2023-01-20 09:00:00' });
    for (let month = 0; month < 36; month++) {
      story.payment({
        at: `${2023 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-20 09:00:00`,
      });
    }
    const plugin = await ready();
    let [most, seen] = [0, sandbox.requests().length];
    for await (const { finished } of plugin.sync.backfill({ live: true })) {
      most = Math.max(most, sandbox.requests().length - seen);
      seen = sandbox.requests().length;
      if (finished) break;
    }
    assert.ok(most <= 50, `${most} requests in a step`);
    const [contact] = sandbox.state().contacts;
    assert.equal(contact.notes[0].body.match(/payment \d/g).length, 36);
    assert.deepEqual(await plugin.inbox(), []);
    await plugin.close();
  });

  test('--limit takes the first orders; contacts that were there are kept', async () => {
    past();
    const plugin = await ready();
    const input = { email: 'Anna@example.com', firstName: 'Anna', tags: ['vip'] };
    await plugin.ghl.contacts.createContact(input);
    const { counts } = (await all(plugin.sync.backfill({ limit: 2 }))).at(-1);
    assert.deepEqual([counts.orders, counts.people, counts.done], [2, 2, 2]);
    const anna = byEmail('anna@example.com');
    assert.deepEqual([anna.firstName, anna.tags], ['Anna', ['vip']]);
    await all(plugin.sync.backfill());
    assert.equal(sandbox.state().contacts.length, 3);
    assert.deepEqual(byEmail('anna@example.com').tags, ['vip']);
    assert.equal((await failureOf(all(plugin.sync.backfill({ from: 'soon' })))).code, 'invalid_input');
    await plugin.close();
  });

  test('stops at any step and goes on in another process', async () => {
    past();
    const { store, texts } = openStore();
    const before = writes();
    let plugin = await ready({ store });
    const setup = writes() - before;
    let steps = 0;
    for (let finished = false; !finished; steps++) {
      assert.ok(steps < 20);
      for await (const progress of plugin.sync.backfill()) {
        finished = progress.finished;
        break;
      }
      // Another process on the same store.
      plugin = await pluginOn(sandbox, { clock, store });
    }
    assert.ok(steps >= 4);
    assert.equal(writes() - before - setup, 3);
    const left = (await texts()).filter(({ key }) => key.includes('/backfill/')).map(({ key }) => key);
    assert.deepEqual(left, [`default/${DEFAULT_LOCATION_ID}/backfill/job`], 'nothing of it stays');
  });

  test('a failure of the service stops it; it goes on', async () => {
    past();
    const plugin = await ready();
    sandbox.fault({ service: 'ghl', method: 'POST', path: '/contacts/', kind: 'status', status: 401, times: 1 });
    const seen = await failureOf(all(plugin.sync.backfill()).then(() => ({ code: 'none' })));
    assert.ok(['unauthenticated', 'none'].includes(seen.code) || seen, seen.code);
    sandbox.clearFaults();
    time.now += 3_600_000;
    await all(plugin.sync.backfill());
    await plugin.tick();
    assert.equal(sandbox.state().contacts.length, 3);
    await plugin.close();
  });
});

describe('reconciliation', () => {
  test('takes in what webhooks missed, live where it is young, and not twice', async () => {
    const { plan, single } = past();
    const plugin = await ready();
    await all(plugin.sync.backfill());
    // One webhook came, three didn't: a renewal of today, a new order of today, a cancellation.
    time.now = Date.parse('2026-06-20T10:00:00Z');
    const came = plan.payment({ at: '2026-06-20 09:00:00' });
    await plugin.receive({ method: 'POST', body: form(came) });
    await plugin.tick();
    const at = '2026-06-20 10:00:00';
    const fresh = sandbox.story({ buyer: { email: 'dora@example.com' }, products: [BOOK], at });
    const missed = fresh.payment({ at });
    const old = sandbox.story({ buyer: { email: 'emil@example.com' }, products: [BOOK], at: '2026-06-16 10:00:00' });
    old.payment({ at: '2026-06-16 10:00:00' });
    plan.cancelled({ at: '2026-06-20 10:30:00' });
    assert.ok(single);

    const found = await plugin.sync.reconcile({ from: '2026-06-15' });
    const told = found.drift.map(({ event, manner, problem }) => `${event} ${manner ?? problem}`).sort();
    assert.deepEqual(told, ['payment live', 'payment silent', 'rebill_cancelled live']);
    assert.deepEqual([found.done, found.found, found.repaired], [true, 3, 3]);
    await plugin.tick();
    assert.ok(byEmail('dora@example.com').tags.includes('ds24-customer'));
    assert.deepEqual(byEmail('emil@example.com').tags, ['ds24-import']);
    assert.equal(byEmail('anna@example.com').fields['contact.ds24_status'], 'cancelling');
    // The webhook comes after all; and nothing is found again.
    assert.equal((await plugin.receive({ method: 'POST', body: form(missed) })).outcome, 'duplicate');
    const before = writes();
    assert.equal((await plugin.sync.reconcile({ from: '2026-06-15' })).found, 0);
    await plugin.tick();
    assert.equal(writes(), before);
    await plugin.close();
  });

  test('a missing payment is in no list: overdue orders are asked for', async () => {
    const { plan } = past();
    const plugin = await ready();
    await all(plugin.sync.backfill());
    time.now = Date.parse('2026-06-26T10:00:00Z');
    plan.missed();
    const found = await plugin.sync.reconcile();
    assert.deepEqual(
      found.drift.map(({ event }) => event),
      ['payment_missed'],
    );
    await plugin.tick();
    assert.equal(byEmail('anna@example.com').fields['contact.ds24_status'], 'paused');
    assert.equal((await plugin.sync.reconcile()).found, 0);
    await plugin.close();
  });

  test('what Digistore24 asks for becomes a task, once, and only where its order is known', async () => {
    past();
    const plugin = await ready();
    await all(plugin.sync.backfill());
    time.now += 86_400_000;
    const at = '2026-06-16 12:00:00';
    const order = sandbox.story({ buyer: { email: 'dora@example.com' }, products: [BOOK], at });
    await plugin.receive({ method: 'POST', body: form(order.payment({ at })) });
    await plugin.tick();
    const purchaseId = order.orderId;
    for (const kind of ['service-proofs', 'refund-requests', 'deliveries'])
      sandbox.addToDigistore24(kind, { purchaseId, at });
    sandbox.addToDigistore24('service-proofs', { purchaseId, at, proof: { requestStatus: 'proof_provided' } });
    time.now += 3_600_000;

    assert.equal((await plugin.sync.reconcile()).work, 3);
    await plugin.tick();
    const tasks = () =>
      byEmail('dora@example.com')
        .tasks.map(({ title }) => title)
        .sort();
    const wanted = ['Provide proof until 2026-06-19: Buch', 'Refund requested: Buch', 'Ship: Buch'];
    assert.deepEqual(tasks(), wanted);
    assert.equal((await plugin.sync.reconcile()).work, 0);
    await plugin.tick();
    assert.deepEqual(tasks(), wanted);
    await plugin.close();
  });

  test('is a part of tick where it is set, within its requests, and says when it comes next', async () => {
    past();
    const events = [];
    const plugin = await ready({ reconcileEveryHours: 12, onEvent: (event) => events.push(event) });
    const at = '2026-06-15 11:00:00';
    sandbox.story({ buyer: { email: 'dora@example.com' }, products: [BOOK], at }).payment({ at });
    time.now += 60 * 60_000;
    let tick;
    let requests = 0;
    for (let i = 0; i < 10 && !tick?.reconciliation?.done; i++) {
      const before = sandbox.requests().length;
      tick = await plugin.tick({ maxRequests: 30 });
      requests = Math.max(requests, sandbox.requests().length - before);
    }
    assert.ok(requests <= 30, `${requests}`);
    assert.equal(tick.reconciliation.found, 1);
    assert.ok(tick.nextAt <= time.now + 12 * 3_600_000 && tick.nextAt > time.now);
    await plugin.tick();
    assert.ok(byEmail('dora@example.com'));
    const rules = new AlertRules();
    const told = () =>
      events.filter(({ kind }) => kind === 'drift').map(({ found, repaired }) => ({ found, repaired }));
    assert.deepEqual(told(), [{ found: 1, repaired: 1 }], 'once for each run, whoever runs it');
    const alerts = events.flatMap((event) => rules.take(event));
    assert.deepEqual(
      alerts.map(({ kind, details }) => [kind, details]),
      [['webhooks_missed', { found: 1, repaired: 1 }]],
    );
    time.now += 13 * 3_600_000;
    for (let i = 0; i < 10 && told().length < 2; i++) await plugin.tick();
    assert.deepEqual(told()[1], { found: 0, repaired: 0 });
    await plugin.close();
  });

  test('finds a resumption that no webhook told', async () => {
    const plugin = await ready();
    const at = '2026-06-15 11:00:00';
    const story = sandbox.story({
      buyer: { email: 'rita@example.com' },
      billing: 'subscription',
      products: [BOOK],
      at,
    });
    await plugin.sync.apply({ raw: story.payment({ at }) });
    await plugin.sync.apply({ raw: story.cancelled() });
    const tags = () => byEmail('rita@example.com').tags;
    assert.ok(tags().includes('ds24-cancelling'));
    story.resumed();
    time.now += 60 * 60_000;
    const { found, repaired, drift } = await plugin.sync.reconcile();
    assert.deepEqual([found, repaired, drift[0].event], [1, 1, 'rebill_resumed']);
    await plugin.tick();
    assert.ok(tags().includes('ds24-active') && !tags().includes('ds24-cancelling'), tags().join());
    assert.equal((await plugin.sync.reconcile()).found, 0, 'once');
    await plugin.close();
  });
});

describe('a timeline without a ledger', () => {
  test('has what the ledger lacks, from Digistore24, and keeps nothing of it', async () => {
    const { plan, single } = past();
    const whole = await ready();
    await all(whole.sync.backfill());
    const wanted = await whole.timeline({ email: 'anna@example.com' });
    await whole.close();

    const { store, texts } = openStore();
    const plugin = await ready({ store });
    const before = await texts();
    const seen = await plugin.timeline({ email: 'anna@example.com' });
    assert.deepEqual([seen.status, seen.lifetime, seen.orders], [wanted.status, wanted.lifetime, wanted.orders]);
    const purchases = ({ timeline }) =>
      timeline.filter(({ kind }) => kind === 'purchase').map(({ at, title }) => [at, title]);
    assert.deepEqual(purchases(seen), purchases(wanted));
    assert.equal(seen.orders[0].id, plan.orderId);
    const keys = (entries) => entries.map(({ key }) => key).filter((key) => !/budget|cache/.test(key));
    assert.deepEqual(keys(await texts()), keys(before));

    // An order that came live, beside one from before.
    const at = '2026-06-15 11:30:00';
    const order = sandbox.story({ buyer: { email: 'bert@example.com' }, products: [COURSE], at });
    await plugin.receive({ method: 'POST', body: form(order.payment({ at })) });
    await plugin.tick();
    const bert = await plugin.timeline({ email: 'bert@example.com' });
    assert.deepEqual(
      bert.orders.map(({ id, items }) => [id, items[0].state]).sort(),
      [
        [order.orderId, 'active'],
        [single.orderId, 'refunded'],
      ].sort(),
    );
    await plugin.close();
  });

  test('is found by order, upsell and buyer, in a fresh ledger and in a full one', async () => {
    const at = '2026-06-01 09:00:00';
    const story = sandbox.story({ buyer: { email: 'anna@example.com' }, products: [COURSE], at });
    const first = story.payment({ at });
    const upsell = story.upsell({ products: [BOOK] });
    const second = upsell.payment({ at });
    const full = await ready();
    for (const raw of [first, second]) await full.sync.apply({ raw });
    const fresh = await ready({ store: memoryStore({ clock }) });
    const { id } = byEmail('anna@example.com');
    for (const plugin of [full, fresh]) {
      for (const whom of [{ orderId: story.orderId }, { orderId: upsell.orderId }, { buyerId: first.buyer_id }]) {
        const { contact, orders } = await plugin.timeline(whom);
        assert.deepEqual([contact.id, orders.map((one) => one.id)], [id, [story.orderId]], JSON.stringify(whom));
      }
    }
    await full.close();
    await fresh.close();
  });

  test('whose contact was merged is found by its address, with all that the ledger knows', async () => {
    const at = '2026-06-15 09:00:00';
    const story = sandbox.story({ buyer: { email: 'anna@example.com' }, products: [COURSE], at });
    const plugin = await ready();
    await plugin.sync.apply({ raw: story.payment({ at }) });
    const { id } = byEmail('anna@example.com');
    const { contact } = await plugin.ghl.contacts.createContact({ email: 'other@example.com' });
    // Before there was a plugin.
    const old = sandbox.story({ buyer: { email: 'anna@example.com' }, products: [BOOK], at: '2026-05-01 09:00:00' });
    old.payment({ at: '2026-05-01 09:00:00' });
    sandbox.mergeContacts(contact.id, id);
    await plugin.ghl.contacts.updateContact({ contactId: contact.id, email: 'anna@example.com' });
    for (const whom of [{ email: 'anna@example.com' }, { orderId: story.orderId }]) {
      const view = await plugin.timeline(whom);
      assert.deepEqual([view.contact.id, view.orders.length], [contact.id, 2], JSON.stringify(whom));
    }
    assert.equal((await failureOf(plugin.timeline({ contactId: id }))).code, 'not_found');
    await plugin.close();
  });

  test('every page of the messages; what is longer than that is named', async () => {
    const plugin = await ready();
    const { contact } = await plugin.ghl.contacts.createContact({ email: 'anna@example.com', phone: '+4930123456' });
    const send = (n) => {
      // As slowly as the rate allows.
      time.now += 200;
      return plugin.ghl.conversations.sendANewMessage({ contactId: contact.id, type: 'SMS', message: `${n}` });
    };
    for (let n = 0; n < 45; n++) await send(n);
    const shown = await plugin.timeline({ contactId: contact.id });
    assert.deepEqual([shown.timeline.filter(({ kind }) => kind === 'message').length, shown.missing], [45, []]);
    for (let n = 45; n < 501; n++) await send(n);
    const { timeline, missing } = await plugin.timeline({ contactId: contact.id });
    assert.equal(timeline.filter(({ kind }) => kind === 'message').length, 500);
    assert.deepEqual(
      missing.map(({ operation, code }) => [operation, code]),
      [['ghl.conversations.getMessages', 'cut']],
    );
    await plugin.close();
  });

  test('without access to Digistore24 it is what is left, and says what is missing', async () => {
    past();
    const plugin = await ready();
    await plugin.ghl.contacts.createContact({ email: 'anna@example.com' });
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 403, path: '/api/call/listPurchasesOfEmail' });
    const { orders, missing } = await plugin.timeline({ email: 'anna@example.com' });
    assert.deepEqual(orders, []);
    assert.deepEqual(
      missing.map(({ operation }) => operation),
      ['digistore24.listPurchasesOfEmail'],
    );
    await plugin.close();
  });
});

describe('dead letters', () => {
  test('are listed with cause and help, tried again, given up', async () => {
    const { plan } = past();
    const plugin = await ready();
    await all(plugin.sync.backfill());
    const { id } = byEmail('anna@example.com');
    sandbox.deleteContact(id);
    await plugin.receive({ method: 'POST', body: form(plan.payment({ at: '2026-06-15 11:00:00' })) });
    // It holds up nobody else.
    const other = sandbox.story({ buyer: { email: 'dora@example.com' }, products: [BOOK], at: '2026-06-15 11:30:00' });
    await plugin.receive({ method: 'POST', body: form(other.payment({ at: '2026-06-15 11:30:00' })) });
    const { events } = await plugin.tick();
    assert.deepEqual(events.map(({ outcome }) => outcome).sort(), ['dead', 'done']);
    const [letter] = await plugin.deadLetters.list();
    assert.deepEqual([letter.event, letter.error.code, letter.order], ['payment', 'not_found', plan.orderId]);
    assert.ok(letter.error.help && !JSON.stringify(letter).includes('anna'));
    const [again] = await plugin.deadLetters.retry(letter.name);
    assert.equal(again.outcome, 'dead');
    assert.equal((await failureOf(plugin.deadLetters.retry('no-letter'))).code, 'invalid_input');
    await plugin.ghl.contacts.createContact({ email: 'anna@example.com' });
    const [done] = await plugin.deadLetters.retry();
    assert.equal(done.outcome, 'done');
    assert.deepEqual(await plugin.deadLetters.list(), []);
    await plugin.close();
  });

  test('recreate: a deleted contact comes back with the renewal', async () => {
    const { plan } = past();
    const plugin = await ready({ mapping: { recreate: true } });
    await all(plugin.sync.backfill());
    sandbox.deleteContact(byEmail('anna@example.com').id);
    await plugin.receive({ method: 'POST', body: form(plan.payment({ at: '2026-06-15 11:00:00' })) });
    assert.equal((await plugin.tick()).events[0].outcome, 'done');
    assert.ok(byEmail('anna@example.com'));
    await plugin.close();
  });
});

describe('forget', () => {
  test('leaves no trace of address and name, and nobody comes back with the next renewal', async () => {
    const { plan } = past();
    const { store, texts } = openStore();
    const plugin = await ready({ store });
    await all(plugin.sync.backfill());
    await plugin.receive({ method: 'POST', body: form(plan.payment({ at: '2026-06-15 11:00:00' })) });
    await plugin.tick();
    await plugin.receive({ method: 'POST', body: form(plan.payment({ at: '2026-06-15 11:10:00' })) });
    const trace = async () =>
      (await texts()).filter(({ key, value }) => /anna@|änna|%C3%84nna/i.test(key + value)).map(({ key }) => key);
    assert.ok((await trace()).length > 0);
    const forgotten = await plugin.forget('Anna@Example.com', { deleteContact: true });
    assert.deepEqual([forgotten.orders, forgotten.contactDeleted], [1, true]);
    assert.ok(forgotten.messages >= 3 && forgotten.remains.length === 3);
    assert.deepEqual(await trace(), []);
    assert.equal(byEmail('anna@example.com'), undefined);
    const later = plan.payment({ at: '2026-06-15 11:20:00' });
    assert.equal((await plugin.receive({ method: 'POST', body: form(later) })).outcome, 'kept');
    await plugin.tick();
    assert.deepEqual(await trace(), []);
    assert.equal(sandbox.state().contacts.length, 2);
    // Somebody else is as before; and a second time does no harm.
    assert.ok((await plugin.timeline({ email: 'cleo@example.com' })).orders.length === 2);
    assert.equal((await plugin.forget('anna@example.com')).orders, 0);
    assert.equal((await failureOf(plugin.forget(' '))).code, 'invalid_input');
    await plugin.close();
  });

  test('deletes the contact that bears the address now, where the known one was merged into it', async () => {
    const plugin = await ready();
    const at = '2026-06-15 09:00:00';
    const story = sandbox.story({ buyer: { email: 'anna@example.com' }, products: [BOOK], at });
    await plugin.sync.apply({ raw: story.payment({ at }) });
    const { id } = byEmail('anna@example.com');
    const { contact } = await plugin.ghl.contacts.createContact({ email: 'other@example.com' });
    sandbox.mergeContacts(contact.id, id);
    await plugin.ghl.contacts.updateContact({ contactId: contact.id, email: 'anna@example.com' });
    time.now += 20_000;
    const forgotten = await plugin.forget('anna@example.com', { deleteContact: true });
    assert.deepEqual([forgotten.contactDeleted, forgotten.contactId], [true, contact.id]);
    assert.deepEqual(sandbox.state().contacts, []);
    // Nobody is there: nothing was deleted, and it says so.
    const again = await plugin.forget('anna@example.com', { deleteContact: true });
    assert.deepEqual([again.contactDeleted, again.remains[0].where], [false, 'HighLevel']);
    await plugin.close();
  });
});

describe('timeline', () => {
  test('of both services, by address, contact, buyer or order; a list that may not be read is named', async () => {
    const { plan } = past();
    const plugin = await ready();
    await all(plugin.sync.backfill({ live: true }));
    sandbox.addToDigistore24('etickets', { purchaseId: plan.orderId });
    const { id } = byEmail('anna@example.com');
    await plugin.ghl.conversations.sendANewMessage({ type: 'Email', contactId: id, message: 'Welcome' });
    const view = await plugin.timeline({ email: 'anna@example.com' });
    assert.deepEqual(view.missing, []);
    assert.equal(view.timeline.find(({ kind }) => kind === 'message').body, 'Welcome');
    assert.deepEqual(
      Object.entries(view.lifetime).map(([name, sum]) => [name, Number(sum)]),
      [['EUR', 147]],
    );
    const kinds = new Set(view.timeline.map(({ kind }) => kind));
    for (const kind of ['contact', 'purchase', 'note', 'eticket']) assert.ok(kinds.has(kind), kind);
    const buyerId = String(plan.purchase.buyer.id);
    for (const whom of [{ contactId: id }, { orderId: plan.orderId }, { buyerId }]) {
      assert.equal((await plugin.timeline(whom)).contact.id, id);
    }
    assert.equal((await failureOf(plugin.timeline({ orderId: 'NOTHING' }))).code, 'not_found');
    sandbox.fault({ service: 'ghl', kind: 'status', status: 404, path: '/conversations/search', times: 1 });
    const [missing] = (await plugin.timeline({ contactId: id })).missing;
    assert.deepEqual([missing.operation, missing.code], ['ghl.conversations.searchConversation', 'not_found']);
    await plugin.close();
  });
});

test('sales from before the connection are silent when they come by webhook', async () => {
  const plugin = await ready({ liveAfter: '2026-06-01' });
  const at = '2026-05-20 10:00:00';
  const late = sandbox.story({ buyer: { email: 'late@example.com' }, products: [BOOK], at });
  await plugin.receive({ method: 'POST', body: form(late.payment({ at })) });
  await plugin.tick();
  assert.deepEqual(byEmail('late@example.com').tags, ['ds24-import']);
  assert.equal((await failureOf(pluginOn(sandbox, { liveAfter: 'yesterday-ish' }))).code, 'invalid_input');
  await plugin.close();
});
