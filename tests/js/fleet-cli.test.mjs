// A settings file with many connections: the commands on it, and the receiver for all.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { connection, fleetOn, ipn, locationOf, phraseOf, pitOf, sandboxFor, tokenOf } from './fleet-support.mjs';
import { temporaryFolder } from './support.mjs';

const program = fileURLToPath(new URL('../../pkg/dist/src/cli/main.js', import.meta.url));

/** A folder with a settings file, and a command line in it. */
async function terminal(t, ids, { locations = () => 1 } = {}) {
  const sandbox = await sandboxFor(ids, locations);
  t.after(() => sandbox.close());
  const folder = temporaryFolder(t);
  const write = (name, content) => writeFileSync(join(folder, name), content);
  const connections = ids.map((id) => {
    const one = connection(sandbox, id, { locations: locations(id) });
    write(`${id}.phrase`, phraseOf(id));
    return {
      ...one,
      token: `env:TOKEN_${id.replace('-', '_')}`,
      digistore24: { ...one.digistore24, ipn: [{ id: 'shop', passphrases: [`file:${id}.phrase`] }] },
    };
  });
  const env = { PATH: process.env.PATH };
  for (const id of ids) env[`TOKEN_${id.replace('-', '_')}`] = tokenOf(id);
  write('ghl-digistore24.json', JSON.stringify({ connections, SETTLE_SECONDS: 0, STATE: 'state.sqlite' }));
  const cli = (args, input = '') =>
    new Promise((resolve) => {
      const child = execFile(process.execPath, [program, ...args], { cwd: folder, env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr, json: () => JSON.parse(stdout) }),
      );
      child.stdin.end(input);
    });
  return { sandbox, folder, env, cli, write };
}

describe('mapping check', () => {
  test('looks at each mapping of the settings file, by its path', async (t) => {
    const { cli, folder, write } = await terminal(t, ['a-1']);
    const settings = JSON.parse(readFileSync(join(folder, 'ghl-digistore24.json'), 'utf8'));
    const mappings = { base: { tags: { prefix: 'x-' } }, shop: { extends: 'base', tgas: {} } };
    write('ghl-digistore24.json', JSON.stringify({ ...settings, mappings }));
    const wrong = await cli(['mapping', 'check']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stdout, /mappings\.shop\.tgas: .*did you mean tags/);
    delete mappings.shop.tgas;
    write('ghl-digistore24.json', JSON.stringify({ ...settings, mappings }));
    const right = await cli(['mapping', 'check']);
    assert.deepEqual([right.code, right.stdout], [0, 'the 2 mappings are right\n']);
    write('ghl-digistore24.json', JSON.stringify(settings));
    const nothing = await cli(['mapping', 'check']);
    assert.deepEqual([nothing.code, /MAPPING/.test(nothing.stderr)], [2, true], 'nothing to check is not right');
    const [one] = settings.connections;
    const routes = [{ location: locationOf('a-1'), mapping: 'shpo' }];
    write('ghl-digistore24.json', JSON.stringify({ ...settings, connections: [{ ...one, routes }], mappings }));
    const unnamed = await cli(['mapping', 'check']);
    assert.deepEqual([unnamed.code, /mapping.*names no mapping/s.test(unnamed.stderr)], [2, true], unnamed.stderr);
    write('ghl-digistore24.json', JSON.stringify({ connections: {} }));
    const shapeless = await cli(['mapping', 'check']);
    assert.deepEqual([shapeless.code, /connections/.test(shapeless.stderr)], [2, true], shapeless.stderr);
  });
});

