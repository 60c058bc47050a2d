// How far an import or a comparison goes, and what it says of itself: limits, days, speed, estimates, outcomes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { seller, sellerOptions } from './backfill-support.mjs';
import { clock, ready, sandbox, time } from './midyear-support.mjs';
import { failureOf } from './support.mjs';

/** So many buyers of one book each, in the past half year. */
function past(buyers) {
  for (let i = 0; i < buyers; i++) {
    const at = `2026-0${1 + (i % 5)}-10 09:00:00`;
    sandbox
      .story({ buyer: { email: `p${i}@example.com` }, products: [{ name: 'Buch', price: 1900, tags: [] }], at })
      .payment({ at });
  }
}

/** To the end. Time passes, so that no rate is reached. */
async function last(steps) {
  let told;
  for await (const progress of steps) {
    told = progress;
    time.now += 10_000;
  }
  return told;
}

describe('an import', () => {
  test('takes no order more than wanted, also over several pages', async () => {
    const { count, fetch } = seller(1_600);
    const plugin = await createPlugin({ ...sellerOptions, store: memoryStore(), fetch, log: () => {} });
    const { counts } = await last(plugin.sync.backfill({ limit: 501 }));
    assert.deepEqual([counts.orders, counts.people, count.created + count.updated], [501, 501, 501]);
    await plugin.close();
  });

  test('a wrong option is refused, also where a job goes on', async () => {
    past(3);
    const plugin = await ready();
    for await (const _ of plugin.sync.backfill()) break;
    for (const [name, value] of [
      ['limit', 0],
      ['limit', 1.5],
      ['from', '2026-99-99'],
      ['from', '2026-02-30'],
      ['to', 'yesterday'],
    ]) {
      const { code, fields } = await failureOf(last(plugin.sync.backfill({ [name]: value })));
      assert.deepEqual([code, fields[0].path], ['invalid_input', name]);
    }
    const { counts } = await last(plugin.sync.backfill());
    assert.equal(counts.done, 3);
    for (const from of ['2026-02-30', '2026-02-30T10:00:00Z', '2026-06-10T10:00:00', 'yesterday']) {
      const { code, fields } = await failureOf(plugin.sync.reconcile({ from }));
      assert.deepEqual([code, fields[0].path], ['invalid_input', 'from']);
    }
    await plugin.sync.reconcile({ from: '2026-06-10T10:00:00+02:00' });
    await plugin.close();
  });

  test('stopped, and another one that fails at its start: the first begins anew', async () => {
    past(120);
    const plugin = await ready();
    for await (const { phase, done } of plugin.sync.backfill()) if (phase === 'people' && done > 0) break;
    sandbox.fault({ service: 'digistore24', kind: 'status', status: 401, path: '/api/call/listPurchases' });
    await failureOf(last(plugin.sync.backfill({ dryRun: true, limit: 20 })));
    sandbox.clearFaults();
    time.now += 3_600_000;
    const { finished, counts } = await last(plugin.sync.backfill());
    assert.deepEqual([finished, counts.people, sandbox.state().contacts.length], [true, 120, 120]);
  });

  test('whose process dies in a step counts everybody', async () => {
    past(60);
    const store = memoryStore({ clock });
    let writes = Number.POSITIVE_INFINITY;
    const commit = (list) => {
      if (list.some(({ key }) => key.includes('/person/')) && writes-- <= 0) throw new Error('killed');
      return store.commit(list);
    };
    const plugin = await ready({ store: { ...store, commit } });
    writes = 10;
    await failureOf(last(plugin.sync.backfill()));
    writes = Number.POSITIVE_INFINITY;
    time.now += 3_600_000;
    const { counts } = await last(plugin.sync.backfill());
    time.now += 3_600_000;
    await plugin.tick();
    assert.deepEqual([counts.people, sandbox.state().contacts.length], [60, 60]);
  });

  test('stopped overnight: speed and time left are those since it goes on', async () => {
    past(120);
    const plugin = await ready();
    const run = async (isEnough) => {
      const seen = [];
      for await (const progress of plugin.sync.backfill()) {
        time.now += 10_000;
        if (progress.phase === 'people' && progress.done > 0) seen.push(progress);
        if (isEnough(seen)) break;
      }
      return seen.at(-1);
    };
    const before = await run((seen) => seen.length === 1);
    time.now += 12 * 3_600_000;
    const later = await run((seen) => seen.length === 1);
    assert.ok(later.done > before.done);
    assert.ok(later.perSecond >= 1 && later.secondsLeft < 120, JSON.stringify(later));
    await plugin.close();
  });

  test('a dry run estimates deals too, and looking for each of a few', async () => {
    past(10);
    const plugin = await ready({ mapping: { opportunity: { pipeline: 'Sales', stage: 'New' } } });
    const { counts, estimate } = await last(plugin.sync.backfill({ live: true, dryRun: true, limit: 10 }));
    assert.deepEqual([counts.createContact, counts.run], [10, 10]);
    const before = sandbox.requests().length;
    const { requests } = await last(plugin.sync.backfill({ live: true, limit: 10 }));
    const calls = sandbox
      .requests()
      .slice(before)
      .filter(({ path }) => !path.startsWith('/api/call/'));
    // Beside what the dry run makes itself: the lists of fields, pipelines and workflows.
    assert.ok(calls.length - estimate.calls < 10, `${calls.length} calls, not about ${estimate.calls}`);
    assert.ok(requests <= sandbox.requests().length - before);
    await plugin.close();
  });

  test('what had to wait for the next step counts by what became of it', async () => {
    past(10);
    const plugin = await ready();
    const { counts } = await last(plugin.sync.backfill({ live: true }));
    assert.deepEqual([counts.people, counts.done, counts.queued], [10, 10, undefined]);
    await plugin.close();
  });
});

