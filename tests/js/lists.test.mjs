// Lists over all their pages, against the sandbox: each item once, no request too many, nothing kept.
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { callsSince, mark, open, plugin, sandbox } from './bridge-support.mjs';
import { failureOf } from './support.mjs';

// A search shows at once what was written.
beforeEach(() => sandbox.configure({ searchLagMs: 0 }));

const search = () => plugin.ghl.contacts.searchContactsAdvanced;

async function collect(list) {
  const all = [];
  for await (const item of list) all.push(item);
  return all;
}

describe('a list of 25,000 contacts', () => {
  test('is told whole, each contact once, in constant memory', { timeout: 240_000 }, async () => {
    sandbox.importContacts(25_000);
    const from = mark();
    const ids = new Set();
    let count = 0;
    let most = 0;
    globalThis.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    for await (const contact of search().list()) {
      count++;
      ids.add(contact.id);
      if (count % 5_000 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    assert.deepEqual([count, ids.size], [25_000, 25_000]);
    assert.equal(callsSince(from).length, 50, '500 a page, and none after the last');
    // The memory of the wasm is among these: all the contacts would be 15 MB and more.
    assert.ok(most < 8_000_000, `${most} bytes more than before`);
  });

  test('is told whole while contacts come and go', { timeout: 240_000 }, async () => {
    sandbox.importContacts(3_000);
    const there = new Set(sandbox.world.ghl.contacts.keys());
    const told = [];
    for await (const { items } of search().list({ pageLimit: 100 }).pages()) {
      told.push(...items.map(({ id }) => id));
      sandbox.importContacts(7);
      if (items.length > 0) sandbox.deleteContact(items[0].id);
    }
    assert.equal(new Set(told).size, told.length, 'none twice');
    assert.deepEqual(told.filter((id) => there.has(id)).length, 3_000, 'none lost');
  });
});

describe('a list', () => {
  test('takes a limit, and asks for no more than that', async () => {
    sandbox.importContacts(30);
    const from = mark();
    assert.equal((await collect(search().list({}, { limit: 7 }))).length, 7);
    assert.deepEqual(
      sandbox
        .requests()
        .slice(from)
        .map(({ body }) => body.pageLimit),
      [7],
    );
    assert.equal((await collect(search().list({ pageLimit: 20 }, { limit: 25 }))).length, 25);
    assert.equal((await collect(search().list())).length, 30);
    const error = await failureOf(collect(search().list({}, { limit: 0 })));
    assert.deepEqual([error.code, error.fields[0].path], ['invalid_input', 'limit']);
  });

  test('asks for the next page only when it is wanted', async () => {
    sandbox.importContacts(30);
    const from = mark();
    for await (const _ of plugin.list('ghl.contacts.searchContactsAdvanced', { pageLimit: 10 })) break;
    assert.equal(callsSince(from).length, 1);
  });

  test('goes on with its cursor in another process, and with no other list', async () => {
    sandbox.importContacts(25);
    const first = await search().list({ pageLimit: 10 }).pages().next();
    assert.deepEqual([first.value.items.length, first.value.done], [10, false]);
    const cursor = JSON.parse(JSON.stringify(first.value.cursor));
    const other = await open();
    const rest = await collect(other.list('ghl.contacts.searchContactsAdvanced', { pageLimit: 10 }, { cursor }));
    const all = new Set([...first.value.items, ...rest].map(({ id }) => id));
    assert.deepEqual([rest.length, all.size], [15, 25]);

    for (const [id, input] of [
      ['ghl.contacts.searchContactsAdvanced', { pageLimit: 11 }],
      ['ghl.contacts.getContacts', { pageLimit: 10 }],
    ]) {
      const error = await failureOf(collect(other.list(id, input, { cursor })));
      assert.deepEqual([error.code, error.fields[0].path], ['invalid_input', 'cursor']);
    }
  });

  test('is the same by every way that a service counts pages', async () => {
    sandbox.importContacts(230);
    const contacts = [...sandbox.world.ghl.contacts.values()];
    const businessId = 'b1';
    for (const one of contacts) one.fields.businessId = businessId;
    const all = contacts.map(({ id }) => id).sort();
    for (const list of [
      search().list(),
      plugin.ghl.contacts.getContacts.list(),
      plugin.ghl.contacts.getContacts.list({ limit: 50 }),
      plugin.ghl.contacts.getContactsByBusinessId.list({ businessId }),
    ]) {
      const told = (await collect(list)).map(({ id }) => id);
      assert.deepEqual(told.sort(), all);
    }
    for (let i = 0; i < 3; i++) sandbox.story().payment();
    assert.equal((await collect(plugin.digistore24.listPurchases.list({ page_size: 2 }))).length, 3);
  });

  test('ends with an AbortSignal and with an error of the service, both typed', async () => {
    sandbox.importContacts(30);
    const aborter = new AbortController();
    const list = search().list({ pageLimit: 10 }, { signal: aborter.signal });
    const error = await failureOf(
      (async () => {
        for await (const _ of list) aborter.abort();
      })(),
    );
    assert.equal(error.code, 'cancelled');
    const none = await failureOf(collect(plugin.list('ghl.contacts.getContact', { contactId: 'x' })));
    assert.deepEqual([none.code, none.fields[0].problem], ['invalid_input', 'has no pages: call it with run()']);
    const wrong = await failureOf(collect(search().list({ pageLimit: 501 })));
    assert.deepEqual([wrong.code, wrong.fields[0].path], ['invalid_input', 'pageLimit']);
    const page = await failureOf(collect(search().list({ page: 2 })));
    assert.deepEqual([page.code, page.fields[0].path], ['invalid_input', 'page']);
  });
});
