// The simulated Digistore24 as a plain caller sees it; faults, log and controls of the sandbox.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_API_KEY, DEFAULT_TOKEN, READONLY_API_KEY } from '../../pkg/dist/sandbox/index.js';
import { ds24, ghl, locationId, sandbox } from './sandbox-support.mjs';

describe('Digistore24', () => {
  test('answers in an envelope with the Berlin time; errors are HTTP 200', async () => {
    const ping = await ds24('ping');
    assert.equal(ping.result, 'success');
    assert.match(ping.current_time, /^2026-11-23 11:\d\d:\d\d$/);
    const codes = [
      await ds24('ping', {}, ''),
      await ds24('ping', {}, '1-wrong'),
      await ds24('noSuchFunction'),
      await ds24('getPurchase'),
      await ds24('getPurchase', { purchase_id: 'NONE' }),
    ].map(({ result, code }) => [result, code]);
    assert.deepEqual(
      codes,
      [2, 2, 9, 3, 4].map((code) => ['error', code]),
    );
  });

  test('a read-only key reads but does not write', async () => {
    const write = () => ds24('stopRebilling', { purchase_id: 'X' }, READONLY_API_KEY);
    assert.equal((await write()).code, 5);
    sandbox.configure({ permissionErrorCode: 8 });
    const refused = await write();
    assert.equal(refused.code, 8);
    assert.match(refused.message, /full access/);
    const info = await ds24('getUserInfo', {}, READONLY_API_KEY);
    assert.equal(info.data.api_key_permissions, 'readonly');
  });

  test('lists purchases, transactions, buyers and products of stories', async () => {
    const story = sandbox.story({ billing: 'subscription', buyer: { firstName: 'Jürgen' }, at: '2026-11-01 09:30:00' });
    story.payment();
    story.payment({ at: '2026-11-20 09:30:00' });
    story.refund({ amount: 1000, at: '2026-11-21 12:00:00' });
    sandbox.story({ test: true, at: '2026-11-02 08:00:00' }).payment();
    sandbox.story({ role: 'affiliate', at: '2026-11-03 08:00:00' }).payment();
    const list = async (args) => (await ds24('listPurchases', { from: '2026-10-01', ...args })).data;
    assert.equal((await list({})).item_count, 3);
    const own = await list({ 'search[role]': 'vendor', 'search[order_type]': 'live' });
    assert.deepEqual(
      own.purchase_list.map(({ id }) => id),
      [story.orderId],
    );
    const page = await list({ page_size: '2', page_no: '2', load_transactions: '1' });
    assert.deepEqual([page.purchase_list.length, page.page_count, page.item_count], [1, 2, 3]);
    assert.equal(page.purchase_list[0].transaction_list.length, 1);
    assert.equal((await list({ from: '-24h' })).item_count, 0);

    const money = (await ds24('listTransactions', { from: '-30d', 'search[purchase_id]': story.orderId })).data;
    assert.deepEqual(
      money.transaction_list.map(({ amount }) => amount),
      ['49.00', '49.00', '-10.00'],
    );
    assert.equal(money.summary.amounts.EUR.total_amount, '88.00');
    const refunds = { from: '-30d', 'search[transaction_type]': 'refund' };
    assert.equal((await ds24('listTransactions', refunds)).data.item_count, 1);

    const { data } = await ds24('getPurchase', { purchase_id: story.orderId });
    assert.deepEqual([data.id, data.billing_status, data.transaction_list.length], [story.orderId, 'paying', 3]);
    const other = sandbox.state().digistore24.purchases[1].id;
    const map = (await ds24('getPurchase', { purchase_id: `${story.orderId},${other}` })).data;
    assert.deepEqual(Object.keys(map).sort(), [story.orderId, other].sort());
    const { email, id } = data.buyer;
    assert.equal((await ds24('listPurchasesOfEmail', { email })).data[0].id, story.orderId);
    assert.equal((await ds24('getBuyer', { buyer_id: id })).data.buyer.first_name, 'Jürgen');
    assert.equal((await ds24('listBuyers')).data.items.length, 3);
    assert.equal((await ds24('listProducts')).data.products.length, 3);
  });

  test('updatePurchase takes data[...] only, and a payment can only be put off', async () => {
    const story = sandbox.story({ billing: 'subscription', at: '2026-11-01 09:30:00' });
    story.payment();
    const update = (args) => ds24('updatePurchase', { purchase_id: story.orderId, ...args });
    assert.equal((await update({ custom: 'x' })).code, 3);
    assert.equal((await update({ 'data[custom]': 'x' })).data.is_modified, 'Y');
    assert.equal((await update({ 'data[custom]': 'x' })).data.is_modified, 'N');
    assert.equal((await update({ 'data[next_payment_at]': '2026-11-30' })).code, 3);
    assert.equal((await update({ 'data[next_payment_at]': '2026-12-24' })).result, 'success');
    const stopped = await ds24('stopRebilling', { purchase_id: story.orderId });
    assert.deepEqual([stopped.data.modified, stopped.data.rebilling_active], ['Y', 'N']);
    assert.equal((await ds24('startRebilling', { purchase_id: story.orderId })).data.billing_status, 'paying');
    const changes = (await ds24('listRebillingStatusChanges')).data.items.map(({ type }) => type);
    assert.deepEqual(changes, ['rebill_cancelled', 'rebill_resumed']);
  });
});

