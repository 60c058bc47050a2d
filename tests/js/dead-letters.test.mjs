// What waits for a person: retried and dropped, one or all, also by two at once; told once for each, until somebody hears it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LOCATION_ID } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { clock, ready, sandbox, time } from './midyear-support.mjs';
import { failureOf } from './support.mjs';

const BOOK = { name: 'Buch', price: 1900, tags: [] };
const at = '2026-06-15 11:00:00';
const byEmail = (email) => sandbox.state().contacts.find((contact) => contact.email === email);

/** Renewals of contacts that somebody has deleted. */
async function letters(plugin, many) {
  for (let i = 0; i < many; i++) {
    const email = `a${i}@example.com`;
    const story = sandbox.story({ buyer: { email }, products: [BOOK], billing: 'subscription', at });
    await plugin.sync.apply({ raw: story.payment({ at }) });
    sandbox.deleteContact(byEmail(email).id);
    await plugin.sync.apply({ raw: story.payment({ at: '2026-06-15 11:30:00' }) });
    time.now += 10_000;
  }
  const names = (await plugin.deadLetters.list()).map(({ name }) => name);
  assert.equal(names.length, many);
  return names;
}

/** Two steps of a playbook that HighLevel refuses, days after their event. */
async function laterSteps(more = {}) {
  const then = [
    { wait: '3 days', task: { title: 'T1' } },
    { wait: '4 days', task: { title: 'T2' } },
  ];
  const mapping = { playbooks: [{ name: 'x', when: { event: 'newSale' }, then }] };
  const plugin = await ready({ mapping, ...more });
  const story = sandbox.story({ buyer: { email: 'a@example.com' }, products: [BOOK], at });
  await plugin.sync.apply({ raw: story.payment({ at }) });
  const refused = { kind: 'status', status: 400, body: { message: 'no' } };
  sandbox.fault({ service: 'ghl', method: 'POST', path: '/contacts/*/tasks', ...refused });
  time.now += 5 * 86_400_000;
  await plugin.tick();
  return plugin;
}

describe('retry', () => {
  test('tells what became of a later step', async () => {
    const plugin = await laterSteps();
    const [first] = await plugin.deadLetters.list();
    assert.deepEqual(
      (await plugin.deadLetters.retry(first.name)).map(({ outcome }) => outcome),
      ['dead'],
    );
  });

  test('of all by two at once', async () => {
    const plugin = await ready();
    await letters(plugin, 4);
    for (let i = 0; i < 4; i++) await plugin.ghl.contacts.createContact({ email: `a${i}@example.com` });
    time.now += 10_000;
    await Promise.all([plugin.deadLetters.retry(), plugin.deadLetters.retry()]);
    assert.deepEqual([await plugin.deadLetters.list(), await plugin.inbox()], [[], []]);
  });

  test('of all, where one is dropped meanwhile and one can’t be read', async () => {
    const store = memoryStore({ clock });
    const plugin = await ready({ store });
    const names = await letters(plugin, 4);
    const { entries } = await store.list({ prefix: '', after: null, limit: 1000 });
    const damaged = entries.find(({ key }) => key.includes(`/dead/${names[1]}`));
    await store.commit([{ key: damaged.key, expect: null, value: '{}x' }]);
    const [reports] = await Promise.all([plugin.deadLetters.retry(), plugin.deadLetters.drop(names[3])]);
    assert.ok(reports.length >= 2);
    assert.deepEqual(await plugin.inbox(), []);
    assert.equal((await failureOf(plugin.deadLetters.retry(names[1]))).code, 'invalid_input');
  });
});

test('a message that is being retried is not dropped: what it has written stays known', async () => {
  const plugin = await ready();
  const story = sandbox.story({ buyer: { email: 'a@example.com' }, products: [BOOK], at });
  sandbox.fault({ service: 'ghl', method: 'POST', path: '/contacts/*/notes', kind: 'reset_after', times: 1 });
  sandbox.fault({ service: 'ghl', method: 'POST', path: '/contacts/*/tags', kind: 'status', status: 503 });
  await plugin.sync.apply({ raw: story.payment({ at }) });
  time.now += 60_000;
  await plugin.tick();
  const [{ name }] = await plugin.inbox();
  assert.equal((await failureOf(plugin.deadLetters.drop(name))).code, 'invalid_input');
  sandbox.clearFaults();
  time.now += 3_600_000;
  await plugin.tick();
  assert.equal(byEmail('a@example.com').notes.length, 1);
});

describe('an alert', () => {
  test('is raised for each, though they come of one event', async () => {
    const alerts = [];
    const plugin = await laterSteps({ alerts: { onAlert: (alert) => alerts.push(alert) } });
    const names = (await plugin.deadLetters.list()).map(({ name }) => name);
    assert.deepEqual(
      alerts.map(({ details }) => details.name),
      names,
    );
  });

  test('is raised for what can’t be read', async () => {
    const alerts = [];
    const store = memoryStore({ clock });
    const plugin = await ready({
      store,
      alerts: { onAlert: ({ kind, details }) => alerts.push([kind, details.name]) },
    });
    const name = '1781517600000-0123456789abcdef';
    await store.commit([{ key: `default/${DEFAULT_LOCATION_ID}/inbox/${name}`, expect: 0, value: '{' }]);
    await plugin.tick();
    assert.deepEqual(alerts, [['dead_letter', name]]);
  });

  test('that the address did not take is posted again, later and later', async () => {
    const taken = [];
    let isUp = false;
    const fetch = async (url, init) => {
      if (!String(url).startsWith('https://alert.test')) return globalThis.fetch(url, init);
      taken.push(isUp);
      return new Response(null, { status: isUp ? 204 : 500 });
    };
    const plugin = await ready({ fetch, alerts: { url: 'https://alert.test/x' } });
    const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
    await letters(plugin, 1);
    await settle();
    isUp = true;
    for (let i = 0; i < 5; i++) {
      time.now += 120_000;
      await plugin.tick();
      await settle();
    }
    assert.deepEqual(taken, [false, true]);
  });
});
