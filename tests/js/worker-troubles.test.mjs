// What goes wrong around the Cloudflare Worker: each time it says what to do, and nothing is lost.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { checkTrouble, troubles } from '../support/mainjob.mjs';
import { form, temporaryFolder } from './support.mjs';
import { instrumented, objectOf } from './worker-load.mjs';
import { connectionsOn, location, post, roomsOf, startWorker, statusToken, until } from './worker-support.mjs';

const email = 'patient@shop.test';

/** A sandbox, a sale and workers whose log is kept. All end with the test. */
async function stage(t) {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  let text = '';
  const start = (connections, options = {}) => {
    const worker = startWorker(connections, {
      ...options,
      handleRuntimeStdio(...streams) {
        for (const stream of streams) {
          stream.on('data', (chunk) => {
            text += chunk;
          });
        }
      },
    });
    let isOver = false;
    const end = async () => {
      if (!isOver) await worker.dispose();
      isOver = true;
    };
    t.after(end);
    return { worker, end };
  };
  const lines = () =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  const isApplied = () =>
    sandbox
      .state()
      .contacts.find((one) => one.email === email)
      ?.tags.includes('ds24-customer');
  const orders = (n = 1) => Array.from({ length: n }, () => form(sandbox.story({ buyer: { email } }).payment()));
  return { sandbox, start, lines, isApplied, orders };
}

const statusOf = async (worker) => (await objectOf(worker, 'acme', location)).status({ connection: 'acme', location });
const pageOf = async (worker) => (await worker.dispatchFetch(`http://worker.test/?token=${statusToken}`)).text();
const ring = async (worker) => (await worker.getWorker()).scheduled({ cron: '*/15 * * * *' });

describe('the message waits, the status page says why', () => {
  for (const [what, { code: told, hidden, change }] of Object.entries(troubles)) {
    const code = hidden ?? told;
    test(what, async (t) => {
      const { sandbox, start, isApplied, orders } = await stage(t);
      const folder = temporaryFolder(t);
      const wrong = connectionsOn(sandbox);
      const [connection] = wrong.connections;
      connection.highlevel = [(await change({ highlevel: connection.highlevel[0] })).highlevel];
      const first = start(wrong, { folder });
      assert.equal(await (await post(first.worker, orders()[0])).text(), 'OK');
      await until('a reason', async () => (await statusOf(first.worker)).waitsFor !== null);
      const { waitsFor } = await statusOf(first.worker);
      checkTrouble(waitsFor, code);
      const html = await pageOf(first.worker);
      assert.ok(html.includes('What to do') && html.includes('Nothing is lost'), html);
      assert.equal(html.includes('A person is needed'), code === 'unauthenticated');
      for (const secret of ['pit-', email, 'a-passphrase', statusToken]) assert.ok(!html.includes(secret), secret);
      const { inbox, dead } = await roomsOf(first.worker);
      assert.deepEqual([inbox, dead], [1, 0]);
      // A refused token is tried again after a minute, so here only the other one is mended.
      if (code === 'unauthenticated') return;
      await first.end();
      const second = start(connectionsOn(sandbox), { folder });
      await ring(second.worker);
      await until('the contact', isApplied);
    });
  }
});

test('no room in the object: refused as full, kept by the queue; with room again all is carried out once', async (t) => {
  // As SQLite says it. The object itself can't be filled: workerd lets nobody set its limit.
  const script = `${instrumented.script}
    let isFull = true;
    Ledger.prototype.makeRoom = async () => { isFull = false; };
    const Storage = { deliver: Ledger.prototype.deliver };
    Ledger.prototype.deliver = function (...input) {
      const { storage } = this.ctx;
      if (!this.isWatched) {
        this.isWatched = true;
        const plain = storage.transactionSync.bind(storage);
        storage.transactionSync = (work) => {
          if (isFull) throw new Error('database or disk is full: SQLITE_FULL');
          return plain(work);
        };
      }
      return Storage.deliver.apply(this, input);
    };`;
  const { sandbox, start, lines, isApplied, orders } = await stage(t);
  const { worker } = start(connectionsOn(sandbox), { ...instrumented, script, retries: 50 });
  for (const body of orders(3)) assert.equal(await (await post(worker, body)).text(), 'OK');
  const isTold = ({ message }) => message === 'a message could not be stored';
  await until('the log', () => lines().some(isTold));
  const { code, help } = lines().find(isTold);
  assert.equal(code, 'storage');
  assert.match(help, /room|keepDays/);
  assert.equal(sandbox.state().contacts.length, 0);

  await (await objectOf(worker, 'acme', location)).makeRoom();
  await until('the contact', isApplied);
  await until('all three', async () => (await (await objectOf(worker, 'acme', location)).rooms()).done === 3);
  const [{ notes }, ...others] = sandbox.state().contacts;
  assert.deepEqual([others.length, notes.length], [0, 3], 'a note for each order');
});

test('a backlog and a reconciliation keep within 50 subrequests', async (t) => {
  const { sandbox, start, orders } = await stage(t);
  sandbox.configure({ burstLimit: 1_000_000 });
  const connections = { ...connectionsOn(sandbox), reconcileEveryHours: 1 };
  const { worker } = start(connections, { ...instrumented });
  for (const body of orders(40)) assert.equal(await (await post(worker, body)).text(), 'OK');
  const object = await objectOf(worker, 'acme', location);
  const reconciled = () => sandbox.requests().filter(({ service }) => service === 'digistore24').length;
  await until('backlog and reconciliation', async () => (await object.rooms()).done === 40 && reconciled() > 0);
  await until('its end', async () => Date.parse((await statusOf(worker)).nextAt) > Date.now() + 10 * 60_000);
  const most = await object.most();
  t.diagnostic(`${most} requests at most in one invocation, ${reconciled()} to Digistore24`);
  assert.ok(most > 20 && most <= 50, `${most} requests in one invocation`);
});
