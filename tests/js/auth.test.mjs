import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import {
  DEFAULT_CLIENT_SECRET,
  DEFAULT_COMPANY_ID,
  DEFAULT_LOCATION_ID,
  startSandbox,
} from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { agencyOn, agree, appOn, connect, elsewhere, redirectUri, tokenRequests } from './auth-support.mjs';
import { failureOf, pluginOn, temporaryFolder } from './support.mjs';

let skewMs = 0;
const clock = () => Date.now() + skewMs;
const sandbox = await startSandbox({ clock, settings: { burstLimit: 10_000 } });
after(() => sandbox.close());
beforeEach(() => {
  skewMs = 0;
  sandbox.reset();
});

const location = (plugin) => plugin.ghl.locations.getLocation({});
const count = (list, word) => list.filter((one) => one === word).length;
/** A plugin of an app, with what it shares with others. */
const appPlugin = (store, more = {}) => pluginOn(sandbox, { highlevel: appOn(sandbox), store, clock, ...more });

/** Two plugins on one store, connected. */
async function twoPlugins(t) {
  const store = memoryStore({ clock });
  const plugins = [await appPlugin(store), await appPlugin(store)];
  t.after(() => Promise.all(plugins.map((plugin) => plugin.close())));
  await connect(sandbox, plugins[0]);
  await Promise.all(plugins.map(location));
  return { store, plugins };
}

describe('connecting an app', () => {
  test('a person agrees, the code becomes tokens, calls go', async () => {
    const plugin = await appPlugin(memoryStore({ clock }));
    assert.equal((await plugin.auth.status()).highlevel.state, 'not_connected');
    assert.equal((await failureOf(location(plugin))).code, 'unauthenticated');
    assert.deepEqual(sandbox.requests(), []);

    const back = await agree(sandbox, plugin);
    assert.equal(back.get('state'), 'a-state');
    const status = await plugin.auth.exchange({ code: back.get('code') });
    const { expiresAt, ...rest } = status.highlevel;
    assert.deepEqual(rest, {
      kind: 'oauth',
      state: 'connected',
      source: 'store',
      scopes: await plugin.scopes(),
    });
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 86_399_000) < 10_000, expiresAt);
    assert.equal((await location(plugin)).location.id, DEFAULT_LOCATION_ID);
    await plugin.close();
  });

  test('the address is that of the marketplace, or of a white-label host; it bears no secret', async () => {
    const plugin = await appPlugin(memoryStore());
    const { url, scopes } = await plugin.auth.authorizeUrl({ state: 'x&y', scopes: ['contacts.readonly'] });
    assert.equal(
      url,
      'https://marketplace.gohighlevel.com/v2/oauth/chooselocation?response_type=code&client_id=sandbox-app' +
        `&redirect_uri=${encodeURIComponent(redirectUri)}&scope=contacts.readonly&state=x%26y`,
    );
    assert.deepEqual(scopes, ['contacts.readonly']);
    const other = await plugin.auth.authorizeUrl({ state: 'x', host: 'https://marketplace.leadconnectorhq.com' });
    assert.match(other.url, /^https:\/\/marketplace\.leadconnectorhq\.com\/v2\/oauth\/chooselocation\?/);
    assert.ok(!other.url.includes(DEFAULT_CLIENT_SECRET));
    assert.equal((await failureOf(plugin.auth.authorizeUrl({ state: '' }))).fields[0].path, 'state');
    await plugin.close();
  });

  test('another location than the connection’s, an agency, a used code: nothing is stored', async () => {
    const plugin = await appPlugin(memoryStore());
    sandbox.configure({ locations: { otherLocation0000001: {} } });
    for (const click of [{ locationId: 'otherLocation0000001' }, { companyId: DEFAULT_COMPANY_ID }]) {
      const error = await failureOf(connect(sandbox, plugin, click));
      assert.equal(error.code, 'misconfigured');
      assert.match(error.message, /another locationId/);
    }
    const code = (await agree(sandbox, plugin)).get('code');
    await plugin.auth.exchange({ code });
    skewMs += 1;
    assert.equal((await failureOf(plugin.auth.exchange({ code }))).code, 'unauthenticated');
    assert.equal((await plugin.auth.status()).highlevel.state, 'connected');
    await plugin.close();
  });

  test('an authorisation that was given elsewhere is taken once', async (t) => {
    const { store } = await twoPlugins(t);
    const { value } = store.get([`default/${DEFAULT_LOCATION_ID}/token/highlevel`]).entries[0];
    const { refresh } = JSON.parse(value);
    const own = memoryStore({ clock });
    const options = { highlevel: appOn(sandbox, { refreshToken: refresh }) };
    const first = await appPlugin(own, options);
    await location(first);
    await first.close();
    // The grace is over: only the successor works, and that is in the store.
    skewMs += 60_000;
    const second = await appPlugin(own, options);
    await location(second);
    sandbox.expireTokens();
    await location(second);
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 2);
    await second.close();
  });

  test('without a store that lasts there is a warning', async () => {
    const plugin = await pluginOn(sandbox, { highlevel: appOn(sandbox), store: undefined });
    assert.match(plugin.lines[0].message, /tokens are kept in memory/);
    await plugin.close();
  });

  test('what the kind needs is named', async () => {
    const lacking = async (auth) =>
      (await failureOf(pluginOn(sandbox, { highlevel: { auth, locationId: 'x' } }))).fields.map(({ path }) => path);
    assert.deepEqual(await lacking({ kind: 'oauth' }), ['highlevel.auth.clientId', 'highlevel.auth.clientSecret']);
    assert.deepEqual(await lacking({ kind: 'oauth', clientId: 'a', clientSecret: 'b', userType: 'Company' }), [
      'highlevel.auth.companyId',
    ]);
    assert.deepEqual(await lacking({ kind: 'private-integration' }), ['highlevel.auth.token']);
  });
});

