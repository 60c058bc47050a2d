// The messages that the simulated Digistore24 sends, and how it sends them.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { labelled, retryWait, signature, signed, ungrouped, withoutProducts } from '../../pkg/dist/sandbox/index.js';
import { ds24, sandbox } from './sandbox-support.mjs';

describe('IPN messages', () => {
  test('the signature matches the published example', () => {
    const sign = signature({ order_id: 'ORD-1', product_id: '42', note: '', sha_sign: 'x' }, 's3cret-passphrase');
    assert.match(sign, /^9A23DE26[0-9A-F]{113}ABAF099$/);
    const second = signature(
      { Zeta: 'Z', alpha: 'A', api_mode: 'test', empty: '', event: 'connection_test' },
      `fixture-passphrase-2026-${'x'.repeat(32)}`,
    );
    assert.match(second, /^C723C6CEF004383F/);
    assert.equal(signed({ a: '1' }, '').sha_sign, 'no_signature_passphrase_provided');
  });

  test('a payment has the full set of fields', () => {
    const message = sandbox.story().payment();
    assert.ok(Object.keys(message).length >= 172, String(Object.keys(message).length));
    assert.equal(message.pay_sequence_no, '0');
    assert.equal(message.number_of_installments, '1');
    assert.equal(message.billing_status, 'completed');
    assert.match(message.order_id, /^[A-Z2-9]{8}$/);
    assert.match(message.request_refund_url, new RegExp(message.order_id));
    assert.equal(Number(message.parent_transaction_id) + 1, Number(message.transaction_id));
    assert.equal(message.purchase_id, undefined);
    assert.equal(message.event_label, undefined);
    assert.equal(labelled(message).function_call, 'on_payment');
    assert.equal(Number(message.amount_netto) + Number(message.amount_vat), Number(message.amount_brutto));
  });

  test('subscriptions, installments, and the hour that exists twice', () => {
    const abo = sandbox.story({ billing: 'subscription', at: '2026-10-25 02:30:00' });
    const [first, renewal] = [abo.payment(), abo.payment()];
    assert.deepEqual([first.pay_sequence_no, first.next_payment_at], ['1', '2026-11-25']);
    assert.equal(first.order_date_time, '2026-10-25 02:30:00');
    assert.deepEqual([renewal.pay_sequence_no, renewal.order_id], ['2', first.order_id]);
    assert.notEqual(renewal.transaction_id, first.transaction_id);
    const rates = sandbox.story({ installments: 2, at: '2026-01-31 10:00:00' });
    assert.equal(rates.payment().billing_status, 'paying');
    const last = rates.payment();
    assert.deepEqual([last.pay_sequence_no, last.billing_status, last.next_payment_at], ['2', 'completed', undefined]);
    assert.equal(last.transaction_date, '2026-02-28');
  });

  test('grouped, ungrouped, without products', () => {
    const message = sandbox.story({ products: [{ tags: ['a'] }, { quantity: 2 }] }).payment();
    assert.equal(message.item_count, '2');
    assert.equal(message.quantity_2, '2');
    assert.notEqual(message.product_id_2, message.product_id);
    const [one, two] = ungrouped(message);
    assert.deepEqual([one.product_id, two.product_id], [message.product_id, message.product_id_2]);
    assert.deepEqual([one.transaction_id, two.transaction_id], [message.transaction_id, message.transaction_id]);
    assert.equal(two.product_id_2, undefined);
    assert.equal(two.item_count, '1');
    assert.equal(withoutProducts(message).product_id, undefined);
  });

  test('upsell, upgrade, test mode', () => {
    const base = sandbox.story({ orderId: 'C74PNZH5', test: true });
    assert.equal(base.payment().api_mode, 'test');
    const upsell = base.upsell().payment();
    assert.deepEqual([upsell.order_id, upsell.upsell_no, upsell.api_mode], ['C74PNZH51', '1', 'test']);
    const upgrade = base.upgrade({ deliveryDate: '2026-12-01' }).payment();
    assert.deepEqual(
      [upgrade.upgraded_order_id, upgrade.upgrade_type, upgrade.delivery_date, upgrade.buyer_id],
      ['C74PNZH5', 'upgrade', '2026-12-01', upsell.buyer_id],
    );
  });

  test('what is no payment', () => {
    const story = sandbox.story({ billing: 'subscription' });
    const paid = story.payment();
    const missed = story.missed('by_payment_denial');
    assert.deepEqual(
      [missed.event, missed.billing_stop_reason, missed.pay_sequence_no],
      ['on_payment_missed', 'by_payment_denial', '2'],
    );
    assert.equal(missed.transaction_id, undefined);
    assert.equal(story.denied().event, 'payment_denial');
    const cancelled = story.cancelled();
    assert.match(cancelled.rebill_stop_noted_at, /^2026-11-23 /);
    assert.equal(cancelled.is_cancelled_for, paid.next_payment_at);
    assert.equal(story.resumed().rebill_stop_noted_at, '');
    const part = story.refund({ amount: 500 });
    assert.deepEqual(
      [part.transaction_type, part.transaction_amount, part.parent_transaction_id],
      ['refund', '-5.00', paid.transaction_id],
    );
    assert.equal(part.billing_status, 'paying');
    assert.equal(story.refund().billing_status, 'aborted');
    assert.equal(story.chargeback().transaction_type, 'chargeback');
    assert.equal(story.lastPaidDay().event, 'last_paid_day');
    assert.equal(story.eticket('use').action, 'use');
    assert.equal(story.customForm({ Schuhgröße: '42' }).Schuhgröße, '42');
    assert.equal(sandbox.affiliation().event, 'on_affiliation');
    const connection = sandbox.connectionTest();
    assert.deepEqual([connection.event, connection.ipn_config_id], ['connection_test', undefined]);
  });

  test('the same seed tells the same story', () => {
    const tell = () => sandbox.story({ at: '2026-11-01 09:30:00' }).payment();
    const first = tell();
    sandbox.reset();
    assert.deepEqual(tell(), first);
  });
});

