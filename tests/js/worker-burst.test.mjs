// Orders in all their turns through queue and objects, thrown out and restarted at work, judged by a model of the whole CRM.
// WORKER_MESSAGES=2000 is the full burst.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from './support.mjs';
import { burst } from './worker-burst.mjs';

const MESSAGES = Number(process.env.WORKER_MESSAGES ?? 300);

test(`${MESSAGES} messages, objects and workerd restarted in between: the CRM equals the model`, {
  timeout: 900_000,
}, async (t) => {
  const { model, crm, sent, dead, mostRequests, restarts, ...more } = await burst({
    messages: MESSAGES,
    folder: temporaryFolder(t),
    log: (line) => t.diagnostic(line),
  });
  t.diagnostic(JSON.stringify({ sent, mostRequests, restarts, ...more }));
  assert.ok(sent >= MESSAGES && restarts.objects > 0 && restarts.workerd > 3, JSON.stringify({ sent, restarts }));
  assert.equal(dead, 0);
  assert.equal(crm.length, model.length);
  for (const [i, one] of model.entries()) assert.deepEqual(crm[i], one);
  assert.ok(mostRequests > 0 && mostRequests <= 50, `${mostRequests} requests in one invocation`);
});