describe('renewing', () => {
  test('100 parallel calls with one expired token: one refresh', async (t) => {
    const { plugins } = await twoPlugins(t);
    // The service says no, though the plugin thought it good: a clock that is wrong, or a person.
    sandbox.expireTokens();
    const before = sandbox.requests().length;
    await Promise.all(Array.from({ length: 100 }, (_, n) => location(plugins[n % 2])));
    const asked = tokenRequests(sandbox);
    assert.equal(count(asked, 'refresh_token'), 1);
    // Each call once with the old token at most, and once with the new one.
    assert.ok(sandbox.requests().length - before <= 201);
  });

  test('the same where the plugin itself knows that the token has expired', async (t) => {
    const { plugins } = await twoPlugins(t);
    skewMs += 86_400_000;
    await Promise.all(Array.from({ length: 100 }, (_, n) => location(plugins[n % 2])));
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 1);
    assert.equal(sandbox.requests().filter(({ status }) => status === 401).length, 0);
  });

  test('a token is renewed before its end, and meanwhile calls go on with it', async (t) => {
    const { plugins } = await twoPlugins(t);
    skewMs += 86_399_000 - 50_000;
    sandbox.fault({ service: 'ghl', kind: 'status', status: 503, path: '/oauth/token', times: 1 });
    await location(plugins[0]);
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 1);
    await location(plugins[0]);
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 2);
    assert.equal(sandbox.requests().filter(({ status }) => status === 401).length, 0);
  });

  test('two processes with 50 calls each on one file: one refresh', async (t) => {
    const state = join(temporaryFolder(t), 'state.sqlite');
    const plugin = await appPlugin(openSqliteStore(state));
    await connect(sandbox, plugin);
    await plugin.close();
    sandbox.expireTokens();
    const task = { highlevel: appOn(sandbox), state, calls: 50 };
    const both = await Promise.all([elsewhere(task), elsewhere(task)]);
    for (const { answer } of both) assert.deepEqual(answer, Array(50).fill('fulfilled'));
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 1);
  });

  test('a process is killed between the answer and the commit: another goes on, and nothing is lost', async (t) => {
    const state = join(temporaryFolder(t), 'state.sqlite');
    const plugin = await appPlugin(openSqliteStore(state));
    await connect(sandbox, plugin);
    await plugin.close();
    sandbox.expireTokens();
    const task = { highlevel: appOn(sandbox), state, calls: 1 };
    assert.equal((await elsewhere({ ...task, dies: true })).signal, 'SIGKILL');
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 1);
    // The dead one's lease ends after 15 seconds; the grace of the refresh token after 30.
    skewMs = 16_000;
    assert.deepEqual((await elsewhere({ ...task, skewMs })).answer, ['fulfilled']);
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 2);
    // Long after the grace the successor still works.
    sandbox.expireTokens();
    skewMs = 3_600_000;
    assert.deepEqual((await elsewhere({ ...task, skewMs })).answer, ['fulfilled']);
  });

  test('a clock that is five minutes wrong costs at most one refused call', async (t) => {
    const { store, plugins } = await twoPlugins(t);
    for (const wrong of [-300_000, 300_000]) {
      // As long as the store's own time is right, it is not even noticed.
      const other = await appPlugin(store, { clock: () => clock() + wrong });
      sandbox.expireTokens();
      await Promise.all([...plugins.map(location), location(other), location(other)]);
      await other.close();
    }
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 2);
    // A store whose time is wrong, too: two processes on two machines.
    const far = {
      ...store,
      get: (keys) => ({ ...store.get(keys), now: clock() + 300_000 }),
    };
    const other = await appPlugin(far, { clock: () => clock() + 300_000 });
    sandbox.expireTokens();
    const ends = await Promise.allSettled(
      [...plugins, other].flatMap((plugin) => [location(plugin), location(plugin)]),
    );
    assert.deepEqual(
      ends.filter(({ status }) => status === 'rejected'),
      [],
    );
    await other.close();
  });

  test('answers that are lost, late or broken: the very same request again brings the same pair', async (t) => {
    const { plugins } = await twoPlugins(t);
    for (const fault of [
      { kind: 'reset_after' },
      { kind: 'truncated' },
      { kind: 'malformed' },
      { kind: 'status', status: 502 },
    ]) {
      sandbox.expireTokens();
      sandbox.fault({ service: 'ghl', path: '/oauth/token', times: 1, ...fault });
      await location(plugins[0]);
      await location(plugins[1]);
    }
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 8);
  });

  test('a refresh that times out is tried again, and in the end the call fails and the pair is kept', async (t) => {
    const { plugins } = await twoPlugins(t);
    const real = globalThis.setTimeout;
    // The ten seconds of a request for a token, and the pauses, cost no time here.
    t.mock.method(globalThis, 'setTimeout', (work, ms, ...rest) => real(work, ms > 90 ? 90 : ms, ...rest));
    sandbox.expireTokens();
    sandbox.fault({ service: 'ghl', path: '/oauth/token', kind: 'timeout', times: 4 });
    const error = await failureOf(location(plugins[0]));
    assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 3);
    await location(plugins[1]);
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 5);
  });

  test('a refused refresh is remembered: nobody hammers; connecting again heals it', async (t) => {
    const { store, plugins } = await twoPlugins(t);
    sandbox.revokeApps();
    const errors = await Promise.all(Array.from({ length: 20 }, (_, n) => failureOf(location(plugins[n % 2]))));
    for (const error of errors) {
      assert.equal(error.code, 'unauthenticated');
      assert.match(error.help, /Connect again/);
    }
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 1);
    const later = await appPlugin(store);
    const before = sandbox.requests().length;
    assert.equal((await failureOf(location(later))).code, 'unauthenticated');
    assert.equal(sandbox.requests().length, before);
    assert.equal((await later.auth.status()).highlevel.state, 'lost');
    await connect(sandbox, later);
    await Promise.all([...plugins, later].map(location));
    await later.close();
  });

  test('an inactive location keeps its pair, and is asked for once a minute', async (t) => {
    const { plugins } = await twoPlugins(t);
    sandbox.expireTokens();
    sandbox.configure({ locations: { [DEFAULT_LOCATION_ID]: { isActive: false } } });
    for (let n = 0; n < 5; n++) {
      const error = await failureOf(location(plugins[n % 2]));
      assert.deepEqual([error.code, error.retryable], ['forbidden', true]);
      assert.match(error.message, /not active/);
    }
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 1);
    assert.equal((await plugins[0].auth.status()).highlevel.state, 'inactive');
    sandbox.configure({ locations: { [DEFAULT_LOCATION_ID]: { isActive: true } } });
    skewMs += 61_000;
    await location(plugins[1]);
  });

  test('only an expired or invalid token is renewed, and once for each call', async (t) => {
    const { plugins } = await twoPlugins(t);
    const [plugin] = plugins;
    const messages = [
      ['The token is not authorized for this scope.', 'forbidden'],
      ["Token's user type mismatch!", 'forbidden'],
      ['This authClass type is not allowed to access this scope.', 'forbidden'],
      ['This route is not yet supported by the IAM Service. Please update your IAM config.', 'forbidden'],
      ['version header was not found.', 'misconfigured'],
      ['version header is invalid', 'misconfigured'],
    ];
    for (const [message, code] of messages) {
      sandbox.fault({
        service: 'ghl',
        kind: 'status',
        status: 401,
        body: { statusCode: 401, message },
        path: '/locations',
        times: 1,
      });
      assert.equal((await failureOf(location(plugin))).code, code, message);
    }
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 0);
    sandbox.fault({
      service: 'ghl',
      kind: 'status',
      status: 401,
      body: { message: 'Invalid JWT' },
      path: '/locations',
      times: 2,
    });
    assert.equal((await failureOf(location(plugin))).code, 'unauthenticated');
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 1);
  });

  test('a renewal is told as an event', async (t) => {
    const { plugins } = await twoPlugins(t);
    const events = [];
    plugins[0].observe((event) => events.push(event));
    sandbox.expireTokens();
    await location(plugins[0]);
    const told = events.filter(({ kind }) => kind === 'refresh').map(({ service, code }) => [service, code]);
    assert.deepEqual(told, [['ghl', 'ok']]);
  });
});

