// Many buyers: how many calls an import makes, and that its parts don't grow with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsInSandbox, memory } from '../../benches/backfill.mjs';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { seller, sellerOptions } from './backfill-support.mjs';

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
  const { count, fetch } = seller(buyers);
  const store = measured();
  const plugin = await createPlugin({ ...sellerOptions, store, fetch, log: () => {} });
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

test('at most 1.1 calls for each buyer, at most 50 a step, and no more handed over at once for many than for few', async () => {
  const small = await run(1_000);
  const { count, last, longest, largest } = await run(BUYERS);
  assert.deepEqual([count.created, count.updated, last.counts.done], [BUYERS / 2, BUYERS / 2, BUYERS]);
  assert.deepEqual([count.contacts, count.orders], [BUYERS / 2, BUYERS], 'each contact and each order is read once');
  assert.ok(count.requests <= BUYERS * 1.1, `${count.requests} requests`);
  assert.ok(longest <= 50, `${longest} requests in a step`);
  assert.deepEqual([largest.entries, largest.writes], [small.largest.entries, small.largest.writes]);
  assert.ok(largest.bytes <= small.largest.bytes * 1.05, `${largest.bytes} bytes at once, not ${small.largest.bytes}`);
});

test('in the sandbox, too: at most 1.1 calls of HighLevel for each buyer', async () => {
  const buyers = 300;
  const { calls, contacts, imported } = await callsInSandbox(buyers);
  assert.deepEqual([contacts, imported], [buyers, buyers]);
  assert.ok(calls <= buyers * 1.1, `${calls} calls`);
});

/** What one purchase more may hold on to. An order has a kilobyte, an entry of an index some hundred bytes. */
const BYTES_EACH = 50;
/** What the collector and the compiler make of the same work from one run to another. */
const NOISE_BYTES = 1_500_000;

test('the memory is the same for many purchases as for few', async () => {
  const few = await memory(1_000);
  const many = await memory(20_000, 1_000);
  assert.ok(many.people >= 1_000);
  const most = few.heap + NOISE_BYTES + BYTES_EACH * (many.purchases - few.purchases);
  assert.ok(many.heap <= most, `${few.heap} bytes of heap for ${few.purchases}, ${many.heap} for ${many.purchases}`);
  assert.equal(many.wasm, few.wasm, 'bytes of the module’s memory');
});
