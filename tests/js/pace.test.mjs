// The rate, the day's quota, a service that is down, and waits that end: what a caller sees of them.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { failureOf, freePort, pluginOn } from './support.mjs';

const contactId = 'someContact000000001';
const read = (plugin, options) => plugin.ghl.contacts.getContact({ contactId }, options);

/** HighLevel without a network: counts requests as they come, in one of both kinds of windows. */
class Service {
  arrivals = [];
  refused = 0;

  constructor({ limit, windowMs, kind = 'sliding', tellsLimits = true }) {
    Object.assign(this, { limit, windowMs, kind, tellsLimits });
  }

  fetch = async (url) => {
    const now = Date.now();
    const start = this.kind === 'fixed' ? now - (now % this.windowMs) - 1 : now - this.windowMs;
    const used = this.arrivals.filter(({ at }) => at > start).length;
    const isFull = used >= this.limit;
    if (isFull) this.refused++;
    else this.arrivals.push({ at: now, url: String(url) });
    const remaining = String(this.limit - used - (isFull ? 0 : 1));
    const limits = { 'x-ratelimit-max': String(this.limit), 'x-ratelimit-remaining': remaining };
    limits['x-ratelimit-interval-milliseconds'] = String(this.windowMs);
    const body = isFull ? { statusCode: 429, message: 'Too Many Requests' } : { contact: { id: contactId } };
    return Response.json(body, { status: isFull ? 429 : 200, headers: this.tellsLimits ? limits : {} });
  };
}

let sandbox;
before(async () => {
  sandbox = await startSandbox();
});
after(() => sandbox.close());
beforeEach(() => sandbox.reset());

const many = (count, work) => Promise.all(Array.from({ length: count }, (_, i) => work(i)));

describe('the rate', () => {
  for (const kind of ['sliding', 'fixed']) {
    test(`hundreds of calls at once wait for their turn; none is refused (${kind} windows)`, async () => {
      const service = new Service({ limit: 50, windowMs: 300, kind });
      const plugin = await pluginOn(sandbox, { fetch: service.fetch, store: undefined });
      await read(plugin);
      await many(200, () => read(plugin));
      assert.deepEqual([service.arrivals.length, service.refused], [201, 0]);
    });

    test(`two plugins on one store share it (${kind} windows)`, async () => {
      const service = new Service({ limit: 50, windowMs: 1_000, kind });
      const store = memoryStore();
      const plugins = await many(2, () => pluginOn(sandbox, { fetch: service.fetch, store }));
      for (const plugin of plugins) await read(plugin);
      await many(98, (i) => read(plugins[i % 2]));
      assert.deepEqual([service.arrivals.length, service.refused], [100, 0]);
    });
  }

  test('what others use of it is seen', async () => {
    const service = new Service({ limit: 50, windowMs: 400 });
    const plugin = await pluginOn(sandbox, { fetch: service.fetch });
    const others = () => many(30, () => service.fetch('https://elsewhere.test'));
    await others();
    await read(plugin);
    await many(60, () => read(plugin));
    assert.equal(service.refused, 0);
  });

  test('a call with no time to wait is told when to come back; nothing is sent', async () => {
    const service = new Service({ limit: 5, windowMs: 10_000 });
    const plugin = await pluginOn(sandbox, { fetch: service.fetch });
    await read(plugin);
    await many(4, () => read(plugin));
    const error = await failureOf(read(plugin, { deadlineMs: 1_000 }));
    assert.deepEqual([error.code, error.retryable], ['rate_limited', true]);
    assert.ok(error.retryAfterMs > 5_000 && error.retryAfterMs < 13_000, String(error.retryAfterMs));
    assert.equal(service.arrivals.length, 5);
  });

  test('a refusal is waited out by all, by Retry-After or the window', async () => {
    for (const headers of [{ 'retry-after': '0' }, { 'x-ratelimit-interval-milliseconds': '50' }]) {
      sandbox.reset();
      sandbox.fault({ service: 'ghl', kind: 'rate_limited', times: 2, headers });
      const plugin = await pluginOn(sandbox);
      assert.equal((await failureOf(read(plugin))).code, 'not_found');
      assert.equal(sandbox.requests().length, 3);
    }
  });

  test('a refusal without a word blocks for a whole window', async () => {
    sandbox.fault({ service: 'ghl', kind: 'rate_limited', times: 1 });
    const plugin = await pluginOn(sandbox);
    const error = await failureOf(read(plugin, { deadlineMs: 5_000 }));
    assert.equal(error.code, 'rate_limited');
    const next = await failureOf(read(plugin, { deadlineMs: 5_000 }));
    assert.deepEqual([next.code, sandbox.requests().length], ['rate_limited', 1]);
    assert.ok(next.retryAfterMs > 9_000);
  });

  test('locations don’t hold each other up', async () => {
    sandbox.configure({ burstLimit: 2, locations: { elsewhere0000000001: {} } });
    const highlevel = {
      auth: { kind: 'private-integration', token: DEFAULT_TOKEN },
      baseUrl: sandbox.highlevelUrl,
      locationId: 'elsewhere0000000001',
    };
    const store = memoryStore();
    const [one, other] = [await pluginOn(sandbox, { store }), await pluginOn(sandbox, { store, highlevel })];
    const tags = (plugin, options) => plugin.ghl.locations.getLocationTags({}, options);
    await tags(one);
    await tags(one);
    assert.equal((await failureOf(tags(one, { deadlineMs: 100 }))).code, 'rate_limited');
    await tags(other);
    assert.equal(sandbox.state().settings.locations[DEFAULT_LOCATION_ID] !== undefined, true);
  });

  test('Digistore24 says it inside a 200: tried again, and other calls with that key wait, too', async () => {
    const plugin = await pluginOn(sandbox);
    sandbox.fault({ service: 'digistore24', kind: 'rate_limited', times: 1, headers: { 'retry-after': '0' } });
    assert.ok(await plugin.digistore24.ping());
    assert.equal(sandbox.requests().length, 2);
    sandbox.fault({ service: 'digistore24', kind: 'rate_limited', times: 1, headers: { 'retry-after': '60' } });
    const first = await failureOf(plugin.digistore24.ping(undefined, { deadlineMs: 500 }));
    assert.equal(first.code, 'rate_limited');
    const second = await failureOf(plugin.digistore24.ping(undefined, { deadlineMs: 500 }));
    assert.equal(second.code, 'rate_limited');
    assert.ok(second.retryAfterMs > 50_000);
    assert.equal(sandbox.requests().length, 3);
    assert.equal((await failureOf(read(plugin))).code, 'not_found', 'HighLevel has a rate of its own');
  });

  test('a budget that can’t be kept in the store doesn’t fail the call', async () => {
    const store = memoryStore();
    const isBudget = (key) => key.includes('/budget/');
    const get = (keys) => {
      if (keys.some(isBudget)) throw new Error('gone');
      return store.get(keys);
    };
    const plugin = await pluginOn(sandbox, { store: { ...store, get } });
    assert.equal((await failureOf(read(plugin))).code, 'not_found');
    assert.match(plugin.lines[0].message, /by this process alone/);
  });
});