describe('an agency’s app', () => {
  test('the location’s token is made from the agency’s, and made anew', async () => {
    const store = memoryStore({ clock });
    const plugin = await appPlugin(store, { highlevel: agencyOn(sandbox) });
    const scopes = ['oauth.write', ...(await plugin.scopes())];
    const agreed = { companyId: DEFAULT_COMPANY_ID };
    assert.equal((await failureOf(connect(sandbox, plugin, {}, { scopes }))).code, 'misconfigured');
    await connect(sandbox, plugin, agreed, { scopes });
    await Promise.all(Array.from({ length: 20 }, () => location(plugin)));
    assert.deepEqual(tokenRequests(sandbox).slice(2), ['location']);

    // Both have ended.
    sandbox.expireTokens();
    await Promise.all(Array.from({ length: 20 }, () => location(plugin)));
    const asked = tokenRequests(sandbox).slice(3);
    assert.equal(count(asked, 'refresh_token'), 1);
    // Once with the agency's old token, which was refused, and once with the new one.
    assert.deepEqual(asked, ['location', 'refresh_token', 'location']);
    assert.deepEqual(
      store.list({ prefix: '', limit: 100 }).entries.map(({ key }) => key),
      [`default/company:${DEFAULT_COMPANY_ID}/token/highlevel`, `default/${DEFAULT_LOCATION_ID}/token/highlevel`],
    );
    await plugin.close();
  });

  test('several locations share the agency’s pair', async () => {
    sandbox.configure({ locations: { otherLocation0000001: {} } });
    const store = memoryStore({ clock });
    const other = { ...agencyOn(sandbox), locationId: 'otherLocation0000001' };
    const plugins = [
      await appPlugin(store, { highlevel: agencyOn(sandbox) }),
      await appPlugin(store, { highlevel: other }),
    ];
    const scopes = ['oauth.write', 'locations.readonly'];
    await connect(sandbox, plugins[0], { companyId: DEFAULT_COMPANY_ID }, { scopes });
    const names = await Promise.all(plugins.map(async (plugin) => (await location(plugin)).location.id));
    assert.deepEqual(names, [DEFAULT_LOCATION_ID, 'otherLocation0000001']);
    skewMs += 86_400_000;
    await Promise.all(plugins.map(location));
    assert.equal(count(tokenRequests(sandbox), 'refresh_token'), 1);
    await Promise.all(plugins.map((plugin) => plugin.close()));
  });

  test('a location that is not the agency’s is a clear error', async () => {
    const highlevel = { ...agencyOn(sandbox), locationId: 'foreignLocation00001' };
    const plugin = await appPlugin(memoryStore({ clock }), { highlevel });
    await connect(sandbox, plugin, { companyId: DEFAULT_COMPANY_ID }, { scopes: ['oauth.write'] });
    const error = await failureOf(location(plugin));
    assert.deepEqual([error.code, error.retryable], ['forbidden', false]);
    assert.match(error.help, /Install the app in the location/);
    await plugin.close();
  });
});
