import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  DEFAULT_API_KEY,
  DEFAULT_CLIENT_ID,
  DEFAULT_CLIENT_SECRET,
  DEFAULT_LOCATION_ID,
  DEFAULT_TOKEN,
  DEVELOPER_API_KEY,
  signed,
  startSandbox,
} from '../../pkg/dist/sandbox/index.js';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { readSettings } from '../../pkg/dist/src/settings.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';
import { form, optionsFor, passphrase, temporaryFolder } from './support.mjs';

const program = fileURLToPath(new URL('../../pkg/dist/src/cli/main.js', import.meta.url));
const sandbox = await startSandbox();
after(() => sandbox.close());
beforeEach(() => sandbox.reset());

/** The settings of the sandbox; the state lies in the test's folder. */
function environment(folder) {
  return {
    PATH: process.env.PATH,
    GHL_BASE_URL: sandbox.highlevelUrl,
    GHL_TOKEN: DEFAULT_TOKEN,
    GHL_LOCATION_ID: DEFAULT_LOCATION_ID,
    DIGISTORE24_BASE_URL: sandbox.digistore24Url,
    DIGISTORE24_API_KEY: DEFAULT_API_KEY,
    DIGISTORE24_IPN_PASSPHRASE: passphrase,
    STATE: join(folder, 'state.sqlite'),
    SETTLE_SECONDS: '0',
  };
}

/** A command line in a folder of its own. */
function terminal(t, env) {
  const folder = temporaryFolder(t);
  const settings = env ?? environment(folder);
  const cli = (args, { input, more = {} } = {}) =>
    new Promise((resolve) => {
      const options = { cwd: folder, env: { ...settings, ...more }, maxBuffer: 2 ** 26 };
      const child = execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) =>
        resolve({
          code: error?.code ?? 0,
          stdout,
          stderr,
          json: () => JSON.parse(stdout),
          error: () => lastJson(stderr),
        }),
      );
      child.stdin.end(input ?? '');
    });
  const file = (name, content) => {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    return name;
  };
  return { cli, file, folder };
}

const lastJson = (text) => JSON.parse(text.trim().split('\n').at(-1));

