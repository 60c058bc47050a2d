// Actions for people in Digistore24, the sync and the timeline as actions, and custom requests of both services.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LOCATION_ID, DEFAULT_TOKEN } from '../../pkg/dist/sandbox/index.js';
import {
  breakAt,
  callsSince,
  contactOf,
  email,
  field,
  fieldsOf,
  mark,
  only,
  open,
  plugin,
  sandbox,
  state,
} from './bridge-support.mjs';
import { failureOf, optionsFor } from './support.mjs';

describe('Digistore24', () => {
  const order = () => {
    const story = sandbox.story({ buyer: { email, lastName: 'Demir' } });
    story.payment();
    return story.orderId;
  };
  const ds24 = (from) => callsSince(from).map((call) => call.replace('POST /api/call/', ''));

  test('orders in plain values with the original beside them', async () => {
    const orderId = order();
    const from = mark();
    const got = await plugin.bridge.getOrder({ orderId });
    assert.equal(typeof got.amount, 'number');
    assert.equal(typeof got.raw.amount, 'string');
    assert.equal(Number(got.raw.amount), got.amount);
    assert.equal(got.buyer.email, email);
    assert.equal(got.buyer.zipcode, got.raw.buyer.zipcode);
    const { orders, raw } = await plugin.bridge.findOrdersByEmail({ email });
    assert.deepEqual([orders.length, orders[0].id, typeof orders[0].amount], [1, orderId, 'number']);
    assert.equal(raw[0].id, orderId);
    assert.deepEqual((await plugin.bridge.findOrdersByEmail({ email: 'nobody@shop.test' })).orders, []);
    assert.deepEqual(ds24(from), ['getPurchase', 'listPurchasesOfEmail', 'listPurchasesOfEmail']);
    const error = await failureOf(plugin.bridge.getOrder({ orderId: 'NONE' }));
    assert.deepEqual(
      [error.code, error.operation, error.cause.split(':')[0]],
      ['not_found', 'bridge.getOrder', 'digistore24.getPurchase'],
    );
  });

  test('rebilling, licence, voucher, mails', async () => {
    const story = sandbox.story({ buyer: { email }, plan: 'subscription' });
    story.payment();
    const { orderId } = story;
    const stopped = await plugin.bridge.stopRebilling({ orderId });
    assert.equal(typeof stopped.modified, 'boolean');
    assert.equal(stopped.raw.modified, stopped.modified ? 'Y' : 'N');
    assert.equal(typeof (await plugin.bridge.resumeRebilling({ orderId })).rebilling_active, 'boolean');
    const licence = await plugin.bridge.validateLicence({ orderId, licenceKey: 'WRONG' });
    assert.deepEqual([licence.is_license_valid, licence.is_license_key_found], [false, false]);
    const code = 'FRUEHLING';
    const voucher = await plugin.bridge.createVoucher({ code, firstRate: 20, limited: true, uses: 5 });
    assert.equal(voucher.code, code);
    assert.equal(typeof voucher.discount_code_id, 'string');
    const [kept] = state().digistore24.vouchers;
    assert.deepEqual([kept.first_rate, kept.is_count_limited, kept.count_left], ['20.00', 'Y', '5']);
    assert.equal((await failureOf(plugin.bridge.createVoucher({ code }))).code, 'invalid_input');
    assert.equal((await plugin.bridge.resendConfirmation({ orderId })).modified, true);
    assert.equal((await plugin.bridge.resendInvoice({ orderId })).status, 'success');
    assert.deepEqual(
      state().digistore24.mails.map(({ kind }) => kind),
      ['confirmation', 'invoice'],
    );
  });

  test('a mail, a refund: never twice', async () => {
    const orderId = order();
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 502 });
    for (const [name, input] of [
      ['resendInvoice', { orderId }],
      ['resendConfirmation', { orderId }],
      ['issueRefund', { orderId, confirm: true }],
    ]) {
      const from = mark();
      const error = await failureOf(plugin.bridge[name](input));
      assert.deepEqual([error.code, callsSince(from).length], ['outcome_unknown', 1], name);
    }
  });

  test('refund: the whole order, one payment, a part; only when it is confirmed', async () => {
    const sent = [];
    const fetch = async (url, init) => {
      const request = new Request(url, init);
      sent.push([
        new URL(request.url).pathname.split('/').at(-1),
        Object.fromEntries(new URLSearchParams(await request.text())),
      ]);
      return Response.json({ result: 'success', data: { status: 'completed', modified: 'Y', note: '' } });
    };
    const { bridge } = await open({ fetch });
    const done = await bridge.issueRefund({ orderId: 'A', force: true, confirm: true });
    assert.deepEqual([done.modified, done.status, done.note], [true, 'completed', null]);
    await bridge.issueRefund({ transactionId: 5, requestDate: '2026-02-01', confirm: true });
    await bridge.issueRefund({ orderId: 'A', amount: 12.5, confirm: true });
    assert.deepEqual(sent, [
      ['refundPurchase', { purchase_id: 'A', force: 'Y' }],
      ['refundTransaction', { transaction_id: '5', request_date: '2026-02-01' }],
      ['refundPartially', { purchase_id: 'A', amount: '12.5' }],
    ]);
    for (const [input, at] of [
      [{ orderId: 'A' }, 'confirm'],
      [{ orderId: 'A', confirm: false }, 'confirm'],
      [{ confirm: true }, 'orderId'],
      [{ orderId: 'A', transactionId: '5', confirm: true }, 'transactionId'],
      [{ transactionId: '5', amount: 1, confirm: true }, 'amount'],
      [{ orderId: 'A', amount: 0, confirm: true }, 'amount'],
      [{ orderId: 'A', amount: -1, confirm: true }, 'amount'],
      [{ orderId: 'A', amount: 1, force: true, confirm: true }, 'force'],
    ]) {
      assert.deepEqual(Object.keys(fieldsOf(await failureOf(bridge.issueRefund(input)))), [at]);
    }
    assert.equal(sent.length, 3);
    const orderId = order();
    const answer = await plugin.bridge.issueRefund({ orderId, confirm: true });
    assert.equal(answer.modified, true);
  });

  test('a buy link from flat fields, written into a field of the contact', async () => {
    await field('Buy link', 'TEXT');
    const contactId = await contactOf();
    const productId = sandbox.story().purchase.items[0].product.id;
    const input = {
      productId,
      email,
      firstName: 'Ayşe',
      amount: 49,
      payments: 1,
      currency: 'EUR',
      protect: 'email',
      custom: 'crm-1',
      validUntil: '7d',
      voucher: 'X',
    };
    const from = mark();
    const link = await plugin.bridge.createBuyLink({ ...input, writeTo: { field: 'Buy link' } });
    assert.deepEqual([link.contactId, link.dropped, link.notes], [contactId, [], []]);
    assert.equal(Object.values(only().fields)[0], link.url);
    assert.equal(callsSince(from).length, 4);
    const [kept] = state().digistore24.buyUrls;
    assert.deepEqual(kept.args.buyer, { email, first_name: 'Ayşe', readonly_keys: 'email' });
    assert.deepEqual(kept.args.payment_plan, { first_amount: '49', number_of_installments: '1', currency: 'EUR' });
    assert.deepEqual(
      [kept.args.tracking, kept.args.settings, kept.args.valid_until],
      [{ custom: 'crm-1' }, { voucher_code: 'X' }, '7d'],
    );
    const bare = await plugin.bridge.createBuyLink({ productId });
    assert.ok(bare.url.startsWith('https://') && !('notes' in bare));
  });

  test('contact and field of the link are looked up before it is made', async () => {
    await field('Number', 'NUMERICAL');
    const productId = sandbox.story().purchase.items[0].product.id;
    const made = () => state().digistore24.buyUrls.length;
    const fails = async (writeTo) => failureOf(plugin.bridge.createBuyLink({ productId, email, writeTo }));
    const nobody = await fails({ field: 'Number' });
    assert.deepEqual([nobody.code, Object.keys(fieldsOf(nobody))], ['not_found', ['writeTo.email']]);
    const contactId = await contactOf();
    assert.ok(fieldsOf(await fails({ field: 'Nothing', contactId }))['writeTo.field']);
    assert.equal(fieldsOf(await fails({ field: 'Number', contactId }))['writeTo.field'], 'must be a text field');
    assert.equal(made(), 0);
    await field('Buy link', 'TEXT');
    breakAt('PUT', '/contacts/*', 500);
    const broken = await fails({ field: 'Buy link', contactId });
    assert.equal(made(), 1);
    const [{ id, url }] = state().digistore24.buyUrls;
    assert.deepEqual([broken.code, broken.notes], ['unavailable', [`the buy link was created: ${id}`]]);
    assert.ok(!JSON.stringify(broken).includes(url), 'a link is a secret');
  });
});

