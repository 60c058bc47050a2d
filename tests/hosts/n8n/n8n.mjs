// What n8n does with a package: installs it beside n8n-workflow, loads its classes by their files' names, and runs them on its contexts.
// Requests are signed by the credential's own `authenticate`, as n8n's helper does.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packagesOf = fileURLToPath(new URL('./node_modules', import.meta.url));
const built = fileURLToPath(new URL('../../../dist/n8n', import.meta.url));

/** Packs a built package as npm publishes it, and unpacks it as n8n installs it: `{ folder, manifest, nodes, credentials }`. */
export function installPacked(t, name) {
  const home = mkdtempSync(join(tmpdir(), 'n8n-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  execFileSync('npm', ['pack', join(built, name), '--silent', '--pack-destination', home]);
  const { version } = JSON.parse(readFileSync(join(built, name, 'package.json'), 'utf8'));
  const folder = join(home, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', join(home, `${name}-${version}.tgz`), '-C', folder, '--strip-components=1']);
  symlinkSync(join(packagesOf, 'n8n-workflow'), join(home, 'node_modules/n8n-workflow'));
  return loadFrom(folder);
}

/** The classes of an unpacked package. */
export function loadFrom(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const require = createRequire(join(folder, 'package.json'));
  const made = (files) =>
    files.map((file) => {
      const one = require(`./${file}`);
      return new one[basename(file).split('.')[0]]();
    });
  const byName = (all, nameOf) => Object.fromEntries(all.map((one) => [nameOf(one), one]));
  return {
    folder,
    manifest,
    require,
    nodes: byName(made(manifest.n8n.nodes), ({ description }) => description.name),
    credentials: byName(made(manifest.n8n.credentials), ({ name }) => name),
  };
}

/** A context as n8n gives it to a node: what execute, poll, webhook, hooks and drop-downs ask it for. */
export function contextOf({ credentials: types }, { credentials, parameters = {}, items = [{ json: {} }], ...more }) {
  const node = {
    id: 'node-1',
    name: 'Node',
    type: 'test',
    typeVersion: 1,
    position: [0, 0],
    parameters,
    credentials: Object.fromEntries(Object.keys(credentials).map((name) => [name, { id: name, name }])),
  };
  const statics = more.statics ?? {};
  return {
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    getNode: () => node,
    getWorkflow: () => ({ id: 'workflow-1', name: 'Workflow', active: true }),
    getMode: () => more.mode ?? 'trigger',
    getInputData: () => items,
    continueOnFail: () => more.continueOnFail ?? false,
    getExecutionCancelSignal: () => undefined,
    getCredentials: async (name) => credentials[name],
    getNodeParameter: (name, ...rest) => {
      const given = parameters[name];
      // In execute the item's number comes before the default.
      const [item, otherwise] = more.items || typeof rest[0] === 'number' ? rest : [0, rest[0]];
      return typeof given === 'function' ? given(items[item].json) : given === undefined ? otherwise : given;
    },
    getCurrentNodeParameters: () => parameters,
    getWorkflowStaticData: () => statics,
    getNodeWebhookUrl: () => more.webhookUrl,
    getWebhookName: () => (more.request?.method === 'GET' ? 'setup' : 'default'),
    getRequestObject: () => more.request,
    getResponseObject: () => more.response,
    getQueryData: () => more.query ?? {},
    getHeaderData: () => more.request?.headers ?? {},
    getBodyData: () => more.request?.body ?? {},
    helpers: {
      httpRequestWithAuthentication: (name, options) => request(signed(types[name], credentials[name], options)),
    },
  };
}

function signed({ authenticate }, credential, options) {
  const headers = Object.entries(authenticate.properties.headers).map(([name, expression]) => [
    name,
    expression.replace(/^=/, '').replace(/\{\{\$credentials\.(\w+)\}\}/g, (_, key) => credential[key]),
  ]);
  return { ...options, headers: { ...options.headers, ...Object.fromEntries(headers) } };
}

async function request({ url, method, headers, body, abortSignal }) {
  const response = await fetch(url, { method, headers, body, signal: abortSignal, redirect: 'manual' });
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  };
}

/** An answer as Express has it. */
export function answering() {
  const answer = { status: (code) => Object.assign(answer, { code }), type: () => answer };
  answer.send = (text) => Object.assign(answer, { text });
  return answer;
}
