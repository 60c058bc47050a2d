// Many buyers: how many calls an import makes, and that its parts don't grow with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';

const LOCATION = 'loc1';
/** A rate that no import here reaches: how fast it may go is another test's matter. */
const RATE = { 'x-ratelimit-max': '1000000', 'x-ratelimit-interval-milliseconds': '10000' };
const json = (body) => Response.json(body, { headers: RATE });
const number = (i) => String(i).padStart(6, '0');

/** Both services as far as an import asks them, without the network: every other buyer is a contact already. */
function services(buyers) {
  const count = { requests: 0, contacts: 0, orders: 0, created: 0, updated: 0, largest: 0 };
  const contact = (i) => ({ id: `c${i}`, email: `p${number(2 * i)}@example.com`, tags: [], searchAfter: [i] });
  const order = (i) => ({
    id: `O${number(i)}A`,
    created_at: `2026-01-01 ${String(Math.floor(i / 3600) % 24).padStart(2, '0')}:00:00`,
    buyer: { id: String(i), email: `p${number(i)}@example.com`, first_name: 'Pat', last_name: `N${i}`, country: 'DE' },
    items: [{ id: String(i), product_id: '7', product_name: 'Course', quantity: '1' }],
    billing_type: 'single_payment',
    billing_status: 'completed',
    order_type: 'live',
    transaction_list: [
      {
        id: `T${i}`,
        type: 'payment',
        amount: '49.00',
        currency: 'EUR',
        created_at: '2026-01-01 10:00:00',
        pay_sequence_no: '0',
      },
    ],
  });
  const fields = [
    'buyer_id',
    'order_id',
    'product',
    'products',
    'status',
    'currency',
    'last_event',
    'newsletter',
    'phone',
    'amount',
    'earnings',
    'lifetime',
    'last_activity',
    'next_payment',
    'paid_until',
    'segment',
  ];
  async function fetch(url, { method, body }) {
    count.requests++;
    count.largest = Math.max(count.largest, body?.length ?? 0);
    const path = new URL(url).pathname;
    const form = path.startsWith('/api/') ? new URLSearchParams(String(body)) : undefined;
    const input = !form && body ? JSON.parse(body) : {};
    if (path === '/api/call/getUserInfo') return json({ result: 'success', data: { user_id: '777' } });
    if (path === '/api/call/listPurchases') {
      const [page, size] = [Number(form.get('page_no')), Number(form.get('page_size'))];
      const some = Array.from({ length: Math.max(0, Math.min(size, buyers - (page - 1) * size)) }, (_, i) =>
        order((page - 1) * size + i),
      );
      count.orders += some.length;
      const data = { purchase_list: some, item_count: buyers, page_count: Math.ceil(buyers / size) };
      return json({ result: 'success', data });
    }
    if (path === '/contacts/search') {
      const from = (input.searchAfter?.[0] ?? -1) + 1;
      const some = Array.from({ length: Math.min(input.pageLimit, buyers / 2 - from) }, (_, i) => contact(from + i));
      count.contacts += some.length;
      return json({ contacts: some, total: buyers / 2 });
    }
    if (path.endsWith('/customFields')) {
      return json({
        customFields: fields.map((name) => ({ id: name, fieldKey: `contact.ds24_${name}`, dataType: 'TEXT' })),
      });
    }
    if (method === 'POST' && path === '/contacts/') return json({ contact: { id: `n${++count.created}` } });
    if (method === 'PUT' && path.startsWith('/contacts/')) {
      count.updated++;
      return json({ contact: { id: path.split('/')[2] } });
    }
    throw new Error(`the fake doesn't know ${method} ${path}`);
  }
  return { count, fetch };
}

/** A store that notes how much is handed over at once. */
function measured() {
  const store = memoryStore();
  const largest = { entries: 0, writes: 0, bytes: 0 };
  const note = (name, value) => {
    largest[name] = Math.max(largest[name], value);
  };
  const size = (entries) => entries.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
  return {
    largest,
    get: (keys) => store.get(keys),
    async list(range) {
      const found = await store.list(range);
      note('entries', found.entries.length);
      note('bytes', size(found.entries));
      return found;
    },
    commit(writes) {
      note('writes', writes.length);
      note('bytes', size(writes));
      return store.commit(writes);
    },
  };
}

async function run(buyers) {
  const { count, fetch } = services(buyers);
  const store = measured();
  const plugin = await createPlugin({
    highlevel: {
      auth: { kind: 'private-integration', token: 'pit-test' },
      locationId: LOCATION,
      baseUrl: 'https://ghl.test',
    },
    digistore24: { apiKey: '1-key', baseUrl: 'https://ds24.test' },
    store,
    fetch,
    log: () => {},
  });
  let last;
  let longest = 0;
  for await (const progress of plugin.sync.backfill()) {
    longest = Math.max(longest, progress.requests - (last?.requests ?? 0));
    last = progress;
  }
  await plugin.close();
  return { count, last, longest, largest: store.largest };
}

/** The whole size is a minute's work: `BACKFILL_BUYERS=10000`. */
const BUYERS = Number(process.env.BACKFILL_BUYERS ?? 3_000);

test('at most 1.1 calls for each buyer, at most 50 a step, and the same memory for many as for few', async () => {
  const small = await run(1_000);
  const { count, last, longest, largest } = await run(BUYERS);
  assert.deepEqual([count.created, count.updated, last.counts.done], [BUYERS / 2, BUYERS / 2, BUYERS]);
  assert.deepEqual([count.contacts, count.orders], [BUYERS / 2, BUYERS], 'each contact and each order is read once');
  assert.ok(count.requests <= BUYERS * 1.1, `${count.requests} requests`);
  assert.ok(longest <= 50, `${longest} requests in a step`);
  assert.deepEqual([largest.entries, largest.writes], [small.largest.entries, small.largest.writes]);
  assert.ok(largest.bytes <= small.largest.bytes * 1.05, `${largest.bytes} bytes at once, not ${small.largest.bytes}`);
});
