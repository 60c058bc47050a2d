// A burst through the Cloudflare Worker in workerd, with everything going wrong that does: messages come twice, HighLevel refuses
// and fails, objects are thrown out of memory at work, and the whole of workerd is stopped and started on the same storage.
import { setTimeout as sleep } from 'node:timers/promises';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { expected, found, KINDS } from '../support/crm-model.mjs';
import { connection, ipn, sandboxFor } from './fleet-support.mjs';
import { post, startWorker, until } from './worker-support.mjs';

/** Two vendors with two locations each, four with one: six connections, eight locations. */
const LOCATIONS = { acme1: 2, beta2: 2, cent3: 1, dora4: 1, emil5: 1, fine6: 1 };
/** Each third message comes again, at once or in a later round. */
const REPEAT_EVERY = 3;
const ROUNDS = 4;
/** A burst that takes longer hangs. */
const LIMIT_SECONDS = 800;
/** So many messages come at the same time. */
const AT_ONCE = 30;

/** Seen by the test only: what an object counts and stores, and how to throw it out of memory. */
const INSTRUMENTS = `
import { AsyncLocalStorage } from 'node:async_hooks';
const invocation = new AsyncLocalStorage();
const plainFetch = globalThis.fetch;
globalThis.fetch = (...request) => {
  const counted = invocation.getStore();
  if (counted) mostRequests = Math.max(mostRequests, ++counted.requests);
  return plainFetch(...request);
};
let mostRequests = 0;
for (const name of ['deliver', 'wake', 'alarm']) {
  const plain = Ledger.prototype[name];
  Ledger.prototype[name] = function (...input) {
    return invocation.run({ requests: 0 }, () => plain.apply(this, input));
  };
}
Ledger.prototype.most = async () => mostRequests;
Ledger.prototype.rooms = async function () {
  const keys = this.ctx.storage.sql.exec('SELECT key FROM entries').toArray();
  const count = (room) => keys.filter(({ key }) => key.includes('/' + room + '/')).length;
  return { inbox: count('inbox'), done: count('done'), dead: count('dead'), kept: count('kept') };
};
Ledger.prototype.crash = async function () {
  this.ctx.abort('thrown out by the test');
};
`;

export const instrumented = { script: INSTRUMENTS, compatibilityFlags: ['nodejs_als'] };

/** An object of the worker, as the test sees it. */
export async function objectOf(worker, connectionId, locationId) {
  const objects = await worker.getDurableObjectNamespace('LEDGERS');
  return objects.get(objects.idFromName(JSON.stringify([connectionId, locationId])));
}

/**
 * Sends so many messages, repetitions among them, and gives what the CRM holds beside what it must hold, with what was measured.
 * The queue of miniflare lies in memory, unlike Cloudflare's: so workerd is stopped only when the objects have the messages.
 */
export async function burst({ messages, folder, log = () => {} }) {
  const open = {};
  try {
    return await run({ messages, folder, log }, open);
  } finally {
    await open.worker?.dispose();
    await open.sandbox?.close();
  }
}

