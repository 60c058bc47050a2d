// The main job of the plugin, for the tests of every host: signed messages of Digistore24 in; contact, fields, note, tags and
// task out; a repeat makes no call. The services are the sandbox's. A host only has to hand messages over:
//
//   const job = await startMainJob(t);
//   const host = …                               // made with job.options, or with the same settings in the host's own form
//   await job.run((message) => host.post(message));
import assert from 'node:assert/strict';
import { DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { form, freePort, optionsFor, passphrase, pluginOn } from '../js/support.mjs';

export const email = 'jürgen@example.com';

/**
 * Starts the sandbox, with the custom fields set up. `t` is the test's context: all ends with it.
 *
 * `options` are plain data for `createPlugin`; `settings` the same for hosts with settings of their own.
 */
export async function startMainJob(t) {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const options = optionsFor(sandbox);
  const plugin = await pluginOn(sandbox, { store: memoryStore() });
  await plugin.setup();
  await plugin.close();
  const settings = {
    highlevelUrl: sandbox.highlevelUrl,
    token: DEFAULT_TOKEN,
    locationId: DEFAULT_LOCATION_ID,
    digistore24Url: sandbox.digistore24Url,
    passphrase,
  };
  return { sandbox, options, settings, run: (deliver) => run(sandbox, deliver) };
}

/**
 * A first payment, a payment that was missed, and both again. `deliver` gets the request that Digistore24 makes,
 * `{ method, path, headers, body }`, and gives `{ status, text }` when the host has worked on it, not only stored it.
 */
async function run(sandbox, deliver) {
  const order = sandbox.story({ buyer: { email }, billing: 'subscription' });
  const callsFor = async (message) => {
    const seen = sandbox.requests().length;
    const { status, text } = await deliver(asRequest(message));
    assert.deepEqual([status, text], [200, 'OK'], 'Digistore24 reads OK');
    return sandbox
      .requests()
      .slice(seen)
      .map(({ method, path }) => `${method} ${path}`);
  };
  const payment = order.payment();
  const calls = await callsFor(payment);
  assert.match(calls.at(-1) ?? 'no call', /^POST \/contacts\/\w+\/tags$/, 'tags come last: workflows start on them');
  const missed = order.missed();
  assert.notDeepEqual(await callsFor(missed), []);
  checkState(sandbox.state(), order);

  assert.deepEqual([await callsFor(payment), await callsFor(missed)], [[], []], 'a repeat makes no call');
  checkState(sandbox.state(), order);
}

/** What the CRM has to hold at the end. */
function checkState({ contacts }, order) {
  assert.equal(contacts.length, 1, 'one contact');
  const [{ notes, tags, tasks, fields, ...contact }] = contacts;
  assert.equal(contact.email, email);
  assert.equal(fields['contact.ds24_order_id'], order.orderId);
  assert.equal(fields['contact.ds24_status'], 'paused');
  assert.equal(notes.length, 1, 'one note for the order');
  assert.ok(notes[0].body.includes(order.orderId) && notes[0].body.includes('payment missed'), notes[0].body);
  assert.ok(tags.includes('ds24-customer') && tags.includes('ds24-paused') && !tags.includes('ds24-active'), `${tags}`);
  assert.deepEqual(
    tasks.map(({ completed, title }) => [completed, title.startsWith('Payment missing')]),
    [[false, true]],
    'one task for a person',
  );
}

const asRequest = (message) => ({
  method: 'POST',
  path: '/webhooks/digistore24',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: form(message),
});

/**
 * What a host must put into words that help: the change to its options, and the code of the error of a call that reads.
 * `hidden` where the host doesn't say why there is no answer, as pages and workers.
 */
export const troubles = {
  'bad credentials': {
    code: 'unauthenticated',
    change: (options) => withHighLevel(options, { auth: { kind: 'private-integration', token: 'pit-revoked' } }),
  },
  'no network': {
    code: 'unavailable',
    hidden: 'timeout',
    change: async (options) => withHighLevel(options, { baseUrl: `http://127.0.0.1:${await freePort()}` }),
  },
};

const withHighLevel = (options, change) => ({ ...options, highlevel: { ...options.highlevel, ...change } });

/** An error as every host has to show it: what went wrong, and what to do; no secret. */
export function checkTrouble(error, code) {
  assert.equal(error?.code, code, JSON.stringify(error));
  assert.ok(error.message && error.help, JSON.stringify(error));
  assert.doesNotMatch(JSON.stringify(error), /pit-|a-passphrase/);
}