describe('connections', () => {
  test('list, check and rotate, without a secret in the output', async (t) => {
    const { cli, sandbox } = await terminal(t, ['a-1', 'b-2'], { locations: (id) => (id === 'b-2' ? 2 : 1) });
    const listed = await cli(['connections', 'list', '--json']);
    assert.deepEqual(
      listed.json().map((place) => [place.connection, place.location]),
      [
        ['a-1', locationOf('a-1')],
        ['b-2', locationOf('b-2', 0)],
        ['b-2', locationOf('b-2', 1)],
      ],
      listed.stderr,
    );
    sandbox.configure({ tokens: { [pitOf(locationOf('a-1'))]: { expiresAt: 1 } } });
    const checked = await cli(['connections', 'check', '--all']);
    assert.equal(checked.code, 1);
    assert.match(checked.stdout, new RegExp(`a-1 ${locationOf('a-1')}\n +WRONG`));
    assert.equal((await cli(['connections', 'check'])).code, 2);
    sandbox.configure({ tokens: { 'pit-new': { locations: [locationOf('a-1')] } } });
    const rotated = await cli(['connections', 'rotate', 'a-1', 'token', '-'], 'pit-new\n');
    assert.equal(rotated.code, 0, rotated.stderr);
    const run = ['run', 'ghl.locations.getLocation', '--connection', 'a-1', '--json'];
    assert.equal((await cli(run)).json().location.id, locationOf('a-1'));
    for (const { stdout, stderr } of [listed, checked, rotated])
      assert.doesNotMatch(stdout + stderr, /pit-|phrase|token-0123/);
  });

  test('commands say which connection and location they are for', async (t) => {
    const { cli } = await terminal(t, ['a-1', 'b-2'], { locations: (id) => (id === 'b-2' ? 2 : 1) });
    for (const [args, code, words] of [
      [['inbox'], 2, /--connection/],
      [['inbox', '--connection', 'c-3'], 2, /connection is none/],
      [['inbox', '--connection', 'b-2'], 2, /location is required/],
      [['inbox', '--connection', 'b-2', '--location', locationOf('a-1')], 2, /location is none/],
      [['inbox', '--connection', 'a-1'], 0, /^$/],
      [['deadletters', '--connection', 'b-2', '--location', locationOf('b-2', 1)], 0, /^$/],
    ]) {
      const result = await cli(args);
      assert.equal(result.code, code, args.join(' ') + result.stderr);
      assert.match(result.stderr, words);
    }
  });

  test('add writes references only; a secret as it is, is refused', async (t) => {
    const { cli, folder, write } = await terminal(t, ['a-1']);
    const file = join(folder, 'ghl-digistore24.json');
    const before = readFileSync(file, 'utf8');
    write('new.pit', 'pit-canary');
    const args = ['connections', 'add', 'n-9', '--location', 'newLocation'];
    for (const wrong of [
      [...args, '--ghl-token', 'pit-canary'],
      [...args, '--ghl-token', 'file:absent'],
      [...args, '--ghl-token', 'env:ABSENT'],
      ['connections', 'add', 'a-1', '--location', 'x', '--ghl-token', 'file:new.pit'],
    ]) {
      const result = await cli(wrong);
      assert.equal(result.code, 2, result.stdout);
      assert.doesNotMatch(result.stdout + result.stderr, /canary/);
      assert.equal(readFileSync(file, 'utf8'), before);
      assert.ok(!existsSync(`${file}.new`));
    }
    const added = await cli([...args, '--ghl-token', 'file:new.pit', '--merchant-id', '12', '--json']);
    assert.equal(added.code, 0, added.stderr);
    const token = join(folder, 'n-9.webhook-token');
    assert.equal(statSync(token).mode & 0o777, 0o600);
    assert.ok(!(added.stdout + added.stderr).includes(readFileSync(token, 'utf8').trim()));
    assert.deepEqual(
      (await cli(['connections', 'list', '--json'])).json().map((place) => place.connection),
      ['a-1', 'n-9'],
    );
  });

  test('a reference that leads nowhere is told by path', async (t) => {
    const { cli, write, folder } = await terminal(t, ['a-1']);
    const settings = JSON.parse(readFileSync(join(folder, 'ghl-digistore24.json'), 'utf8'));
    settings.connections[0].highlevel[0].auth.token = 'env:NOT_SET';
    write('ghl-digistore24.json', JSON.stringify(settings));
    const { code, stderr } = await cli(['connections', 'list', '--json']);
    assert.equal(code, 2);
    assert.equal(JSON.parse(stderr).fields[0].path, 'connections[0].highlevel[0].auth.token');
  });
});

describe('the receiver for all', () => {
  const post = (url, { url: path, body }) => fetch(url + path, { method: 'POST', body });

  test('takes each vendor’s messages, carries them out, tells how each location is', async (t) => {
    const sandbox = await sandboxFor(['a-1', 'b-2'], () => 2);
    t.after(() => sandbox.close());
    const fleet = await fleetOn(
      ['a-1', 'b-2'].map((id) => connection(sandbox, id, { locations: 2 })),
      { store: memoryStore() },
    );
    const reports = [];
    const receiver = await serve({ fleet, log() {}, onReport: (report) => reports.push(report) });
    t.after(() => receiver.close());
    const story = (product) => sandbox.story({ products: [{ id: String(product), name: 'P' }] });
    for (const [id, product] of [
      ['a-1', 10],
      ['b-2', 11],
      ['b-2', 77],
    ]) {
      assert.equal(await (await post(receiver.url, ipn(id, story(product).payment()))).text(), 'OK');
    }
    assert.equal(
      (await post(receiver.url, ipn('a-1', story(10).payment(), { token: 'a-wrong-token-012345' }))).status,
      404,
    );
    await receiver.idle();
    assert.deepEqual(
      reports.map(({ outcome }) => outcome),
      ['done', 'done'],
    );
    assert.deepEqual(
      sandbox
        .state()
        .contacts.map(({ locationId }) => locationId)
        .sort(),
      [locationOf('a-1', 0), locationOf('b-2', 1)],
    );
    assert.equal((await (await fetch(`${receiver.url}/healthz`)).json()).ok, true);
    const metrics = await (await fetch(`${receiver.url}/metrics`)).text();
    const labels = `connection="b-2",location="${locationOf('b-2', 1)}"`;
    assert.ok(metrics.includes(`ghl_ds24_inbox_messages{${labels}} 0\n`), metrics);
    assert.ok(metrics.includes(`ghl_ds24_events_total{${labels},event="payment",outcome="done"} 1\n`));
    assert.equal((await fleet.parked.list()).length, 1);
  });

  test('serve reads the connections of the settings file', async (t) => {
    const { sandbox, folder, env } = await terminal(t, ['a-1', 'b-2']);
    const child = spawn(process.execPath, [program, 'serve', '--port', '0', '--json'], { cwd: folder, env });
    t.after(() => child.kill('SIGKILL'));
    let out = '';
    const url = await new Promise((resolve, reject) => {
      child.stdout.on('data', (text) => {
        out += text;
        if (out.includes('}')) resolve(JSON.parse(out).url);
      });
      child.once('exit', () => reject(new Error(out)));
    });
    assert.equal((await post(url, ipn('b-2', sandbox.story().payment()))).status, 200);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  });
});
