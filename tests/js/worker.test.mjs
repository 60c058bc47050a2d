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
const isApplied = (email) => () => contacts().some((one) => one.email === email && one.tags.includes('ds24-customer'));

test('the main job: contact with fields, note and tags; a repetition makes no call', async (t) => {
  const worker = workerFor(t);
  const message = form(sale());
  const answer = await post(worker, message);
  assert.equal(await answer.text(), 'OK');
  await until('the contact', isApplied('ayse.demir@shop.test'));
  const [contact] = contacts();
  assert.equal(contacts().length, 1);
  assert.equal(sandbox.state().notes.filter(({ contactId }) => contactId === contact.id).length, 1);
  await until('an empty inbox', async () => (await roomsOf(worker)).inbox === 0);

  const before = sandbox.requests().length;
  for (let i = 0; i < 3; i++) assert.equal((await post(worker, message)).status, 200);
  // A later sale is behind them in the same queue and inbox.
  await post(worker, form(sale('later@shop.test')));
  await until('the later contact', isApplied('later@shop.test'));
  const touched = sandbox.requests().slice(before);
  assert.ok(touched.every(({ path, body }) => !JSON.stringify([path, body]).includes(contact.id)));
  assert.equal(sandbox.state().notes.filter(({ contactId }) => contactId === contact.id).length, 1);
});

test('a missed payment makes a task', async (t) => {
  const worker = workerFor(t);
  const story = sandbox.story({ buyer: { email: 'missed@shop.test' }, plan: 'subscription' });
  await post(worker, form(story.payment()));
  await post(worker, form(story.missed()));
  await until('the task', () => sandbox.state().tasks.length === 1);
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
  for (const email of emails) assert.equal((await post(first, form(sale(email)))).status, 200);
  await until('the first contacts', () => contacts().length >= 2);
  await until('all in the inbox', async () => {
    const { inbox } = await roomsOf(first);
    return inbox + contacts().length >= emails.length;
  });
  await first.dispose();
  assert.ok(contacts().length < emails.length, 'it was too fast to be stopped');

  const second = workerFor(t, { folder });
  // The cron of the deployment.
  await (await second.getWorker()).scheduled({ cron: '*/15 * * * *' });
  await until('all contacts', () => emails.every((email) => isApplied(email)()));
  assert.equal(contacts().length, emails.length);
  for (const { id } of contacts()) {
    assert.equal(sandbox.state().notes.filter(({ contactId }) => contactId === id).length, 1);
  }
});

test('what can’t be carried out is a dead letter, told on the status page, and holds up nobody', async (t) => {
  const worker = workerFor(t);
  sandbox.fault({ service: 'ghl', kind: 'status', method: 'POST', path: '/contacts/', status: 422, times: 1 });
  await post(worker, form(sale('poison@shop.test')));
  await until('the dead letter', async () => (await roomsOf(worker)).dead === 1);
  await post(worker, form(sale('fine@shop.test')));
  await until('the other contact', isApplied('fine@shop.test'));

  const page = await worker.dispatchFetch(`http://worker.test/?token=${statusToken}`);
  const html = await page.text();
  assert.equal(page.status, 200);
  assert.match(html, /A person is needed/);
  assert.match(html, /Dead letters/);
  assert.ok(!html.includes('poison@shop.test'), 'the page names nobody');
});

test('a step stays within the subrequests of the free plan', async (t) => {
  const worker = workerFor(t);
  for (let i = 0; i < 30; i++) await post(worker, form(sale(`many${i}@shop.test`)));
  await until('all contacts', () => contacts().length === 30);
  await until('an empty inbox', async () => (await roomsOf(worker)).inbox === 0);
  // Each step tells how many requests it made.
  const worked = await stepsOf(worker);
  assert.ok(worked.length > 2);
  assert.ok(Math.max(...worked) <= 50, `${Math.max(...worked)} requests in one step`);
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
    ['a secret is missing', { leave: ['ACME_GHL_TOKEN'] }, /secret ACME_GHL_TOKEN/, /wrangler secret put ACME_GHL_TOKEN/],
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
