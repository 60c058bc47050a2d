// Both services as far as a backfill asks them, in this process and made up as they are asked for: as many orders as wanted,
// in no memory. Every other buyer is a contact already.
const LOCATION = 'loc1';
/** A rate that no import here reaches: how fast it may go is another test's matter. */
const RATE = { 'x-ratelimit-max': '1000000', 'x-ratelimit-interval-milliseconds': '10000' };
const FIELDS = [
  ...[
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
  ],
  ...['earnings', 'lifetime', 'last_activity', 'next_payment', 'paid_until', 'segment'],
];

const json = (body) => Response.json(body, { headers: RATE });
const number = (i) => String(i).padStart(7, '0');
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
const range = (from, length, make) => Array.from({ length: Math.max(0, length) }, (_, i) => make(from + i));

/** A seller with so many buyers of one order each: a `fetch`, and what it was asked. */
export function seller(buyers) {
  const count = { requests: 0, contacts: 0, orders: 0, created: 0, updated: 0 };
  async function fetch(url, { method, body }) {
    count.requests++;
    const path = new URL(url).pathname;
    if (path === '/api/call/getUserInfo') return json({ result: 'success', data: { user_id: '777' } });
    if (path === '/api/call/listPurchases') {
      const form = new URLSearchParams(String(body));
      const [page, size] = [Number(form.get('page_no')), Number(form.get('page_size'))];
      const from = (page - 1) * size;
      const some = range(from, Math.min(size, buyers - from), order);
      count.orders += some.length;
      const data = { purchase_list: some, item_count: buyers, page_count: Math.ceil(buyers / size) };
      return json({ result: 'success', data });
    }
    if (path === '/contacts/search') {
      const { pageLimit, searchAfter } = JSON.parse(body);
      const from = (searchAfter?.[0] ?? -1) + 1;
      const some = range(from, Math.min(pageLimit, buyers / 2 - from), contact);
      count.contacts += some.length;
      return json({ contacts: some, total: buyers / 2 });
    }
    if (path.endsWith('/customFields')) {
      const customFields = FIELDS.map((name) => ({ id: name, fieldKey: `contact.ds24_${name}`, dataType: 'TEXT' }));
      return json({ customFields });
    }
    if (method === 'POST' && path === '/contacts/') return json({ contact: { id: `n${++count.created}` } });
    if (method === 'PUT' && path.startsWith('/contacts/')) {
      count.updated++;
      return json({ contact: { id: path.split('/')[2] } });
    }
    throw new Error(`the seller doesn't know ${method} ${path}`);
  }
  return { count, fetch };
}

/** The options of a plugin for it. */
export const sellerOptions = {
  highlevel: {
    auth: { kind: 'private-integration', token: 'pit-test' },
    locationId: LOCATION,
    baseUrl: 'https://ghl.test',
  },
  digistore24: { apiKey: '1-key', baseUrl: 'https://ds24.test' },
};
