// Many vendors and many locations: who gets what, and that nobody holds up another.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  DEFAULT_API_KEY,
  DEFAULT_COMPANY_ID,
  WEBHOOK_PUBLIC_KEY,
  webhookSignature,
} from '../../pkg/dist/sandbox/index.js';
import { createMetrics, createRouter, memoryStore } from '../../pkg/dist/src/index.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { agencyOn, connect } from './auth-support.mjs';
import { connection, fleetOn, ipn, locationOf, phraseOf, pitOf, sandboxFor, tokenOf } from './fleet-support.mjs';
import { failureOf, temporaryFolder } from './support.mjs';

/** A sandbox and a fleet on it that go with the test. */
async function start(t, ids, { locations = () => 1, more = {}, connections = {} } = {}) {
  const sandbox = await sandboxFor(ids, locations);
  t.after(() => sandbox.close());
  const fleet = await fleetOn(
    ids.map((id) => connection(sandbox, id, { locations: locations(id), ...connections[id] })),
    more,
  );
  t.after(() => fleet.close());
  return { sandbox, fleet };
}

const buys = (sandbox, product = 10, more = {}) =>
  sandbox.story({ products: [{ id: String(product), name: `Product ${product}` }], ...more });
const contactsOf = (sandbox, location) => sandbox.state().contacts.filter(({ locationId }) => locationId === location);

describe('fifty vendors, sixty locations', () => {
  const ids = Array.from({ length: 50 }, (_, i) => `client-${i + 1}`);
  // Ten vendors sell into two locations.
  const locations = (id) => (Number(id.split('-')[1]) <= 10 ? 2 : 1);

  test('one person bought from three vendors: three contacts, each with what that vendor sold', async (t) => {
    const { sandbox, fleet } = await start(t, ids, { locations });
    assert.equal(fleet.places.length, 60);
    const buyer = { email: 'anna@example.com', firstName: 'Anna' };
    const bought = [
      ['client-1', 10, locationOf('client-1', 0)],
      ['client-1', 11, locationOf('client-1', 1)],
      ['client-27', 10, locationOf('client-27')],
      ['client-50', 10, locationOf('client-50')],
    ];
    for (const [id, product, location] of bought.slice(1)) {
      const { outcome, ...whose } = await fleet.receive(ipn(id, buys(sandbox, product, { buyer }).payment()));
      assert.deepEqual([outcome, whose.connection, whose.location], ['queued', id, location]);
    }
    const { done, places } = await fleet.tick();
    assert.equal(done, true);
    assert.equal(places.flatMap(({ events }) => events).filter(({ outcome }) => outcome === 'done').length, 3);
    const { contacts } = sandbox.state();
    assert.deepEqual(
      contacts.map(({ locationId }) => locationId).sort(),
      bought
        .slice(1)
        .map(([, , location]) => location)
        .sort(),
    );
    for (const [, product, location] of bought.slice(1)) {
      const [{ tags, notes }] = contactsOf(sandbox, location);
      assert.deepEqual(
        tags.filter((tag) => tag.startsWith('ds24-p-')),
        [`ds24-p-${product}`],
      );
      assert.equal(notes.length, 1);
    }
    // Nothing was asked with one location's token about another.
    assert.ok(sandbox.requests().every(({ status }) => status < 400));
  });

  test('one token is revoked: 49 go on, and the error names connection and location', async (t) => {
    const alerts = [];
    const { sandbox, fleet } = await start(t, ids, { more: { alerts: { onAlert: (alert) => alerts.push(alert) } } });
    const revoked = 'client-33';
    sandbox.configure({ tokens: { [pitOf(locationOf(revoked))]: { expiresAt: 1 } } });
    for (const id of ids) assert.equal((await fleet.receive(ipn(id, buys(sandbox).payment()))).outcome, 'queued');
    const { places } = await fleet.tick();
    const failed = places.filter(({ error }) => error);
    assert.deepEqual(
      failed.map(({ connection, location, error }) => [
        connection,
        location,
        error.code,
        error.connection,
        error.location,
      ]),
      [[revoked, locationOf(revoked), 'unauthenticated', revoked, locationOf(revoked)]],
    );
    assert.equal(sandbox.state().contacts.length, 49);
    assert.deepEqual(
      alerts.map(({ kind, connection, location }) => [kind, connection, location]),
      [['authorization_lost', revoked, locationOf(revoked)]],
    );
    const health = await fleet.check();
    assert.deepEqual([health.ok, health.places.length], [false, 50]);
    const isConnected = ({ checks }) => !checks.some(({ ok, message }) => !ok && /token|credential/.test(message));
    assert.deepEqual(
      health.places.filter((place) => !isConnected(place)).map(({ connection }) => connection),
      [revoked],
    );
  });
});

