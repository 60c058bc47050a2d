// How far an import or a comparison goes, and what it says of itself: limits, days, speed, estimates, outcomes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { seller, sellerOptions } from './backfill-support.mjs';
import { ready, sandbox, time } from './midyear-support.mjs';
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
