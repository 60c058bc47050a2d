// Runs a node of the built packages as n8n does: its parameters, its credentials, its helper for requests.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN } from '../../../pkg/dist/sandbox/index.js';

export const folder = (name) => fileURLToPath(new URL(`../../../dist/n8n/${name}/`, import.meta.url));
const require = createRequire(import.meta.url);

// The packages find n8n-workflow beside them, as they do in n8n.
const beside = folder('node_modules');
if (!existsSync(`${beside}n8n-workflow`)) {
  mkdirSync(beside, { recursive: true });
  const installed = fileURLToPath(new URL('node_modules/n8n-workflow', import.meta.url));
  symlinkSync(installed, `${beside}n8n-workflow`, 'junction');
}

/** The package's manifest, node and credentials, loaded by the names that the manifest says. */
export function load(name) {
  const manifest = require(`${folder(name)}package.json`);
  const make = (path) => {
    const [className] = path.split('/').at(-1).split('.');
    return new (require(folder(name) + path)[className])();
  };
  const credentials = manifest.n8n.credentials.map(make);
  return { manifest, node: make(manifest.n8n.nodes[0]), credentials };
}

export const credentialsFor = (sandbox) => ({
  ghlPrivateTokenApi: { token: DEFAULT_TOKEN, locationId: DEFAULT_LOCATION_ID, baseUrl: sandbox.highlevelUrl },
  digistore24Api: { apiKey: DEFAULT_API_KEY, baseUrl: sandbox.digistore24Url },
});

/** What n8n gives to `execute` and to drop-downs. `items` are the parameters for each item that came in. */
export function contextFor({ credentials: types }, items, given, { continueOnFail = false } = {}) {
  const filled = (text, values) =>
    text.replace(/^=/, '').replace(/\{\{\$credentials\.(\w+)\}\}/g, (_, name) => values[name]);
  return {
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    getNode: () => ({ name: 'under test', type: 'test', typeVersion: 1, position: [0, 0], parameters: {} }),
    getInputData: () => items.map(() => ({ json: {} })),
    getNodeParameter: (name, index, fallback) => items[index][name] ?? fallback,
    getCurrentNodeParameter: (name) => items[0][name],
    continueOnFail: () => continueOnFail,
    async getCredentials(name) {
      if (!given[name]) throw new Error(`Node does not have any credentials set for "${name}"`);
      return given[name];
    },
    helpers: {
      async httpRequestWithAuthentication(name, { url, method, headers, body, abortSignal }) {
        const type = types.find((one) => one.name === name);
        const signed = { ...headers };
        for (const [header, text] of Object.entries(type.authenticate.properties.headers)) {
          signed[header] = filled(text, given[name]);
        }
        const response = await fetch(url, { method, headers: signed, body, signal: abortSignal, redirect: 'manual' });
        return {
          statusCode: response.status,
          headers: Object.fromEntries(response.headers),
          body: Buffer.from(await response.arrayBuffer()),
        };
      },
    },
  };
}
