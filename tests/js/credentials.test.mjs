import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import {
  DEFAULT_API_KEY,
  DEFAULT_TOKEN,
  DEVELOPER_API_KEY,
  READONLY_API_KEY,
  startSandbox,
} from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { appOn, connect, redirectUri } from './auth-support.mjs';
import { failureOf, form, passphrase, pluginOn } from './support.mjs';

let skewMs = 0;
const clock = () => Date.now() + skewMs;
const sandbox = await startSandbox({ clock, settings: { burstLimit: 10_000 } });
after(() => sandbox.close());
beforeEach(() => {
  skewMs = 0;
  sandbox.reset();
});

const location = (plugin) => plugin.ghl.locations.getLocation({});
/** A plugin of an app. */
const appPlugin = (store, more = {}) => pluginOn(sandbox, { highlevel: appOn(sandbox), store, clock, ...more });

describe('scopes', () => {
  test('a call whose scope is known to be missing is not sent', async () => {
    const plugin = await appPlugin(memoryStore({ clock }));
    await connect(sandbox, plugin, {}, { scopes: ['contacts.readonly'] });
    const before = sandbox.requests().length;
    const error = await failureOf(plugin.ghl.contacts.createContact({ email: 'a@example.com' }));
    assert.deepEqual([error.code, error.missingScopes], ['forbidden', ['contacts.write']]);
    assert.equal(sandbox.requests().length, before);
    await plugin.ghl.contacts.getDuplicateContact({ email: 'a@example.com' });
    await plugin.close();
  });

  test('those of a private integration come from the options', async () => {
    const auth = { kind: 'private-integration', token: DEFAULT_TOKEN, scopes: ['contacts.readonly'] };
    const plugin = await pluginOn(sandbox, { highlevel: { ...appOn(sandbox), auth } });
    const error = await failureOf(plugin.ghl.contacts.addTags({ contactId: 'x', tags: ['a'] }));
    assert.deepEqual([error.code, error.missingScopes], ['forbidden', ['contacts.write']]);
    assert.deepEqual(sandbox.requests(), []);
    await plugin.close();
  });

  test('what a mapping needs, or named operations', async () => {
    const plugin = await pluginOn(sandbox);
    const all = [
      'contacts.readonly',
      'contacts.write',
      'locations.readonly',
      'locations/customFields.readonly',
      'locations/customFields.write',
    ];
    assert.deepEqual(await plugin.scopes(), all);
    assert.deepEqual(await plugin.scopes({ for: ['ghl.workflows.getWorkflow'] }), ['workflows.readonly']);
    assert.ok((await plugin.scopes({ for: ['bridge.createOrUpdateDeal'] })).includes('opportunities.write'));
    assert.deepEqual(await plugin.scopes({ for: ['digistore24.getPurchase'] }), []);
    assert.equal((await failureOf(plugin.scopes({ for: ['ghl.nothing'] }))).code, 'invalid_input');
    const slim = await pluginOn(sandbox, { mapping: { customFields: false } });
    assert.deepEqual(await slim.scopes(), all.slice(0, 3));
    await Promise.all([plugin.close(), slim.close()]);
  });
});

