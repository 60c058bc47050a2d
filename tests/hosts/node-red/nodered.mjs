// A real Node-RED: its own process on a user directory of its own, with the built package installed, driven over its admin API.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, temporaryFolder } from '../../js/support.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The package as Node-RED requires it. */
export const dist = join(root, 'dist/node-red');

/** A user directory with the package in it. */
export function userDirectory(t, settings = {}) {
  const folder = temporaryFolder(t);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  cpSync(dist, join(modules, 'node-red-contrib-ghl-digistore24'), { recursive: true });
  // What npm would install beside it.
  symlinkSync(join(root, 'node_modules/libsql'), join(modules, 'libsql'));
  writeFileSync(join(folder, 'package.json'), '{}');
  const whole = {
    uiHost: '127.0.0.1',
    flowFile: 'flows.json',
    credentialSecret: 'for tests',
    logging: { console: { level: 'warn' } },
    telemetry: { enabled: false },
    editorTheme: { tours: false },
    ghlDigistore24: { settleSeconds: 0 },
    ...settings,
  };
  writeFileSync(join(folder, 'settings.js'), `module.exports = ${JSON.stringify(whole)};`);
  return folder;
}

/** Starts it; ends with the test. `laterMs`: its clock goes ahead by so much, in place of a wait for a dead process's lease. */
export async function startNodeRed(t, folder, { laterMs = 0 } = {}) {
  const port = await freePort();
  const script = join(here, 'node_modules/node-red/red.js');
  const clock = `data:text/javascript,const now = Date.now; Date.now = () => now() + ${laterMs};`;
  const child = spawn(process.execPath, ['--import', clock, script, '-u', folder, '-p', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  t.after(() => end('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  async function end(signal) {
    child.kill(signal);
    await ended;
  }
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`Node-RED ended: ${output.join('')}`);
    return (await fetch(`${url}/flows`).catch(() => undefined))?.ok;
  });

  return {
    url,
    output,
    end,
    /** Deploys flows; secrets stand in `credentials` of a node, as the editor sends them. */
    async deploy(flows, type = 'full', { isReady = true } = {}) {
      const headers = {
        'content-type': 'application/json',
        'node-red-api-version': 'v2',
        'node-red-deployment-type': type,
      };
      const response = await fetch(`${url}/flows`, { method: 'POST', headers, body: JSON.stringify({ flows }) });
      if (!response.ok) throw new Error(await response.text());
      // The answer comes before the nodes have started.
      const { id } = flows.find((node) => node.type === 'ghl-digistore24-connection') ?? {};
      const asked = isReady && id;
      await until(async () => !asked || (await fetch(`${url}/ghl-digistore24/${id}/webhooks/nothing`)).status !== 503);
    },
    /** What a dialog asks for. */
    async ask(path, body) {
      const init = body && { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) };
      const response = await fetch(`${url}/ghl-digistore24/${path}`, init);
      return { status: response.status, body: await response.json() };
    },
    /** Sends a webhook to a connection. */
    async post({ method, path, headers, body }, connection = 'connection') {
      const response = await fetch(`${url}/ghl-digistore24/${connection}${path}`, { method, headers, body });
      return { status: response.status, text: await response.text() };
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** The nodes of a flow in a tab; `wires` name the next one. */
export const flowOf = (...nodes) => [
  { id: 'tab', type: 'tab', label: 'Test' },
  ...nodes.map(({ to = [], ...node }) => ({
    ...(node.type.endsWith('-connection') ? {} : { z: 'tab', x: 100, y: 100, wires: [to] }),
    ...node,
  })),
];

/** The connection for the sandbox, with its secrets as the editor sends them. */
export const connectionOn = (
  { highlevelUrl, digistore24Url, token, locationId, passphrase, ...secrets },
  more = {},
) => ({
  id: 'connection',
  type: 'ghl-digistore24-connection',
  name: 'Sandbox',
  locationId,
  mapping: '',
  highlevelUrl,
  digistore24Url,
  credentials: { token, ipnPassphrase: passphrase, ...secrets },
  ...more,
});

/** A node that posts each message's payload and error to the test: what came. */
export async function startCollector(t) {
  const messages = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    messages.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.end('{}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    messages,
    /** Waits for so many. */
    async take(count = 1) {
      await until(() => messages.length >= count);
      return messages.splice(0);
    },
    nodes: [
      {
        id: 'wrap',
        type: 'function',
        func: 'return { payload: { payload: msg.payload, topic: msg.topic, error: msg.error } };',
        outputs: 1,
        to: ['collect'],
      },
      { id: 'collect', type: 'http request', method: 'POST', ret: 'txt', url, senderr: false },
    ],
  };
}

/** Waits for something that will hold. */
export async function until(holds, ms = 30_000) {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
