// The simulated Digistore24: every function that it has answers as the catalog says, and remembers.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, beforeEach, describe, test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import {
  DEFAULT_API_KEY,
  DEVELOPER_API_KEY,
  DS24_FUNCTIONS,
  READONLY_API_KEY,
  startSandbox,
} from '../../pkg/dist/sandbox/index.js';
import { createPlugin } from '../../pkg/dist/src/index.js';

let now = Date.parse('2026-11-23T10:00:00Z');
const sandbox = await startSandbox({ clock: () => now });
const connect = (apiKey, more = {}) =>
  createPlugin({ digistore24: { apiKey, baseUrl: sandbox.digistore24Url, ...more }, clock: () => now, log: () => {} });
const plugin = await connect(DEFAULT_API_KEY);
const reader = await connect(READONLY_API_KEY);
const ds24 = plugin.digistore24;

after(async () => {
  await plugin.close();
  await reader.close();
  await sandbox.close();
});
beforeEach(() => {
  now = Date.parse('2026-11-23T10:00:00Z');
  sandbox.reset();
});

const failureOf = (promise) =>
  promise.then(
    () => assert.fail('it did not fail'),
    (error) => error,
  );

/** Adds something to Digistore24, as a person or Digistore24 itself would. */
async function add(kind, body = {}) {
  const response = await fetch(`${sandbox.url}/_sandbox/digistore24/${kind}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const catalog = plugin.catalog.list({ service: 'digistore24' });
const entry = (name) => catalog.find(({ id }) => id === `digistore24.${name}`);

/** The functions of the dialogue in which a vendor grants a key. */
const DIALOGUE = new Set(['requestApiKey', 'retrieveApiKey', 'unregister']);

test('every simulated function answers as the catalog says', async (t) => {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false });
  addFormats(ajv);
  const receiver = createServer((_, response) => response.end('OK'));
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  t.after(() => receiver.close());
  const own = await connect(DEFAULT_API_KEY, { developerKey: DEVELOPER_API_KEY });
  t.after(() => own.close());

  const story = sandbox.story({ billing: 'subscription' });
  story.payment();
  const { purchase, orderId: purchase_id } = story;
  const [item] = purchase.items;
  const ticket = sandbox.addToDigistore24('etickets');
  sandbox.addToDigistore24('deliveries');
  const proof = sandbox.addToDigistore24('service-proofs');
  const inputs = {
    createVoucher: { code: 'HERBST', first_rate: 10 },
    getVoucher: { code: 'HERBST' },
    createBuyUrl: { product_id: item.product.id, valid_until: '48h', buyer: { readonly_keys: 'email' } },
    getProduct: { product_id: item.product.id },
    getBuyer: { buyer_id: purchase.buyer.id },
    updateBuyer: { buyer_id: purchase.buyer.id, city: 'Köln' },
    getPurchase: { purchase_id },
    updatePurchase: { purchase_id, custom: 'ä' },
    listPurchasesOfEmail: { email: purchase.buyer.email },
    listEtickets: { search: { purchase_id } },
    getEticket: { eticket_id: ticket.id },
    listDeliveries: { search: { type: 'request' } },
    listServiceProofRequests: { search: { request_status: 'pending' } },
    getServiceProofRequest: { service_proof_id: proof.id },
    validateLicenseKey: { purchase_id, license_key: `${purchase.purchaseKey}-${item.id}` },
    resendPurchaseConfirmationMail: { purchase_id },
    resendInvoiceMail: { purchase_id },
    stopRebilling: { purchase_id },
    startRebilling: { purchase_id },
    refundTransaction: { transaction_id: purchase.transactions[0].id },
    refundPurchase: { purchase_id },
    ipnSetup: {
      ipn_url: `http://127.0.0.1:${receiver.address().port}/`,
      name: 'x',
      product_ids: 'all',
      domain_id: 'd-1',
    },
    ipnInfo: { domain_id: 'd-1' },
    ipnDelete: { domain_id: 'd-1' },
  };
  const call = async (name, input = {}) => {
    assert.ok(entry(name), `${name} is not in the catalog`);
    const answer = await own.run(`digistore24.${name}`, input);
    const validate = ajv.compile(entry(name).output);
    assert.ok(validate(answer), `${name}: ${ajv.errorsText(validate.errors)}`);
    return answer;
  };
  // A voucher must be made before it is read, payments stopped before they are resumed.
  const order = [...Object.keys(inputs), ...DS24_FUNCTIONS.filter((name) => !(name in inputs || DIALOGUE.has(name)))];
  for (const name of order) {
    const answer = await call(name, inputs[name]);
    const list = Object.values(answer ?? {}).find(Array.isArray) ?? (Array.isArray(answer) ? answer : undefined);
    if (name.startsWith('list') && name !== 'listVouchers') assert.ok(list?.length > 0, `${name} is empty`);
  }
  const request = await call('requestApiKey', { permissions: 'writable', return_url: 'https://app.example/' });
  await fetch(request.request_url, { redirect: 'manual' });
  const granted = await call('retrieveApiKey', { token: request.request_token });
  await own.auth.rotate({ apiKey: granted.api_key });
  await call('unregister');
  const called = new Set(sandbox.requests().flatMap(({ path }) => /^\/api\/call\/(.*)$/.exec(path)?.[1] ?? []));
  assert.deepEqual([...called].sort(), [...DS24_FUNCTIONS].sort());
});

