// The sandbox as an OAuth server, asked as any client would.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import {
  DEFAULT_CLIENT_ID,
  DEFAULT_CLIENT_SECRET,
  DEFAULT_COMPANY_ID,
  DEFAULT_LOCATION_ID,
  startSandbox,
} from '../../pkg/dist/sandbox/index.js';

let now = Date.parse('2026-11-23T10:00:00Z');
const sandbox = await startSandbox({ clock: () => now });
after(() => sandbox.close());
beforeEach(() => sandbox.reset());

const client = { client_id: DEFAULT_CLIENT_ID, client_secret: DEFAULT_CLIENT_SECRET };

async function post(path, form, headers = {}) {
  const response = await fetch(sandbox.highlevelUrl + path, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers,
  });
  return { status: response.status, body: await response.json() };
}

async function get(path, token) {
  const headers = { authorization: `Bearer ${token}`, version: '2021-07-28' };
  const response = await fetch(sandbox.highlevelUrl + path, { headers });
  return { status: response.status, body: await response.json() };
}

/** A pair of tokens, as a person gives it who agrees. */
async function pair(more = {}) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: DEFAULT_CLIENT_ID,
    redirect_uri: 'https://app.example/back',
    scope: 'contacts.readonly locations.readonly',
    ...more,
  });
  const url = `${sandbox.highlevelUrl}/v2/oauth/chooselocation?${query}`;
  const back = await fetch(url, { redirect: 'manual' });
  const code = new URL(back.headers.get('location')).searchParams.get('code');
  return (await post('/oauth/token', { ...client, grant_type: 'authorization_code', code })).body;
}

const refresh = (refresh_token) => post('/oauth/token', { ...client, grant_type: 'refresh_token', refresh_token });
const path = `/locations/${DEFAULT_LOCATION_ID}`;

test('a token has the scopes that were agreed to, for one location, for a day', async () => {
  const { access_token, expires_in, scope, locationId, userType } = await pair();
  assert.deepEqual(
    { expires_in, scope, locationId, userType },
    {
      expires_in: 86_399,
      scope: 'contacts.readonly locations.readonly',
      locationId: DEFAULT_LOCATION_ID,
      userType: 'Location',
    },
  );
  assert.equal((await get(path, access_token)).status, 200);
  const other = await get('/calendars/?locationId=x', access_token);
  assert.deepEqual([other.status, other.body.message], [401, 'The token is not authorized for this scope.']);
  now += 86_400_000;
  const late = await get(path, access_token);
  assert.deepEqual([late.status, late.body.message], [401, 'Invalid token: access token is invalid']);
});

test('a refresh token is good for one use; for 30 seconds the same answer comes again', async () => {
  const first = await pair();
  const second = (await refresh(first.refresh_token)).body;
  assert.notEqual(second.access_token, first.access_token);
  now += 30_000;
  assert.deepEqual((await refresh(first.refresh_token)).body, second);
  now += 1;
  const used = await refresh(first.refresh_token);
  assert.deepEqual([used.status, used.body.message], [400, 'Invalid grant: refresh token is invalid']);
  assert.equal((await refresh(second.refresh_token)).status, 200);
});

test('what is wrong is named as HighLevel names it', async () => {
  const message = async (form) => {
    const { status, body } = await post('/oauth/token', form);
    return `${status} ${body.message ?? body.error_description}`;
  };
  assert.equal(await message({}), '400 Missing parameter: client_id');
  assert.equal(await message({ ...client, client_secret: 'x' }), '401 Invalid client credentials!');
  assert.equal(await message({ ...client, grant_type: 'x' }), '400 Invalid parameter: grant_type');
  const code = { grant_type: 'authorization_code', code: 'x' };
  assert.equal(await message({ ...client, ...code }), '400 Invalid grant: authorization code is invalid');
  const { refresh_token } = await pair();
  sandbox.configure({ locations: { [DEFAULT_LOCATION_ID]: { isActive: false } } });
  assert.equal((await refresh(refresh_token)).body.message, 'Location is not active');
  sandbox.configure({ locations: { [DEFAULT_LOCATION_ID]: { isActive: true } } });
  assert.equal((await refresh(refresh_token)).status, 200);
});

test('an agency makes tokens of its locations, and enters none itself', async () => {
  const scope = 'oauth.write oauth.readonly locations.readonly';
  const { access_token: agency } = await pair({ companyId: DEFAULT_COMPANY_ID, scope });
  const inside = await get(path, agency);
  assert.deepEqual([inside.status, inside.body.message], [401, "Token's user type mismatch!"]);
  const headers = { authorization: `Bearer ${agency}`, version: '2021-07-28' };
  const form = { companyId: DEFAULT_COMPANY_ID, locationId: DEFAULT_LOCATION_ID };
  const { status, body } = await post('/oauth/locationToken', form, headers);
  assert.deepEqual([status, body.locationId, body.refresh_token], [201, DEFAULT_LOCATION_ID, undefined]);
  assert.equal((await get(path, body.access_token)).status, 200);
  const installed = await get(`/oauth/installedLocations?companyId=${DEFAULT_COMPANY_ID}&appId=x`, agency);
  assert.deepEqual(
    installed.body.locations.map(({ _id }) => _id),
    [DEFAULT_LOCATION_ID],
  );
  const foreign = await post('/oauth/locationToken', { ...form, companyId: 'another' }, headers);
  assert.equal(foreign.status, 401);
});

test('over HTTP: end the tokens, or the authorisations; no log has a secret', async () => {
  const { access_token, refresh_token } = await pair();
  const control = (name) => fetch(`${sandbox.url}/_sandbox/${name}`, { method: 'POST' });
  await control('tokens/expire');
  assert.equal((await get(path, access_token)).status, 401);
  await control('apps/revoke');
  assert.equal((await refresh(refresh_token)).status, 400);
  const log = JSON.stringify([sandbox.requests(), sandbox.state()]);
  for (const secret of [access_token, refresh_token, DEFAULT_CLIENT_SECRET]) assert.ok(!log.includes(secret));
});
