// An app of HighLevel on the sandbox: its options, and a person who agrees.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  DEFAULT_CLIENT_ID,
  DEFAULT_CLIENT_SECRET,
  DEFAULT_COMPANY_ID,
  DEFAULT_LOCATION_ID,
} from '../../pkg/dist/sandbox/index.js';

export const redirectUri = 'https://app.example/back';

/** The options of HighLevel for an app; `more` goes into `auth`. */
export function appOn(sandbox, more = {}) {
  const auth = {
    kind: 'oauth',
    clientId: DEFAULT_CLIENT_ID,
    clientSecret: DEFAULT_CLIENT_SECRET,
    redirectUri,
    ...more,
  };
  return { auth, locationId: DEFAULT_LOCATION_ID, baseUrl: sandbox.highlevelUrl };
}

/** The same, installed by the agency. */
export function agencyOn(sandbox, more = {}) {
  return appOn(sandbox, { userType: 'Company', companyId: DEFAULT_COMPANY_ID, ...more });
}

/** Opens the address, agrees, and gives what comes back. `click` chooses: `{ locationId }` or `{ companyId }`. */
export async function agree(sandbox, plugin, click = {}, options = {}) {
  const { url } = await plugin.auth.authorizeUrl({ state: 'a-state', host: sandbox.highlevelUrl, ...options });
  const page = new URL(url);
  for (const [name, value] of Object.entries(click)) page.searchParams.set(name, value);
  const response = await fetch(page, { redirect: 'manual' });
  return new URL(response.headers.get('location')).searchParams;
}

/** Agrees, and exchanges the code. */
export async function connect(sandbox, plugin, click, options) {
  const code = (await agree(sandbox, plugin, click, options)).get('code');
  return plugin.auth.exchange({ code });
}

/** The requests for tokens, by grant type; of the agency's for a location: `location`. */
export function tokenRequests(sandbox) {
  const asked = sandbox.requests().filter(({ path }) => path === '/oauth/token' || path === '/oauth/locationToken');
  return asked.map(({ path, body }) => (path === '/oauth/locationToken' ? 'location' : body.grant_type));
}

/** Another process with a plugin on the same store. Gives `{ code, answer }`. */
export async function elsewhere(task) {
  const file = fileURLToPath(new URL('./auth-process.mjs', import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stdin.end(JSON.stringify(task));
  const [code, signal] = await once(child, 'close');
  return { code, signal, answer: text === '' ? undefined : JSON.parse(text) };
}
