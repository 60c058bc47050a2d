// The Cloudflare Worker under load and in trouble, in workerd: bursts over many locations with restarts, requests of one invocation,
// credentials that are revoked, a network that is gone, storage that is full.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { connection, ipn, locationOf, sandboxFor } from './fleet-support.mjs';
import { form, freePort, temporaryFolder } from './support.mjs';
import { connectionsOn, post, roomsOf, startWorker, until } from './worker-support.mjs';

/** How many messages the burst has: 2,000, or as WORKER_BURST says. */
const BURST = Number(process.env.WORKER_BURST ?? 2000);
/** Each fifth comes a second time. */
const AGAIN = 5;

const vendors = (count) => Array.from({ length: count }, (_, n) => `v-${n + 1}`);
const send = (worker, { url, body }) => post(worker, body, url);
/** The mapping of each location writes no custom fields: nobody has set them up. */
const withoutFields = ({ routes, ...rest }) => ({
  ...rest,
  routes: routes.map((route) => ({ ...route, mapping: { customFields: false } })),
});
/** Twenty at a time, as a sender with open connections does. */
async function sendAll(worker, messages) {
  const waiting = [...messages];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) assert.equal((await send(worker, next)).status, 200);
  };
  await Promise.all(Array.from({ length: 20 }, lane));
}

/** What the worker writes into its log. */
function logged() {
  const lines = [];
  const take = (stream) => stream.on('data', (bytes) => lines.push(String(bytes)));
  return { lines, handleRuntimeStdio: (...streams) => streams.forEach(take) };
}

/** All that the operator's numbers say, added up. */
async function waitingIn(worker) {
  const { text } = await roomsOf(worker);
  const sum = (name) =>
    [...text.matchAll(new RegExp(`^${name}{[^}]*} (\\d+)`, 'gm'))].reduce((all, [, n]) => all + Number(n), 0);
  return { inbox: sum('ghl_ds24_inbox_messages'), dead: sum('ghl_ds24_dead_messages') };
}

