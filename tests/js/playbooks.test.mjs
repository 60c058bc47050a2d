// The five ready playbooks from a signed message to the CRM, each with its plan in words.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { laterInWords, stepInWords } from '../../pkg/dist/src/text/plan.js';
import { form, pluginOn } from './support.mjs';

const DAY = 86_400_000;
let later;
let sandbox;
let plugin;
const clock = () => Date.now() + later;

beforeEach(async () => {
  later = 0;
  sandbox = await startSandbox({ clock });
});
afterEach(async () => {
  await plugin?.close();
  await sandbox.close();
});

async function start(mapping) {
  plugin = await pluginOn(sandbox, { clock, store: memoryStore({ clock }), mapping });
  await plugin.setup();
}

/** What the playbooks make of a message, in words, before it is carried out. */
async function take(message) {
  const { events } = await plugin.receive({ method: 'POST', body: form(message) });
  const [{ plan, outcome, error }] = (await plugin.tick()).events;
  assert.equal(outcome, 'done', JSON.stringify(error));
  assert.equal(events.length, 1);
  return [
    ...plan.steps.filter(({ why }) => why.startsWith('playbook')).map(stepInWords),
    ...plan.later.map((step) => laterInWords(step).replace(/^[^:]*:\d\d UTC: /, 'later: ')),
    ...plan.remarks,
  ];
}

/** What is done when so many days are over. */
async function pass(days) {
  later += days * DAY;
  const { events } = await plugin.tick();
  return events.flatMap(({ plan, error }) => plan?.steps.map(stepInWords) ?? [JSON.stringify(error)]);
}

const contact = () => sandbox.state().contacts.find((one) => !one.removed);
const workflows = () => contact().workflows.map((id) => sandbox.world.ghl.workflows.find((one) => one.id === id).name);

test('onboarding: a tag and a workflow at once, a call after three days unless the money went back', async () => {
  await start({ playbooks: [{ use: 'onboarding', with: { workflow: 'Welcome' } }] });
  const story = sandbox.story();
  assert.deepEqual(await take(story.payment()), [
    'call ghl.contacts.addContactToWorkflow',
    'later: step 3 of onboarding',
  ]);
  assert.ok(contact().tags.includes('onboarding'));
  assert.deepEqual(workflows(), ['Welcome']);
  assert.match((await pass(3)).join(), /^create the task: Welcome call: /);
  assert.equal(contact().tasks.length, 1);

  const returned = sandbox.story({ buyer: { email: 'returned@example.com' } });
  await take(returned.payment());
  await take(returned.refund());
  assert.deepEqual(await pass(3), []);
});

test('dunning: a workflow at once; tag and call later unless it was paid, and the payment takes them back', async () => {
  await start({
    tasks: { dunning: false },
    playbooks: [{ use: 'dunning', with: { workflow: 'Welcome', after: '2 days' } }],
  });
  const story = sandbox.story({ billing: 'subscription' });
  await take(story.payment());
  assert.deepEqual(await take(story.missed('by_payment_denial')), [
    'call ghl.contacts.addContactToWorkflow',
    'later: step 2 of dunning',
    'later: step 3 of dunning',
  ]);
  const done = await pass(2);
  assert.deepEqual(done.map((words) => words.split(':')[0]).sort(), ['add the tags dunning', 'create the task']);
  assert.deepEqual(await take(story.payment()), ['call ghl.contacts.deleteContactFromWorkflow']);
  const { tags, tasks } = contact();
  assert.deepEqual(
    [tags.includes('dunning'), tasks.map(({ completed }) => completed), workflows()],
    [false, [true], []],
  );
  // Paid in time: nothing happens.
  await take(story.missed('by_payment_denial'));
  await take(story.payment());
  assert.deepEqual(await pass(2), []);
});

test('winBack: some days after a refund, only with consent, not where something else was bought', async () => {
  await start({ consent: { confirmedField: 'ds24_newsletter' }, playbooks: [{ use: 'winBack' }] });
  const story = sandbox.story();
  await take(story.payment());
  assert.deepEqual(await take(story.refund()), ['later: step 1 of winBack']);
  later += 14 * DAY;
  const [report] = (await plugin.tick()).events;
  assert.deepEqual(report.plan.remarks, ['playbook winBack: the contact has not confirmed its consent']);

  const again = sandbox.story({ buyer: { email: 'again@example.com' } });
  await take(again.payment());
  const { id: contactId } = sandbox.state().contacts.find(({ email }) => email === 'again@example.com');
  await plugin.ghl.contacts.updateContact({ contactId, customFields: [{ name: 'DS24 Newsletter', value: 'yes' }] });
  await take(again.refund());
  assert.deepEqual(await pass(14), ['add the tags win-back']);
});

test('upsell: a personal link in a field, then tag and workflow, unless they have it', async () => {
  await start({
    consent: { confirmedField: 'ds24_newsletter' },
    playbooks: [
      { use: 'upsell', with: { product: '551377', upsell: '551378', field: 'ds24_segment', workflow: 'Welcome' } },
    ],
  });
  // The other product exists because somebody has bought it.
  sandbox.story({ buyer: { email: 'other@example.com' }, products: [{ id: '551378', name: 'More' }] });
  const story = sandbox.story({ products: [{ id: '551377', name: 'Basics' }] });
  assert.deepEqual(await take(story.payment()), [
    'later: step 1 of upsell',
    'later: step 2 of upsell',
    'later: step 3 of upsell',
  ]);
  const contactId = contact().id;
  await plugin.ghl.contacts.updateContact({ contactId, customFields: [{ name: 'DS24 Newsletter', value: 'yes' }] });
  assert.deepEqual(await pass(7), [
    'call digistore24.createBuyUrl',
    'update the contact: ds24_segment',
    'add the tags upsell',
    'call ghl.contacts.addContactToWorkflow',
  ]);
  const read = await plugin.ghl.contacts.getContact({ contactId });
  assert.match(JSON.stringify(read.contact.customFields), /https?:/);
});

test('affiliateWelcome: a new partner becomes a contact with tag, workflow and task', async () => {
  await start({ playbooks: [{ use: 'affiliateWelcome', with: { workflow: 'Welcome' } }] });
  const words = await take(sandbox.affiliation());
  assert.deepEqual(
    words.map((one) => one.split(':')[0]),
    ['create the task', 'call ghl.contacts.addContactToWorkflow'],
  );
  assert.deepEqual(contact().tags.sort(), ['affiliate-welcome', 'ds24-affiliate']);
  assert.deepEqual(workflows(), ['Welcome']);
});
