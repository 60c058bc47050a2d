// Requests go to the two base addresses and nowhere else: no redirect is followed, no input leads away, no header is smuggled.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, beforeEach, describe, test } from 'node:test';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../../pkg/dist/sandbox/index.js';
import { performHttp } from '../../pkg/dist/src/http.js';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { load } from '../../pkg/dist/src/loaders/fetch-node.js';
import { failureOf, optionsFor, pluginOn } from './support.mjs';

const sandbox = await startSandbox();
after(() => sandbox.close());
beforeEach(() => sandbox.reset());

/** A server that answers everything with `answer`, and keeps what it was asked. */
async function server(t, answer) {
  const asked = [];
  const it = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    const { status, headers } = answer();
    response.writeHead(status, headers).end('{}');
  });
  await new Promise((resolve) => it.listen(0, '127.0.0.1', resolve));
  t.after(() => it.close());
  return { asked, url: `http://127.0.0.1:${it.address().port}` };
}

/** A plugin whose requests are only noted. */
async function noting(more = {}) {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push({ url, headers: [...new Headers(init.headers)] });
    return new Response('{"result":"success","data":{},"contact":{}}');
  };
  return Object.assign(await pluginOn(sandbox, { fetch, ...more }), { asked });
}

describe('redirects', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`${status}: no second request, by either way, for reads and writes`, async (t) => {
      const evil = await server(t, () => ({ status: 200 }));
      const first = await server(t, () => ({ status, headers: { location: `${evil.url}/x` } }));
      const { highlevel, digistore24 } = optionsFor(sandbox);
      const options = {
        highlevel: { ...highlevel, baseUrl: first.url },
        digistore24: { ...digistore24, baseUrl: first.url },
      };
      const plugin = await pluginOn(sandbox, options);
      t.after(() => plugin.close());
      const wasm = await load();
      const calls = [
        () => plugin.ghl.contacts.getContact({ contactId: 'x' }),
        () => plugin.ghl.contacts.createContact({ email: 'a@example.com' }),
        () => plugin.digistore24.ping(),
        () => plugin.digistore24.refundPurchase({ purchase_id: 'x' }),
        () => wasm.createContact(options, { email: 'a@example.com' }),
        () => wasm.getContact(options, { contactId: 'x' }),
      ];
      for (const call of calls) {
        const error = await failureOf(call());
        assert.deepEqual([error.code, error.status], ['misconfigured', status], `${call}`);
        assert.match(error.message, /redirect/);
      }
      assert.equal(first.asked.length, calls.length);
      assert.deepEqual(evil.asked, []);
    });
  }

  test('one that a browser hides, and one that the host’s own fetch has followed', async (t) => {
    const hidden = { type: 'opaqueredirect', status: 0, headers: new Headers(), body: null };
    const followed = Object.defineProperty(new Response('{"contact":{}}'), 'redirected', { value: true });
    for (const response of [hidden, followed]) {
      const plugin = await pluginOn(sandbox, { fetch: async () => response });
      t.after(() => plugin.close());
      const error = await failureOf(plugin.ghl.contacts.getContact({ contactId: 'x' }));
      assert.deepEqual([error.code, /redirect/.test(error.message)], ['misconfigured', true]);
    }
  });
});

