// What happens is told: events with one trace, counts from them, alerts once for each cause.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, beforeEach, describe, test } from 'node:test';
import parsePrometheus from 'parse-prometheus-text-format';
import { DEFAULT_LOCATION_ID, startSandbox } from '../../pkg/dist/sandbox/index.js';
import { createMetrics, createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { failureOf, form, optionsFor, passphrase, pluginOn } from './support.mjs';

const sandbox = await startSandbox();
after(() => sandbox.close());
beforeEach(() => sandbox.reset());

/** Pauses between tries cost no time here; the time-outs of requests stay. */
const realTimeout = globalThis.setTimeout;
globalThis.setTimeout = (work, ms, ...rest) => realTimeout(work, ms > 100 && ms < 29_000 ? 1 : ms, ...rest);

/** A plugin that keeps its events. */
async function watched(more = {}) {
  const events = [];
  const plugin = await pluginOn(sandbox, { onEvent: (event) => events.push(event), ...more });
  const of = (kind) => events.filter((event) => event.kind === kind);
  return Object.assign(plugin, { told: events, of });
}

describe('events', () => {
  test('a call: what, how it went, how long; a template in place of ids', async (t) => {
    const plugin = await watched();
    t.after(() => plugin.close());
    const { contact } = await plugin.ghl.contacts.createContact({ email: 'canary@example.com' });
    await plugin.ghl.contacts.addTags({ contactId: contact.id, tags: ['canary'] });
    await failureOf(plugin.ghl.contacts.getContact({ contactId: 'canary0000000000001' }));
    const [created, tagged, missing] = plugin.told;
    assert.deepEqual(
      [created, tagged, missing].map(({ kind, operation, method, path, code, status, requests }) => ({
        kind,
        operation,
        method,
        path,
        code,
        status,
        requests,
      })),
      [
        ['createContact', 'POST', '/contacts/', 'ok', 201],
        ['addTags', 'POST', '/contacts/{contactId}/tags', 'ok', 201],
        ['getContact', 'GET', '/contacts/{contactId}', 'not_found', 400],
      ].map(([name, method, path, code, status]) => ({
        kind: 'call',
        operation: `ghl.contacts.${name}`,
        method,
        path,
        code,
        status,
        requests: 1,
      })),
    );
    assert.ok(created.bytes > 50 && created.durationMs >= 0 && created.dailyLimit > 0 && created.remaining > 0);
    assert.deepEqual([created.connection, created.location], ['default', optionsFor(sandbox).highlevel.locationId]);
    assert.match(created.trace, /^[0-9a-f]{32}$/);
    assert.equal(new Set(plugin.told.map(({ trace }) => trace)).size, 3);
    assert.doesNotMatch(JSON.stringify(plugin.told), new RegExp(`canary|${contact.id}`));
  });

  test('a call that is refused before it is sent, and a custom request whose path is the caller’s', async (t) => {
    const plugin = await watched();
    t.after(() => plugin.close());
    await failureOf(plugin.ghl.contacts.addTags({ contactId: 7 }));
    await failureOf(plugin.ghl.custom.request({ path: '/contacts/canary0000000000001' }));
    assert.deepEqual(
      plugin.told.map(({ code, requests, path }) => [code, requests, path]),
      [
        ['invalid_input', 0, '/contacts/{contactId}/tags'],
        ['not_found', 1, ''],
      ],
    );
  });

  test('a trace of the host’s stands in all events of the call, retries included', async (t) => {
    const plugin = await watched();
    t.after(() => plugin.close());
    sandbox.fault({ service: 'ghl', kind: 'status', status: 503, times: 2 });
    sandbox.fault({ service: 'ghl', kind: 'reset', times: 1 });
    await failureOf(plugin.ghl.contacts.getContact({ contactId: 'x' }, { trace: 'order:7.b_c-d' }));
    assert.deepEqual(
      plugin.told.map(({ kind, trace, attempt, status, failure }) => [kind, trace, attempt, status, failure]),
      [
        ['retry', 'order:7.b_c-d', 1, 503, null],
        ['retry', 'order:7.b_c-d', 2, 503, null],
        ['retry', 'order:7.b_c-d', 3, null, 'lost'],
        ['call', 'order:7.b_c-d', undefined, 400, undefined],
      ],
    );
    for (const trace of ['', 'a b', 'ä', 'x'.repeat(65), 7]) {
      const error = await failureOf(plugin.ghl.contacts.getContact({ contactId: 'x' }, { trace }));
      assert.deepEqual([error.code, error.fields[0].path], ['invalid_input', 'options.trace']);
    }
  });

  test('what is done for a message has the trace of its webhook, also in another process', async (t) => {
    const store = memoryStore();
    const receiver = await pluginOn(sandbox, { store });
    const worker = await watched({ store });
    t.after(() => worker.close());
    const story = sandbox.story();
    await receiver.receive({ method: 'POST', body: form(story.payment()) }, { trace: 'first' });
    await receiver.receive({
      method: 'POST',
      body: form(sandbox.story({ buyer: { email: 'b@example.com' } }).payment()),
    });
    await worker.tick();
    const [one, two] = worker.of('sync');
    assert.deepEqual([one.outcome, one.code, one.event, one.trace], ['done', 'ok', 'payment', 'first']);
    assert.match(two.trace, /^[0-9a-f]{32}$/);
    const actions = worker.of('step').filter(({ trace }) => trace === 'first');
    assert.deepEqual(
      actions.map(({ action, outcome, id }) => [action, outcome, id === one.id]),
      ['createContact', 'createNote', 'addTags'].map((action) => [action, 'done', true]),
    );
    assert.equal(worker.of('call').filter(({ trace }) => trace === 'first').length, one.requests);
  });

  test('webhooks by what became of them, also those that never reach the core', async (t) => {
    const plugin = await watched();
    t.after(() => plugin.close());
    const message = sandbox.story().payment();
    await plugin.receive({ method: 'GET' });
    await plugin.receive({ method: 'POST', body: form(message) });
    await plugin.receive({ method: 'POST', body: form(message) });
    await plugin.receive({ method: 'POST', body: form(message, 'forged') });
    await plugin.receive({ method: 'POST', body: 'x'.repeat(2 ** 20 + 1) });
    await plugin.receive({ method: 'POST', body: 7 });
    assert.deepEqual(
      plugin.of('webhook').map(({ outcome, event, code, service }) => [outcome, event, code, service]),
      [
        ['checked', null, 'ok', 'digistore24'],
        ['queued', 'payment', 'ok', 'digistore24'],
        ['duplicate', 'payment', 'ok', 'digistore24'],
        ['refused', null, 'signature_invalid', 'digistore24'],
        ['refused', null, 'invalid_input', 'digistore24'],
        ['refused', null, 'invalid_input', 'digistore24'],
      ],
    );
  });

  test('a step that fails, and a message that waits for a person', async (t) => {
    const plugin = await watched();
    t.after(() => plugin.close());
    sandbox.fault({
      service: 'ghl',
      kind: 'status',
      status: 400,
      body: { message: 'no' },
      method: 'POST',
      path: '/contacts/*/notes',
    });
    await plugin.receive({ method: 'POST', body: form(sandbox.story().payment()) });
    await plugin.tick();
    const failed = plugin.of('step').at(-1);
    assert.deepEqual([failed.action, failed.outcome, failed.code], ['createNote', 'failed', 'invalid_input']);
    const [tried] = plugin.of('sync');
    assert.deepEqual([tried.outcome, tried.code], ['dead', 'invalid_input']);
  });

  test('a poll', async (t) => {
    const plugin = await watched();
    t.after(() => plugin.close());
    await plugin.poll('digistore24.newPurchase');
    await failureOf(plugin.poll('canary'));
    assert.deepEqual(
      plugin.of('poll').map(({ trigger, code, events, requests }) => [trigger, code, events, requests]),
      [
        ['digistore24.newPurchase', 'ok', 0, 1],
        ['', 'invalid_input', 0, 0],
      ],
    );
  });

  test('listeners come and go, and one that throws harms nobody', async (t) => {
    const plugin = await pluginOn(sandbox, {
      onEvent: () => {
        throw new Error('no');
      },
    });
    t.after(() => plugin.close());
    const heard = [];
    const stop = plugin.observe((event) => heard.push(event.kind));
    await plugin.digistore24.ping();
    stop();
    await plugin.digistore24.ping();
    assert.deepEqual(heard, ['call']);
  });
});

/** `[name{labels}, value]` of each sample, as another program reads the text. */
function samples(text) {
  const found = new Map();
  for (const { name, type, help, metrics } of parsePrometheus(text)) {
    assert.ok(['COUNTER', 'GAUGE', 'HISTOGRAM'].includes(type) && help.length > 0, name);
    for (const { labels = {}, value, buckets } of metrics) {
      const key = `${name}${JSON.stringify(labels)}`;
      assert.ok(!found.has(key), `${key} is there twice`);
      found.set(key, type === 'HISTOGRAM' ? { buckets } : Number(value));
    }
  }
  return found;
}

describe('metrics', () => {
  test('another parser reads what happened', async (t) => {
    const metrics = createMetrics();
    const plugin = await pluginOn(sandbox, { onEvent: metrics.onEvent, id: 'a "b" \\ c' });
    t.after(() => plugin.close());
    assert.equal(metrics.text().trim(), '');
    sandbox.fault({ service: 'ghl', kind: 'rate_limited', times: 1, headers: { 'retry-after': '0' } });
    const message = sandbox.story().payment();
    await plugin.receive({ method: 'POST', body: form(message) });
    await plugin.receive({ method: 'POST', body: form(message) });
    await plugin.tick();
    await failureOf(plugin.ghl.contacts.getContact({ contactId: 'x' }));
    const found = samples(metrics.text({ inbox: 0, dead: undefined }));
    const whose = { connection: 'a "b" \\ c', location: DEFAULT_LOCATION_ID };
    const value = (name, labels = {}) => found.get(`${name}${JSON.stringify({ ...whose, ...labels })}`);
    assert.equal(value('ghl_ds24_calls_total', { operation: 'ghl.contacts.createContact', code: 'ok' }), 1);
    assert.equal(value('ghl_ds24_calls_total', { operation: 'ghl.contacts.getContact', code: 'not_found' }), 1);
    const service = { service: 'digistore24' };
    assert.equal(value('ghl_ds24_webhooks_total', { ...service, outcome: 'queued' }), 1);
    assert.equal(value('ghl_ds24_webhooks_total', { ...service, outcome: 'duplicate' }), 1);
    assert.equal(value('ghl_ds24_events_total', { event: 'payment', outcome: 'done' }), 1);
    assert.equal(value('ghl_ds24_steps_total', { action: 'addTags', outcome: 'done' }), 1);
    const retried = [...found].filter(([key]) => key.startsWith('ghl_ds24_retries_total') && key.includes('"429"'));
    assert.deepEqual(
      retried.map(([, count]) => count),
      [1],
    );
    assert.equal(found.get('ghl_ds24_inbox_messages{}'), 0);
    assert.ok(!found.has('ghl_ds24_dead_messages{}'));
    const sent = sandbox.requests().length;
    assert.equal(value('ghl_ds24_requests_total', { service: 'ghl' }), sent);
    assert.ok(value('ghl_ds24_requests_remaining', { window: 'day' }) < value('ghl_ds24_requests_daily_limit'));
    // The parser folds the series of a histogram into one, and there is only one here.
    const bound = (le) => (le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le));
    const buckets = Object.entries(found.get('ghl_ds24_call_duration_seconds{}').buckets);
    const counts = buckets.sort(([a], [b]) => bound(a) - bound(b)).map(([, count]) => Number(count));
    assert.deepEqual(
      [...counts].sort((a, b) => a - b),
      counts,
      'buckets only grow',
    );
    const [, count] = /^ghl_ds24_call_duration_seconds_count\{.*\} (\d+)$/m.exec(metrics.text());
    assert.deepEqual([counts.length, counts.at(-1)], [11, Number(count)]);
  });

  test('waits, refreshes, a service that is down, alerts and polls', () => {
    const metrics = createMetrics();
    const base = { at: 1, trace: 't', connection: 'c', location: null };
    for (const event of [
      { kind: 'wait', service: 'ghl', reason: 'rate', ms: 1500 },
      { kind: 'wait', service: 'ghl', reason: 'rate', ms: 500 },
      { kind: 'refresh', service: 'ghl', code: 'ok' },
      { kind: 'circuit', service: 'ghl', state: 'open' },
      { kind: 'alert', alert: 'circuit_open', cause: 'x' },
      { kind: 'poll', trigger: 'ghl.x', code: 'ok', events: 3, requests: 1 },
      { kind: 'something new' },
    ]) {
      metrics.onEvent({ ...base, ...event });
    }
    const found = samples(metrics.text());
    const connection = 'c';
    for (const [name, labels, value] of [
      ['wait_seconds_total', { connection, service: 'ghl', reason: 'rate' }, 2],
      ['refreshes_total', { connection, service: 'ghl', code: 'ok' }, 1],
      ['circuit_open', { connection, service: 'ghl' }, 1],
      ['alerts_total', { connection, alert: 'circuit_open' }, 1],
      ['polled_events_total', { connection, trigger: 'ghl.x' }, 3],
    ]) {
      assert.equal(found.get(`ghl_ds24_${name}${JSON.stringify(labels)}`), value, name);
    }
  });

  test('the receiver serves them', async (t) => {
    const plugin = await pluginOn(sandbox);
    const receiver = await serve({ plugin, log() {} });
    t.after(() => receiver.close());
    await sandbox.sendIpn(sandbox.story().payment(), { to: receiver.webhookUrl, passphrase, maxAttempts: 1 });
    await receiver.idle();
    const response = await fetch(`${receiver.url}/metrics`);
    assert.match(response.headers.get('content-type'), /version=0\.0\.4/);
    const found = samples(await response.text());
    assert.equal(
      found.get(
        `ghl_ds24_webhooks_total{"connection":"default","location":"${DEFAULT_LOCATION_ID}","service":"digistore24","outcome":"queued"}`,
      ),
      1,
    );
  });
});

