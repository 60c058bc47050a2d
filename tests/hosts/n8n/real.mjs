// The main job in a real n8n: `npm run test:n8n`, after `npm run host -- build n8n`. Installs n8n once, with a Node that it
// takes, into a cache (N8N_CACHE, default .cache/n8n; about 10 minutes and 2 GB), installs the packed packages, imports credentials
// and a workflow, starts n8n, and sends it Digistore24's messages. Not in `npm test`: too heavy.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DEFAULT_API_KEY } from '../../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../../pkg/dist/src/index.js';
import { serve } from '../../../pkg/dist/src/serve.js';
import { freePort } from '../../js/support.mjs';
import { startMainJob } from '../../support/mainjob.mjs';

const N8N = '2.35.0';
const NODE = '22.23.3';
const root = fileURLToPath(new URL('../../..', import.meta.url));
const cache = process.env.N8N_CACHE ?? join(root, '.cache/n8n');
const SYNC_TOKEN = 'token-of-the-receiver';

/** Installs n8n without anybody's scripts, then builds the one binary that it needs; gives what starts it. */
function installN8n() {
  const nodeHome = join(cache, 'node/node_modules', `node-${process.platform}-${process.arch}`);
  const npm = (folder, ...more) =>
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...more], {
      cwd: join(cache, folder),
      stdio: 'inherit',
    });
  const written = (folder, manifest) => {
    mkdirSync(join(cache, folder), { recursive: true });
    writeFileSync(join(cache, folder, 'package.json'), JSON.stringify({ private: true, ...manifest }));
  };
  if (!existsSync(nodeHome)) {
    written('node', { dependencies: { [`node-${process.platform}-${process.arch}`]: NODE } });
    npm('node');
  }
  const path = `${join(nodeHome, 'bin')}:${process.env.PATH}`;
  const sqlite = join(cache, 'n8n/node_modules/sqlite3');
  if (!existsSync(join(sqlite, 'build/Release/node_sqlite3.node'))) {
    written('n8n', { dependencies: { n8n: N8N }, overrides: { xlsx: '0.18.5' } });
    npm('n8n');
    execFileSync(join(cache, 'n8n/node_modules/.bin/node-gyp'), ['rebuild', `--nodedir=${nodeHome}`], {
      cwd: sqlite,
      env: { ...process.env, PATH: path },
      stdio: 'inherit',
    });
  }
  return { command: join(nodeHome, 'bin/node'), script: join(cache, 'n8n/node_modules/n8n/bin/n8n'), path };
}

/** The packages as a person installs them: packed, in n8n's folder for community nodes. */
function installPackages(home) {
  const folder = join(home, '.n8n/nodes');
  mkdirSync(folder, { recursive: true });
  const packed = ['n8n-nodes-digistore24', 'n8n-nodes-ghl-digistore24'].map((name) => {
    execFileSync('npm', ['pack', join(root, 'dist/n8n', name), '--silent', '--pack-destination', home]);
    const { version } = JSON.parse(readFileSync(join(root, 'dist/n8n', name, 'package.json'), 'utf8'));
    return join(home, `${name}-${version}.tgz`);
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'installed-nodes', private: true }));
  // n8n brings the peer itself.
  const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...flags, ...packed], { cwd: folder });
}

const WEBHOOK = '6f0c2a51-6a0e-4a43-9d6a-0f5d7f0f2a11';

const workflow = {
  id: 'mainjob',
  name: 'Main job',
  active: false,
  settings: {},
  nodes: [
    {
      id: 'a',
      name: 'Messages',
      type: 'n8n-nodes-ghl-digistore24.ghlDigistore24Trigger',
      typeVersion: 1,
      position: [0, 0],
      parameters: { event: 'any' },
      webhookId: WEBHOOK,
      credentials: { digistore24Api: { id: 'ds24', name: 'Digistore24' } },
    },
    {
      id: 'b',
      name: 'Sync',
      type: 'n8n-nodes-ghl-digistore24.ghlDigistore24',
      typeVersion: 1,
      position: [200, 0],
      parameters: { resource: 'bridge.actions', operation: 'bridge.syncEvent', event: '={{ $json }}' },
      credentials: { ghlDigistore24ReceiverApi: { id: 'receiver', name: 'Receiver' } },
    },
  ],
  connections: { Messages: { main: [[{ node: 'Sync', type: 'main', index: 0 }]] } },
};