describe('whose a message is', () => {
  test('a wrong token, a foreign one and a connection that does not exist: 404, the very same answer', async (t) => {
    const { sandbox, fleet } = await start(t, ['a-1', 'b-2']);
    const message = buys(sandbox).payment();
    const answers = [];
    for (const url of [
      '/webhooks/digistore24/a-1/wrong-token-0123456',
      `/webhooks/digistore24/a-1/${tokenOf('b-2')}`,
      '/webhooks/digistore24/a-1',
      '/webhooks/digistore24/nobody/wrong-token-0123456',
      `/webhooks/digistore24/nobody/${tokenOf('a-1')}`,
      '/webhooks/digistore24',
      '/webhooks/ghl-workflow/a-1/wrong-token-0123456',
      '/webhooks/ghl-workflow/a-1',
      '/webhooks/ghl-workflow',
    ]) {
      for (const method of ['POST', 'GET']) {
        const { response, outcome, connection } = await fleet.receive({ ...ipn('a-1', message), url, method });
        assert.deepEqual([outcome, connection], ['refused', null], `${method} ${url}`);
        answers.push(JSON.stringify([response.status, await response.text(), [...response.headers]]));
      }
    }
    assert.equal(new Set(answers).size, 1);
    assert.match(answers[0], /^\[404,"[^"]*\."/);
    assert.doesNotMatch(JSON.stringify(fleet.lines), /nobody|wrong-token/);
    const check = await fleet.receive({ ...ipn('a-1', message), method: 'GET', body: undefined });
    assert.deepEqual([check.outcome, await check.response.text()], ['checked', 'OK']);
  });

  test('one vendor’s passphrase opens no other’s address', async (t) => {
    const { sandbox, fleet } = await start(t, ['a-1', 'b-2']);
    const { response, outcome } = await fleet.receive(ipn('a-1', buys(sandbox).payment(), { secret: phraseOf('b-2') }));
    assert.deepEqual([outcome, response.status], ['refused', 403]);
    assert.match(fleet.lines.at(-1).fields.problem, /signature/);
    assert.equal(fleet.lines.at(-1).fields.connection, 'a-1');
  });

  test('two passphrases during a rotation, and one that the store has learnt', async (t) => {
    const passphrases = ['the-new-one', phraseOf('a-1')];
    const { sandbox, fleet } = await start(t, ['a-1'], {
      locations: () => 2,
      connections: { 'a-1': { digistore24: { merchantId: '70001', ipn: [{ id: 'shop', passphrases }] } } },
    });
    const send = (secret, product = 10) => fleet.receive(ipn('a-1', buys(sandbox, product).payment(), { secret }));
    for (const secret of passphrases) assert.equal((await send(secret)).outcome, 'queued');
    assert.equal((await send('an-older-one')).outcome, 'refused');
    // Rotated at one location, it is the connection's: the message of the other location is believed, too.
    const plugin = await fleet.plugin('a-1', locationOf('a-1', 0));
    await plugin.auth.rotate({ ipnPassphrase: 'the-newest' });
    assert.deepEqual((await send('the-newest', 11)).location, locationOf('a-1', 1));
  });

  test('the bare address serves the single connection', async (t) => {
    const { sandbox, fleet } = await start(t, ['only-1'], { connections: { 'only-1': { token: undefined } } });
    for (const url of ['/webhooks/digistore24', '/webhooks/digistore24/only-1']) {
      const message = { ...ipn('only-1', buys(sandbox).payment()), url };
      assert.deepEqual((await fleet.receive(message)).location, locationOf('only-1'), url);
    }
  });

  test('another merchant, no route, a test of the connection: kept, answered with OK, never at a location', async (t) => {
    const { sandbox, fleet } = await start(t, ['a-1'], { locations: () => 2 });
    for (const message of [
      ipn('a-1', buys(sandbox).payment(), { merchant: '99999' }),
      ipn('a-1', buys(sandbox, 77).payment()),
      ipn('a-1', sandbox.connectionTest()),
    ]) {
      const { outcome, response, connection, location } = await fleet.receive(message);
      assert.deepEqual([outcome, await response.text(), connection, location], ['kept', 'OK', 'a-1', null]);
      assert.equal((await fleet.receive(message)).outcome, 'duplicate');
    }
    await fleet.tick();
    assert.equal(sandbox.state().contacts.length, 0);
    const parked = await fleet.parked.list();
    assert.deepEqual(
      parked.map(({ connection, location, reason }) => [connection, location, reason]),
      [
        ['a-1', null, "another merchant's message"],
        ['a-1', null, 'no route leads to a location'],
        ['a-1', null, 'a connection test'],
      ],
    );
    assert.deepEqual(await fleet.inbox('kept'), []);
  });

  test('parked messages go their way once the routes know it, each once', async (t) => {
    const sandbox = await sandboxFor(['a-1'], () => 2);
    t.after(() => sandbox.close());
    const store = memoryStore();
    const before = await fleetOn([connection(sandbox, 'a-1', { locations: 2 })], { store });
    const message = ipn('a-1', buys(sandbox, 77).payment());
    assert.equal((await before.receive(message)).outcome, 'kept');
    assert.deepEqual(await before.parked.retry(), []);
    await before.close();
    const corrected = connection(sandbox, 'a-1', { locations: 2 });
    corrected.routes.push({ when: { product_ids: [76, 77] }, location: locationOf('a-1', 1) });
    const after = await fleetOn([corrected], { store });
    t.after(() => after.close());
    const [report, ...others] = await after.parked.retry();
    assert.deepEqual([report.outcome, report.location, others.length], ['done', locationOf('a-1', 1), 0]);
    assert.deepEqual([await after.parked.list(), await after.parked.retry()], [[], []]);
    assert.equal((await after.receive(message)).outcome, 'duplicate');
    assert.equal(contactsOf(sandbox, locationOf('a-1', 1)).length, 1);
  });

  test('an order stays with its location, where a message names no product and when routes change', async (t) => {
    const sandbox = await sandboxFor(['a-1'], () => 2);
    t.after(() => sandbox.close());
    const store = memoryStore();
    const story = buys(sandbox, 10, { billing: 'subscription' });
    const first = await fleetOn([connection(sandbox, 'a-1', { locations: 2 })], { store });
    const own = locationOf('a-1', 0);
    assert.equal((await first.receive(ipn('a-1', story.payment()))).location, own);
    const bare = Object.fromEntries(Object.entries(story.missed()).filter(([name]) => !name.startsWith('product_')));
    assert.equal((await first.receive(ipn('a-1', bare))).location, own);
    await first.close();
    const turned = connection(sandbox, 'a-1', { locations: 2 });
    for (const route of turned.routes) route.location = locationOf('a-1', route.location === own ? 1 : 0);
    const second = await fleetOn([turned], { store });
    t.after(() => second.close());
    assert.equal((await second.receive(ipn('a-1', story.payment()))).location, own);
    assert.equal((await second.receive(ipn('a-1', buys(sandbox, 10).payment()))).location, locationOf('a-1', 1));
    // What replaces an order belongs where that one is.
    const upgrade = sandbox.upgrade(story, { products: [{ id: '11', name: 'Larger' }] }).payment();
    assert.equal((await second.receive(ipn('a-1', upgrade))).location, own);
  });

  test('routes by language, merchant, tag and condition', async (t) => {
    const place = (n) => locationOf('a-1', n);
    const { sandbox, fleet } = await start(t, ['a-1'], {
      locations: () => 5,
      connections: {
        'a-1': {
          digistore24: { ipn: [{ id: 'shop', passphrases: [phraseOf('a-1')] }] },
          routes: [
            { when: { merchant_id: 555 }, location: place(0) },
            { when: { language: 'en', product_ids: ['10', '12'] }, location: place(1) },
            { if: { field: 'money.gross', gte: 1000 }, location: place(2) },
            { if: { field: 'test', is: true }, location: place(4) },
            { location: place(3) },
          ],
        },
      },
    });
    const sent = async (more, options) =>
      (await fleet.receive(ipn('a-1', { ...buys(sandbox).payment(), ...more }, options))).location;
    assert.equal(await sent({ language: 'en' }, { merchant: '555' }), place(0));
    assert.equal(await sent({ language: 'en' }), place(1));
    assert.equal(await sent({ language: 'de' }), place(3));
    assert.equal(
      await sent({ language: 'de', api_mode: 'test' }),
      place(4),
      'test orders have a location of their own',
    );
    const dear = sandbox.story({ products: [{ id: '10', name: 'Dear', price: 200_000 }] }).payment();
    assert.equal((await fleet.receive(ipn('a-1', { ...dear, language: 'de' }))).location, place(2));
  });
});

describe('webhooks of HighLevel', () => {
  const app = (body) => {
    const text = JSON.stringify(body);
    return { method: 'POST', url: '/webhooks/ghl', headers: { 'x-ghl-signature': webhookSignature(text) }, body: text };
  };
  const withKey = (sandbox, id) => {
    const one = connection(sandbox, id, { locations: 2 });
    return {
      ...one,
      highlevel: one.highlevel.map((account) => ({ ...account, webhookPublicKey: WEBHOOK_PUBLIC_KEY })),
    };
  };

  async function started(t) {
    const sandbox = await sandboxFor(['a-1', 'b-2'], () => 2);
    t.after(() => sandbox.close());
    const fleet = await fleetOn(['a-1', 'b-2'].map((id) => withKey(sandbox, id)));
    t.after(() => fleet.close());
    return { sandbox, fleet };
  }
  const created = (locationId, more = {}) => ({
    type: 'ContactCreate',
    locationId,
    id: 'c1',
    webhookId: locationId,
    ...more,
  });

  test('one receiver of an app: each event to its location', async (t) => {
    const { fleet } = await started(t);
    for (const { connection, location } of fleet.places) {
      const received = await fleet.receive(app(created(location)));
      assert.deepEqual([received.outcome, received.connection, received.location], ['queued', connection, location]);
      const plugin = await fleet.plugin(connection, location);
      assert.deepEqual(
        (await plugin.events.take()).map(({ locationId }) => locationId),
        [location],
      );
    }
    const forged = { ...app(created(locationOf('a-1'))), body: JSON.stringify(created(locationOf('a-1', 1))) };
    assert.equal((await fleet.receive(forged)).response.status, 403);
  });

  test('a workflow: by connection and token, to the location that it names', async (t) => {
    const { fleet } = await started(t);
    const send = (id, location) =>
      fleet.receive({
        method: 'POST',
        url: `/webhooks/ghl-workflow/${id}/${tokenOf(id)}`,
        body: JSON.stringify({
          contact_id: 'c1',
          location: { id: location },
          customData: { event: 'ContactTagUpdate', key: 'k' },
        }),
      });
    const received = await send('b-2', locationOf('b-2', 1));
    assert.deepEqual([received.outcome, received.location], ['queued', locationOf('b-2', 1)]);
    // A workflow that was copied into another client's location.
    assert.equal((await send('b-2', locationOf('a-1'))).response.status, 404);
  });
});

describe('the router alone', () => {
  test('what it gives goes through a queue to the plugin of the location', async (t) => {
    const sandbox = await sandboxFor(['a-1'], () => 2);
    t.after(() => sandbox.close());
    const { createPlugin } = await import('../../pkg/dist/src/index.js');
    const router = await createRouter({ connections: [connection(sandbox, 'a-1', { locations: 2 })], log() {} });
    t.after(() => router.close());
    const routed = await router.route(ipn('a-1', buys(sandbox, 11).payment()), { trace: 'mine' });
    assert.deepEqual([routed.outcome, routed.location, routed.trace], ['routed', locationOf('a-1', 1), 'mine']);
    const queued = structuredClone(routed.message);
    const options = structuredClone(router.options('a-1', routed.location));
    const plugin = await createPlugin({ ...options, settleSeconds: 0, store: memoryStore(), log() {} });
    t.after(() => plugin.close());
    assert.equal((await plugin.receive(queued)).outcome, 'queued');
    assert.equal((await plugin.tick()).events[0].outcome, 'done');
    const parked = await router.route(ipn('a-1', buys(sandbox, 77).payment()));
    assert.deepEqual([parked.outcome, parked.location], ['parked', null]);
    const keeper = await createPlugin({ ...router.options('a-1', null), store: memoryStore(), log() {} });
    t.after(() => keeper.close());
    assert.equal((await keeper.receive(parked.message, { parked: true })).outcome, 'kept');
  });

  test('any order goes to the first route that names one of its products, or is parked', async (t) => {
    const sandbox = await sandboxFor(['a-1'], () => 3);
    t.after(() => sandbox.close());
    let seed = 7;
    const random = (n) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % n;
    };
    for (let round = 0; round < 20; round++) {
      const routes = Array.from({ length: 3 }, (_, n) => ({
        when: { product_ids: Array.from({ length: 1 + random(3) }, () => String(10 + random(8))) },
        location: locationOf('a-1', n),
      }));
      // The order of the routes counts, not that of the locations.
      routes.sort(() => random(3) - 1);
      const router = await createRouter({
        connections: [connection(sandbox, 'a-1', { locations: 3, routes })],
        log() {},
      });
      for (let i = 0; i < 10; i++) {
        const products = Array.from({ length: 1 + random(3) }, () => ({ id: String(10 + random(8)), name: 'P' }));
        const wanted = routes.find(({ when }) => products.some(({ id }) => when.product_ids.includes(id)));
        const routed = await router.route(ipn('a-1', sandbox.story({ products }).payment()));
        assert.equal(routed.location, wanted?.location ?? null, JSON.stringify({ routes, products }));
      }
      await router.close();
    }
  });
});