describe('in the background', () => {
  test('half of the rate; a call of a person goes before all that waits', async () => {
    const service = new Service({ limit: 40, windowMs: 600 });
    const events = [];
    const options = { fetch: service.fetch, store: undefined, onEvent: (event) => events.push(event) };
    const plugin = await pluginOn(sandbox, options);
    await read(plugin);
    const done = [];
    const background = many(50, () => read(plugin, { background: true }).then(() => done.push('background')));
    await sleep(20);
    assert.equal(service.arrivals.length, 21);
    await read(plugin, { deadlineMs: 100 }).then(() => done.push('person'));
    await many(15, () => read(plugin, { deadlineMs: 100 }));
    assert.ok(done.indexOf('person') <= 20, String(done.indexOf('person')));
    assert.deepEqual(
      new Set(events.filter(({ kind }) => kind === 'wait').map(({ reason }) => reason)),
      new Set(['share']),
    );
    await background;
    assert.equal(service.refused, 0);
  });

  test('another share by option', async () => {
    const service = new Service({ limit: 40, windowMs: 10_000 });
    const plugin = await pluginOn(sandbox, { fetch: service.fetch, backgroundShare: 0.1 });
    await read(plugin);
    const options = { background: true, deadlineMs: 500 };
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => read(plugin, options)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 4);
  });

  test('a list keeps to the share on all its pages', async () => {
    const service = new Service({ limit: 40, windowMs: 10_000 });
    let told = 0;
    const fetch = async (url, { body }) => {
      const answer = await service.fetch(url);
      const contacts = Array.from({ length: JSON.parse(body).pageLimit }, () => ({
        id: `c${++told}`,
        searchAfter: [told],
      }));
      return answer.ok ? Response.json({ contacts, total: 1_000_000 }, { headers: answer.headers }) : answer;
    };
    const plugin = await pluginOn(sandbox, { fetch, backgroundShare: 0.1 });
    const search = plugin.ghl.contacts.searchContactsAdvanced;
    await search({ pageLimit: 1 });
    let pages = 0;
    const readAll = async () => {
      for await (const _ of search.list({}, { background: true, deadlineMs: 500 }).pages()) pages++;
    };
    assert.deepEqual([(await failureOf(readAll())).code, pages], ['rate_limited', 4]);
  });
});

