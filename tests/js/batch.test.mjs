// Many changes at once, each with its own result, against the sandbox.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { breakAt, callsSince, contactOf, email, fieldsOf, mark, plugin, sandbox, state } from './bridge-support.mjs';
import { failureOf } from './support.mjs';

const many = (count) => {
  sandbox.importContacts(count);
  return [...sandbox.world.ghl.contacts.keys()];
};
const tagsOf = (id) => sandbox.world.ghl.contacts.get(id).tags;

describe('tags in bulk', () => {
  test('go on and off in calls of 500', async () => {
    const contactIds = many(1_201);
    const from = mark();
    const added = await plugin.bridge.bulkAddTags({ contactIds, tags: ['Autumn'] });
    assert.equal(added.failed, 0);
    assert.deepEqual(
      added.results.map(({ contactId, ok }) => [contactId, ok]),
      contactIds.map((id) => [id, true]),
    );
    assert.deepEqual(callsSince(from), Array(3).fill('POST /contacts/bulk/tags/update/add'));
    assert.ok(contactIds.every((id) => tagsOf(id).includes('autumn')));
    await plugin.bridge.bulkRemoveTags({ contactIds, tags: ['autumn'] });
    assert.ok(contactIds.every((id) => tagsOf(id).length === 0));
  });

  test('tell each contact that was not changed, and change the others', async () => {
    const [one, gone, other] = many(3);
    sandbox.deleteContact(gone);
    const contactIds = [one, gone, 'nobody', other];
    const { results, failed } = await plugin.bridge.bulkAddTags({ contactIds, tags: ['a'] });
    assert.deepEqual([failed, results.map(({ ok }) => ok)], [2, [true, false, false, true]]);
    assert.deepEqual(
      [results[1].contactId, results[1].error.code, Boolean(results[1].error.help)],
      [gone, 'not_found', true],
    );
  });

  test('a call that fails stops none of the others', async () => {
    const contactIds = many(1_100);
    breakAt('POST', '/contacts/bulk/tags/update/add', 403, 1);
    const { results, failed } = await plugin.bridge.bulkAddTags({ contactIds, tags: ['a'] });
    assert.equal(failed, 500);
    assert.deepEqual([results[0].error.code, results[499].ok, results[500].ok], ['forbidden', false, true]);
  });
});

describe('a business in bulk', () => {
  test('is set by name, 50 at a time, and taken off by null', async () => {
    await plugin.ghl.businesses.createBusiness({ name: 'Beispiel' });
    const business = state().businesses[0].id;
    const contactIds = many(120);
    const from = mark();
    const { failed } = await plugin.bridge.bulkSetBusiness({ contactIds, business: 'beispiel' });
    assert.equal(failed, 0);
    assert.deepEqual(callsSince(from), ['GET /businesses/', ...Array(3).fill('POST /contacts/bulk/business')]);
    const linked = () => [...sandbox.world.ghl.contacts.values()].map(({ fields }) => fields.businessId);
    assert.ok(linked().every((id) => id === business));
    await plugin.bridge.bulkSetBusiness({ contactIds, business: null });
    assert.ok(linked().every((id) => id === undefined));
  });

  test('one contact that is gone keeps none of the others from it', async () => {
    const contactIds = many(50);
    contactIds[17] = 'nobody';
    await plugin.ghl.businesses.createBusiness({ name: 'Beispiel' });
    const { results, failed } = await plugin.bridge.bulkSetBusiness({ contactIds, business: 'Beispiel' });
    assert.equal(failed, 1);
    assert.deepEqual(
      results.map(({ contactId }) => contactId),
      contactIds,
    );
    assert.deepEqual([results[17].ok, results[17].error.code], [false, 'not_found']);
    const unknown = await failureOf(plugin.bridge.bulkSetBusiness({ contactIds, business: 'Beispeil' }));
    assert.match(fieldsOf(unknown).business, /did you mean Beispiel\?/);
  });
});

describe('a batch', () => {
  test('gives each call its own result, in order, and goes on after failures', async () => {
    const contactId = await contactOf();
    const results = await plugin.batch([
      { id: 'ghl.contacts.addTags', input: { contactId, tags: ['a'] } },
      { id: 'ghl.contacts.addTags', input: { contactId: 'nobody', tags: ['a'] } },
      { id: 'ghl.contacts.addTags', input: { contactId } },
      { id: 'ghl.contacts.nothing' },
      { id: 'bridge.addTag', input: { email, tags: ['b'] } },
    ]);
    assert.deepEqual(
      results.map((one) => (one.ok ? 'ok' : one.error.code)),
      ['ok', 'not_found', 'invalid_input', 'invalid_input', 'ok'],
    );
    assert.deepEqual(results[0].value.tags, ['a']);
    assert.deepEqual(tagsOf(contactId).sort(), ['a', 'b']);
    assert.deepEqual(await plugin.batch([]), []);
  });

  test('has no more calls under way than it may, and an AbortSignal ends those that wait', async () => {
    let now = 0;
    let most = 0;
    const aborter = new AbortController();
    const { open } = await import('./bridge-support.mjs');
    const slow = await open({
      fetch: async () => {
        most = Math.max(most, ++now);
        // As long as it may take until the others have begun.
        for (let i = 0; i === 0 || (most < 3 && i < 10_000); i++) await new Promise((resolve) => setImmediate(resolve));
        now--;
        return Response.json({ contact: {} });
      },
    });
    const calls = Array.from({ length: 20 }, () => ({ id: 'ghl.contacts.getContact', input: { contactId: 'c' } }));
    assert.ok((await slow.batch(calls, { concurrency: 3 })).every(({ ok }) => ok));
    assert.equal(most, 3);
    aborter.abort();
    const ended = await slow.batch(calls, { signal: aborter.signal });
    assert.ok(ended.every(({ ok, error }) => !ok && error.code === 'cancelled'));
    const wrong = await failureOf(slow.batch(calls, { concurrency: 0 }));
    assert.ok(fieldsOf(wrong).concurrency);
  });
});
