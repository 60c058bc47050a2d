// `serve` is killed again and again while messages come in: the CRM ends as if nothing had happened.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { expected, found, KINDS } from '../support/crm-model.mjs';
import { environment, startService } from './service-support.mjs';
import { form, freePort, pluginOn, temporaryFolder } from './support.mjs';

const KILLS = 10;
const ORDERS_OF_EACH_KIND = 20;
const MESSAGES_PER_SECOND = 200;
/** More than a lease lasts: the last start takes over what the dead ones held, without the wait. */
const LATER_MS = 10 * 60_000;

test('killed ten times while 200 messages a second come in: the CRM equals the model', {
  timeout: 400_000,
}, async (t) => {
  const sandbox = await startSandbox({ settings: { burstLimit: 1_000_000, dailyLimit: 10_000_000 } });
  t.after(() => sandbox.close());
  const plugin = await pluginOn(sandbox);
  await plugin.setup();
  await plugin.close();
  const folder = temporaryFolder(t);
  const env = environment(sandbox, folder);
  const port = await freePort();
  const to = `http://127.0.0.1:${port}/webhooks/digistore24`;
  let service;
  const start = async (more) => {
    service = await startService({ env, folder, port, ...more });
    assert.ok(service.url, JSON.stringify(service.lines()));
  };
  t.after(() => service?.kill('SIGKILL'));
  await start();
  const refusals = { lost: 0, other: 0 };

  /** Until it says OK, as Digistore24 does, but sooner. */
  async function deliver(message) {
    const body = form(message);
    for (;;) {
      const text = await fetch(to, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
        .then((response) => response.text())
        .catch(() => undefined);
      if (text === 'OK') return;
      refusals[text === undefined ? 'lost' : 'other']++;
      await sleep(50);
    }
  }

  const orders = Array.from({ length: KINDS.length * ORDERS_OF_EACH_KIND }, (_, i) => {
    const buyer = { email: `buyer${i}@example.com`, phone: '' };
    return {
      story: sandbox.story({ billing: 'subscription', buyer }),
      steps: [...KINDS[i % KINDS.length]],
      messages: [],
    };
  });
  const total = orders.reduce((sum, { steps }) => sum + steps.length, 0);
  const queue = [...orders];
  for (let round = 0; round < KILLS; round++) {
    // Each order at most once: its messages are in order where the one before was taken.
    const burst = queue.splice(0, Math.ceil(total / KILLS));
    const sent = [];
    for (const [i, order] of burst.entries()) {
      const message = order.story[order.steps.shift()]();
      order.messages.push(message);
      if (order.steps.length > 0) queue.push(order);
      sent.push(deliver(message));
      if (i === Math.floor(((round + 1) * burst.length) / (KILLS + 2))) {
        service.kill('SIGKILL');
        service.ended.then(() => start({ laterMs: round === KILLS - 1 ? LATER_MS : 0 }));
      }
      await sleep(1000 / MESSAGES_PER_SECOND);
    }
    await Promise.all(sent);
  }
  assert.deepEqual(queue, []);
  assert.ok(refusals.lost > KILLS && refusals.other === 0, JSON.stringify(refusals));

  const health = async () => (await fetch(new URL('/healthz', to))).json();
  for (let state = await health(); state.inbox > 0; state = await health()) await sleep(100);
  assert.equal((await health()).dead, 0);
  service.kill('SIGTERM');
  assert.deepEqual(await service.ended, { code: 0, signal: null });

  const { contacts, triggers } = sandbox.state();
  const byAddress = (a, b) => (a.email < b.email ? -1 : 1);
  const model = orders.map(({ messages }) => expected(messages)).sort(byAddress);
  const crm = contacts.map((contact) => found(contact, triggers)).sort(byAddress);
  assert.equal(crm.length, model.length);
  for (const [i, one] of model.entries()) assert.deepEqual(crm[i], one);
});