describe('events and customers', () => {
  test('syncEvent carries out an event once, customerTimeline shows it', async () => {
    await plugin.setup();
    const message = sandbox.story({ buyer: { email, lastName: 'Demir' } }).payment();
    const event = { raw: message };
    const first = await plugin.bridge.syncEvent({ event });
    assert.deepEqual([first.outcome, first.contactId], ['done', only().id]);
    const from = mark();
    assert.equal((await plugin.bridge.syncEvent({ event })).outcome, 'duplicate');
    assert.deepEqual(callsSince(from), []);
    assert.deepEqual(await plugin.sync.apply(event), await plugin.bridge.syncEvent({ event }));
    const view = await plugin.bridge.customerTimeline({ email });
    assert.deepEqual(view, await plugin.timeline({ email }));
    assert.ok(view.timeline.some(({ kind }) => kind === 'purchase'));
    assert.equal((await failureOf(plugin.bridge.customerTimeline({ email: 'x@shop.test' }))).code, 'not_found');
    assert.equal((await failureOf(plugin.bridge.customerTimeline({}))).code, 'invalid_input');
    assert.ok(fieldsOf(await failureOf(plugin.bridge.syncEvent({ event: {} })))['event.raw']);
  });

  test('an action says which scopes its calls need; an account that is missing is named', async () => {
    const [entry] = plugin.catalog.list({ id: 'bridge.addTag' });
    assert.deepEqual([...entry.scopes].sort(), ['contacts.readonly', 'contacts.write']);
    assert.equal(entry.method, null);
    const { highlevel, ...shop } = optionsFor(sandbox);
    const half = await open({ highlevel: undefined });
    assert.ok(highlevel && shop);
    const orderId = 'X';
    assert.equal((await failureOf(half.bridge.getOrder({ orderId }))).code, 'not_found');
    for (const [name, input] of [
      ['addTag', { email, tags: ['x'] }],
      ['setFields', { contactId: 'c', fields: { Remark: 'x' } }],
      ['customerTimeline', { email }],
    ]) {
      assert.equal((await failureOf(half.bridge[name](input))).code, 'misconfigured', name);
    }
    assert.equal((await failureOf(plugin.bridge.addTags({}))).code, 'invalid_input');
  });
});

