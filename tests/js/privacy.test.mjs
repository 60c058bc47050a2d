// Canaries in every secret setting and every personal field, everything made to fail in every way, and then all that
// comes out is searched: errors, log lines, events, metrics, alerts, HTTP replies, the command line's stderr.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { createMetrics, createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { form, temporaryFolder } from './support.mjs';

const SECRETS = {
  token: 'pit-canary0token',
  apiKey: '12345-canary1key',
  passphrase: 'canary2passphrase',
};
const BUYER = {
  id: '990canary3',
  addressId: 'canary4',
  email: 'canary5@canary6.example',
  firstName: 'Canary7ä',
  lastName: 'Canary8ß',
  title: 'Canary9',
  company: 'Canary10 GmbH',
  streetName: 'Canary11weg',
  streetNumber: '4711-7-4711canary12',
  street2: 'canary13',
  zipcode: 'C4N4RY14',
  city: 'Canary15',
  state: 'canary16',
  phone: '+49 30 4455661717',
  taxId: 'DECANARY18',
};
/** In any writing, encoded or not; the phone number also as GHL is told it. */
const CANARY = /canary|c4n4ry|4711-7-4711|4455661717/i;

const sandbox = await startSandbox({
  settings: { tokens: { [SECRETS.token]: {} }, apiKeys: { [SECRETS.apiKey]: 'full' } },
});
const { DEFAULT_LOCATION_ID: locationId } = await import('../../pkg/dist/sandbox/index.js');
after(() => sandbox.close());
beforeEach(() => sandbox.reset());

/** A sale with a canary in every personal field; also in those that the sandbox leaves empty. */
function story() {
  const story = sandbox.story({
    buyer: BUYER,
    billing: 'subscription',
    custom: 'canary20',
    campaignkey: 'canary21',
    voucherCode: 'canary22',
    affiliate: { id: 'canary23', name: 'canary24' },
  });
  const plant = (message) => {
    for (const name of Object.keys(message)) {
      const isPersonal = /^(address|billing|buyer|email|custom|utm|click|.*_(url|link|key|phone_no|mobile_no))/.test(
        name,
      );
      if (isPersonal && message[name] === '') message[name] = `canary-${name}`;
    }
    return message;
  };
  return {
    payment: () => plant(story.payment()),
    missed: () => plant(story.missed()),
    refund: () => plant(story.refund()),
  };
}

function options(more = {}) {
  return {
    highlevel: {
      auth: { kind: 'private-integration', token: SECRETS.token },
      locationId,
      baseUrl: sandbox.highlevelUrl,
    },
    digistore24: { apiKey: SECRETS.apiKey, ipnPassphrase: SECRETS.passphrase, baseUrl: sandbox.digistore24Url },
    settleSeconds: 0,
    store: memoryStore(),
    ...more,
  };
}