/** The burst itself. What is `open` at its end, or at its failure, is closed by {@link burst}. */
async function run({ messages, folder, log }, open) {
  const ids = Object.keys(LOCATIONS);
  const sandbox = await sandboxFor(ids, (id) => LOCATIONS[id]);
  open.sandbox = sandbox;
  sandbox.configure({ burstLimit: 1_000_000, dailyLimit: 10_000_000 });
  const connections = ids.map((id) => connection(sandbox, id, { locations: LOCATIONS[id] }));
  for (const highlevel of connections.flatMap((one) => one.highlevel)) {
    const plugin = await createPlugin({ highlevel, store: memoryStore(), log() {} });
    await plugin.setup();
    await plugin.close();
  }
  const before = sandbox.requests().length;
  const objects = connections.flatMap(({ id, highlevel }) => highlevel.map(({ locationId }) => [id, locationId]));
  const options = { folder, retries: 50, ...instrumented };
  // Kept, because miniflare makes each with a blocking call, of which one in many thousands mistakes another's answer for its own.
  const stubs = new Map();
  const start = () => {
    stubs.clear();
    open.worker = startWorker({ connections, settleSeconds: 0 }, options);
    return open.worker;
  };
  let worker = start();
  const restarts = { objects: 0, workerd: 0 };
  let mostRequests = 0;

  const stubOf = (id, place) => {
    if (!stubs.has(place)) stubs.set(place, objectOf(worker, id, place));
    return stubs.get(place);
  };

  /** Asks all objects. One that is being thrown out is asked again, by a new stub. */
  const ask = (method) =>
    Promise.all(
      objects.map(async ([id, place]) => {
        for (let tries = 0; ; tries++) {
          try {
            return await (await stubOf(id, place))[method]();
          } catch (error) {
            stubs.delete(place);
            if (tries === 20) throw error;
            await sleep(25);
          }
        }
      }),
    );
  const total = async (room) => (await ask('rooms')).reduce((sum, one) => sum + one[room], 0);
  const crash = async (n) => {
    const [id, place] = objects[n % objects.length];
    try {
      await (await stubOf(id, place)).crash();
    } catch {
      stubs.delete(place);
      restarts.objects++;
    }
  };
  const ring = async () => (await worker.getWorker()).scheduled({ cron: '*/15 * * * *' });

  const orders = [];
  for (let planned = 0, i = 0; planned < messages / (1 + 1 / REPEAT_EVERY); i++) {
    const id = ids[i % ids.length];
    const story = sandbox.story({
      billing: 'subscription',
      buyer: { email: `buyer${i}@shop.test`, phone: '' },
      products: [{ id: String(10 + (Math.floor(i / ids.length) % LOCATIONS[id])) }],
    });
    const steps = [...KINDS[i % KINDS.length]];
    orders.push({ id, story, steps, messages: [] });
    planned += steps.length;
  }
  const planned = orders.reduce((sum, { steps }) => sum + steps.length, 0);
  const repeats = [];
  let [sent, distinct] = [0, 0];
  const send = async ({ body, url }) => {
    sent++;
    const response = await post(worker, body, url);
    if ((await response.text()) !== 'OK') throw new Error(`a message was answered with ${response.status}`);
  };
  sandbox.fault({ service: 'ghl', kind: 'rate_limited', times: 20, probability: 0.01 });
  sandbox.fault({ service: 'ghl', kind: 'status', status: 503, times: 20, probability: 0.01 });
  sandbox.fault({ service: 'ghl', kind: 'reset_after', times: 20, probability: 0.01 });
  sandbox.fault({ service: 'ghl', kind: 'timeout', times: 2, probability: 0.002 });

  const began = performance.now();
  const queue = [...orders];
  for (let round = 0; round < ROUNDS || queue.length > 0; round++) {
    // Each order at most once in a round: its messages are in order where the one before is stored.
    const waiting = queue.splice(0, Math.ceil(planned / ROUNDS));
    const requests = repeats.splice(0);
    for (const order of waiting) {
      const message = order.story[order.steps.shift()]();
      order.messages.push(message);
      if (order.steps.length > 0) queue.push(order);
      const request = ipn(order.id, message);
      requests.push(request);
      if (++distinct % REPEAT_EVERY === 0) (distinct % 2 ? requests : repeats).push(request);
    }
    for (let at = 0; at < requests.length; at += AT_ONCE) {
      await Promise.all(requests.slice(at, at + AT_ONCE).map(send));
      if ((at / AT_ONCE) % 3 === 0) await crash(round + at / AT_ONCE);
    }
    await until(
      `round ${round} in the objects`,
      async () => (await total('inbox')) + (await total('done')) >= distinct,
      LIMIT_SECONDS,
    );
    log(`${sent} sent, ${await total('done')} done`);
    mostRequests = Math.max(mostRequests, ...(await ask('most')));
    await worker.dispose();
    restarts.workerd++;
    worker = start();
    await ring();
  }
  for (const request of repeats) await send(request);
  const receivedMs = performance.now() - began;
  let rung = Date.now();
  await until(
    'all done',
    async () => {
      // Where workerd was stopped, the platform brings the alarm back; miniflare forgets it, so the cron does.
      if (Date.now() - rung > 5000) {
        rung = Date.now();
        await ring();
      }
      return (await total('inbox')) === 0 && (await total('done')) >= distinct;
    },
    LIMIT_SECONDS,
  );
  const doneMs = performance.now() - began;
  mostRequests = Math.max(mostRequests, ...(await ask('most')));
  const dead = await total('dead');

  const { contacts, triggers } = sandbox.state();
  const byAddress = (a, b) => (a.email < b.email ? -1 : 1);
  const model = orders.map(({ messages: all }) => expected(all)).sort(byAddress);
  const crm = contacts.map((contact) => found(contact, triggers)).sort(byAddress);
  const calls = sandbox.requests().length - before;
  return { model, crm, sent, distinct, orders: orders.length, calls, mostRequests, restarts, dead, receivedMs, doneMs };
}
