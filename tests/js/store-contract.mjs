// What every store does, whatever it lies in.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

/** The time in all stores that are tested. */
export const clock = () => 1_700_000_000_000;
export const put = (key, value = '1', expect = null) => ({ key, value, expect });
const keysOf = ({ entries }) => entries.map(({ key }) => key);

/** Describes the tests of one kind of store; `open(t)` gives an empty one with {@link clock}. */
export function storeContract(kind, open) {
  describe(`${kind}: what every store does`, () => {
    const withStore = (name, body) =>
      test(name, async (t) => {
        const store = await open(t);
        await body(store);
        await store.close?.();
      });

    withStore('an empty store has nothing', async (store) => {
      assert.deepEqual(await store.get(['a']), { entries: [], now: clock() });
      assert.deepEqual(await store.list({ prefix: '', limit: 10 }), { entries: [], now: clock() });
    });

    withStore('a commit writes all its keys with one version', async (store) => {
      const { ok, version, now } = await store.commit([put('a', '"x"'), put('b', '"ü😀"')]);
      assert.deepEqual({ ok, version, now }, { ok: true, version: 1, now: clock() });
      const { entries } = await store.get(['b', 'a', 'a', 'missing']);
      entries.sort((x, y) => (x.key < y.key ? -1 : 1));
      assert.deepEqual(entries, [
        { key: 'a', value: '"x"', version: 1 },
        { key: 'b', value: '"ü😀"', version: 1 },
      ]);
    });

    withStore('an expectation that does not hold leaves everything as it was', async (store) => {
      await store.commit([put('a', '1', 0)]);
      for (const expect of [0, 2, 99]) {
        const result = await store.commit([put('new', '1'), put('a', '2', expect), put('later', '1')]);
        assert.deepEqual([result.ok, result.version], [false, 1]);
      }
      assert.equal((await store.commit([{ key: 'missing', expect: 1, value: null }])).ok, false);
      assert.deepEqual(keysOf(await store.list({ prefix: '', limit: 10 })), ['a']);
      assert.deepEqual((await store.get(['a'])).entries, [{ key: 'a', value: '1', version: 1 }]);
    });

    withStore('versions grow over the whole store, also of keys that were deleted', async (store) => {
      await store.commit([put('a', '1', 0)]);
      await store.commit([put('b')]);
      assert.equal((await store.commit([put('a', '2', 1)])).version, 3);
      assert.equal((await store.commit([{ key: 'a', expect: 3, value: null }])).version, 4);
      assert.deepEqual((await store.get(['a'])).entries, []);
      assert.equal((await store.commit([put('a', '3', 0)])).version, 5);
      assert.equal((await store.get(['a'])).entries[0].version, 5);
    });

    withStore('ranges: prefix, after, limit, in the order of the bytes', async (store) => {
      const keys = ['p/\u{1F600}', 'p/\uFFFD', 'p/ä', 'p/z', 'p/', 'p0', 'p', 'o/x', 'p/a/b', '\u{10FFFF}'];
      await store.commit(keys.map((key) => put(key)));
      const all = ['p/', 'p/a/b', 'p/z', 'p/ä', 'p/\uFFFD', 'p/\u{1F600}'];
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', limit: 100 })), all);
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', limit: 2 })), all.slice(0, 2));
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', after: 'p/z', limit: 2 })), all.slice(3, 5));
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', after: 'p/y', limit: 1 })), ['p/z']);
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', after: 'a', limit: 1 })), ['p/']);
      assert.deepEqual(keysOf(await store.list({ prefix: 'p/', after: 'q', limit: 9 })), []);
      assert.deepEqual(keysOf(await store.list({ prefix: '\u{10FFFF}', limit: 9 })), ['\u{10FFFF}']);
      const bytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(keysOf(await store.list({ prefix: '', after: null, limit: 100 })), bytes);
    });

    withStore('paging through many keys meets each once', async (store) => {
      const names = Array.from({ length: 250 }, (_, i) => `n/${String((i * 7919) % 250).padStart(4, '0')}`);
      for (const name of names) await store.commit([put(name)]);
      const met = [];
      for (let after; ; after = met.at(-1)) {
        const page = keysOf(await store.list({ prefix: 'n/', after, limit: 100 }));
        met.push(...page);
        if (page.length < 100) break;
      }
      assert.deepEqual(met, [...names].sort());
    });
  });
}
