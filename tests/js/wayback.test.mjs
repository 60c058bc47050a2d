// The way back: what people do in HighLevel starts playbooks, by an app's webhooks, by a workflow and by polling.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DEFAULT_TOKEN, startSandbox, WEBHOOK_PUBLIC_KEY } from '../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { serve } from '../../pkg/dist/src/serve.js';
import { form, optionsFor } from './support.mjs';

const workflowToken = 'a-workflow-token-0123456789';
let sandbox;
let receiver;
let plugin;
let reports;

async function start(playbooks, { app = true } = {}) {
  const options = optionsFor(sandbox);
  plugin = await createPlugin({
    ...options,
    highlevel: { ...options.highlevel, webhookPublicKey: WEBHOOK_PUBLIC_KEY, workflowToken },
    mapping: { playbooks },
    store: memoryStore(),
    log() {},
  });
  reports = [];
  receiver = await serve({ plugin, log() {}, onReport: (report) => reports.push(report) });
  if (app) sandbox.configure({ webhookUrl: `${receiver.url}/webhooks/ghl` });
  await plugin.setup();
  const story = sandbox.story({ billing: 'subscription', buyer: { email: 'zoe@example.com' } });
  await plugin.receive({ method: 'POST', body: form(story.payment()) });
  await settled();
  return story;
}

/** Until nothing is under way, on either side. */
async function settled() {
  for (let i = 0; i < 12; i++) {
    await plugin.tick();
    await receiver.idle();
    await sandbox.webhooksSent();
  }
}