test('language and operator of the connection go with every call', async () => {
  const bodies = [];
  const german = await createPlugin({
    digistore24: { apiKey: DEFAULT_API_KEY, baseUrl: sandbox.digistore24Url, language: 'de', operator: 'Zoë Grün' },
    fetch: (url, init) => {
      bodies.push(Object.fromEntries(new URLSearchParams(init.body)));
      return fetch(url, init);
    },
    log: () => {},
  });
  await german.digistore24.listProducts({ sort_by: 'group' });
  await german.close();
  assert.deepEqual(bodies, [{ sort_by: 'group', language: 'de', operator: 'Zoë Grün' }]);
  const wrong = createPlugin({ digistore24: { apiKey: DEFAULT_API_KEY, language: 'german' }, log: () => {} });
  assert.equal((await failureOf(wrong)).fields[0].path, 'digistore24.language');
});

test('a read-only key is refused by every write, before anything happens', async () => {
  sandbox.story({ billing: 'subscription' }).payment();
  const before = sandbox.state().digistore24;
  const refused = [];
  for (const name of DS24_FUNCTIONS) {
    if (entry(name).effect === 'read') continue;
    const error = await failureOf(reader.run(`digistore24.${name}`, entry(name).sample.input));
    assert.equal(error.code, 'forbidden', `${name}: ${error.code}`);
    assert.match(error.help, /full access|developer key/);
    refused.push(name);
  }
  assert.ok(refused.length >= 12, refused.join());
  assert.deepEqual(sandbox.state().digistore24, before);
});

describe('refunds', () => {
  test('once, within the period, or by force', async () => {
    const story = sandbox.story({ at: '2026-11-01 09:00:00' });
    story.payment();
    const { id: transaction_id } = story.purchase.transactions[0];
    const late = await ds24.refundTransaction({ transaction_id });
    assert.deepEqual([late.status, late.modified], ['refused', 'N']);
    // The buyer asked in time; only the answer took long.
    const done = await ds24.refundTransaction({ transaction_id, request_date: '2026-11-10' });
    assert.deepEqual([done.status, done.modified], ['completed', 'Y']);
    const again = await ds24.refundTransaction({ transaction_id, force: true });
    assert.deepEqual([again.status, again.error_reason], ['error', 'refund_completed']);
    const { transaction_list } = await ds24.listTransactions({ from: '-30d', search: { transaction_type: 'refund' } });
    assert.deepEqual(
      transaction_list.map(({ amount, purchase_id }) => [amount, purchase_id]),
      [['-49.00', story.orderId]],
    );
    assert.equal((await ds24.getPurchase({ purchase_id: story.orderId })).billing_status, 'aborted');
    assert.equal((await failureOf(ds24.refundTransaction({ transaction_id: '1' }))).code, 'not_found');
  });

  test('of a whole order: what has not gone back yet', async () => {
    const story = sandbox.story({ billing: 'subscription', at: '2026-10-20 09:00:00' });
    story.payment();
    story.payment();
    story.refund({ amount: 1000, transactionId: story.purchase.transactions[0].id });
    assert.equal((await ds24.refundPurchase({ purchase_id: story.orderId, force: true })).modified, 'Y');
    const { transaction_list } = await ds24.getPurchase({ purchase_id: story.orderId });
    assert.equal(
      transaction_list.reduce((sum, { amount }) => sum + Number(amount), 0),
      0,
    );
    assert.equal((await ds24.refundPurchase({ purchase_id: story.orderId, force: true })).modified, 'N');
  });
});

test('updateBuyer takes data[...] only and changes what orders show', async () => {
  const story = sandbox.story();
  story.payment();
  const buyer_id = story.purchase.buyer.id;
  const flat = new URLSearchParams({ buyer_id, city: 'Graz' });
  const headers = { 'x-ds-api-key': DEFAULT_API_KEY };
  const response = await fetch(`${sandbox.digistore24Url}/api/call/updateBuyer`, {
    method: 'POST',
    headers,
    body: flat,
  });
  assert.deepEqual([response.status, (await response.json()).code], [200, 3]);
  assert.equal((await ds24.updateBuyer({ buyer_id, city: 'Graz', phone_number: '' })).is_modified, 'Y');
  assert.equal((await ds24.updateBuyer({ buyer_id, city: 'Graz' })).is_modified, 'N');
  assert.equal((await ds24.getPurchase({ purchase_id: story.orderId })).buyer.city, 'Graz');
  assert.equal((await failureOf(ds24.updateBuyer({ buyer_id: 1, city: 'Graz' }))).code, 'not_found');
});

