import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteStore } from '../../../pkg/dist/src/store/sqlite.js';
import { form } from '../../js/support.mjs';
import { startMainJob } from '../../support/mainjob.mjs';
import { connectionOn, flowOf, startCollector, startNodeRed, until, userDirectory } from './nodered.mjs';

const sync = (more = {}) => ({ id: 'sync', type: 'ghl-digistore24-sync', connection: 'connection', ...more });

/** Sends a message; it is worked on when its report has left the sync node. */
const through = (red, collector) => async (request) => {
  const seen = collector.reports.size;
  const answer = await red.post(request);
  if (!collector.bodies.has(request.body)) await collector.more(seen);
  collector.bodies.add(request.body);
  return answer;
};

/** A collector that counts the reports of what was done. */
async function startReports(t) {
  const collector = await startCollector(t);
  const reports = new Set();
  const more = (count) =>
    until(() => {
      for (const { payload } of collector.messages) if (payload.outcome === 'done') reports.add(payload.id);
      return reports.size > count;
    });
  return { ...collector, reports, bodies: new Set(), more };
}

test('the main job: signed messages in by HTTP, the CRM as it has to be; a repeat makes no call', async (t) => {
  const job = await startMainJob(t);
  const folder = userDirectory(t);
  const red = await startNodeRed(t, folder);
  const collector = await startReports(t);
  await red.deploy(flowOf(connectionOn(job.settings), sync({ to: ['wrap'] }), ...collector.nodes));
  await job.run(through(red, collector));

  const flows = readFileSync(join(folder, 'flows.json'), 'utf8');
  assert.doesNotMatch(flows, /pit-|a-passphrase/, 'no secret lies in the flow');
  assert.doesNotMatch(red.output.join(''), /pit-|a-passphrase|example\.com/, 'nor in the log');
});

test('killed in mid-run and started again: all is done, once', async (t) => {
  const job = await startMainJob(t);
  const folder = userDirectory(t);
  const first = await startNodeRed(t, folder);
  const flow = flowOf(connectionOn(job.settings), sync());
  await first.deploy(flow);
  const order = job.sandbox.story({ buyer: { email: 'kim@example.com' }, billing: 'subscription' });
  const request = requestOf(order.payment());
  const before = job.sandbox.requests().length;
  assert.deepEqual(await first.post(request), { status: 200, text: 'OK' });
  await until(() => job.sandbox.requests().length > before);
  await first.end('SIGKILL');

  const second = await startNodeRed(t, folder, { laterMs: 600_000 });
  const contacts = () => job.sandbox.state().contacts;
  await until(() => contacts()[0]?.tags.includes('ds24-active'));
  assert.equal(contacts().length, 1);
  assert.equal(contacts()[0].notes.length, 1);
  assert.deepEqual(await second.post(request), { status: 200, text: 'OK' });
  assert.equal(contacts()[0].notes.length, 1);
});

test('deployed again and again in mid-run: all is done, once', async (t) => {
  const job = await startMainJob(t);
  const red = await startNodeRed(t, userDirectory(t));
  const flow = flowOf(connectionOn(job.settings), sync());
  await red.deploy(flow);
  const emails = Array.from({ length: 8 }, (_, i) => `buyer${i}@example.com`);
  for (const [i, email] of emails.entries()) {
    const request = requestOf(job.sandbox.story({ buyer: { email, phone: '' }, billing: 'subscription' }).payment());
    const before = job.sandbox.requests().length;
    // As Digistore24 does: again until it reads OK.
    await until(async () => (await red.post(request)).text === 'OK');
    if (i % 2 === 1) continue;
    await until(() => job.sandbox.requests().length > before);
    await red.deploy(flow);
  }
  const contacts = () => job.sandbox.state().contacts;
  await until(() => contacts().filter(({ tags }) => tags.includes('ds24-active')).length === emails.length);
  assert.deepEqual(
    contacts()
      .map(({ email }) => email)
      .toSorted(),
    emails,
  );
  assert.ok(contacts().every(({ notes }) => notes.length === 1));
});

test('what a killed process had still to hand to a flow begins it at the next start, once', async (t) => {
  const job = await startMainJob(t);
  const folder = userDirectory(t);
  const collector = await startCollector(t);
  const trigger = {
    id: 'trigger',
    type: 'ghl-digistore24-trigger',
    connection: 'connection',
    trigger: '',
    to: ['wrap'],
  };
  const first = await startNodeRed(t, folder);
  await first.deploy(flowOf(connectionOn(job.settings), trigger, ...collector.nodes));
  await first.post(requestOf(job.sandbox.story({}).payment()));
  const [{ payload }] = await collector.take();
  await first.end('SIGKILL');
  // As if it had ended between OK and the flow.
  const store = openSqliteStore(join(folder, 'ghl-digistore24', 'connection.sqlite'));
  await store.commit([{ key: 'node-red/trigger/queue/1', expect: 0, value: JSON.stringify(payload) }]);
  await store.close();

  const second = await startNodeRed(t, folder);
  assert.deepEqual(
    (await collector.take()).map((told) => told.payload),
    [payload],
  );
  await second.post(requestOf(job.sandbox.story({}).payment()));
  assert.notEqual((await collector.take())[0].payload.orderId, payload.orderId);
});

const requestOf = (message) => ({
  method: 'POST',
  path: '/webhooks/digistore24',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: form(message),
});