/** Fails where something that goes out holds a canary. */
function assertClean(where, ...things) {
  for (const thing of things) {
    const text = typeof thing === 'string' ? thing : `${JSON.stringify(thing)} ${thing?.stack ?? ''}`;
    for (const form of [text, decoded(text)]) {
      const found = CANARY.exec(form);
      assert.equal(found, null, `${where}: ${found && form.slice(Math.max(found.index - 80, 0), found.index + 80)}`);
    }
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

const FAULTS = [
  { kind: 'status', status: 400, body: { message: `Invalid value ${BUYER.email}`, error: 'canary' } },
  {
    kind: 'status',
    status: 400,
    body: { message: 'duplicated contacts', meta: { contactName: 'Canary', matchingField: 'canary' } },
  },
  { kind: 'status', status: 401, body: { message: `Invalid JWT ${SECRETS.token}` } },
  { kind: 'status', status: 403, body: `canary ${SECRETS.token}` },
  { kind: 'status', status: 404, body: { message: `Contact ${BUYER.email} not found` } },
  { kind: 'status', status: 409, body: { message: ['title must be canary'] } },
  {
    kind: 'status',
    status: 422,
    body: { message: [`email must be an email ${BUYER.email}`, 'nickname should not exist'] },
  },
  { kind: 'status', status: 429, body: { message: 'canary' }, headers: { 'retry-after': '0', 'x-canary': 'canary' } },
  { kind: 'status', status: 500, body: { message: 'canary', traceId: 'trace-1' } },
  { kind: 'status', status: 302, body: 'canary', headers: { location: 'http://canary.example/' } },
  { kind: 'status', status: 200, body: 'canary' },
  { kind: 'status', status: 200, body: { result: 'error', code: 3, message: `canary ${BUYER.email}` } },
  { kind: 'status', status: 200, body: { result: 'error', code: 2, message: `No such api key ${SECRETS.apiKey}` } },
  { kind: 'status', status: 200, body: { canary: 'canary' } },
  { kind: 'malformed' },
  { kind: 'truncated' },
  { kind: 'wrong_type' },
  { kind: 'reset' },
  { kind: 'reset_after' },
  { kind: 'create_then_422' },
  { kind: 'rate_limited', headers: { 'retry-after': '0' } },
];

const label = ({ kind, status, body }) => `${kind} ${status ?? ''} ${body ? JSON.stringify(body).slice(0, 30) : ''}`;

/** Pauses between tries cost no time here; the time-outs of requests (10 s for tokens, 30 s and more) stay. */
const realTimeout = globalThis.setTimeout;
globalThis.setTimeout = (work, ms, ...rest) =>
  realTimeout(work, ms > 100 && ms < 29_000 && ms !== 10_000 ? 1 : ms, ...rest);

describe('errors and log lines', () => {
  for (const fault of FAULTS) {
    test(`a service that answers with ${label(fault)}`, async () => {
      const lines = [];
      const keepLine = (line) => lines.push(line);
      const metrics = createMetrics();
      const plugin = await createPlugin({
        ...options(),
        log: keepLine,
        onEvent: keepLine,
        alerts: { onAlert: keepLine, signatureFailures: 1 },
      });
      plugin.observe(metrics.onEvent);
      for (const service of ['ghl', 'digistore24']) sandbox.fault({ service, ...fault });
      const errors = [];
      const keep = (error) => errors.push(error);
      const contactId = 'canary0000000000000x';
      await plugin.ghl.contacts.createContact({ email: BUYER.email, firstName: BUYER.firstName }).catch(keep);
      await plugin.ghl.contacts.getDuplicateContact({ email: BUYER.email }).catch(keep);
      await plugin.ghl.contacts.createNote({ contactId, body: 'canary', title: 'canary' }).catch(keep);
      await plugin.digistore24.getPurchase({ purchase_id: 'CANARY01' }).catch(keep);
      await plugin.digistore24.updatePurchase({ purchase_id: 'CANARY01', custom: 'canary' }).catch(keep);
      await plugin.setup().catch(keep);
      await plugin.timeline({ email: BUYER.email }).catch(keep);
      await plugin.ghl.custom.request({ path: '/canary/canary0000000000000x' }).catch(keep);
      await plugin.digistore24.customRequest({ function: 'canary' }).catch(keep);
      await plugin.poll('digistore24.newPurchase').catch(keep);
      await plugin.poll('canary').catch(keep);
      await plugin.receive({ method: 'POST', body: form(story().missed(), 'forged') });
      const body = form(story().payment(), SECRETS.passphrase);
      assert.equal((await plugin.receive({ method: 'POST', body })).outcome, 'queued');
      const { events } = await plugin.tick();
      for (const { error } of events) if (error) errors.push(error);
      const rooms = await Promise.all(['inbox', 'dead', 'done', 'kept'].map((room) => plugin.inbox(room)));
      assert.ok(['call', 'webhook', 'sync', 'alert'].every((kind) => lines.some((line) => line.kind === kind)));
      assertClean(label(fault), lines, metrics.text(), rooms.flat(), ...errors);
      for (const error of errors) assertClean('as a text', String(error), JSON.stringify(error), error.cause ?? '');
      await plugin.close();
    });
  }

  test('wrong options and wrong inputs', async () => {
    const lines = [];
    const log = (line) => lines.push(line);
    const errors = [];
    const keep = (error) => errors.push(error);
    const wrong = 'canary';
    await createPlugin({ highlevel: { auth: { kind: wrong, token: { wrong } }, locationId: 7, baseUrl: wrong } }).catch(
      keep,
    );
    await createPlugin({ digistore24: { apiKey: [wrong], ipnPassphrase: { a: wrong }, baseUrl: wrong } }).catch(keep);
    await createPlugin({ mapping: { tags: { prefix: 7, wrong }, notes: wrong }, settleSeconds: wrong }).catch(keep);
    const highlevel = { ...options().highlevel, baseUrl: 'https://canary0user:canary0pass@127.0.0.1:1' };
    await createPlugin({ ...options(), highlevel }).catch(keep);
    await createPlugin({ ...options(), digistore24: { apiKey: 'canary 1\r\nx-canary: 1' } }).catch(keep);
    await createPlugin({ ...options(), alerts: { url: 'http://canary.example/canary' } }).catch(keep);
    await createPlugin({ ...options(), alerts: { canary: 'canary' } }).catch(keep);
    assert.equal(errors.length, 7);
    const plugin = await createPlugin({ ...options(), log });
    await plugin.run('ghl.contacts.createContact', { email: ['canary'], firstName: { a: 'canary' } }).catch(keep);
    await plugin.run('ghl.contacts.createTask', { contactId: 'canary', dueDate: 'canary', title: 7 }).catch(keep);
    await plugin.run('ghl.contacts.addTags', 'canary').catch(keep);
    await plugin.run('canary.contacts.canary', {}).catch(keep);
    await plugin.sync.plan({ raw: { email: 7, name: 'canary' } }).catch(keep);
    await plugin.sync.apply({ raw: 'canary' }).catch(keep);
    await plugin.inbox('canary').catch(keep);
    await plugin.timeline({ email: 'canary', odd: 'canary' }).catch(keep);
    assert.equal(errors.length, 15);
    assertClean('wrong input', lines, ...errors);
    await plugin.close();
  });

  test('unreachable services and a host whose parts fail with everything in their words', async () => {
    const canary = () => {
      throw new Error(`canary ${SECRETS.token} ${BUYER.email}`);
    };
    const rejecting = async () => canary();
    for (const more of [
      { fetch: canary },
      { fetch: rejecting },
      { store: { ...memoryStore(), get: canary } },
      { store: { ...memoryStore(), list: rejecting } },
      { store: { ...memoryStore(), commit: rejecting } },
    ]) {
      const lines = [];
      const errors = [];
      const keep = (error) => errors.push(error);
      const plugin = await createPlugin({ ...options(), log: (line) => lines.push(line), ...more });
      await plugin.ghl.contacts.createContact({ email: BUYER.email }).catch(keep);
      await plugin.sync.apply({ raw: story().payment() }).catch(keep);
      const { response, error } = await plugin.receive({
        method: 'POST',
        body: form(story().missed(), SECRETS.passphrase),
      });
      const { events = [] } = await plugin.tick().catch((e) => keep(e) && {});
      assertClean('a broken host', lines, error, await response.text(), ...errors, ...events.map((e) => e.error));
      await plugin.close();
    }
  });
});

describe('an app and its tokens', () => {
  const APP = { clientId: 'an-app', clientSecret: 'canary30secret' };
  const redirectUri = 'https://app.example/back';
  const highlevel = () => ({
    auth: { kind: 'oauth', ...APP, redirectUri },
    locationId,
    baseUrl: sandbox.highlevelUrl,
  });
  /** All tokens that the sandbox has given out. */
  const tokens = () => {
    const { tokens, refreshTokens, codes } = sandbox.world.ghl.oauth;
    return [...tokens.keys(), ...refreshTokens.keys(), ...codes.keys()];
  };

  test('no secret, code or token in an error, a log line, an event, a status or an address', async (t) => {
    // Pauses cost no time; the plugin's clock knows of them.
    let passed = 0;
    const real = globalThis.setTimeout;
    t.mock.method(globalThis, 'setTimeout', (work, ms = 0, ...rest) =>
      real(
        () => {
          passed += Math.max(0, ms - 50);
          work(...rest);
        },
        ms < 10_000 ? Math.min(ms, 50) : ms,
      ),
    );
    sandbox.configure({ apps: { 'an-app': { secret: APP.clientSecret } } });
    const [lines, urls, out] = [[], [], []];
    const store = memoryStore();
    const spied = (url, init) => {
      urls.push(String(url));
      return fetch(url, init);
    };
    const plugin = await createPlugin({
      ...options({ store }),
      highlevel: highlevel(),
      clock: () => Date.now() + passed,
      fetch: spied,
      log: (line) => lines.push(line),
      onEvent: (event) => out.push(event),
    });
    const keep = (error) => out.push(error);
    const { url } = await plugin.auth.authorizeUrl({ state: 's', host: sandbox.highlevelUrl });
    out.push(url);
    const back = await fetch(url, { redirect: 'manual' });
    const code = new URL(back.headers.get('location')).searchParams.get('code');
    out.push(await plugin.auth.exchange({ code }));
    await plugin.auth.exchange({ code: 'canary31code' }).catch(keep);
    for (const fault of [
      ...FAULTS,
      { kind: 'status', status: 400, body: { message: 'Location is not active canary' } },
      { kind: 'status', status: 400, body: { error: 'invalid_grant', error_description: 'canary' } },
    ]) {
      sandbox.expireTokens();
      sandbox.fault({ service: 'ghl', path: '/oauth/token', ...fault });
      await plugin.ghl.locations.getLocation({}).catch(keep);
      await plugin.auth.exchange({ code: 'canary31code' }).catch(keep);
      out.push(await plugin.auth.status());
      sandbox.clearFaults();
    }
    await plugin.auth.rotate({ token: 'canary32token' }).catch(keep);
    await plugin.auth.rotate({ apiKey: 'canary33key', token: 'canary32token' }).catch(keep);
    out.push(await plugin.auth.rotate({ apiKey: 'canary33key' }));
    out.push(await plugin.auth.rotate({ ipnPassphrase: 'canary34passphrase' }));
    await plugin.digistore24.ping({}).catch(keep);
    out.push(await plugin.check());
    assert.ok(tokens().length > 3 && out.length > 40);
    for (const token of [...tokens(), APP.clientSecret]) {
      for (const [where, things] of Object.entries({ lines, urls, out })) {
        for (const thing of things) {
          const text = typeof thing === 'string' ? thing : `${JSON.stringify(thing)} ${thing?.stack ?? ''}`;
          assert.ok(!text.includes(token), `${where}: ${text.slice(0, 200)}`);
        }
      }
    }
    assertClean('an app', lines, urls, ...out);
    await plugin.close();
  });
});

describe('HTTP replies of the receiver', () => {
  test('refused, failing and accepted messages; healthz and metrics', async () => {
    const lines = [];
    const log = (line) => lines.push(line);
    const store = memoryStore();
    let isBroken = false;
    const commit = (writes) => {
      if (isBroken) throw new Error(`canary ${JSON.stringify(writes)}`);
      return store.commit(writes);
    };
    const plugin = await createPlugin({ ...options({ store: { ...store, commit } }), log });
    const receiver = await serve({ plugin, log });
    const replies = [];
    const post = async (body, type = 'application/x-www-form-urlencoded') => {
      const response = await fetch(receiver.webhookUrl, { method: 'POST', body, headers: { 'content-type': type } });
      replies.push(await response.text(), JSON.stringify([...response.headers]));
    };
    const message = story().payment();
    await post(form(message, 'another passphrase'));
    await post(form(message, ''));
    await post(JSON.stringify(message), 'application/json');
    await post(`email=canary&email=${BUYER.email}`);
    await post(`canary=${'canary'.repeat(200_000)}`);
    await post('canary');
    isBroken = true;
    await post(form(message, SECRETS.passphrase));
    isBroken = false;
    sandbox.fault({ service: 'ghl', kind: 'create_then_422' });
    await post(form(message, SECRETS.passphrase));
    await receiver.idle();
    for (const path of ['/healthz', '/metrics', '/canary', '/webhooks/digistore24/canary?canary=1']) {
      const response = await fetch(receiver.url + path);
      const text = await response.text();
      replies.push(text);
    }
    await receiver.close();
    assertClean('the receiver', ...replies, lines);
  });
});

describe('the command line', () => {
  const program = fileURLToPath(new URL('../../pkg/dist/src/cli/main.js', import.meta.url));

  test('stderr of commands that fail', async (t) => {
    const cwd = temporaryFolder(t);
    const message = story().payment();
    writeFileSync(join(cwd, 'ipn.txt'), form(message, SECRETS.passphrase));
    writeFileSync(join(cwd, 'forged.txt'), form(message, 'x'));
    writeFileSync(join(cwd, 'twice.txt'), `${form(message, 'x')}&email=canary`);
    writeFileSync(join(cwd, 'broken.json'), `{"email": "${BUYER.email}", canary`);
    writeFileSync(join(cwd, 'nested.json'), JSON.stringify({ email: { canary: 'canary' } }));
    const settings = {
      PATH: process.env.PATH,
      GHL_BASE_URL: sandbox.highlevelUrl,
      GHL_TOKEN: SECRETS.token,
      GHL_LOCATION_ID: locationId,
      DIGISTORE24_BASE_URL: sandbox.digistore24Url,
      DIGISTORE24_API_KEY: SECRETS.apiKey,
      DIGISTORE24_IPN_PASSPHRASE: SECRETS.passphrase,
      STATE: join(cwd, 'state.sqlite'),
    };
    const cli = (args, env = {}) =>
      new Promise((resolve) => {
        execFile(process.execPath, [program, ...args], { cwd, env: { ...settings, ...env } }, (error, _, stderr) =>
          resolve({ code: error?.code ?? 0, stderr }),
        ).stdin.end();
      });
    sandbox.fault({ service: 'ghl', kind: 'status', status: 422, body: { message: [`email ${BUYER.email}`] } });
    const attempts = [
      [['sync', '--ipn', 'ipn.txt']],
      [['sync', '--ipn', 'forged.txt']],
      [['sync', '--ipn', 'twice.txt']],
      [['sync', '--ipn', 'broken.json']],
      [['plan', '--ipn', 'nested.json']],
      [['timeline', BUYER.email]],
      [['timeline', 'canaryId']],
      [['run', 'ghl.contacts.createContact', '--input', JSON.stringify({ email: BUYER.email })]],
      [['run', 'ghl.contacts.createContact', '--input', `{"email": canary`]],
      [['run', 'canary']],
      [['canary']],
      [['run', 'ghl.contacts.addTags', 'canary', 'canary']],
      [['setup', '--token=canary']],
      [['setup', '--ghl-token', SECRETS.token]],
      [['setup'], { GHL_TOKEN: 'file:canary' }],
      [['setup'], { SETTLE_SECONDS: 'canary' }],
      [['setup'], { GHL_BASE_URL: 'canary' }],
      [['setup'], { STATE: '/canary/canary.sqlite' }],
      [['setup'], { MAPPING: '/canary.json' }],
      [['setup'], { ALERT_URL: 'http://canary.example/canary' }],
      [['serve', '--port', 'canary']],
      [['auth', 'rotate', 'canary', '-']],
      [['auth', 'rotate', 'token', 'canary']],
      [['auth', 'exchange', 'canary']],
      [['auth', 'exchange', 'file:canary']],
      [['auth', 'retrieve-key', 'canary']],
      [['auth', 'url'], { GHL_CLIENT_ID: 'canary' }],
      [['scopes', '--for', 'canary']],
    ];
    for (const [args, env] of attempts) {
      for (const flags of [[], ['--json']]) {
        const { code, stderr } = await cli([...args, ...flags], env);
        // The first message is in the inbox then, and its repetition is no failure.
        const isRepeated = args.includes('ipn.txt') && flags.length > 0;
        assert.ok(isRepeated || [1, 2].includes(code), `${args.join(' ')}: ${code} ${stderr}`);
        assertClean(args.join(' '), stderr);
      }
    }
  });
});