describe('faults, log and controls', () => {
  const path = '/contacts/';
  const body = { locationId, email: 'fault@example.com' };
  const create = () => ghl('POST', path, body);
  const contacts = () => sandbox.state().contacts.length;

  test('status and rate_limited do nothing, so many times', async () => {
    sandbox.fault({ service: 'ghl', kind: 'status', status: 503, path: '/contacts/**', method: 'post', times: 1 });
    sandbox.fault({ service: 'ghl', kind: 'rate_limited', after: 1, times: 1 });
    assert.equal((await create()).status, 503);
    assert.equal((await ghl('GET', '/contacts/x')).status, 400);
    assert.equal((await create()).status, 429);
    assert.equal(contacts(), 0);
    assert.equal((await create()).status, 201);
    sandbox.fault({ service: 'digistore24', kind: 'rate_limited', times: 1 });
    assert.equal((await ds24('ping')).code, 12);
  });

  test('reset before, reset after, later', async () => {
    sandbox.fault({ service: 'ghl', kind: 'reset', times: 1 });
    await assert.rejects(create());
    assert.equal(contacts(), 0);
    sandbox.fault({ service: 'ghl', kind: 'reset_after', times: 1 });
    await assert.rejects(create());
    assert.equal(contacts(), 1);
    assert.equal((await create()).body.meta.matchingField, 'email');
    sandbox.reset();
    sandbox.fault({ service: 'ghl', kind: 'reset_after', times: 1, delayMs: 50 });
    await assert.rejects(create());
    assert.equal(contacts(), 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(contacts(), 1);
  });

  test('spoiled answers', async () => {
    const read = async (kind) => {
      sandbox.fault({ service: 'digistore24', kind, times: 1 });
      const response = await fetch(`${sandbox.digistore24Url}/api/call/ping`, {
        headers: { 'x-ds-api-key': DEFAULT_API_KEY },
      });
      return response.text();
    };
    assert.match(await read('malformed'), /^<html>/);
    await assert.rejects(read('truncated'));
    assert.ok((await read('huge')).length > 10_000_000);
    assert.equal(typeof JSON.parse(await read('wrong_type')).result, 'number');
  });

  test('create_then_422 creates', async () => {
    sandbox.fault({ service: 'ghl', kind: 'create_then_422', times: 1 });
    assert.equal((await create()).status, 422);
    assert.equal(contacts(), 1);
  });

  test('slow and timeout', async () => {
    sandbox.fault({ service: 'ghl', kind: 'slow', delayMs: 60, times: 1 });
    const started = Date.now();
    await create();
    assert.ok(Date.now() - started >= 55);
    sandbox.fault({ service: 'ghl', kind: 'timeout', times: 1 });
    const signal = AbortSignal.timeout(50);
    await assert.rejects(fetch(`${sandbox.highlevelUrl}/contacts/x`, { signal }));
    assert.equal(sandbox.requests().at(-1).status, null);
  });

  test('a probability draws from the seed', async () => {
    sandbox.fault({ service: 'ghl', kind: 'status', status: 500, probability: 0.5 });
    const draw = async () => {
      const statuses = [];
      for (let i = 0; i < 20; i += 1) statuses.push((await ghl('GET', '/contacts/x')).status);
      return statuses;
    };
    const first = await draw();
    assert.ok(first.includes(500) && first.includes(400));
    sandbox.reset();
    sandbox.fault({ service: 'ghl', kind: 'status', status: 500, probability: 0.5 });
    assert.deepEqual(await draw(), first);
  });

  test('the log has no secrets', async () => {
    await create();
    await ds24('ipnInfo', { domain_id: 'd', sha_passphrase: 'hidden-words' });
    const log = sandbox.requests();
    assert.deepEqual(
      log.map(({ service, method, path, status }) => [service, method, path, status]),
      [
        ['ghl', 'POST', '/contacts/', 201],
        ['digistore24', 'POST', '/api/call/ipnInfo', 200],
      ],
    );
    assert.deepEqual(log[0].body, body);
    const text = JSON.stringify([log, sandbox.state()]);
    for (const secret of [DEFAULT_TOKEN, DEFAULT_API_KEY, 'hidden-words']) assert.ok(!text.includes(secret), secret);
  });

  test('the controls over HTTP, and the root page', async () => {
    const control = async (method, name, body) => {
      const response = await fetch(`${sandbox.url}/_sandbox/${name}`, { method, body: body && JSON.stringify(body) });
      return response.json();
    };
    assert.equal((await control('PATCH', 'settings', { searchLagMs: 5 })).searchLagMs, 5);
    assert.equal((await control('POST', 'faults', { service: 'ghl', kind: 'status', status: 502 })).length, 1);
    assert.equal((await create()).status, 502);
    assert.deepEqual(await control('DELETE', 'faults'), []);
    const { id } = (await create()).body.contact;
    assert.equal((await control('GET', 'state')).contacts[0].id, id);
    assert.equal((await control('GET', 'requests')).length, 2);
    await control('POST', 'contacts/delete', { id });
    assert.equal(contacts(), 0);
    await control('POST', 'reset');
    assert.equal((await control('GET', 'state')).settings.searchLagMs, 3000);
    const page = await fetch(sandbox.url);
    assert.match(await page.text(), /_sandbox\/state/);
  });

  test('locations have settings of their own', async () => {
    sandbox.configure({ locations: { second: { allowDuplicateContact: true, timezone: 'UTC' } } });
    await create();
    assert.equal((await ghl('POST', path, { ...body, locationId: 'second' })).status, 201);
    assert.equal((await ghl('POST', path, { ...body, locationId: 'second' })).status, 201);
    assert.equal((await ghl('GET', '/locations/second')).body.location.timezone, 'UTC');
    assert.equal((await ghl('GET', '/opportunities/pipelines?locationId=second')).body.pipelines.length, 1);
    assert.equal((await ghl('POST', path, { ...body, locationId: 'third' })).status, 400);
  });
});
