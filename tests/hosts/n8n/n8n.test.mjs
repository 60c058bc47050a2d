import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_API_KEY } from '../../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../../pkg/dist/src/index.js';
import { serve } from '../../../pkg/dist/src/serve.js';
import { startMainJob } from '../../support/mainjob.mjs';
import { lint, sourcesOf } from './lint.mjs';
import { answering, contextOf, installPacked } from './n8n.mjs';

const SINGLE = 'n8n-nodes-digistore24';
const BOTH = 'n8n-nodes-ghl-digistore24';
const SYNC_TOKEN = 'token-of-the-receiver';
const ends = [];
const loaded = {};
for (const name of [SINGLE, BOTH]) loaded[name] = installPacked({ after: (end) => ends.push(end) }, name);
test.after(() => {
  for (const end of ends) end();
});

const credentialsOf = ({ highlevelUrl, digistore24Url, token, locationId }, more = {}) => ({
  highLevelPrivateIntegrationApi: { token, locationId, baseUrl: highlevelUrl },
  digistore24Api: { apiKey: DEFAULT_API_KEY, baseUrl: digistore24Url },
  ...more,
});

async function startReceiver(t, options) {
  const log = () => {};
  const plugin = await createPlugin({ ...options, store: memoryStore(), log });
  const receiver = await serve({ plugin, log, syncToken: SYNC_TOKEN });
  t.after(() => receiver.close());
  return { url: receiver.url, token: SYNC_TOKEN };
}

const execute = (pack, given) => {
  const [node] = Object.values(pack.nodes).filter(({ execute }) => execute);
  return node.execute.call(contextOf(pack, { items: [{ json: {} }], ...given }));
};

describe('the packages', () => {
  for (const name of [SINGLE, BOTH]) {
    test(`${name}: n8n's linter has nothing to say of what is published`, async () => {
      assert.deepEqual(await lint(loaded[name].folder, ['**/*.js', '**/*.json']), []);
    });
    test(`${name}: nor of its sources`, async (t) => {
      assert.deepEqual(await lint(sourcesOf(t, loaded[name]), ['{nodes,credentials}/**/*.ts']), []);
    });
  }
});

test('the main job: Digistore24’s messages by the trigger, the sync by the receiver', async (t) => {
  const { options, settings, run } = await startMainJob(t);
  const pack = loaded[BOTH];
  const credentials = credentialsOf(settings, { ghlDigistore24ReceiverApi: await startReceiver(t, options) });
  credentials.digistore24Api.ipnPassphrase = settings.passphrase;
  await run(async ({ headers, body }) => {
    const request = { headers, rawBody: Buffer.from(body) };
    const trigger = contextOf(pack, { credentials, parameters: { event: 'any' }, request, response: answering() });
    const { webhookResponse, workflowData } = await pack.nodes.ghlDigistore24Trigger.webhook.call(trigger);
    const parameters = { resource: 'bridge.actions', operation: 'bridge.syncEvent', event: (json) => json };
    const [done] = await execute(pack, { credentials, parameters, items: workflowData[0] });
    assert.deepEqual(
      done.map(({ pairedItem }) => pairedItem),
      [{ item: 0 }],
    );
    return { status: 200, text: webhookResponse };
  });
});