describe('history', () => {
  test('an import and a comparison leave the orders of other locations alone', async (t) => {
    const sandbox = await sandboxFor(['a-1'], () => 2);
    t.after(() => sandbox.close());
    const one = connection(sandbox, 'a-1', { locations: 2 });
    const { merchantId } = sandbox.world.settings;
    Object.assign(one.digistore24, { apiKey: DEFAULT_API_KEY, baseUrl: sandbox.digistore24Url, merchantId });
    const at = new Date(Date.now() - 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
    for (const product of [10, 11, 77]) {
      buys(sandbox, product, { buyer: { email: `p${product}@example.com` }, at }).payment();
    }
    const fleet = await fleetOn([one]);
    t.after(() => fleet.close());
    const plugin = await fleet.plugin('a-1', locationOf('a-1', 1));
    for await (const _ of plugin.sync.backfill({ limit: 10 }));
    const emails = (n) => contactsOf(sandbox, locationOf('a-1', n)).map(({ email }) => email);
    assert.deepEqual([emails(0), emails(1)], [[], ['p11@example.com']]);
    const other = await fleet.plugin('a-1', locationOf('a-1', 0));
    await other.sync.reconcile({ from: '2020-01-01' });
    await other.tick();
    assert.ok(
      emails(0).every((email) => email === 'p10@example.com'),
      emails(0).join(),
    );
    assert.deepEqual(emails(1), ['p11@example.com']);
  });
});

test('an agency connects its app once, for all its clients', async (t) => {
  const sandbox = await sandboxFor(['a-1', 'b-2']);
  t.after(() => sandbox.close());
  const { auth, baseUrl } = agencyOn(sandbox);
  const connections = ['a-1', 'b-2'].map((id) => ({
    ...connection(sandbox, id),
    highlevel: [{ locationId: locationOf(id), auth, baseUrl }],
  }));
  for (const storage of [{ store: memoryStore() }, { store: undefined, storeFor: () => memoryStore() }]) {
    const fleet = await fleetOn(connections, storage);
    const scopes = ['oauth.write', 'locations.readonly'];
    await connect(sandbox, await fleet.plugin('a-1'), { companyId: DEFAULT_COMPANY_ID }, { scopes });
    for (const { connection: id, location } of fleet.places) {
      const found = await (await fleet.plugin(id)).ghl.locations.getLocation({ locationId: location });
      assert.equal(found.location.id, location);
    }
    await fleet.close();
  }
});

describe('turns', () => {
  test('a busy location holds up no other, and the next tick goes on with those that had no turn', async (t) => {
    const ids = ['a-1', 'b-2', 'c-3'];
    const { sandbox, fleet } = await start(t, ids, { more: { concurrency: 1 } });
    for (let i = 0; i < 8; i++) await fleet.receive(ipn('a-1', buys(sandbox).payment()));
    for (const id of ['b-2', 'c-3']) await fleet.receive(ipn(id, buys(sandbox).payment()));
    const counts = () => ids.map((id) => contactsOf(sandbox, locationOf(id)).length);
    let ticks = 0;
    while (!(counts()[1] && counts()[2])) {
      const { done } = await fleet.tick({ maxRequests: 30 });
      assert.equal(done, false);
      ticks++;
    }
    assert.ok(ticks <= 3, `${ticks} ticks`);
    assert.ok(counts()[0] < 8);
    assert.equal((await fleet.tick()).done, true);
    assert.deepEqual(counts(), [8, 1, 1]);
  });

  test('a location whose store fails: the others go on', async (t) => {
    const sandbox = await sandboxFor(['a-1', 'b-2']);
    t.after(() => sandbox.close());
    const scopes = [];
    const storeFor = (scope) => {
      scopes.push(scope);
      if (scope.location === locationOf('a-1')) throw new Error('canary');
      return memoryStore();
    };
    const ids = ['a-1', 'b-2'];
    const fleet = await fleetOn(
      ids.map((id) => connection(sandbox, id)),
      { store: undefined, storeFor },
    );
    t.after(() => fleet.close());
    const refused = await fleet.receive(ipn('a-1', buys(sandbox).payment()));
    assert.deepEqual([refused.outcome, refused.response.status], ['refused', 503]);
    assert.doesNotMatch(JSON.stringify([refused.error, fleet.lines]), /canary/);
    assert.equal((await fleet.receive(ipn('b-2', buys(sandbox).payment()))).outcome, 'queued');
    const { places } = await fleet.tick();
    assert.deepEqual(places.map(({ connection, error }) => [connection, error?.connection]).sort(), [
      ['a-1', 'a-1'],
      ['b-2', undefined],
    ]);
    assert.equal(contactsOf(sandbox, locationOf('b-2')).length, 1);
    assert.ok(scopes.some(({ connection, location }) => connection === 'b-2' && location === null));
  });

  test('what is stored goes on after a restart; metrics say whose it is', async (t) => {
    const sandbox = await sandboxFor(['a-1', 'b-2']);
    t.after(() => sandbox.close());
    const path = join(temporaryFolder(t), 'state.sqlite');
    const connections = ['a-1', 'b-2'].map((id) => connection(sandbox, id));
    const first = await fleetOn(connections, { store: openSqliteStore(path) });
    for (const id of ['a-1', 'b-2']) await first.receive(ipn(id, buys(sandbox).payment()));
    await first.close();
    const metrics = createMetrics();
    const second = await fleetOn(connections, { store: openSqliteStore(path), onEvent: metrics.onEvent });
    t.after(() => second.close());
    assert.deepEqual(
      (await second.inbox()).map(({ connection, location, event }) => [connection, location, event]),
      ['a-1', 'b-2'].map((id) => [id, locationOf(id), 'payment']),
    );
    await second.tick();
    for (const id of ['a-1', 'b-2']) {
      const labels = `connection="${id}",location="${locationOf(id)}",event="payment",outcome="done"`;
      assert.ok(metrics.text().includes(`ghl_ds24_events_total{${labels}} 1\n`));
    }
  });

  test('dead letters of all, retried and dropped where they are', async (t) => {
    const mapping = { opportunity: { pipeline: 'No such pipeline', stage: 'New' } };
    const { sandbox, fleet } = await start(t, ['a-1', 'b-2'], { more: { mapping } });
    for (const id of ['a-1', 'b-2']) await fleet.receive(ipn(id, buys(sandbox).payment()));
    await fleet.tick();
    const letters = await fleet.deadLetters.list();
    assert.deepEqual(
      letters.map(({ connection }) => connection),
      ['a-1', 'b-2'],
    );
    const { connection: id, location, name } = letters[0];
    assert.equal((await fleet.deadLetters.retry({ connection: id, location, name }))[0].outcome, 'dead');
    await fleet.deadLetters.drop({ connection: id, location, name });
    assert.deepEqual(
      (await fleet.deadLetters.list()).map(({ connection }) => connection),
      ['b-2'],
    );
  });

  test('forgetting reaches every location and what is parked', async (t) => {
    const { sandbox, fleet } = await start(t, ['a-1', 'b-2'], { locations: () => 2 });
    const buyer = { email: 'canary@example.com' };
    await fleet.receive(ipn('a-1', buys(sandbox, 10, { buyer }).payment()));
    await fleet.receive(ipn('b-2', buys(sandbox, 11, { buyer }).payment()));
    await fleet.receive(ipn('b-2', buys(sandbox, 77, { buyer }).payment()));
    await fleet.tick();
    const forgotten = await fleet.forget('canary@example.com');
    assert.deepEqual(
      forgotten.filter(({ orders }) => orders > 0).map(({ location }) => location),
      [locationOf('a-1', 0), locationOf('b-2', 1)],
    );
    assert.deepEqual(await fleet.parked.list(), []);
  });
});

describe('what is wrong with the options', () => {
  test('one error with every wrong field', async (t) => {
    const sandbox = await sandboxFor(['a-1']);
    t.after(() => sandbox.close());
    const one = connection(sandbox, 'a-1', { locations: 2 });
    const error = await failureOf(
      fleetOn(
        [
          {
            ...one,
            routes: [
              { location: locationOf('a-1', 0), mapping: 'sahred' },
              { location: 'elsewhere', if: { field: 'money.gros', gte: 5 } },
            ],
          },
          { ...connection(sandbox, 'a-1'), token: 'canary' },
          { ...connection(sandbox, 'c-3'), token: undefined, digistore24: { apiKey: 'can ary' } },
          { ...connection(sandbox, 'd/4'), highlevel: [{ locationId: 'here', auth: { kind: 'oauth' } }] },
        ],
        { mappings: { shared: { tags: { prefx: 'x' } }, round: { extends: 'round' } }, mapping: 'shared', keepDays: 0 },
      ),
    );
    assert.equal(error.code, 'invalid_input');
    const paths = error.fields.map(({ path }) => path);
    for (const path of [
      'keepDays',
      'mappings.shared.tags.prefx',
      'connections[0].routes',
      'connections[0].routes[0].mapping',
      'connections[0].routes[1].location',
      'connections[0].routes[1].if[0].field',
      'connections[1].id',
      'connections[1].token',
      'connections[1].highlevel[0].locationId',
      'connections[2].token',
      'connections[2].digistore24.apiKey',
      'connections[3].id',
      'connections[3].highlevel[0].auth.clientId',
    ]) {
      assert.ok(paths.includes(path), `${path} in ${JSON.stringify(error.fields, null, 1)}`);
    }
    assert.equal(new Set(error.fields.map((field) => JSON.stringify(field))).size, error.fields.length);
    assert.doesNotMatch(JSON.stringify(error), /canary|can ary/);
  });

  test('the shape: unknown names, wrong types, nothing at all', async () => {
    for (const [options, path] of [
      [undefined, 'connections'],
      [[], 'connections'],
      [[{ id: 'a', highlevel: [], conections: 1 }], 'connections[0].conections'],
      [[{ id: 'a', highlevel: [{}] }], 'connections[0].highlevel[0].locationId'],
      [
        [{ id: 'a', highlevel: [{ locationId: 'l' }], routes: [{ when: { product: 1 }, location: 'l' }] }],
        'connections[0].routes[0].when.product',
      ],
    ]) {
      const error = await failureOf(fleetOn(options));
      assert.ok(
        error.fields?.some((field) => field.path === path),
        `${path} in ${JSON.stringify(error)}`,
      );
    }
  });

  test('mappings by name stand on each other; a circle is told', async (t) => {
    const sandbox = await sandboxFor(['a-1', 'b-2']);
    t.after(() => sandbox.close());
    const mappings = {
      base: { extends: 'minimal', tags: { prefix: 'base-' } },
      own: { extends: 'base', tags: { byEvent: { payment: ['paid'] } } },
    };
    const place = locationOf('b-2');
    const fleet = await fleetOn(
      [connection(sandbox, 'a-1'), connection(sandbox, 'b-2', { routes: [{ location: place, mapping: 'own' }] })],
      { mappings, mapping: 'base' },
    );
    t.after(() => fleet.close());
    for (const id of ['a-1', 'b-2']) await fleet.receive(ipn(id, buys(sandbox).payment()));
    await fleet.tick();
    const tagsAt = (id) => contactsOf(sandbox, locationOf(id))[0].tags;
    assert.ok(tagsAt('a-1').includes('base-customer') && !tagsAt('a-1').includes('paid'));
    assert.ok(tagsAt('b-2').includes('base-customer') && tagsAt('b-2').includes('paid'));
    const error = await failureOf(
      fleetOn([connection(sandbox, 'a-1')], { mappings: { x: { extends: 'y' }, y: { extends: 'x' } }, mapping: 'x' }),
    );
    assert.match(error.fields[0].problem, /circle/);
  });
});
