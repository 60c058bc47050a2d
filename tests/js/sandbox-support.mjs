// A sandbox with a clock of its own, and the two services as a plain caller sees them.
import assert from 'node:assert/strict';
import { after, beforeEach } from 'node:test';
import {
  DEFAULT_API_KEY,
  DEFAULT_TOKEN,
  DEFAULT_LOCATION_ID as locationId,
  startSandbox,
} from '../../pkg/dist/sandbox/index.js';

export { locationId };

/** The sandbox's time: milliseconds since 1970. */
export const clock = { now: Date.parse('2026-11-23T10:00:00Z') };
export const sandbox = await startSandbox({ clock: () => clock.now });

after(() => sandbox.close());
beforeEach(() => sandbox.reset());

/** Calls HighLevel; `token` and `version` can be left out or changed. */
export async function ghl(method, path, body, { token = DEFAULT_TOKEN, version = '2021-07-28', base = sandbox } = {}) {
  const headers = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (version) headers.version = version;
  const response = await fetch(base.highlevelUrl + path, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Calls Digistore24 with a POST form. */
export async function ds24(name, args = {}, key = DEFAULT_API_KEY) {
  const response = await fetch(`${sandbox.digistore24Url}/api/call/${name}`, {
    method: 'POST',
    headers: key ? { 'x-ds-api-key': key } : {},
    body: new URLSearchParams(args),
  });
  assert.equal(response.status, 200);
  return response.json();
}

/** Creates a contact as a plain caller does. */
export async function newContact(fields = {}) {
  const { status, body } = await ghl('POST', '/contacts/', { locationId, email: 'ada@example.com', ...fields });
  assert.equal(status, 201, JSON.stringify(body));
  return body.contact;
}

/** What could start a workflow, in order. */
export const triggers = () =>
  sandbox.state().triggers.map(({ trigger, detail }) => (detail.tag ? `${trigger}:${detail.tag}` : trigger));