describe('rotation while running', () => {
  test('a private token: the one plugin at once, the other when the old one is refused', async () => {
    const store = memoryStore({ clock });
    const plugins = [await pluginOn(sandbox, { store, clock }), await pluginOn(sandbox, { store, clock })];
    await Promise.all(plugins.map(location));
    const { [DEFAULT_TOKEN]: _, ...tokens } = sandbox.world.settings.tokens;
    sandbox.world.settings = { ...sandbox.world.settings, tokens: { ...tokens, 'pit-new': {} } };
    assert.equal((await failureOf(location(plugins[1]))).code, 'unauthenticated');
    const status = await plugins[0].auth.rotate({ token: 'pit-new' });
    assert.deepEqual([status.highlevel.state, status.highlevel.source], ['connected', 'store']);
    const before = sandbox.requests().length;
    await location(plugins[0]);
    assert.equal(sandbox.requests().length, before + 1);
    await location(plugins[1]);
    assert.equal(sandbox.requests().length, before + 3);
    // Newer options count again.
    sandbox.configure({ tokens: { 'pit-newest': {} } });
    const auth = { kind: 'private-integration', token: 'pit-newest' };
    const third = await pluginOn(sandbox, { store, clock, highlevel: { ...appOn(sandbox), auth } });
    assert.equal((await third.auth.status()).highlevel.source, 'options');
    await location(third);
    await Promise.all([...plugins, third].map((plugin) => plugin.close()));
  });

  test('without a refusal the other notices after a minute', async () => {
    const store = memoryStore({ clock });
    const plugins = [await pluginOn(sandbox, { store, clock }), await pluginOn(sandbox, { store, clock })];
    sandbox.configure({ tokens: { 'pit-new': { scopes: [] } } });
    await location(plugins[1]);
    await plugins[0].auth.rotate({ token: 'pit-new' });
    await location(plugins[1]);
    skewMs += 60_001;
    assert.deepEqual((await failureOf(location(plugins[1]))).missingScopes, ['locations.readonly']);
    await Promise.all(plugins.map((plugin) => plugin.close()));
  });

  test('an API key', async () => {
    const store = memoryStore({ clock });
    const plugins = [await pluginOn(sandbox, { store, clock }), await pluginOn(sandbox, { store, clock })];
    const ping = (plugin) => plugin.digistore24.ping({});
    await Promise.all(plugins.map(ping));
    sandbox.world.settings = { ...sandbox.world.settings, apiKeys: { '777-new': 'full' } };
    await plugins[0].auth.rotate({ apiKey: '777-new' });
    await Promise.all(plugins.map(ping));
    await plugins[0].auth.rotate({ apiKey: '777-wrong' });
    assert.equal((await failureOf(ping(plugins[0]))).code, 'unauthenticated');
    await Promise.all(plugins.map((plugin) => plugin.close()));
  });

  test('a passphrase: the last one stays valid, the one before it does not', async () => {
    const store = memoryStore({ clock });
    const plugins = [await pluginOn(sandbox, { store, clock }), await pluginOn(sandbox, { store, clock })];
    const send = async (plugin, secret) => {
      const message = sandbox.story().payment();
      return (await plugin.receive({ method: 'POST', body: form(message, secret) })).outcome;
    };
    assert.equal(await send(plugins[1], passphrase), 'queued');
    await plugins[0].auth.rotate({ ipnPassphrase: 'second' });
    for (const plugin of plugins) {
      assert.equal(await send(plugin, 'second'), 'queued');
      assert.equal(await send(plugin, passphrase), 'queued');
      assert.equal(await send(plugin, 'other'), 'refused');
    }
    await plugins[0].auth.rotate({ ipnPassphrase: 'third' });
    assert.equal(await send(plugins[0], passphrase), 'refused');
    assert.equal((await plugins[0].auth.status()).digistore24.ipnPassphrases, 2);
    await Promise.all(plugins.map((plugin) => plugin.close()));
  });

  test('one thing at a time, and of the kind that the connection has', async () => {
    const plugin = await appPlugin(memoryStore());
    for (const input of [{}, { token: 'a', apiKey: 'b' }, { token: '' }, { odd: 'x' }, { apiKey: 7 }]) {
      assert.equal((await failureOf(plugin.auth.rotate(input))).code, 'invalid_input', JSON.stringify(input));
    }
    assert.equal((await failureOf(plugin.auth.rotate({ token: 'pit-x' }))).code, 'misconfigured');
    await plugin.close();
  });
});

describe('Digistore24’s keys', () => {
  const shop = (digistore24) => ({ digistore24: { baseUrl: sandbox.digistore24Url, ...digistore24 } });

  test('a key that can only read: writes are refused before they are sent, once it is known', async () => {
    const plugin = await pluginOn(sandbox, shop({ apiKey: READONLY_API_KEY }));
    const write = () => failureOf(plugin.digistore24.updateBuyer({ buyer_id: 1, email: 'a@example.com' }));
    assert.equal((await write()).code, 'forbidden');
    assert.equal(sandbox.requests().length, 1);
    await plugin.digistore24.getUserInfo({});
    const error = await write();
    assert.deepEqual([error.code, error.message], ['forbidden', 'the API key can only read']);
    assert.equal(sandbox.requests().length, 2);
    await plugin.digistore24.ping({});
    assert.equal((await plugin.auth.status()).digistore24.readOnly, true);
    await plugin.auth.rotate({ apiKey: DEFAULT_API_KEY });
    assert.notEqual((await write()).message, 'the API key can only read');
    await plugin.close();
  });

  test('the dialogue: a vendor grants a key, and it is used', async () => {
    const plugin = await pluginOn(sandbox, shop({ developerKey: DEVELOPER_API_KEY }));
    assert.equal((await failureOf(plugin.digistore24.ping({}))).code, 'misconfigured');
    const request = await plugin.auth.requestApiKey({ permissions: 'writable', return_url: redirectUri });
    const token = request.request_token;
    assert.deepEqual(await plugin.auth.retrieveApiKey({ token }), { status: 'pending' });
    const back = await fetch(request.request_url, { redirect: 'manual' });
    assert.equal(back.headers.get('location'), redirectUri);
    assert.deepEqual(await plugin.auth.retrieveApiKey({ token }), { status: 'completed' });
    assert.equal((await plugin.digistore24.getUserInfo({})).api_key_permissions, 'writable');

    const refused = await plugin.auth.requestApiKey({ permissions: 'read-only', return_url: redirectUri });
    await fetch(`${refused.request_url}?refuse`, { redirect: 'manual' });
    assert.deepEqual(await plugin.auth.retrieveApiKey({ token: refused.request_token }), { status: 'aborted' });
    await plugin.digistore24.unregister({});
    assert.equal((await failureOf(plugin.digistore24.ping({}))).code, 'unauthenticated');
    await plugin.close();
  });

  test('without a developer key there is no dialogue', async () => {
    const plugin = await pluginOn(sandbox, shop({}));
    const error = await failureOf(plugin.auth.requestApiKey({ permissions: 'writable', return_url: redirectUri }));
    assert.deepEqual([error.code, error.message], ['misconfigured', 'no Digistore24 developer key is set']);
    assert.deepEqual(sandbox.requests(), []);
    await plugin.close();
  });
});

