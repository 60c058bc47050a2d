import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('../../pkg/dist/src/demo.js', import.meta.url));
const run = (...args) => promisify(execFile)(process.execPath, [program, ...args]);
const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('ghl-digistore24-demo-'));

test('for machines: one JSON document, all checks hold, in time', async () => {
  const before = leftovers();
  const start = performance.now();
  const { stdout, stderr } = await run('--json');
  assert.ok(performance.now() - start < 15_000);
  const { ok, scenes, checks, timeline, second, setup } = JSON.parse(stdout);
  assert.equal(stderr, '');
  assert.equal(ok, true);
  assert.ok(checks.length >= 12);
  assert.deepEqual(
    checks.filter((check) => !check.ok),
    [],
  );
  assert.deepEqual(
    scenes.map(({ event, calls }) => [event, calls.length]),
    [
      ['connection_test', 0],
      ['on_payment', 4],
      ['on_payment', 0],
      ['on_payment', 4],
      ['on_payment_missed', 6],
      ['on_payment', 5],
      ['on_payment', 2],
      ['on_refund', 4],
      ['on_payment', 11],
      ['eticket', 5],
      [null, 3],
    ],
  );
  // The complete field set of real messages.
  assert.ok(Object.keys(scenes[1].message).length > 150);
  assert.equal(setup.created.length, 17);
  assert.equal(timeline.status, 'refunded');
  assert.equal(second.status, 'active');
  assert.deepEqual(leftovers(), before, 'the temporary folder is gone');
});

test('for people: each event, plan, calls, the timeline, within 100 columns', async () => {
  const { stdout } = await run();
  for (const text of [
    'first payment of a subscription',
    'plan   create the contact',
    'calls  getDuplicateContact, createContact, createNote, addTags',
    'stored, nothing to do: 0 calls',
    '☑ task done: Payment missing',
    '● payment missed',
    '$ deal won',
    '◷ appointment 10:00',
    'later  2026-03-19 13:05 UTC: step 3 of onboarding',
    'All right',
  ]) {
    assert.ok(stdout.includes(text), `${text} in\n${stdout}`);
  }
  assert.doesNotMatch(stdout, /✗|undefined|\[object/);
  assert.ok(!stdout.includes('\u001b'), 'no colour outside a terminal');
  const long = stdout.split('\n').filter((line) => Array.from(line).length > 100);
  assert.deepEqual(long, []);
});