describe('a comparison', () => {
  test('since a day begins when the day does in Berlin', async () => {
    const at = '2026-06-13 00:30:00';
    sandbox
      .story({ buyer: { email: 'night@example.com' }, products: [{ name: 'Buch', price: 1900, tags: [] }], at })
      .payment({ at });
    const plugin = await ready();
    assert.equal((await plugin.sync.reconcile({ from: '2026-06-13' })).found, 1);
    await plugin.close();
  });

  test('keeps to its requests where many orders of each person are overdue', async () => {
    for (let person = 0; person < 90; person++) {
      for (const day of [1, 2, 3, 4, 5]) {
        const [at, email] = [`2026-06-0${day} 09:00:00`, `p${person}@example.com`];
        const products = [{ name: `Kurs ${day}`, price: 1900, tags: [] }];
        sandbox.story({ buyer: { email }, products, billing: 'subscription', at }).payment({ at });
      }
    }
    const plugin = await ready();
    await last(plugin.sync.backfill());
    time.now += 45 * 86_400_000;
    let [found, most] = [null, 0];
    do {
      const before = sandbox.requests().length;
      // As much as one step may need.
      found = await plugin.sync.reconcile({ maxRequests: 12 });
      most = Math.max(most, sandbox.requests().length - before);
      time.now += 10_000;
    } while (!found.done);
    assert.ok(most <= 12, `${most} requests`);
    assert.equal(found.checked, 450);
    await plugin.close();
  });
});

describe('what a comparison finds', () => {
  const BOOK = { name: 'Buch', price: 1900, tags: [] };
  const COURSE = { name: 'Kurs', price: 4900, tags: [] };

  test('an upsell that was missed together with its order stands under it', async () => {
    const plugin = await ready();
    time.now += 86_400_000;
    const at = '2026-06-16 09:00:00';
    const story = sandbox.story({ buyer: { email: 'u@example.com' }, products: [COURSE], at });
    story.payment({ at });
    const upsell = story.upsell({ products: [BOOK] });
    upsell.payment({ at });
    await plugin.sync.reconcile();
    await plugin.tick();
    await plugin.sync.apply({ raw: upsell.refund({ at: '2026-06-16 10:00:00' }) });
    const { orders, lifetime } = await plugin.timeline({ email: 'u@example.com' });
    assert.deepEqual([orders.length, lifetime], [1, { EUR: 49 }]);
    assert.deepEqual(
      orders[0].items.map(({ state, order }) => [state, order.length - orders[0].id.length]),
      [
        ['active', 0],
        ['refunded', 1],
      ],
    );
  });

  test('from a later day on: what lies before it is still compared', async () => {
    const plugin = await ready();
    await plugin.sync.reconcile();
    time.now = Date.parse('2026-06-25T10:00:00Z');
    const at = '2026-06-18 09:00:00';
    sandbox.story({ buyer: { email: 'gap@example.com' }, products: [COURSE], at }).payment({ at });
    assert.equal((await plugin.sync.reconcile({ from: '2026-06-24' })).found, 0);
    time.now += 3_600_000;
    assert.equal((await plugin.sync.reconcile()).found, 1);
  });

  test('more proofs than a step can read', async () => {
    const plugin = await ready();
    const at = '2026-06-15 11:00:00';
    for (let i = 0; i < 25; i++) {
      const story = sandbox.story({ buyer: { email: `a${i}@example.com` }, products: [BOOK], at });
      await plugin.sync.apply({ raw: story.payment({ at }) });
      sandbox.addToDigistore24('service-proofs', { purchaseId: story.orderId, at });
      time.now += 10_000;
    }
    time.now += 3_600_000;
    const { done, work } = await plugin.sync.reconcile();
    assert.deepEqual([done, work], [true, 25]);
  });
});

test('the timeline shows an upsell that no message has told', async () => {
  const plugin = await ready();
  const at = '2026-06-15 11:00:00';
  const buyer = { email: 'c@example.com' };
  const story = sandbox.story({ buyer, products: [{ name: 'Buch', price: 1900, tags: [] }], at });
  await plugin.sync.apply({ raw: story.payment({ at }) });
  story.upsell({ products: [{ name: 'Kurs', price: 4900, tags: [] }] }).payment({ at });
  const { lifetime, missing } = await plugin.timeline(buyer);
  assert.deepEqual([lifetime, missing], [{ EUR: 68 }, []]);
});