describe('check', () => {
  const wrong = ({ checks }) => checks.filter(({ ok }) => !ok).map(({ name, message }) => `${name}: ${message}`);

  test('all is right after the setup', async () => {
    const plugin = await pluginOn(sandbox);
    assert.match(wrong(await plugin.check()).join(), /^HighLevel: custom fields: missing: ds24_buyer_id,/);
    await plugin.setup();
    const report = await plugin.check();
    assert.deepEqual([report.ok, wrong(report)], [true, []]);
    assert.deepEqual(
      report.checks.map(({ name }) => name),
      [
        'HighLevel: credentials',
        'HighLevel: location',
        'HighLevel: contacts',
        'HighLevel: custom fields',
        'Digistore24: API key',
        'Digistore24: merchant',
        'HighLevel: scopes',
        'Digistore24: IPN passphrase',
        'HighLevel: tasks',
      ],
    );
    assert.equal(report.checks[1].message, 'Sandbox Academy');
    await plugin.close();
  });

  test('whose sales count is said, and compared with the API key', async () => {
    const line = async (more) => {
      const { apiKey, ipnPassphrase } = { apiKey: DEFAULT_API_KEY, ipnPassphrase: 'a long phrase' };
      const digistore24 = { apiKey, ipnPassphrase, baseUrl: sandbox.digistore24Url, ...more };
      const plugin = await pluginOn(sandbox, { digistore24 });
      const { checks } = await plugin.check();
      await plugin.close();
      return checks.find(({ name }) => name === 'Digistore24: merchant');
    };
    const unset = await line({});
    const [, number] = /the API key is of (\w+);/.exec(unset.message);
    assert.ok(unset.ok);
    assert.deepEqual((await line({ merchantId: number })).message, `${number}: sales of others are put aside`);
    const other = await line({ merchantId: '1' });
    assert.deepEqual([other.ok, other.message], [false, `the API key is of ${number}, the setting says 1`]);
    const ipn = ['a', 'b'].map((id) => ({ id, passphrases: ['a long phrase'] }));
    assert.match((await line({ ipnPassphrase: undefined, ipn })).message, /^any/);
  });

  test('each thing that is wrong is named', async () => {
    sandbox.configure({ tokens: { poor: { scopes: ['locations.readonly'] } } });
    const highlevel = { ...appOn(sandbox), auth: { kind: 'private-integration', token: 'poor' } };
    const plugin = await pluginOn(sandbox, {
      highlevel,
      digistore24: { apiKey: 'nonsense', baseUrl: sandbox.digistore24Url },
    });
    assert.deepEqual(wrong(await plugin.check()), [
      'HighLevel: contacts: the token lacks the scope contacts.readonly',
      'HighLevel: custom fields: the token lacks the scope locations/customFields.readonly',
      "Digistore24: API key: Digistore24 doesn't accept the API key",
      'HighLevel: scopes: missing: contacts.readonly, locations/customFields.readonly',
      'Digistore24: IPN passphrase: none is set: no message is accepted',
    ]);
    await plugin.close();
  });

  test('a token that nobody knows ends the reads of HighLevel', async () => {
    const highlevel = { ...appOn(sandbox), auth: { kind: 'private-integration', token: 'unknown' } };
    const plugin = await pluginOn(sandbox, { highlevel, digistore24: undefined });
    assert.deepEqual(wrong(await plugin.check()), ["HighLevel: credentials: HighLevel doesn't accept the token"]);
    assert.equal(sandbox.requests().length, 1);
    await plugin.close();
  });

  test('an app: its scopes are known, those for writing as well', async () => {
    const plugin = await appPlugin(memoryStore({ clock }), { digistore24: undefined });
    const readable = (await plugin.scopes()).filter((scope) => scope.endsWith('readonly'));
    await connect(sandbox, plugin, {}, { scopes: readable });
    const [fields, scopes] = wrong(await plugin.check());
    assert.match(fields, /custom fields: missing/);
    assert.equal(scopes, 'HighLevel: scopes: missing: contacts.write, locations/customFields.write');
    await plugin.close();
  });

  test('nothing to check is a setting that is missing', async () => {
    const plugin = await pluginOn(sandbox, { highlevel: undefined, digistore24: undefined });
    assert.equal((await failureOf(plugin.check())).code, 'misconfigured');
    await plugin.close();
  });
});