describe('custom requests', () => {
  test('HighLevel: any path, with token and version', async () => {
    await contactOf();
    const answer = await plugin.ghl.custom.request({
      path: '/contacts/',
      query: { locationId: '{locationId}', limit: 1 },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.contacts.length, 1);
    const body = { locationId: DEFAULT_LOCATION_ID, email: 'new@shop.test' };
    const created = await plugin.ghl.custom.request({ method: 'POST', path: '/contacts/', body });
    assert.equal(created.status, 201);
    const tagged = {
      method: 'POST',
      path: `/contacts/${created.body.contact.id}/tags`,
      body: { tags: ['x'] },
      version: '2021-04-15',
    };
    assert.deepEqual((await plugin.ghl.custom.request(tagged)).body.tags, ['x']);
    const missing = await failureOf(plugin.ghl.custom.request({ path: '/contacts/nobody' }));
    assert.deepEqual([missing.code, missing.operation], ['not_found', 'ghl.custom.request']);
    const version = await failureOf(plugin.ghl.custom.request({ path: '/contacts/', version: '' }));
    assert.equal(version.code, 'misconfigured');
  });

  test('only a GET is repeated', async () => {
    for (const [method, calls, code] of [
      ['GET', 4, 'unavailable'],
      ['POST', 1, 'outcome_unknown'],
      ['PUT', 1, 'outcome_unknown'],
      ['DELETE', 1, 'outcome_unknown'],
    ]) {
      const waiting = await open({ clock: () => 0 });
      breakAt(method, '/things', 503);
      const from = mark();
      const error = await failureOf(waiting.ghl.custom.request({ method, path: '/things' }));
      assert.deepEqual([error.code, callsSince(from).length], [code, calls], method);
      sandbox.clearFaults();
    }
  });

  test('every way out is closed; nothing is sent', async () => {
    const from = mark();
    const refused = [
      { path: 'https://evil.test/' },
      { path: '//evil.test/' },
      { path: 'contacts' },
      { path: '/../x' },
      { path: '/x/%2e%2E/y' },
      { path: '/x/..%2Fy' },
      { path: '/x\\y' },
      { path: '/x?y=1' },
      { path: '/x#y' },
      { path: '/x y' },
      { path: '/x\r\nhost: evil' },
      { path: '/x', headers: { Authorization: 'Bearer y' } },
      { path: '/x', headers: { hOST: 'evil.test' } },
      { path: '/x', headers: { cookie: 'a=b' } },
      { path: '/x', headers: { 'x-a': '1\r\nx-b: 2' } },
      { path: '/x', headers: { 'x a': '1' } },
      { path: '/x', method: 'CONNECT' },
      { path: '/x', body: {} },
      { path: '/x', baseUrl: 'https://evil.test' },
      { method: 'GET' },
    ];
    for (const input of refused) {
      const error = await failureOf(plugin.ghl.custom.request(input));
      assert.equal(error.code, 'invalid_input', JSON.stringify(input));
      assert.ok(error.fields.length, JSON.stringify(input));
    }
    for (const input of [
      { function: '../x' },
      { function: 'a/b' },
      { function: '' },
      { arguments: {} },
      { function: 'ping', arguments: 'x' },
    ]) {
      const error = await failureOf(plugin.digistore24.customRequest(input));
      assert.equal(error.code, 'invalid_input', JSON.stringify(input));
    }
    assert.deepEqual(callsSince(from), []);
  });

  test('a token without the scope, a plain text, an empty answer', async () => {
    sandbox.configure({ tokens: { [DEFAULT_TOKEN]: { scopes: [] } } });
    const error = await failureOf(
      plugin.ghl.custom.request({ path: '/contacts/', query: { locationId: DEFAULT_LOCATION_ID } }),
    );
    assert.equal(error.code, 'forbidden');
    assert.doesNotMatch(error.message, /scope $/);
    for (const [text, body] of [
      ['plain', 'plain'],
      ['', null],
      ['[1]', [1]],
    ]) {
      const odd = await open({ fetch: () => new Response(text) });
      assert.deepEqual(await odd.ghl.custom.request({ path: '/x' }), { status: 200, body });
    }
  });

  test('Digistore24: any function by its name', async () => {
    const story = sandbox.story({ buyer: { email } });
    story.payment();
    const custom = (input) => plugin.digistore24.customRequest(input);
    const found = await custom({ function: 'getPurchase', arguments: { purchase_id: story.orderId } });
    assert.equal(found.id, story.orderId);
    assert.ok((await custom({ function: 'ping' })).server_time);
    await custom({ function: 'updatePurchase', arguments: { purchase_id: story.orderId, data: { custom: 'ä b&c' } } });
    assert.equal(
      (await custom({ function: 'getPurchase', arguments: { purchase_id: story.orderId } })).custom,
      'ä b&c',
    );
    assert.equal(
      (await failureOf(custom({ function: 'getPurchase', arguments: { purchase_id: 'NONE' } }))).code,
      'not_found',
    );
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 502 });
    const from = mark();
    assert.equal((await failureOf(custom({ function: 'ping' }))).code, 'outcome_unknown');
    assert.equal(callsSince(from).length, 1);
  });
});
