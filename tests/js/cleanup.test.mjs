// Before production: what test orders left goes again, and nothing else.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ready, sandbox } from './midyear-support.mjs';
import { form } from './support.mjs';

const BOOK = { name: 'Buch', price: 1900, tags: ['buch'] };
const COURSE = { name: 'Kräuterkurs', price: 4900, tags: ['kraeuter'] };
const mapping = { opportunity: { pipeline: 'Sales', stage: 'New' }, tags: { byEvent: { newSale: ['bought'] } } };

const sold = (more = {}) => ready({ mapping, ...more });

const take = async (plugin, message) => {
  await plugin.receive({ method: 'POST', body: form(message) });
  await plugin.tick();
};
const at = '2026-06-15 11:00:00';
const testOrder = (email, products = [COURSE]) =>
  sandbox.story({ buyer: { email }, products, billing: 'subscription', test: true, at });
const contact = (email) => sandbox.state().contacts.find((one) => one.email === email);
const left = () => sandbox.state().contacts.map(({ email }) => email);

describe('what test orders left', () => {
  test('goes from a contact that also bought in earnest; the rest stays as it would be without them', async () => {
    const plugin = await sold();
    const real = sandbox.story({ buyer: { email: 'eva@example.com' }, products: [BOOK], at });
    await take(plugin, real.payment({ at }));
    const before = contact('eva@example.com');
    const trial = testOrder('eva@example.com');
    await take(plugin, trial.payment({ at }));
    await take(plugin, trial.missed());
    const between = contact('eva@example.com');
    assert.deepEqual([between.notes.length, between.tasks.length], [2, 1]);
    assert.ok(between.tags.includes('ds24-test') && between.tags.includes('kraeuter'));

    const dry = await plugin.sync.cleanup({ dryRun: true });
    assert.deepEqual(dry.people[0].outcome, 'would be cleaned');
    assert.deepEqual(contact('eva@example.com'), between);

    const cleaned = await plugin.sync.cleanup();
    assert.equal(cleaned.done, true);
    const [{ orders, notes, tasks, deals, outcome }] = cleaned.people;
    assert.deepEqual([orders, notes, tasks, deals, outcome], [[trial.orderId], 1, 1, 0, 'cleaned']);
    const { tags, notes: keptNotes, tasks: keptTasks, fields } = contact('eva@example.com');
    assert.deepEqual([keptNotes, keptTasks], [before.notes, []]);
    assert.deepEqual([...tags].sort(), [...before.tags].sort());
    for (const name of ['status', 'products', 'next_payment', 'paid_until']) {
      const key = `contact.ds24_${name}`;
      assert.equal(fields[key] || '', before.fields[key] || '', key);
    }
    assert.equal(sandbox.state().opportunities.length, 1, 'the pipeline takes one deal of a person: that of the book');

    assert.deepEqual((await plugin.sync.cleanup()).people, [], 'again: nothing is left');
    await plugin.close();
  });

  test('goes with its contact only where that is asked for, made by the plugin and nobody else’s', async () => {
    const plugin = await sold();
    await plugin.ghl.contacts.createContact({ email: 'boss@example.com', firstName: 'Bea', tags: ['vip'] });
    for (const email of ['boss@example.com', 'trial@example.com']) await take(plugin, testOrder(email).payment({ at }));

    await plugin.sync.cleanup();
    assert.deepEqual(left().sort(), ['boss@example.com', 'trial@example.com']);
    assert.deepEqual(contact('boss@example.com').tags, ['vip', 'bought']);

    for (const email of ['boss@example.com', 'trial@example.com']) await take(plugin, testOrder(email).payment({ at }));
    const { people } = await plugin.sync.cleanup({ deleteContacts: true });
    assert.deepEqual(people.map(({ outcome }) => outcome).sort(), ['cleaned', 'deleted']);
    assert.deepEqual(left(), ['boss@example.com']);
    // Whoever buys in earnest afterwards is new.
    await take(plugin, sandbox.story({ buyer: { email: 'trial@example.com' }, products: [BOOK], at }).payment({ at }));
    assert.ok(contact('trial@example.com').tags.includes('ds24-customer'));
    await plugin.close();
  });

  test('a contact that is gone is said to be: what was merged lies elsewhere', async () => {
    const plugin = await sold();
    const trial = testOrder('trial@example.com');
    await take(plugin, trial.payment({ at }));
    const { contact: other } = await plugin.ghl.contacts.createContact({ email: 'keep@example.com' });
    sandbox.mergeContacts(other.id, contact('trial@example.com').id);
    for (const dryRun of [true, false]) {
      const { people } = await plugin.sync.cleanup({ dryRun });
      const [{ outcome, orders, tags }] = people;
      assert.deepEqual([outcome, orders], ['gone', [trial.orderId]]);
      assert.ok(tags.includes('ds24-test'), 'what to look for on the other one');
    }
    assert.deepEqual((await plugin.sync.cleanup()).people, []);
    await plugin.close();
  });

  test('a failure in the middle leaves the rest to be found again', async () => {
    const plugin = await sold();
    await take(plugin, testOrder('trial@example.com').payment({ at }));
    sandbox.fault({ service: 'ghl', method: 'DELETE', path: '/contacts/', kind: 'status', status: 403, times: 1 });
    await assert.rejects(plugin.sync.cleanup(), { code: 'forbidden' });
    assert.equal(sandbox.state().opportunities.length, 0, 'the deal went first');
    const { done, people } = await plugin.sync.cleanup();
    assert.deepEqual([done, people.length, people[0].notes], [true, 1, 1]);
    assert.ok(!contact('trial@example.com').tags.some((tag) => tag.startsWith('ds24-')));
    await plugin.close();
  });
});