describe('results and exit codes', () => {
  test('setup makes the IPN connection', async (t) => {
    const { cli } = terminal(t);
    const args = ['setup', '--test', '--ipn-url', `${sandbox.url}/`];
    const { code, json, stdout, stderr } = await cli([...args, '--json']);
    assert.deepEqual([code, json().ipn.installed, json().ipn.differences], [0, true, []], stderr);
    const [{ passphrase: made }] = sandbox.world.ds24.ipnConnections.values();
    assert.ok(!stdout.includes(made) && !stderr.includes(made));
    assert.match((await cli(args)).stdout, /IPN connection ghl-test-\w+: http/);
    const { checks } = (await cli(['check', '--json'])).json();
    const [passphrases, connection] = checks.filter(({ name }) => /IPN/.test(name));
    // The real address has none yet.
    assert.deepEqual([passphrases.ok, connection.ok], [true, false]);
    const refused = await cli(['setup', '--ipn-url', 'http://example.test', '--json']);
    assert.deepEqual([refused.code, refused.error().fields[0].path], [2, 'url']);
  });

  test('events of HighLevel are printed until they are done', async (t) => {
    const { cli, folder } = terminal(t);
    const store = openSqliteStore(join(folder, 'state.sqlite'));
    const workflowToken = 'a-workflow-token-0123456789';
    const options = optionsFor(sandbox);
    const plugin = await createPlugin({ ...options, highlevel: { ...options.highlevel, workflowToken }, store });
    const body = JSON.stringify({ contact_id: 'c1', customData: { event: 'ContactTagUpdate', key: 'run-1' } });
    const url = `/webhooks/ghl-workflow/default/${workflowToken}`;
    assert.equal((await plugin.receive({ method: 'POST', url, body })).outcome, 'queued');
    await plugin.close();
    const [event, ...others] = (await cli(['events', '--json'])).json();
    assert.deepEqual([event.event, event.verified, others], ['ContactTagUpdate', false, []]);
    assert.match((await cli(['events', '--done'])).stdout, /ContactTagUpdate run-1/);
    assert.deepEqual((await cli(['events', '--json'])).json(), []);
  });

  test('catalog', async (t) => {
    const { cli } = terminal(t);
    const all = await cli(['catalog', '--json']);
    assert.equal(all.code, 0);
    assert.ok(all.json().length > 770);
    const some = await cli(['catalog', '--service', 'ghl', '--kind', 'action', '--resource', 'contacts']);
    assert.match(some.stdout, /ghl\.contacts\.addTags/);
    assert.doesNotMatch(some.stdout, /digistore24/);
    assert.ok(!some.stdout.includes('\u001b'), 'no colour outside a terminal');
    const found = (await cli(['catalog', 'TAG', 'add', '--tier', 'core', '--json'])).json().map(({ id }) => id);
    assert.ok(found.includes('ghl.contacts.addTags') && !found.includes('ghl.contacts.removeTags'), `${found}`);
    assert.match((await cli(['catalog', '--id', 'digistore24.ping'])).stdout, /sample/);
    assert.equal((await cli(['catalog', '--id', 'nothing', '--json'])).error().code, 'invalid_input');
  });

  test('run: input from the line, a file, and standard input', async (t) => {
    const { cli, file } = terminal(t);
    const body = { email: 'käte@example.com' };
    const created = await cli(['run', 'ghl.contacts.createContact', '--input', JSON.stringify(body), '--json']);
    assert.equal(created.code, 0, created.stderr);
    const tags = { contactId: created.json().contact.id, tags: ['vip'] };
    const byFile = await cli(['run', 'ghl.contacts.addTags', '--input', `@${file('tags.json', tags)}`, '--json']);
    assert.deepEqual(byFile.json().tags, ['vip']);
    const byPipe = await cli(['run', 'ghl.contacts.removeTags', '--input', '-'], { input: JSON.stringify(tags) });
    assert.deepEqual(byPipe.json().tags, []);
    assert.equal((await cli(['run', 'digistore24.ping'])).code, 0);
  });

  test('run --all: every item of a list on a line of its own', async (t) => {
    const { cli } = terminal(t);
    sandbox.configure({ searchLagMs: 0 });
    sandbox.importContacts(12);
    const list = ['run', 'ghl.contacts.searchContactsAdvanced', '--input', '{"pageLimit":5}', '--all'];
    const ids = async (...more) => {
      const { stdout } = await cli([...list, ...more]);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id);
    };
    const all = await ids();
    assert.equal(new Set(all).size, 12);
    assert.deepEqual(await ids('--limit', '7'), all.slice(0, 7));
    assert.equal((await cli(['run', 'digistore24.ping', '--limit', '7'])).code, 2);
  });

  test('1: the service said no', async (t) => {
    const { cli } = terminal(t);
    const missing = ['run', 'ghl.contacts.getContact', '--input', '{"contactId":"someContact000000001"}', '--json'];
    const { code, stdout, error } = await cli(missing);
    assert.deepEqual([code, stdout, error().code], [1, '', 'not_found']);
    const refused = await cli(missing, { more: { GHL_TOKEN: 'pit-unknown' } });
    assert.deepEqual([refused.code, refused.error().code], [1, 'unauthenticated']);
    const away = await cli(['run', 'digistore24.ping', '--json'], {
      more: { DIGISTORE24_BASE_URL: 'http://127.0.0.1:9' },
    });
    assert.deepEqual([away.code, away.error().code], [1, 'unavailable']);
  });

  test('2: the input is wrong, and nothing was sent', async (t) => {
    const { cli, file } = terminal(t);
    file('list.json', '[]');
    for (const args of [
      [],
      ['unknown-command'],
      ['catalog', '--unknown'],
      ['run'],
      ['run', 'ghl.contacts.addTags', 'more'],
      ['run', 'ghl.contacts.explode'],
      ['run', 'ghl.contacts.addTags', '--input', '{"contactId":'],
      ['run', 'ghl.contacts.addTags', '--input', '@missing.json'],
      ['run', 'ghl.contacts.addTags', '--input', '@list.json'],
      ['run', 'ghl.contacts.addTags', '--input', '{"contactId":"c"}'],
      ['run', 'ghl.contacts.addTags', '--input'],
      ['plan'],
      ['plan', '--ipn', 'missing.txt'],
      ['plan', '--ipn', 'list.json'],
      ['serve', '--port', '99999'],
      ['serve', '--port', 'http'],
      ['inbox', '--limit', '-1'],
      ['setup', '--settle-seconds', 'soon'],
      ['setup', '--config', 'missing.json'],
    ]) {
      const { code, stdout, stderr } = await cli([...args, '--json']);
      const error = lastJson(stderr);
      assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`);
      assert.ok(['invalid_input', 'misconfigured'].includes(error.code) && error.message && error.help, stderr);
      const spoken = await cli(args);
      assert.deepEqual([spoken.code, spoken.stdout], [2, ''], args.join(' '));
      assert.match(spoken.stderr, /^error: /);
    }
    assert.deepEqual(sandbox.requests(), []);
    const { error } = await cli(['run', 'ghl.contacts.createTask', '--input', '{"title":7}', '--json']);
    assert.deepEqual(
      error()
        .fields.map(({ path }) => path)
        .sort(),
      ['completed', 'contactId', 'dueDate', 'title'],
    );
  });

  test('help and version', async (t) => {
    const { cli } = terminal(t);
    const help = await cli(['--help']);
    assert.equal(help.code, 0);
    for (const name of [
      'catalog',
      'run',
      'poll',
      'plan',
      'sync',
      'timeline',
      'serve',
      'sandbox',
      'setup',
      'inbox',
      'deadletters',
    ]) {
      assert.match(help.stdout, new RegExp(`^ +${name}\\b`, 'm'));
    }
    const run = await cli(['run', '--help']);
    assert.doesNotMatch(run.stdout, /token|passphrase|api-key/i, 'no secret is a flag');
    assert.match((await cli(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe('poll', () => {
  test('tells what is new and keeps the cursor in a file', async (t) => {
    const { cli, folder } = terminal(t);
    const poll = (...more) => cli(['poll', 'digistore24.newPurchase', '--cursor', 'cursor.json', ...more]);
    assert.deepEqual((await poll('--json')).json(), { events: [], done: true });
    const story = sandbox.story();
    story.payment();
    const told = (await poll('--json')).json();
    assert.deepEqual(
      told.events.map(({ orderId }) => orderId),
      [story.orderId],
    );
    assert.equal((await poll()).stdout, '0 new\n');
    assert.ok(existsSync(join(folder, 'cursor.json')));
    const since = await cli(['poll', 'digistore24.newPurchase', '--from', '2020-01-01']);
    assert.match(since.stdout, new RegExp(`payment  order ${story.orderId}  default.*\\n1 new\\n$`));
    assert.equal((await cli(['poll', 'digistore24.newPurchase', '--from', 'soon', '--json'])).code, 2);
    writeFileSync(join(folder, 'cursor.json'), '{}');
    assert.match((await poll()).stderr, /cursor/);
  });
});

describe('settings', () => {
  test('flags before environment before file; paths in the file count from its folder', async (t) => {
    const folder = temporaryFolder(t);
    const { GHL_TOKEN, DIGISTORE24_IPN_PASSPHRASE, STATE: _state, PATH: _path, ...rest } = environment(folder);
    const { cli, file, folder: cwd } = terminal(t, { PATH: process.env.PATH });
    mkdirSync(join(cwd, 'conf'));
    file('conf/token', `${GHL_TOKEN}\n`);
    file('conf/settings.json', {
      ...rest,
      GHL_TOKEN: 'file:token',
      DIGISTORE24_IPN_PASSPHRASE: [DIGISTORE24_IPN_PASSPHRASE, 'the next one'],
      STATE: 'own.sqlite',
      MAPPING: { tags: { prefix: 'shop-' } },
    });
    const config = ['--config', 'conf/settings.json', '--json'];
    const setup = await cli(['setup', ...config]);
    assert.equal(setup.code, 0, setup.stderr);
    assert.ok(existsSync(join(cwd, 'conf/own.sqlite')));
    const ipn = file('ipn.txt', form(sandbox.story().payment(), 'the next one'));
    const plan = (await cli(['plan', '--ipn', ipn, ...config])).json();
    assert.equal(plan.signature, 'valid');
    assert.ok(plan.steps.at(-1).do.addTags.tags.includes('shop-customer'));

    file('mapping.json', { tags: { prefix: 'env-' } });
    const byEnvironment = { more: { MAPPING: 'mapping.json' } };
    const other = (await cli(['plan', '--ipn', ipn, ...config], byEnvironment)).json();
    assert.ok(other.steps.at(-1).do.addTags.tags.includes('env-customer'));
    file('flag.json', { tags: { prefix: 'flag-' } });
    const flag = (await cli(['plan', '--ipn', ipn, ...config, '--mapping', 'flag.json'], byEnvironment)).json();
    assert.ok(flag.steps.at(-1).do.addTags.tags.includes('flag-customer'));
  });

  test('of another merchant nothing is written, where one’s own number is set', async (t) => {
    const { cli, file } = terminal(t, environment(temporaryFolder(t)));
    const message = file('ipn.txt', form({ ...sandbox.story().payment(), merchant_id: '888' }, passphrase));
    const steps = async (more) => (await cli(['plan', '--ipn', message, '--json'], { more })).json().steps.length;
    assert.ok((await steps({})) > 0);
    assert.equal(await steps({ DIGISTORE24_MERCHANT_ID: '777' }), 0);
  });

  test('several IPN connections: as text, from a file, as a list in the settings file', async (t) => {
    const folder = temporaryFolder(t);
    const { DIGISTORE24_IPN_PASSPHRASE: _, ...env } = environment(folder);
    const { cli, file } = terminal(t, env);
    const ipn = [
      { id: 'shop', passphrases: ['of the shop'] },
      { id: 'club', passphrases: ['old', 'of the club'] },
    ];
    file('ipn.json', ipn);
    file('settings.json', { DIGISTORE24_IPN: ipn });
    const message = file('ipn.txt', form(sandbox.story().payment(), 'of the club'));
    for (const [more, flags] of [
      [{ DIGISTORE24_IPN: JSON.stringify(ipn) }, []],
      [{ DIGISTORE24_IPN: 'file:ipn.json' }, []],
      [{}, ['--config', 'settings.json']],
    ]) {
      const { stdout, stderr } = await cli(['plan', '--ipn', message, '--json', ...flags], { more });
      assert.equal(stdout && JSON.parse(stdout).signature, 'valid', stderr);
    }
    const bad = await cli(['plan', '--ipn', message, '--json'], { more: { DIGISTORE24_IPN: '[{"id":"canary"}]' } });
    assert.deepEqual([bad.code, bad.error().fields[0].path], [2, 'digistore24.ipn[0].passphrases'], bad.stderr);
  });

  test('the age from which events of HighLevel are refused', async (t) => {
    const settings = readSettings({ env: { ...environment(temporaryFolder(t)), GHL_WEBHOOK_MAX_AGE_SECONDS: '3600' } });
    assert.equal(settings.options.highlevel.webhookMaxAgeSeconds, 3600);
  });

  test('errors name the setting and never its value', async (t) => {
    const { cli, file } = terminal(t);
    for (const [more, name] of [
      [{ GHL_TOKEN: 'file:canary-missing' }, 'GHL_TOKEN'],
      [{ GHL_TOKEN: '' }, 'GHL_TOKEN'],
      [{ GHL_LOCATION_ID: '' }, 'GHL_LOCATION_ID'],
      [{ GHL_BASE_URL: 'canary' }, 'GHL_BASE_URL'],
      [{ SETTLE_SECONDS: 'canary' }, 'SETTLE_SECONDS'],
      [{ GHL_WEBHOOK_MAX_AGE_SECONDS: '0' }, 'GHL_WEBHOOK_MAX_AGE_SECONDS'],
      [{ DIGISTORE24_IPN: '[canary' }, 'DIGISTORE24_IPN'],
      [{ DIGISTORE24_IPN: '{"canary":1}' }, 'DIGISTORE24_IPN'],
      [{ MAPPING: 'canary.json' }, 'MAPPING'],
      [{ MAPPING: file('bad.json', '{"canary"') }, 'MAPPING'],
    ]) {
      const { code, stderr, error } = await cli(['setup', '--json'], { more });
      assert.deepEqual([code, error().code], [2, 'misconfigured'], stderr);
      assert.match(error().message, new RegExp(name));
      assert.doesNotMatch(stderr, /canary/);
    }
    for (const [content, wanted] of [
      ['{"GHL_TOKE":"canary"}', /GHL_TOKE/],
      ['{"pit-canary":"x"}', /unknown settings/],
      ['{"GHL_TOKEN": canary', /JSON/],
      ['["canary"]', /object/],
    ]) {
      const { code, stderr, error } = await cli(['setup', '--config', file('s.json', content), '--json']);
      assert.deepEqual([code, error().code], [2, 'misconfigured']);
      assert.match(error().message, wanted);
      assert.doesNotMatch(stderr, /canary/);
    }
  });

  test('a state file that can’t be used is an error, and nothing is sent', async (t) => {
    const { cli, file } = terminal(t);
    const state = file('notes.txt', 'not a database at all, but long enough to look like a header. '.repeat(40));
    const ipn = file('ipn.txt', form(sandbox.story().payment()));
    const { code, error } = await cli(['sync', '--ipn', ipn, '--state', state, '--json']);
    assert.deepEqual([code, error().code], [1, 'storage']);
    assert.deepEqual(sandbox.requests(), []);
  });
});

describe('a message from a file', () => {
  test('plan leaves nothing behind, sync carries out once, timeline shows it', async (t) => {
    const { cli, file, folder } = terminal(t);
    const message = sandbox.story({ buyer: { email: 'käte@example.com' } }).payment();
    const ipn = file('ipn.txt', form(message));
    const plan = await cli(['plan', '--ipn', ipn]);
    assert.equal(plan.code, 0, plan.stderr);
    assert.match(plan.stdout, /signature valid[\s\S]*1\. create the contact[\s\S]*add the tags ds24-active/);
    assert.equal(existsSync(join(folder, 'state.sqlite')), false);
    assert.deepEqual(sandbox.requests(), []);

    const first = await cli(['sync', '--ipn', ipn, '--json']);
    assert.deepEqual([first.code, first.json().outcome], [0, 'done'], first.stderr);
    const second = await cli(['sync', '--ipn', ipn, '--json']);
    assert.deepEqual([second.code, second.json().outcome, second.json().requests], [0, 'duplicate', 0]);
    const timeline = await cli(['timeline', 'käte@example.com']);
    assert.match(timeline.stdout, /käte@example\.com: active[\s\S]*payment · 49\.00 EUR/);
    assert.equal((await cli(['timeline', 'nobody@example.com'])).code, 1);
    assert.deepEqual((await cli(['inbox', '--json'])).json(), []);
    assert.equal((await cli(['deadletters'])).stdout, 'none\n');
  });

  test('sync wants a valid signature or --unsigned', async (t) => {
    const { cli, file } = terminal(t);
    const message = sandbox.story().payment();
    const { sha_sign: _, ...unsigned } = message;
    for (const [name, content, wanted] of [
      ['forged.txt', form(message, 'another'), /wrong/],
      ['bare.json', unsigned, /missing/],
      ['params.json', { params: unsigned }, /missing/],
    ]) {
      const { code, error } = await cli(['sync', '--ipn', file(name, content), '--json']);
      assert.deepEqual([code, error().code], [1, 'signature_invalid']);
      assert.match(error().message, wanted);
    }
    const without = await cli(['sync', '--ipn', 'forged.txt', '--json'], { more: { DIGISTORE24_IPN_PASSPHRASE: '' } });
    assert.match(without.error().message, /no passphrase is set/);
    assert.deepEqual(sandbox.requests(), []);
    assert.equal((await cli(['sync', '--ipn', 'bare.json', '--unsigned'])).code, 0);
    const asJson = file('signed.json', { raw: signed(sandbox.story().payment(), passphrase) });
    assert.equal((await cli(['sync', '--ipn', asJson])).code, 0);
    assert.equal((await cli(['sync', '--ipn', '-'], { input: form(sandbox.story().payment()) })).code, 0);
    assert.equal(sandbox.state().contacts.length, 3);
  });

  test('1: the sync said no', async (t) => {
    const { cli, file } = terminal(t);
    sandbox.fault({ service: 'ghl', kind: 'status', status: 401, body: { message: 'Invalid JWT' } });
    const { code, json } = await cli(['sync', '--ipn', file('ipn.txt', form(sandbox.story().payment())), '--json']);
    assert.deepEqual([code, json().outcome, json().error.code], [1, 'waiting', 'unauthenticated']);
    assert.equal((await cli(['inbox', '--json'])).json().length, 1);
    assert.match((await cli(['inbox'])).stdout, /payment .* 1 tries/);
  });
});

describe('servers', () => {
  /** Starts a command that keeps running; gives its first line. */
  async function start(t, args, env) {
    const cwd = temporaryFolder(t);
    const child = spawn(process.execPath, [program, ...args, '--json'], { cwd, env: env ?? environment(cwd) });
    t.after(() => child.kill('SIGKILL'));
    const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    let stdout = '';
    for await (const chunk of child.stdout) {
      stdout += chunk;
      if (stdout.includes('\n}\n')) break;
    }
    return { child, ended, said: JSON.parse(stdout), stderr: () => stderr };
  }

  test('serve takes a message, works on it, and stops when told', async (t) => {
    const { child, ended, said, stderr } = await start(t, ['serve', '--port', '0']);
    const message = sandbox.story({ buyer: { email: 'canary@example.com' } }).payment();
    const delivery = await sandbox.sendIpn(message, { to: said.webhookUrl, passphrase, maxAttempts: 1 });
    assert.equal(delivery.ok, true);
    for (let i = 0; i < 200 && sandbox.state().triggers.at(-1)?.trigger !== 'tag_added'; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill('SIGTERM');
    assert.equal(await ended, 0, stderr());
    assert.equal(sandbox.state().contacts[0]?.notes.length, 1);
    assert.doesNotMatch(stderr(), /canary/);
  });

  test('serve on a port that is taken', async (t) => {
    const { said } = await start(t, ['serve', '--port', '0']);
    const { cli } = terminal(t);
    const { code, error } = await cli(['serve', '--port', new URL(said.url).port, '--json']);
    assert.deepEqual([code, error().code], [2, 'misconfigured']);
    assert.match(error().message, /port \d+ is taken/);
  });

  test('sandbox prints the settings that fit', async (t) => {
    const { child, ended, said } = await start(t, ['sandbox', '--port', '0'], { PATH: process.env.PATH });
    const { cli } = terminal(t, { PATH: process.env.PATH, ...said.settings });
    assert.equal((await cli(['run', 'ghl.locations.getLocation'])).code, 0);
    assert.equal((await cli(['run', 'digistore24.ping'])).code, 0);
    child.kill('SIGINT');
    assert.equal(await ended, 0);
  });
});

describe('credentials', () => {
  /** The settings of an app in place of a token. */
  const appOf = ({ GHL_TOKEN: _, ...rest }) => ({
    ...rest,
    GHL_CLIENT_ID: DEFAULT_CLIENT_ID,
    GHL_CLIENT_SECRET: DEFAULT_CLIENT_SECRET,
    GHL_REDIRECT_URI: 'https://app.example/back',
  });

  test('check says what is wrong, and 0 where nothing is', async (t) => {
    const { cli } = terminal(t);
    const before = await cli(['check', '--json']);
    assert.equal(before.code, 1);
    assert.deepEqual(
      before
        .json()
        .checks.filter(({ ok }) => !ok)
        .map(({ name }) => name),
      ['HighLevel: custom fields'],
    );
    await cli(['setup']);
    const after = await cli(['check']);
    assert.equal(after.code, 0);
    assert.match(after.stdout, /ok {3}HighLevel: location: Sandbox Academy/);
    const wrong = await cli(['check'], { more: { GHL_TOKEN: 'pit-unknown' } });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stdout, /WRONG HighLevel: credentials/);
  });

  test('scopes lists what to tick', async (t) => {
    const { cli, file } = terminal(t);
    const all = (await cli(['scopes', '--json'])).json();
    assert.ok(all.includes('contacts.write') && all.includes('locations/customFields.write'));
    const mapping = file('mapping.json', { customFields: false });
    const fewer = (await cli(['scopes', '--json', '--mapping', mapping])).json();
    assert.ok(fewer.length < all.length);
    const { stdout } = await cli(['scopes', '--for', 'ghl.workflows.getWorkflow, bridge.addTag']);
    assert.deepEqual(stdout.split('\n').slice(0, -1), ['contacts.readonly', 'contacts.write', 'workflows.readonly']);
  });

  test('an app is connected, and each command uses and renews its token', async (t) => {
    const folder = temporaryFolder(t);
    const { cli } = terminal(t, appOf(environment(folder)));
    assert.equal((await cli(['auth', 'status', '--json'])).json().highlevel.state, 'not_connected');
    const address = await cli(['auth', 'url', '--json', '--host', sandbox.highlevelUrl]);
    const { url, state } = address.json();
    const back = await fetch(url, { redirect: 'manual' });
    const { searchParams } = new URL(back.headers.get('location'));
    assert.equal(searchParams.get('state'), state);
    const exchanged = await cli(['auth', 'exchange', '--json'], { input: `${searchParams.get('code')}\n` });
    assert.equal(exchanged.json().highlevel.state, 'connected');
    for (let n = 0; n < 2; n++) {
      assert.equal((await cli(['run', 'ghl.locations.getLocation'])).code, 0);
      sandbox.expireTokens();
    }
    assert.equal((await cli(['setup'])).code, 0);
    assert.match((await cli(['auth', 'status'])).stdout, /HighLevel: connected \(oauth, from the store\)/);
    sandbox.revokeApps();
    assert.equal((await cli(['setup', '--json'])).error().code, 'unauthenticated');
  });

  test('a credential is rotated from standard input or a file, never from the line', async (t) => {
    const { cli, file } = terminal(t);
    sandbox.configure({ tokens: { 'pit-new': {} }, apiKeys: { '9-new': 'full' } });
    const rotated = await cli(['auth', 'rotate', 'token', '--json'], { input: 'pit-new\n' });
    assert.equal(rotated.json().highlevel.source, 'store');
    assert.equal((await cli(['auth', 'rotate', 'api-key', `file:${file('key', '9-new')}`])).code, 0);
    // The settings still have the old ones; the store counts.
    for (const id of ['ghl.locations.getLocation', 'digistore24.ping']) {
      const { code } = await cli(['run', id], { more: { GHL_TOKEN: DEFAULT_TOKEN } });
      assert.equal(code, 0, id);
    }
    assert.equal((await cli(['auth', 'rotate', 'token', 'pit-new'])).code, 2);
    assert.equal((await cli(['auth', 'rotate', 'token'], { input: '\n' })).code, 2);
  });

  test('a vendor is asked for a key', async (t) => {
    const { DIGISTORE24_API_KEY: _, ...settings } = environment(temporaryFolder(t));
    const { cli } = terminal(t, { ...settings, DIGISTORE24_DEVELOPER_KEY: DEVELOPER_API_KEY });
    const asked = await cli(['auth', 'request-key', '--return-url', 'https://app.example/done', '--json']);
    const { request_url, request_token: input } = asked.json();
    const pending = await cli(['auth', 'retrieve-key', '--wait', '0', '--json'], { input });
    assert.deepEqual([pending.code, pending.json()], [1, { status: 'pending' }]);
    await fetch(request_url, { redirect: 'manual' });
    assert.equal((await cli(['auth', 'retrieve-key'], { input })).code, 0);
    assert.equal((await cli(['run', 'digistore24.ping'])).code, 0);
  });

  test('a token and an app at once, or half an app, is a wrong setting', async (t) => {
    const folder = temporaryFolder(t);
    const { cli } = terminal(t, environment(folder));
    const both = await cli(['check', '--json'], { more: { GHL_CLIENT_ID: 'x' } });
    assert.deepEqual([both.code, both.error().fields[0].path], [2, 'GHL_TOKEN']);
    const half = await cli(['check', '--json'], { more: { GHL_CLIENT_ID: 'x', GHL_TOKEN: '' } });
    assert.deepEqual([half.code, half.error().fields[0].path], [2, 'GHL_CLIENT_SECRET']);
  });
});

describe('history and people', () => {
  test('backfill, reconcile, timeline, deadletters, forget', async (t) => {
    const { cli } = terminal(t);
    await cli(['setup']);
    const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const buy = (email, ago) => {
      const at = `${day(ago)} 10:00:00`;
      const story = sandbox.story({ buyer: { email, firstName: 'Zoë' }, billing: 'subscription', at });
      story.payment({ at });
      return story;
    };
    const old = buy('old@example.com', 40);
    buy('older@example.com', 50);
    const dry = (await cli(['backfill', '--dry-run', '--json'])).json();
    assert.deepEqual([dry.finished, dry.counts.createContact, dry.estimate.calls], [true, 2, 2]);
    const some = await cli(['backfill', '--limit', '1']);
    assert.match(some.stdout, /people: 1/);
    const all = await cli(['backfill', '--from', day(60), '--json']);
    assert.deepEqual([all.code, all.json().counts.people], [0, 2], all.stderr);
    assert.equal((await cli(['backfill', '--limit', 'many'])).code, 2);

    buy('missed@example.com', 1);
    const found = (await cli(['reconcile', '--from', day(3), '--json'])).json();
    assert.deepEqual([found.found, found.outcomes.map(({ outcome }) => outcome)], [1, ['done']]);
    const view = await cli(['timeline', `order:${old.orderId}`]);
    assert.match(view.stdout, /lifetime: \d+\.\d\d EUR/);

    sandbox.deleteContact(sandbox.state().contacts.find(({ email }) => email === 'old@example.com').id);
    const message = form(old.payment({ at: `${day(0)} 00:00:01` }));
    await cli(['sync', '--ipn', '-'], { input: message });
    const [letter] = (await cli(['deadletters', '--json'])).json();
    assert.equal(letter.error.code, 'not_found');
    assert.match((await cli(['deadletters'])).stdout, new RegExp(letter.error.help.slice(0, 20)));
    assert.equal((await cli(['deadletters', 'retry'])).code, 1);
    assert.equal((await cli(['deadletters', 'drop', 'nothing'])).code, 2);
    assert.equal((await cli(['deadletters', 'drop', letter.name])).code, 0);
    assert.deepEqual((await cli(['deadletters', '--json'])).json(), []);

    const forgotten = (await cli(['forget', 'missed@example.com', '--delete-contact', '--json'])).json();
    assert.deepEqual([forgotten.orders, forgotten.contactDeleted], [1, true]);
    assert.ok(!sandbox.state().contacts.some(({ email }) => email === 'missed@example.com'));
  });
});