describe('addresses', () => {
  test('a custom request never leaves its base address', async (t) => {
    const plugin = await noting();
    t.after(() => plugin.close());
    for (const path of [
      'https://evil.test/',
      '//evil.test/',
      '@evil.test/',
      '.evil.test/',
      ':80@evil.test/',
      '\\evil.test',
      '/\\evil.test',
      '/../../evil',
      '/%2e%2e/evil',
      '/x?y=https://evil.test',
      '/x#y',
      '/x\r\nhost: evil.test',
    ]) {
      const error = await failureOf(plugin.ghl.custom.request({ path }));
      assert.deepEqual([error.code, error.fields[0].path], ['invalid_input', 'path'], path);
      const other = await failureOf(plugin.digistore24.customRequest({ function: path }));
      assert.equal(other.code, 'invalid_input', path);
    }
    assert.deepEqual(plugin.asked, []);
    // An at sign within the path is a part of the path.
    await plugin.ghl.custom.request({ path: '/@evil.test/x' });
    assert.equal(plugin.asked[0].url, `${sandbox.highlevelUrl}/@evil.test/x`);
  });

  test('no id leads away', async (t) => {
    const plugin = await noting();
    t.after(() => plugin.close());
    const ids = ['//evil.test', '@evil.test', '../../evil', '?x=1', '#x', 'a\r\nhost: evil.test', '%2e%2e'];
    for (const contactId of ids) await plugin.ghl.contacts.getContact({ contactId });
    assert.deepEqual(
      plugin.asked.map(({ url }) => url),
      ids.map((id) => `${sandbox.highlevelUrl}/contacts/${encodeURIComponent(id)}`),
    );
    const failed = await failureOf(plugin.ghl.contacts.getContact({ contactId: '..' }));
    assert.equal(failed.code, 'invalid_input');
  });

  test('the host itself refuses an address that is none of the two', async () => {
    const asked = [];
    const fetch = async (url) => asked.push(url);
    const allows = (url) => url.startsWith('https://one.test/');
    const effect = { id: 7, kind: 'http', method: 'GET', headers: [], timeoutMs: 1000 };
    const answer = await performHttp({ ...effect, url: 'https://evil.test/' }, { fetch, allows });
    assert.deepEqual([answer, asked], [{ id: 7, kind: 'httpError', reason: 'refused' }, []]);
    const { Plugin } = await load();
    const plugin = new Plugin({ ...optionsFor(sandbox), digistore24: { baseUrl: 'https://two.test/api/' } });
    for (const [url, isAllowed] of [
      [`${sandbox.highlevelUrl}/contacts/`, true],
      ['https://two.test/api/call/ping', true],
      ['https://two.test/other', false],
      ['https://two.test.evil.test/api/x', false],
      ['https://two.test/api', false],
      [`${sandbox.highlevelUrl}@evil.test/`, false],
      ['http://two.test/api/x', false],
      ['https://www.digistore24.com/api/call/ping', false],
      ['', false],
    ]) {
      assert.equal(plugin.allows(url), isAllowed, url);
    }
    plugin.free();
  });

  test('a base address is https, or this machine', async () => {
    const { highlevel } = optionsFor(sandbox);
    for (const baseUrl of [
      'http://example.com',
      'https://user:pass@example.com',
      'https://example.com/?x',
      'ftp://x',
    ]) {
      for (const [name, options] of [
        ['highlevel', { ...highlevel, baseUrl }],
        ['digistore24', { baseUrl }],
      ]) {
        const error = await failureOf(createPlugin({ [name]: options }));
        assert.deepEqual(
          error.fields.map(({ path }) => path),
          [`${name}.baseUrl`],
        );
      }
    }
    await (await createPlugin({ highlevel: { ...highlevel, baseUrl: 'http://localhost:1' } })).close();
  });
});

describe('secrets and headers', () => {
  test('a token stands in its header only, never in an address', async (t) => {
    const plugin = await noting();
    t.after(() => plugin.close());
    await plugin.ghl.contacts.getContact({ contactId: 'x' });
    await plugin.ghl.custom.request({ path: '/x/{locationId}', query: { a: 'b' } });
    await plugin.digistore24.getPurchase({ purchase_id: 'x' });
    for (const { url, headers } of plugin.asked) {
      assert.ok(!url.includes(DEFAULT_TOKEN) && !url.includes(DEFAULT_API_KEY), url);
      const carrying = headers.filter(([, value]) => value.includes(DEFAULT_TOKEN) || value.includes(DEFAULT_API_KEY));
      assert.deepEqual(
        carrying.map(([name]) => name),
        [url.startsWith(sandbox.highlevelUrl) ? 'authorization' : 'x-ds-api-key'],
      );
    }
  });

  test('no header is smuggled in by a secret, a header or an input', async (t) => {
    const { highlevel } = optionsFor(sandbox);
    for (const token of ['a\r\nx-evil: 1', 'a\nb', 'a b', 'pit-x\n', 'ä']) {
      const auth = { kind: 'private-integration', token };
      const first = await failureOf(createPlugin({ highlevel: { ...highlevel, auth } }));
      const second = await failureOf(createPlugin({ digistore24: { apiKey: token } }));
      assert.deepEqual(
        [...first.fields, ...second.fields].map(({ path }) => path),
        ['highlevel.auth.token', 'digistore24.apiKey'],
      );
    }
    const locations = ['a\r\nb', 'a/b', 'a?b', 'a b', `${DEFAULT_LOCATION_ID}#`];
    for (const locationId of locations) {
      const error = await failureOf(createPlugin({ highlevel: { ...highlevel, locationId } }));
      assert.equal(error.fields[0].path, 'highlevel.locationId');
    }
    const plugin = await noting();
    t.after(() => plugin.close());
    for (const headers of [
      { 'x-a': '1\r\nx-evil: 1' },
      { 'x-a\r\nx-evil': '1' },
      { host: 'evil.test' },
      { authorization: 'x' },
      { 'x-forwarded-host': 'evil.test' },
    ]) {
      assert.equal((await failureOf(plugin.ghl.custom.request({ path: '/x', headers }))).code, 'invalid_input');
    }
    const version = await failureOf(plugin.ghl.custom.request({ path: '/x', version: '1\r\nx-evil: 1' }));
    assert.equal(version.code, 'invalid_input');
    assert.deepEqual(plugin.asked, []);
  });
});