/** A place that alerts are posted to. */
async function mailbox(t, answer = () => 204) {
  const posted = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    posted.push({ type: request.headers['content-type'], method: request.method, alert: JSON.parse(body) });
    response.writeHead(answer(posted.length), { location: '/elsewhere' }).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { posted, url: `http://127.0.0.1:${server.address().port}/hook` };
}

describe('alerts', () => {
  const { highlevel } = optionsFor(sandbox);
  const read = (plugin) => plugin.ghl.contacts.getContact({ contactId: 'x' }).catch((error) => error.code);

  test('a lost authorisation is told once, until it is back, and then again', async (t) => {
    const { posted, url } = await mailbox(t);
    const alerts = [];
    const plugin = await watched({ alerts: { url, onAlert: (alert) => alerts.push(alert) } });
    const unauthorized = { service: 'ghl', kind: 'status', status: 401, body: { message: 'Invalid JWT' } };
    for (const times of [3, 0, 2]) {
      if (times > 0) sandbox.fault({ ...unauthorized, times });
      for (let i = 0; i < Math.max(times, 1); i++) await read(plugin);
      // An answer of another kind says nothing about the token; a success does.
      if (times === 0) await plugin.ghl.locations.getLocation();
    }
    await plugin.close();
    assert.deepEqual(
      alerts.map(({ cause }) => cause),
      ['authorization_lost:ghl', 'authorization_lost:ghl'],
    );
    assert.deepEqual(
      posted.map(({ alert }) => alert),
      JSON.parse(JSON.stringify(alerts)),
    );
    const [{ method, type, alert }] = posted;
    assert.deepEqual([method, type], ['POST', 'application/json']);
    const { at, message, help, trace, ...rest } = alert;
    assert.deepEqual(rest, {
      version: 1,
      kind: 'authorization_lost',
      cause: 'authorization_lost:ghl',
      connection: 'default',
      location: highlevel.locationId,
      details: {},
    });
    assert.ok(Date.parse(at) > 0 && message && help && trace === plugin.of('call')[0].trace);
    assert.equal(plugin.of('alert').length, 2);
  });

  test('a quota that is nearly used', async (t) => {
    let left = 100;
    const alerts = [];
    const fetch = async () =>
      new Response('{"contact":{}}', {
        headers: { 'x-ratelimit-limit-daily': '1000', 'x-ratelimit-daily-remaining': String(left) },
      });
    const plugin = await pluginOn(sandbox, { fetch, alerts: { onAlert: (alert) => alerts.push(alert) } });
    t.after(() => plugin.close());
    for (left of [101, 100, 50, 900, 99]) await read(plugin);
    assert.deepEqual(
      alerts.map(({ kind, details }) => [kind, details]),
      [
        ['quota_nearly_used', { percent: 90, remaining: 100, limit: 1000 }],
        ['quota_nearly_used', { percent: 90, remaining: 99, limit: 1000 }],
      ],
    );
  });

  test('a dead letter: each one once', async (t) => {
    const alerts = [];
    const plugin = await pluginOn(sandbox, { alerts: { onAlert: (alert) => alerts.push(alert) } });
    t.after(() => plugin.close());
    sandbox.fault({ service: 'ghl', kind: 'status', status: 400, body: { message: 'no' }, method: 'POST' });
    const message = sandbox.story().payment();
    for (let i = 0; i < 2; i++) await plugin.sync.apply({ raw: message });
    await plugin.sync.apply({ raw: sandbox.story({ buyer: { email: 'b@example.com' } }).payment() });
    assert.deepEqual(
      alerts.map(({ kind, details }) => [kind, details.event, details.code]),
      [
        ['dead_letter', 'payment', 'invalid_input'],
        ['dead_letter', 'payment', 'invalid_input'],
      ],
    );
    assert.equal(new Set(alerts.map(({ cause }) => cause)).size, 2);
  });

  test('many wrong signatures within five minutes', async (t) => {
    let now = Date.now();
    const alerts = [];
    const onAlert = (alert) => alerts.push(alert);
    const plugin = await pluginOn(sandbox, { clock: () => now, alerts: { onAlert, signatureFailures: 3 } });
    t.after(() => plugin.close());
    const forged = () => plugin.receive({ method: 'POST', body: form(sandbox.story().payment(), 'forged') });
    for (const pause of [0, 60_000, 241_000, 1000, 1000]) {
      now += pause;
      await forged();
    }
    assert.deepEqual(
      alerts.map(({ details }) => details.count),
      [3],
    );
    now += 300_001;
    for (let i = 0; i < 3; i++) await forged();
    assert.equal(alerts.length, 2);
  });

  test('an address that fails or sends elsewhere: no call fails, the operator is told, it is tried again later', async (t) => {
    let now = Date.now();
    const { posted, url } = await mailbox(t, (count) => (count < 3 ? 307 : 204));
    const plugin = await pluginOn(sandbox, { clock: () => now, alerts: { url } });
    sandbox.fault({ service: 'ghl', kind: 'status', status: 401, body: { message: 'Invalid JWT' } });
    const settle = async (count) => {
      assert.equal(await read(plugin), 'unauthenticated');
      while (plugin.lines.length < Math.min(count, 2) || posted.length < count) await new Promise(setImmediate);
    };
    await settle(1);
    await settle(1);
    now += 61_000;
    await settle(2);
    now += 61_000;
    await settle(2);
    now += 61_000;
    await settle(3);
    now += 3_700_000;
    await settle(3);
    await plugin.close();
    assert.equal(posted.length, 3);
    const warnings = plugin.lines.filter(({ message }) => /alert/.test(message));
    assert.deepEqual(
      warnings.map(({ fields }) => fields.problem),
      ['the address answers with 307', 'the address answers with 307'],
    );
    assert.ok(!JSON.stringify(plugin.lines).includes('/hook'));
  });

  test('a callback that throws, and an address that never answers, hold up nothing', async (t) => {
    const server = createServer(() => {});
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close(server.closeAllConnections()));
    const onAlert = () => {
      throw new Error('no');
    };
    const plugin = await pluginOn(sandbox, { alerts: { onAlert, url: `http://127.0.0.1:${server.address().port}` } });
    sandbox.fault({ service: 'ghl', kind: 'status', status: 401, body: { message: 'Invalid JWT' } });
    assert.equal(await read(plugin), 'unauthenticated');
    server.closeAllConnections();
  });

  test('wrong options', async () => {
    for (const [alerts, path] of [
      [{ url: 'http://example.com' }, 'alerts.url'],
      [{ url: 'https://user:pass@example.com' }, 'alerts.url'],
      [{ url: 'example' }, 'alerts.url'],
      [{ url: 7 }, 'alerts.url'],
      [{ onAlert: 7 }, 'alerts.onAlert'],
      [{ signatureFailures: 0 }, 'alerts.signatureFailures'],
      [{ quotaUsed: 90 }, 'alerts.quotaUsed'],
      [{ mail: 'x' }, 'alerts'],
    ]) {
      const error = await failureOf(createPlugin({ alerts }));
      assert.deepEqual([error.code, error.fields[0].path], ['invalid_input', path]);
    }
    await (await createPlugin({ alerts: { url: 'http://[::1]:8080/x', quotaUsed: 1 } })).close();
  });
});
