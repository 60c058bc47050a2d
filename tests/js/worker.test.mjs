// The Cloudflare Worker as it is deployed, in workerd: webhook -> queue -> object of the location -> HighLevel.
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { form, temporaryFolder } from './support.mjs';
import { connectionsOn, post, roomsOf, startWorker, statusToken, until } from './worker-support.mjs';

const sandbox = await startSandbox();
after(() => sandbox.close());
beforeEach(() => sandbox.reset());

/** A worker that ends with the test. */
function workerFor(t, options, connections = connectionsOn(sandbox)) {
  const worker = startWorker(connections, options);
  t.after(() => worker.dispose());
  return worker;
}
const sale = (email = 'ayse.demir@shop.test') => sandbox.story({ buyer: { email } }).payment();
const contacts = () => sandbox.state().contacts;
const contactOf = (email) => contacts().find((one) => one.email === email);
const isApplied = (email) => () => contactOf(email)?.tags.includes('ds24-customer');
const isIdle = (worker) => async () => (await roomsOf(worker)).inbox === 0;

test('the main job: contact with note, tags and task; a repetition makes no call', async (t) => {
  const worker = workerFor(t);
  const story = sandbox.story({ buyer: { email: 'ayse.demir@shop.test' } });
  const message = form(story.payment());
  assert.equal(await (await post(worker, message)).text(), 'OK');
  await until('the contact', isApplied('ayse.demir@shop.test'));
  await post(worker, form(story.missed()));
  await until('the task', () => contactOf('ayse.demir@shop.test').tasks.length === 1);
  await until('an empty inbox', isIdle(worker));

  const before = sandbox.requests().length;
  for (let i = 0; i < 3; i++) assert.equal((await post(worker, message)).status, 200);
  // A later sale is behind them in the same queue and inbox.
  await post(worker, form(sale('later@shop.test')));
  await until('the later contact', isApplied('later@shop.test'));
  const { id, notes, tasks } = contactOf('ayse.demir@shop.test');
  const touched = sandbox.requests().slice(before);
  assert.ok(touched.every(({ path }) => !path.includes(id)));
  assert.deepEqual([contacts().length, notes.length, tasks.length], [2, 1, 1]);
});

test('a wrong signature, another address, a wrong token: refused, nothing queued', async (t) => {
  const worker = workerFor(t);
  assert.equal((await post(worker, form(sale(), 'another phrase'))).status, 403);
  assert.equal((await post(worker, form(sale()), '/webhooks/digistore24/acme/wrong-token-0123456')).status, 404);
  assert.equal((await post(worker, form(sale()), '/webhooks/digistore24/nobody/wrong-token-0123456')).status, 404);
  assert.equal((await worker.dispatchFetch('http://worker.test/elsewhere')).status, 404);
  assert.equal(sandbox.requests().length, 0);
});

test('stopped in the middle of its work, started again with the same storage: all is there once', async (t) => {
  const folder = temporaryFolder(t);
  const emails = Array.from({ length: 12 }, (_, i) => `buyer${i}@shop.test`);
  const first = startWorker(connectionsOn(sandbox), { folder });
  sandbox.fault({ service: 'ghl', kind: 'slow', delayMs: 100 });
  for (const email of emails) assert.equal((await post(first, form(sale(email)))).status, 200);
  await until('all in the inbox', async () => {
    const { inbox } = await roomsOf(first);
    return contacts().length >= 2 && inbox + contacts().length >= emails.length;
  });
  await first.dispose();
  assert.ok(contacts().length < emails.length, 'it was too fast to be stopped');
  sandbox.clearFaults();

  const second = workerFor(t, { folder });
  // The cron of the deployment.
  await (await second.getWorker()).scheduled({ cron: '*/15 * * * *' });
  await until('all contacts', () => emails.every((email) => isApplied(email)()));
  assert.equal(contacts().length, emails.length);
  for (const { notes } of contacts()) assert.equal(notes.length, 1);
});

test('what can’t be carried out is a dead letter, told on the status page, and holds up nobody', async (t) => {
  const worker = workerFor(t);
  sandbox.fault({ service: 'ghl', kind: 'status', method: 'POST', path: '/contacts/', status: 422 });
  await post(worker, form(sale('poison@shop.test')));
  await until('the dead letter', async () => (await roomsOf(worker)).dead === 1);
  sandbox.clearFaults();
  await post(worker, form(sale('fine@shop.test')));
  await until('the other contact', isApplied('fine@shop.test'));

  const page = await worker.dispatchFetch(`http://worker.test/?token=${statusToken}`);
  const html = await page.text();
  assert.equal(page.status, 200);
  assert.match(html, /A person is needed/);
  assert.match(html, /Dead letters/);
  assert.ok(!html.includes('poison@shop.test'), 'the page names nobody');

  const retry = (method, token = statusToken) =>
    worker.dispatchFetch('http://worker.test/retry', { method, headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual([(await retry('GET')).status, (await retry('POST', 'wrong')).status], [405, 401]);
  assert.equal(contactOf('poison@shop.test'), undefined);
  assert.equal((await retry('POST')).status, 202);
  await until('the contact', isApplied('poison@shop.test'));
  await until('no dead letter', async () => (await roomsOf(worker)).dead === 0);
});

describe('a deployment that is not whole says what to do', () => {
  const health = async (t, options, connections) => {
    const worker = workerFor(t, options, connections);
    const response = await worker.dispatchFetch('http://worker.test/healthz');
    const delivery = await post(worker, form(sale()));
    return { status: response.status, ...(await response.json()), delivery: delivery.status };
  };

  test('all is there', async (t) => {
    assert.deepEqual(await health(t), { status: 200, ok: true, locations: 1, delivery: 200 });
  });

  for (const [what, options, message, help] of [
    [
      'a secret is missing',
      { leave: ['ACME_GHL_TOKEN'] },
      /secret ACME_GHL_TOKEN/,
      /wrangler secret put ACME_GHL_TOKEN/,
    ],
    ['the queue is missing', { leave: ['EVENTS'] }, /binding EVENTS/, /queues/],
    ['the objects are missing', { leave: ['LEDGERS'] }, /binding LEDGERS/, /durable_objects/],
    ['no connections', { leave: ['CONNECTIONS'] }, /binding CONNECTIONS/, /vars/],
    ['a number that is none', { bindings: { MAX_REQUESTS: 'many' } }, /MAX_REQUESTS/, /wrangler.jsonc/],
    ['text that is no JSON', { bindings: { CONNECTIONS: '{' } }, /no JSON/, /wrangler.jsonc/],
  ]) {
    test(what, async (t) => {
      const { status, ok, error } = await health(t, options);
      assert.deepEqual([status, ok, error.code], [503, false, 'misconfigured']);
      assert.match(error.message, message);
      assert.match(error.help, help);
    });
  }

  test('a wrong field of a connection is named', async (t) => {
    const wrong = connectionsOn(sandbox);
    wrong.connections[0].highlevel[0].locationID = 'x';
    const { error } = await health(t, {}, wrong);
    assert.deepEqual([error.code, error.fields[0].path], ['invalid_input', 'connections[0].highlevel[0].locationID']);
  });

  test('the pages for the operator are closed without the token', async (t) => {
    const worker = workerFor(t);
    for (const path of ['/', '/metrics', '/?token=wrong']) {
      assert.equal((await worker.dispatchFetch(`http://worker.test${path}`)).status, 401);
    }
    const open = workerFor(t, { leave: ['STATUS_TOKEN'] });
    assert.equal((await open.dispatchFetch('http://worker.test/')).status, 403);
  });
});