describe('IPN delivery', () => {
  const received = [];
  let replies = [];
  const receiver = createServer((request, response) => {
    if (request.method === 'GET') return response.writeHead(request.url === '/moved' ? 302 : 200).end();
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      received.push(Object.fromEntries(new URLSearchParams(body)));
      const [status, text] = replies.shift() ?? [200, 'OK'];
      response.writeHead(status).end(text);
    });
  });
  let to;

  before(async () => {
    await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    to = `http://127.0.0.1:${receiver.address().port}`;
  });
  after(() => receiver.close());
  beforeEach(() => {
    received.length = 0;
    replies = [];
  });

  test('repeats until the answer is a 200 with OK', async () => {
    replies = [
      [500, 'OK'],
      [200, '{"ok":true}'],
      [200, 'done OK'],
    ];
    const delivery = await sandbox.sendIpn(sandbox.story().payment(), { to, passphrase: 'secret' });
    assert.equal(delivery.ok, true);
    assert.deepEqual(
      delivery.attempts.map(({ status, reply, ok }) => [status, reply, ok]),
      [
        [500, 'OK', false],
        [200, '{"ok":true}', false],
        [200, 'done OK', true],
      ],
    );
    assert.deepEqual(received[0], received[2]);
    const { sha_sign, ...message } = received[0];
    assert.equal(sha_sign, signature(message, 'secret'));
    assert.equal(sandbox.state().deliveries.length, 1);
  });

  test('gives up after the last attempt', async () => {
    replies = Array(9).fill([503, 'later']);
    const delivery = await sandbox.sendIpn(sandbox.connectionTest(), { to, passphrase: 'x', maxAttempts: 3 });
    assert.deepEqual([delivery.ok, delivery.attempts.length], [false, 3]);
    assert.equal(retryWait(0), 180_000);
    assert.equal(retryWait(9), 86_400_000);
  });

  test('an address that redirects or is dead is refused', async () => {
    const moved = await sandbox.sendIpn(sandbox.connectionTest(), { to: `${to}/moved`, passphrase: 'x' });
    assert.match(moved.refused, /302/);
    assert.equal(moved.attempts.length, 0);
  });

  test('ipnSetup checks the address, ipnInfo shows it, sendIpn finds it', async () => {
    const setup = (ipn_url) =>
      ds24('ipnSetup', { ipn_url, name: 'Sandbox', product_ids: 'all', domain_id: 'd-1', sha_passphrase: 'random' });
    assert.equal((await setup(`${to}/moved`)).code, 3);
    const made = (await setup(to)).data;
    assert.equal(made.created, 'Y');
    assert.equal(made.sha_passphrase.length, 30);
    assert.equal((await setup(to)).data.updated, 'Y');
    const info = (await ds24('ipnInfo', { domain_id: 'd-1' })).data;
    assert.equal(info.ipn_settings.transactions, 'payment,refund,chargeback,payment_missed');
    const delivery = await sandbox.sendIpn(sandbox.connectionTest());
    assert.equal(delivery.ok, true);
    assert.equal((await ds24('ipnDelete', { domain_id: 'd-1' })).data.modified, 'Y');
    assert.equal((await ds24('ipnInfo', { domain_id: 'd-1' })).data.have_settings, 'N');
  });

  test('over HTTP, one order from call to call', async () => {
    const post = async (body) => {
      const response = await fetch(`${sandbox.url}/_sandbox/ipn`, { method: 'POST', body: JSON.stringify(body) });
      return response.json();
    };
    const first = await post({ event: 'on_payment', story: { billing: 'subscription' }, to, passphrase: 'x' });
    assert.equal(first.delivery.ok, true);
    const next = await post({ event: 'on_payment', order: first.orderId, passphrase: 'x' });
    assert.deepEqual([next.message.pay_sequence_no, next.delivery], ['2', null]);
    const upsell = await post({ event: 'on_payment', upsellOf: first.orderId });
    assert.equal(upsell.orderId, `${first.orderId}1`);
    assert.match((await post({ event: 'on_payment', order: 'NONE' })).error, /no order/);
  });
});