/** What a person does in HighLevel: no call of the plugin. */
async function person(method, path, body) {
  const response = await fetch(`${sandbox.highlevelUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${DEFAULT_TOKEN}`, version: '2021-07-28', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(response.ok, await response.clone().text());
  return response.json();
}

const contact = () => sandbox.state().contacts[0];
const calls = (name) => sandbox.requests().filter(({ path }) => path.endsWith(`/${name}`)).length;

beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(async () => {
  await receiver?.close();
  await sandbox.close();
});

describe('an app’s webhooks', () => {
  test('each change by a person starts its playbook once; the plugin’s own writes start none', async () => {
    await start([
      {
        name: 'tagged',
        when: { event: 'tagAdded', if: { field: 'now.addedTags', is: 'vip' } },
        // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
        then: [{ note: { title: 'tagged', body: '{{contact.firstName}}' } }, { addTags: ['vip-seen'] }],
      },
      // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
      { name: 'noted', when: { event: 'noteAdded' }, then: [{ task: { title: 'Read it: {{data.body}}' } }] },
      // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
      { name: 'tasked', when: { event: 'taskCreated' }, then: [{ note: { title: 'tasked', body: 'x' } }] },
      {
        name: 'moved',
        when: { event: 'changedContact', if: { field: 'now.changed', is: 'city' } },
        // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
        then: [
          { setFields: { ds24_segment: 'moved to {{contact.city}}' } },
          { updateBuyer: { city: '{{contact.city}}' } },
        ],
      },
    ]);
    assert.deepEqual(
      [contact().notes.length, contact().tasks.length],
      [1, 0],
      'the order’s own note, heard as an echo',
    );
    await person('POST', `/contacts/${contact().id}/tags`, { tags: ['VIP'] });
    await settled();
    assert.equal(contact().notes.filter(({ title }) => title?.startsWith('tagged')).length, 1);
    assert.ok(contact().tags.includes('vip-seen'));
    await person('POST', `/contacts/${contact().id}/notes`, { body: 'call back' });
    await settled();
    assert.deepEqual(
      contact().tasks.map(({ title }) => title),
      ['Read it: call back'],
    );
    await person('PUT', `/contacts/${contact().id}`, { city: 'Bonn' });
    await settled();
    assert.equal(calls('updateBuyer'), 1);
    assert.match(JSON.stringify(contact()), /moved to Bonn/);
    assert.equal(contact().notes.filter(({ title }) => title?.startsWith('tasked')).length, 0, 'only a person’s tasks');
    // Another worker may have been busy with the contact.
    assert.deepEqual(
      reports.filter(({ error }) => error),
      [],
    );
  });

  test('a completed task acts on its order in Digistore24', async () => {
    const story = await start([
      {
        name: 'kept',
        when: { event: 'taskCompleted' },
        // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
        then: [{ updatePurchase: { tracking_param: 'rung by {{contact.firstName}}' } }],
      },
    ]);
    await plugin.receive({ method: 'POST', body: form(story.missed('by_payment_denial')) });
    await settled();
    const [task] = contact().tasks;
    assert.equal(calls('updatePurchase'), 0);
    await person('PUT', `/contacts/${contact().id}/tasks/${task.id}/completed`, { completed: true });
    await settled();
    assert.equal(calls('updatePurchase'), 1);
  });
});

describe('a workflow’s webhook', () => {
  const stop = {
    name: 'stop',
    when: { event: 'taskCompleted', if: { field: 'data.title', matches: 'stop*' } },
    // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
    then: [{ stopRebilling: true }],
  };
  const address = () => `${receiver.url}/webhooks/ghl-workflow/default/${workflowToken}`;

  test('nobody signed it: what its ids stand for is read before money moves', async () => {
    await start([stop], { app: false });
    const { task } = await person('POST', `/contacts/${contact().id}/tasks`, {
      title: 'Stop the plan',
      dueDate: '2030-01-01T09:00:00Z',
      completed: false,
    });
    const send = (key) =>
      sandbox.sendWorkflowWebhook(address(), contact().id, { event: 'TaskComplete', id: task.id, key });
    await send('1');
    await settled();
    assert.equal(calls('stopRebilling'), 0, 'the task is open');
    await person('PUT', `/contacts/${contact().id}/tasks/${task.id}/completed`, { completed: true });
    await send('2');
    await settled();
    assert.equal(calls('stopRebilling'), 1);
    assert.deepEqual(await plugin.deadLetters.list(), []);
    await send('3');
    await settled();
    assert.equal(calls('stopRebilling'), 1, 'it was told before');
  });

  test('an id that is not there is a dead letter, and nothing is done', async () => {
    await start([stop], { app: false });
    await sandbox.sendWorkflowWebhook(address(), contact().id, { event: 'TaskComplete', id: 'forged', key: '1' });
    await settled();
    assert.equal(calls('stopRebilling'), 0);
    const [letter] = await plugin.deadLetters.list();
    assert.deepEqual([letter.event, letter.error.code], ['TaskComplete', 'not_found']);
  });
});

describe('polling', () => {
  test('what was polled is applied, and told once whichever way it comes', async () => {
    await start([
      // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
      { name: 'done', when: { event: 'taskCompleted' }, then: [{ note: { title: 'done', body: 'x' } }] },
    ]);
    const { cursor } = await plugin.poll('ghl.completedTask');
    const { task } = await person('POST', `/contacts/${contact().id}/tasks`, {
      title: 'Ring',
      dueDate: '2030-01-01T09:00:00Z',
      completed: false,
    });
    await person('PUT', `/contacts/${contact().id}/tasks/${task.id}/completed`, { completed: true });
    const { events } = await plugin.poll('ghl.completedTask', cursor);
    assert.equal(events.length, 1);
    const planned = await plugin.sync.plan(events[0]);
    assert.ok(planned.steps.length <= 1);
    await plugin.sync.apply(events[0]);
    await settled();
    assert.equal((await plugin.sync.apply(events[0])).outcome, 'duplicate');
    assert.equal(contact().notes.filter(({ title }) => title?.startsWith('done')).length, 1);
    assert.equal((await plugin.sync.apply({ ...events[0], triggers: ['ghl.newContact'] })).outcome, 'kept');
  });
});

test('check says by which way each event comes, and which one can’t', async () => {
  await start([]);
  const options = optionsFor(sandbox);
  // biome-ignore lint/suspicious/noThenProperty: so a playbook's steps are called
  const book = (event) => ({ name: event, when: { event }, then: [{ segment: 'x' }] });
  const mapping = { extends: { playbooks: [book('tagAdded')] }, playbooks: [book('taskCompleted'), book('newSale')] };
  const told = async (highlevel) => {
    const checked = await createPlugin({
      ...options,
      highlevel: { ...options.highlevel, ...highlevel },
      mapping,
      log() {},
    });
    const { ok, checks } = await checked.check();
    await checked.close();
    const lines = checks.filter(({ name }) => name.startsWith('Playbooks'));
    return [ok, ...lines.map(({ name, ok, message }) => `${name.slice(11)} ${ok}: ${message}`)];
  };
  assert.deepEqual(await told({}), [
    false,
    'tagAdded false: can’t arrive: this connection has no way for it',
    'taskCompleted true: comes by polling: give what plugin.poll() finds to plugin.sync.apply()',
  ]);
  const [, ...byWorkflow] = await told({ workflowToken });
  assert.ok(
    byWorkflow.every((line) => line.includes('true: comes by a workflow')),
    byWorkflow.join(),
  );
});

test('the catalog can leave out triggers whose events can’t arrive', async () => {
  const { highlevel, digistore24 } = optionsFor(sandbox);
  const listed = async (options) => {
    const plugin = await createPlugin({ log() {}, ...options });
    const entries = plugin.catalog.list({ kind: 'trigger', brief: true, reachable: true });
    await plugin.close();
    return entries.map(({ id }) => id);
  };
  const has = async (options, ids) => {
    const found = await listed(options);
    return ids.map((id) => found.includes(id));
  };
  const ids = [
    ...['digistore24.onPayment', 'digistore24.newPurchase', 'bridge.newSale'],
    ...['ghl.contactTagUpdate', 'ghl.newContact', 'bridge.tagAdded', 'ghl.invoiceVoid'],
  ];
  assert.deepEqual(
    await has({}, ids),
    ids.map(() => false),
    'nothing is connected',
  );
  const { apiKey, ipnPassphrase, baseUrl } = digistore24;
  assert.deepEqual(await has({ digistore24: { ipnPassphrase } }, ids), [true, false, true, false, false, false, false]);
  assert.deepEqual(await has({ digistore24: { apiKey, baseUrl } }, ids), [
    false,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  assert.deepEqual(await has({ highlevel }, ids), [false, false, false, false, true, false, false]);
  assert.deepEqual(await has({ highlevel: { ...highlevel, workflowToken } }, ids), [
    false,
    false,
    false,
    true,
    true,
    true,
    false,
  ]);
  const app = { ...highlevel, webhookPublicKey: WEBHOOK_PUBLIC_KEY };
  assert.deepEqual(await has({ highlevel: app }, ids), [false, false, false, true, true, true, true]);
});