/** Counts the messages that objects have taken from the queue: each tells it after it has stored them. */
async function counter(t) {
  const taken = { count: 0 };
  const server = createServer((request, response) => {
    taken.count += Number(request.url.slice(1));
    response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  taken.script = `
const __deliver = Ledger.prototype.deliver;
Ledger.prototype.deliver = async function (...args) {
  const results = await __deliver.apply(this, args);
  await fetch('http://127.0.0.1:${server.address().port}/' + results.filter(({ ok }) => ok).length);
  return results;
};
`;
  return taken;
}

test(`a burst of ${BURST} messages through queue and objects, restarted twice: nothing lost, nothing twice`, async (t) => {
  const ids = vendors(20);
  const perVendor = 2;
  const sandbox = await sandboxFor(ids, () => perVendor);
  t.after(() => sandbox.close());
  // What fails now and then, fails here.
  sandbox.fault({ service: 'ghl', kind: 'status', status: 503, probability: 0.01 });
  sandbox.fault({ service: 'ghl', kind: 'reset', probability: 0.005 });
  sandbox.fault({ service: 'ghl', kind: 'reset_after', probability: 0.005 });
  const fleet = {
    connections: ids.map((id) => withoutFields(connection(sandbox, id, { locations: perVendor }))),
    settleSeconds: 1,
  };
  const unique = Math.round(BURST - BURST / AGAIN);
  const wanted = new Map();
  const messages = Array.from({ length: unique }, (_, n) => {
    const id = ids[n % ids.length];
    const place = Math.floor(n / ids.length) % perVendor;
    const email = `buyer${n}@shop.test`;
    wanted.set(email, locationOf(id, place));
    const product = { id: String(10 + place), name: 'Kurs', price: 4900, tags: [] };
    return ipn(id, sandbox.story({ buyer: { email, id: String(100_000 + n) }, products: [product] }).payment());
  });
  const all = messages.flatMap((message, n) => (n % (AGAIN - 1) === 0 ? [message, message] : [message]));
  // A repetition comes when it likes.
  for (let n = all.length - 1; n > 0; n--) {
    const other = (n * 7919) % (n + 1);
    [all[n], all[other]] = [all[other], all[n]];
  }

  const taken = await counter(t);
  const options = { folder: temporaryFolder(t), script: taken.script, handleRuntimeStdio: logged().handleRuntimeStdio };
  const began = performance.now();
  const third = Math.ceil(all.length / 3);
  let worker = startWorker(fleet, options);
  t.after(() => worker.dispose());
  for (let part = 0; part < 3; part++) {
    if (part > 0) {
      // Queues live in this simulator's memory: a real one outlives the worker. So it is stopped when the objects have the messages,
      // in the midst of their work.
      await until('the queue is empty', () => taken.count >= part * third);
      await worker.dispose();
      worker = startWorker(fleet, options);
      await (await worker.getWorker()).scheduled({ cron: '*/15 * * * *' });
    }
    await sendAll(worker, all.slice(part * third, (part + 1) * third));
  }
  const sent = (performance.now() - began) / 1000;
  const isDone = async () => {
    const { contacts } = sandbox.state();
    return contacts.length >= unique && (await waitingIn(worker)).inbox === 0;
  };
  await until('everything is carried out', isDone, 480);
  const seconds = (performance.now() - began) / 1000;
  t.diagnostic(
    `${all.length} messages taken in ${sent.toFixed(1)} s, carried out in ${seconds.toFixed(1)} s, over ${ids.length * perVendor} locations`,
  );

  assert.equal((await waitingIn(worker)).dead, 0);
  const { contacts } = sandbox.state();
  assert.equal(contacts.length, unique);
  for (const { email, locationId, notes, tags } of contacts) {
    assert.equal(locationId, wanted.get(email), email);
    assert.equal(notes.length, 1, email);
    assert.ok(tags.includes('ds24-customer') && tags.includes('ds24-active'), `${email}: ${tags}`);
  }
});

/** Counts the requests of each invocation of an object, and writes the count on each. */
const counted = `
const __send = globalThis.fetch;
let __count = 0;
globalThis.fetch = (input, init) => {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
  headers.set('x-request-of-invocation', String(++__count));
  return __send(input, { ...init, headers });
};
for (const name of ['alarm', 'deliver', 'wake', 'retry', 'status']) {
  const method = Ledger.prototype[name];
  Ledger.prototype[name] = function (...args) {
    if (name === 'alarm') __count = 0;
    return method.apply(this, args);
  };
}
`;

test('an invocation makes at most 50 requests, with a backlog and with a comparison', async (t) => {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  // What was sold before, and what no webhook told: the comparison has much to read.
  for (let n = 0; n < 60; n++) sandbox.story({ buyer: { email: `missed${n}@shop.test` } }).payment();
  const fleet = { ...connectionsOn(sandbox), reconcileEveryHours: 1 };
  const worker = startWorker(fleet, { script: counted });
  t.after(() => worker.dispose());
  for (let n = 0; n < 60; n++)
    await post(worker, form(sandbox.story({ buyer: { email: `sold${n}@shop.test` } }).payment()));
  await until(
    'the sales',
    () => sandbox.state().contacts.filter(({ email }) => email.startsWith('sold')).length === 60,
  );
  await until('the comparison', () => sandbox.requests().some(({ path }) => path.includes('listDeliveries')));
  const counts = sandbox.requests().map(({ headers }) => Number(headers['x-request-of-invocation']));
  const most = Math.max(...counts);
  t.diagnostic(`the most in one invocation: ${most}`);
  assert.ok(most > 20 && most <= 50, `${most}`);
});

describe('in trouble it says what to do, and loses nothing', () => {
  const sale = (sandbox, email) => form(sandbox.story({ buyer: { email } }).payment());
  const applied = (sandbox, email) => () =>
    sandbox
      .state()
      .contacts.find((one) => one.email === email)
      ?.tags.includes('ds24-customer');
  test('a token that was revoked: told; with the new one all goes on', async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    const folder = temporaryFolder(t);
    const { lines, handleRuntimeStdio } = logged();
    const first = startWorker(connectionsOn(sandbox), {
      folder,
      bindings: { ACME_GHL_TOKEN: 'pit-revoked' },
      handleRuntimeStdio,
    });
    assert.equal((await post(first, sale(sandbox, 'revoked@shop.test'))).status, 200);
    await until('the log', () => lines.join('').includes('accept the token'));
    assert.match(lines.join(''), /copied whole|connect again|new token/i);
    assert.ok(!lines.join('').includes('pit-revoked') && !lines.join('').includes('revoked@shop.test'));
    await first.dispose();
    const second = startWorker(connectionsOn(sandbox), { folder });
    t.after(() => second.dispose());
    await wake(second);
    await until('the contact', applied(sandbox, 'revoked@shop.test'));
    assert.equal(sandbox.state().contacts.length, 1);
  });

  test('no network: kept, told, and carried out when it is back', async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    const folder = temporaryFolder(t);
    const away = connectionsOn(sandbox);
    away.connections[0].highlevel[0].baseUrl = `http://127.0.0.1:${await freePort()}`;
    const { lines, handleRuntimeStdio } = logged();
    const first = startWorker(away, { folder, handleRuntimeStdio });
    assert.equal((await post(first, sale(sandbox, 'away@shop.test'))).status, 200);
    await until('the log', () => lines.join('').includes('tried again later'));
    assert.match(lines.join(''), /Check the network/);
    assert.equal((await roomsOf(first)).inbox, 1);
    await first.dispose();
    const second = startWorker(connectionsOn(sandbox), { folder });
    t.after(() => second.dispose());
    await wake(second);
    await until('the contact', applied(sandbox, 'away@shop.test'));
    assert.equal(sandbox.state().contacts.length, 1);
  });

  test('storage that is full: the queue keeps the message until there is room', async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    // The object's SQLite refuses writes, as it does at its limit, for the first two deliveries.
    const full = `
let __deliveries = 0;
const __deliver = Ledger.prototype.deliver;
Ledger.prototype.deliver = async function (...args) {
  const sql = Object.getPrototypeOf(this.ctx.storage.sql);
  const exec = sql.exec;
  if (++__deliveries <= 2) {
    sql.exec = function (query, ...values) {
      if (/^\\s*(insert|replace|update)/i.test(query)) throw new Error('database or disk is full: SQLITE_FULL');
      return exec.call(this, query, ...values);
    };
  }
  try {
    return await __deliver.apply(this, args);
  } finally {
    sql.exec = exec;
  }
};
`;
    const { lines, handleRuntimeStdio } = logged();
    const worker = startWorker(connectionsOn(sandbox), { script: full, handleRuntimeStdio });
    t.after(() => worker.dispose());
    assert.equal((await post(worker, sale(sandbox, 'full@shop.test'))).status, 200);
    await until('the contact', applied(sandbox, 'full@shop.test'));
    assert.equal(sandbox.state().contacts[0].notes.length, 1);
    assert.match(lines.join(''), /a message could not be stored/);
    assert.match(lines.join(''), /has room; nothing was lost/);
  });

  /** The cron of the deployment. */
  const wake = async (worker) => (await worker.getWorker()).scheduled({ cron: '*/15 * * * *' });
});