describe('the quota of the day', () => {
  test('used up: nothing is sent, and the error is another than that of the rate', async () => {
    sandbox.configure({ dailyLimit: 10 });
    const plugin = await pluginOn(sandbox);
    for (let i = 0; i < 8; i++) await failureOf(read(plugin));
    const background = await failureOf(read(plugin, { background: true }));
    assert.deepEqual([background.code, sandbox.requests().length], ['quota_exhausted', 8], 'a fifth is kept');
    for (let i = 0; i < 2; i++) assert.equal((await failureOf(read(plugin))).code, 'not_found');
    const error = await failureOf(read(plugin));
    assert.deepEqual([error.code, sandbox.requests().length], ['quota_exhausted', 10]);
    assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 3_600_000);
  });

  test('the service refuses first: not tried again', async () => {
    sandbox.configure({ dailyLimit: 1 });
    await failureOf(read(await pluginOn(sandbox)));
    const plugin = await pluginOn(sandbox);
    assert.equal((await failureOf(read(plugin))).code, 'quota_exhausted');
    assert.equal((await failureOf(read(plugin))).code, 'quota_exhausted');
    assert.equal(sandbox.requests().length, 2);
  });
});

describe('a service that is down', () => {
  test('is left alone after ten failures in a row; then one call finds out that it is back', async () => {
    let now = Date.now();
    const events = [];
    const options = { clock: () => now, store: undefined, onEvent: (event) => events.push(event) };
    const plugin = await pluginOn(sandbox, options);
    sandbox.fault({ service: 'ghl', kind: 'status', status: 503 });
    const write = { contactId, workflowId: 'someWorkflow00000001' };
    for (let i = 0; i < 10; i++) await failureOf(plugin.ghl.contacts.addContactToWorkflow(write));
    const error = await failureOf(read(plugin));
    assert.deepEqual([error.code, error.status, sandbox.requests().length], ['unavailable', undefined, 10]);
    assert.ok(error.retryAfterMs >= 4_900 && error.retryAfterMs <= 7_500, String(error.retryAfterMs));
    assert.ok(await plugin.digistore24.ping(), 'the other service is not');
    now += 8_000;
    sandbox.clearFaults();
    assert.equal((await failureOf(read(plugin))).code, 'not_found');
    const states = events.filter(({ kind }) => kind === 'circuit').map(({ service, state }) => `${service} ${state}`);
    assert.deepEqual(states, ['ghl open', 'ghl closed']);
  });

  test('that nobody listens there counts, too', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const auth = { kind: 'private-integration', token: 'pit' };
    const plugin = await pluginOn(sandbox, { highlevel: { auth, locationId: DEFAULT_LOCATION_ID, baseUrl } });
    const messages = new Set();
    const isLeftAlone = () => [...messages].some((message) => message.includes('left alone'));
    for (let i = 0; i < 50 && !isLeftAlone(); i++) {
      messages.add((await failureOf(read(plugin, { deadlineMs: 50 }))).message);
    }
    assert.ok(isLeftAlone(), [...messages].join());
  });
});

describe('giving up', () => {
  test('ends a wait for the rate at once, and gives the place in the queue back', async () => {
    const service = new Service({ limit: 2, windowMs: 5_000 });
    const plugin = await pluginOn(sandbox, { fetch: service.fetch, store: undefined });
    await read(plugin);
    await read(plugin);
    const control = new AbortController();
    const waiting = failureOf(read(plugin, { signal: control.signal }));
    await sleep(10);
    control.abort();
    assert.equal((await waiting).code, 'cancelled');
    assert.equal(service.arrivals.length, 2);
    const next = await failureOf(read(plugin, { deadlineMs: 1_000 }));
    assert.ok(next.retryAfterMs < 5_200, 'it is the first again');
  });

  test('ends the wait before a look-up is repeated', async () => {
    const plugin = await pluginOn(sandbox, { settleSeconds: 30 });
    sandbox.fault({ service: 'ghl', kind: 'reset', method: 'POST', times: 1 });
    const control = new AbortController();
    const input = { email: 'ada@example.com' };
    const call = failureOf(plugin.ghl.contacts.createContact(input, { signal: control.signal }));
    while (sandbox.requests().length < 2) await sleep(5);
    await sleep(10);
    control.abort();
    assert.equal((await call).code, 'cancelled');
    assert.equal(sandbox.requests().length, 2);
  });

  test('no answer is waited for longer than the caller waits', async () => {
    const plugin = await pluginOn(sandbox);
    sandbox.fault({ service: 'ghl', kind: 'timeout' });
    const error = await failureOf(read(plugin, { deadlineMs: 100 }));
    assert.equal(error.code, 'timeout');
  });
});
