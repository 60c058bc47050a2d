// Beyond the fault model: a write that took effect long after it had failed and was repeated. Nothing can prevent it; it is found
// and told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ready, sandbox, time } from './midyear-support.mjs';
import { form } from './support.mjs';

const HOUR = 3_600_000;

const BUYER = { email: 'eva@example.com' };
const mapping = { opportunity: { pipeline: 'Sales', stage: 'New' } };

/** A sale whose request to this path was lost, as far as anybody can tell, and made again. */
async function repeated(t, path) {
  const events = [];
  const plugin = await ready({ mapping, onEvent: (event) => events.push(event) });
  t.after(() => plugin.close());
  // The connection broke: nobody knows whether HighLevel had the request.
  sandbox.fault({ service: 'ghl', method: 'POST', path, kind: 'reset', times: 1 });
  const at = '2026-06-15 11:00:00';
  const order = sandbox.story({ buyer: BUYER, products: [{ name: 'Buch', price: 1900, tags: [] }], at });
  await plugin.receive({ method: 'POST', body: form(order.payment({ at })) });
  await plugin.tick();
  time.now += 5 * 60_000;
  const { events: reports, twins } = await plugin.tick();
  assert.deepEqual([reports.at(-1).outcome, twins], ['done', undefined]);
  return { plugin, order, events };
}

const contact = () => sandbox.state().contacts.find(({ email }) => email === BUYER.email);
const later = async (plugin) => {
  time.now += 2 * HOUR;
  return (await plugin.tick()).twins ?? [];
};
const told = (events) => events.filter(({ kind }) => kind === 'twin' || kind === 'alert').map((e) => e.alert ?? e.kind);

describe('a write that took effect long after it had failed', () => {
  test('a note: told once, with both ids', async (t) => {
    const { plugin, order, events } = await repeated(t, '/contacts/*/notes');
    const { id: contactId, notes } = contact();
    const { title, body } = notes[0];
    await plugin.ghl.contacts.createNote({ contactId, title, body });
    assert.deepEqual((await plugin.tick()).twins, undefined, 'not before an hour has gone by');
    const [twin, ...more] = await later(plugin);
    assert.deepEqual([twin.action, twin.contactId, twin.ids.length, more], ['createNote', contactId, 2, []]);
    assert.ok(twin.order.endsWith(order.orderId));
    assert.deepEqual(told(events), ['twin']);
    assert.deepEqual(await later(plugin), []);
  });

  test('a deal', async (t) => {
    const { plugin } = await repeated(t, '/opportunities');
    const [{ name, pipelineId, contactId }] = sandbox.state().opportunities;
    sandbox.configure({ allowDuplicateOpportunity: true });
    await plugin.ghl.opportunities.createOpportunity({ name, pipelineId, contactId, status: 'won' });
    assert.deepEqual(
      (await later(plugin)).map(({ action, ids }) => [action, ids.length]),
      [['run', 2]],
    );
  });

  test('a contact, where the location allows two with one address', async (t) => {
    const { plugin } = await repeated(t, '/contacts');
    sandbox.configure({ allowDuplicateContact: true });
    await plugin.ghl.contacts.createContact({ email: BUYER.email });
    assert.deepEqual(
      (await later(plugin)).map(({ action, ids }) => [action, ids.length]),
      [['createContact', 2]],
    );
  });

  test('where none came late, nothing is told, and it is looked for once', async (t) => {
    const { plugin } = await repeated(t, '/contacts/*/notes');
    assert.deepEqual(await later(plugin), []);
    const before = sandbox.requests().length;
    assert.deepEqual(await later(plugin), []);
    assert.equal(sandbox.requests().length, before);
  });
});