/** The other package: its trigger makes the IPN connection itself. */
const own = {
  id: 'own',
  name: 'Own connection',
  active: false,
  settings: {},
  nodes: [
    {
      id: 'c',
      name: 'Payments',
      type: 'n8n-nodes-digistore24.digistore24Trigger',
      typeVersion: 1,
      position: [0, 0],
      parameters: { event: 'digistore24.onPayment' },
      webhookId: '0b0c6d2e-55c4-4a0e-8f43-3c1f0f1d7b62',
      credentials: { digistore24Api: { id: 'key', name: 'Key' } },
    },
  ],
  connections: {},
};

/** A receiver, behind an address that tells when it has worked on an event. */
async function startReceiver(t, options) {
  const log = () => {};
  const plugin = await createPlugin({ ...options, store: memoryStore(), log });
  const receiver = await serve({ plugin, log, syncToken: SYNC_TOKEN });
  let done = () => {};
  const front = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await fetch(new URL(request.url, receiver.url), {
      method: request.method,
      headers: { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    done(answer.status);
  });
  await new Promise((ready) => front.listen(0, '127.0.0.1', ready));
  t.after(() => {
    front.closeAllConnections();
    front.close();
    return receiver.close();
  });
  return {
    url: `http://127.0.0.1:${front.address().port}`,
    next: () => new Promise((resolve) => (done = resolve)),
  };
}

test('the main job in a real n8n', { timeout: 1_500_000 }, async (t) => {
  const { command, script, path } = installN8n();
  const home = mkdtempSync(join(tmpdir(), 'n8n-real-'));
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  installPackages(home);
  const job = await startMainJob(t);
  const receiver = await startReceiver(t, job.options);
  const port = await freePort();
  const env = {
    PATH: path,
    HOME: home,
    N8N_USER_FOLDER: home,
    N8N_PORT: String(port),
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_RUNNERS_BROKER_PORT: String(await freePort()),
    N8N_ENCRYPTION_KEY: 'a-key-of-the-test',
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_TEMPLATES_ENABLED: 'false',
    N8N_PERSONALIZATION_ENABLED: 'false',
    NO_PROXY: '127.0.0.1,localhost',
  };
  const n8n = (...args) => execFileSync(command, [script, ...args], { env, encoding: 'utf8' });
  const { digistore24Url, passphrase } = job.settings;
  const credential = (id, name, type, data) => ({ id, name, type, data });
  const given = {
    credentials: [
      credential('ds24', 'Digistore24', 'digistore24Api', {
        apiKey: DEFAULT_API_KEY,
        ipnPassphrase: passphrase,
        baseUrl: digistore24Url,
      }),
      credential('key', 'Key', 'digistore24Api', { apiKey: DEFAULT_API_KEY, baseUrl: digistore24Url }),
      credential('receiver', 'Receiver', 'ghlDigistore24ReceiverApi', { url: receiver.url, token: SYNC_TOKEN }),
    ],
    workflow: [workflow, own],
  };
  for (const [what, all] of Object.entries(given)) {
    const file = join(home, `${what}.json`);
    writeFileSync(file, JSON.stringify(all));
    n8n(`import:${what}`, `--input=${file}`);
  }
  for (const { id } of given.workflow) n8n('publish:workflow', `--id=${id}`);

  const running = spawn(command, [script, 'start'], { env });
  const exited = new Promise((end) => running.on('exit', end));
  t.after(() => {
    running.kill();
    return exited;
  });
  let said = '';
  for (const stream of [running.stdout, running.stderr]) stream.on('data', (text) => (said += text));
  const address = `http://127.0.0.1:${port}/webhook/${WEBHOOK}/digistore24`;
  await started(() => said, exited, given.workflow.length);
  const calls = job.sandbox.requests().map(({ path }) => path);
  assert.ok(
    calls.some((path) => path.includes('ipnSetup')),
    `the trigger makes its connection: ${calls}`,
  );

  await job.run(async ({ method, headers, body }) => {
    const worked = receiver.next();
    const answer = await fetch(address, { method, headers, body });
    const text = await answer.text();
    if (text === 'OK') assert.equal(await worked, 200, said);
    return { status: answer.status, text };
  });
  const refused = await fetch(address, { method: 'POST', body: new URLSearchParams({ event: 'on_payment' }) });
  assert.notEqual(await refused.text(), 'OK', 'a message that nobody signed');
});

/** Until n8n says that so many workflows are active. */
async function started(said, exited, workflows) {
  let hasExited = false;
  exited.then(() => (hasExited = true));
  const end = Date.now() + 300_000;
  while ((said().match(/Activated workflow/gi) ?? []).length < workflows) {
    if (hasExited || Date.now() > end) throw new Error(`n8n did not start:\n${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