test('vouchers have one code each', async () => {
  const code = 'Grün & gut';
  const made = await ds24.createVoucher({
    code,
    first_rate: 12.5,
    expires_at: '2026-12-24T18:00:00+00:00',
    is_count_limited: true,
    count_left: 5,
  });
  assert.equal(made.code, code);
  const { coupon } = await ds24.getVoucher({ code });
  // The offset is turned into Berlin's wall clock.
  assert.deepEqual(
    [coupon.first_rate, coupon.expires_at, coupon.is_count_limited, coupon.count_left],
    ['12.50', '2026-12-24 19:00:00', 'Y', '5'],
  );
  assert.equal((await failureOf(ds24.createVoucher({ code }))).code, 'invalid_input');
  assert.equal((await failureOf(ds24.getVoucher({ code: 'NONE' }))).code, 'not_found');
  assert.equal((await ds24.listVouchers()).coupons.length, 1);
});

test('a license key counts while its order is paid', async () => {
  const story = sandbox.story({ billing: 'subscription' });
  story.payment();
  const { purchase } = story;
  const license_key = `${purchase.purchaseKey}-${purchase.items[0].id}`;
  const check = (key) => ds24.validateLicenseKey({ purchase_id: purchase.id, license_key: key });
  assert.equal((await check(license_key)).is_license_valid, 'Y');
  assert.equal((await check(license_key)).billing_tatus, 'paying');
  assert.equal((await check('other')).is_license_key_found, 'N');
  story.lastPaidDay();
  assert.equal((await check(license_key)).is_license_valid, 'N');
});

test('mails and checkout links are noted, nothing leaves', async () => {
  const story = sandbox.story();
  story.payment();
  const { id: product_id } = story.purchase.items[0].product;
  const link = await ds24.createBuyUrl({ product_id, valid_until: '2d', addons: [{ product_id, max_quantity: 3 }] });
  assert.equal(link.valid_until, '2026-11-25 11:00:00');
  await ds24.resendInvoiceMail({ purchase_id: story.orderId });
  const { mails, buyUrls } = sandbox.state().digistore24;
  assert.deepEqual(
    mails.map(({ kind, to }) => [kind, to]),
    [['invoice', story.purchase.buyer.email]],
  );
  assert.deepEqual(buyUrls[0].args.addons, { 0: { product_id, max_quantity: '3' } });
  assert.equal((await failureOf(ds24.createBuyUrl({ product_id: 1 }))).code, 'not_found');
});

test('what polling looks for can be added, late items as well', async () => {
  assert.equal((await add('etickets')).status, 400, 'there is no order yet');
  const first = sandbox.story({ at: '2026-11-20 10:00:00' });
  first.payment();
  const second = sandbox.story();
  second.payment();
  const purchaseId = first.orderId;

  const ticket = await add('etickets', { purchaseId, ticket: { date: '2027-01-15', locationId: '9' } });
  assert.equal(ticket.status, 201);
  await add('etickets');
  const { etickets } = await ds24.listEtickets({ search: { date: '2027-01-15', location_id: '9' } });
  assert.deepEqual(etickets, [ticket.body]);
  const last = first.purchase.buyer.lastName.slice(1, 4);
  assert.equal((await ds24.listEtickets({ search: { last_name: last } })).etickets.length, 1);

  await add('deliveries', { purchaseId, delivery: { type: 'delivery', processedAt: '2026-11-21 08:00:00' } });
  await add('deliveries');
  const open = (await ds24.listDeliveries({ search: { is_processed: false } })).delivery;
  assert.deepEqual(
    open.map(({ purchase_id, type }) => [purchase_id, type]),
    [[second.orderId, 'request']],
  );
  assert.equal((await ds24.listDeliveries({ search: { to: '2026-11-20' } })).delivery.length, 1);

  await add('service-proofs', { purchaseId, at: '2026-11-22 12:00:00' });
  const [proof] = await ds24.listServiceProofRequests({ search: { purchase_id: purchaseId } });
  assert.deepEqual([proof.created_at, proof.request_status], ['2026-11-22 12:00:00', 'pending']);

  await add('refund-requests', { purchaseId, at: '2026-11-23 09:00:00' });
  const search = { transaction_type: 'refund_request' };
  const { transaction_list } = await ds24.listTransactions({ search });
  assert.deepEqual(
    transaction_list.map(({ purchase_id, created_at }) => [purchase_id, created_at]),
    [[purchaseId, '2026-11-23 09:00:00']],
  );
  // Nothing has moved.
  assert.equal((await ds24.getPurchase({ purchase_id: purchaseId })).billing_status, 'completed');

  const { body: buyer } = await add('buyers', { buyer: { email: 'neu@example.com' } });
  await add('buyers', { buyer: { id: buyer.id, city: 'Linz' } });
  const { items } = await ds24.listBuyers({});
  assert.deepEqual([items.length, items.at(-1).email, items.at(-1).city], [3, 'neu@example.com', 'Linz']);

  const unknown = await add('constructor');
  assert.deepEqual([unknown.status, unknown.body.error.includes('etickets')], [400, true]);
});
