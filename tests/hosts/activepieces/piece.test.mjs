import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEFAULT_API_KEY, startSandbox } from '../../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../../pkg/dist/src/index.js';
import { serve } from '../../../pkg/dist/src/serve.js';
import { failureOf, form, pluginOn } from '../../js/support.mjs';
import { startMainJob, troubles } from '../../support/mainjob.mjs';
import { connectionOf, contextOf, contextStore, loadPacked, startFlow } from './engine.mjs';

const NAME = 'activepieces-piece-ghl-digistore24';
const TOKEN = 'token-of-the-receiver';

/** Ends with the file. */
const ends = [];
let require;
let piece;
before(() => {
  require = loadPacked({ after: (end) => ends.push(end) });
  piece = Object.values(require(NAME)).find((one) => one?.constructor.name === 'Piece');
});
after(() => {
  for (const end of ends) end();
});

/** The connection for the sandbox, as a person fills it in. */
const propsOf = ({ highlevelUrl, digistore24Url, token, locationId }, more = {}) => ({
  highlevelToken: token,
  locationId,
  digistore24ApiKey: DEFAULT_API_KEY,
  highlevelUrl,
  digistore24Url,
  ...more,
});

/** A receiver with a ledger, beside the sandbox. */
async function startReceiver(t, options) {
  const log = () => {};
  const plugin = await createPlugin({ ...options, store: memoryStore(), log });
  const receiver = await serve({ plugin, log, syncToken: TOKEN });
  t.after(() => receiver.close());
  return { receiverUrl: receiver.url, receiverToken: TOKEN };
}

const run = (name, context) => piece.getAction(name).run(contextOf(context));

describe('the package', () => {
  test('is loaded as the engine loads pieces; its metadata is the framework’s', () => {
    const { ActionBase, TriggerBase } = require('@activepieces/pieces-framework');
    const metadata = JSON.parse(JSON.stringify(piece.metadata()));
    assert.equal(metadata.displayName, 'HighLevel + Digistore24');
    assert.match(metadata.logoUrl, /^data:image\/svg/);
    assert.match(metadata.minimumSupportedRelease, /^\d+\.\d+\.\d+$/);
    const problems = [
      [ActionBase, metadata.actions],
      [TriggerBase, metadata.triggers],
    ].flatMap(([schema, all]) =>
      Object.values(all).flatMap((one) => {
        // A list of texts has no columns; the framework's schema wants some all the same, its type doesn't.
        const props = Object.entries(one.props).map(([name, prop]) => [
          name,
          prop.type === 'ARRAY' ? { properties: {}, ...prop } : prop,
        ]);
        const { success, error } = schema.safeParse({ ...one, props: Object.fromEntries(props) });
        return success ? [] : [`${one.name}: ${error.message.slice(0, 300)}`];
      }),
    );
    assert.deepEqual(problems, []);
    const titles = Object.values(metadata.actions).map(({ displayName }) => displayName);
    assert.deepEqual(titles, [...new Set(titles)], 'each is known by its title');
    assert.equal(titles.indexOf('Add note'), 0, 'the business level comes first');
  });

  test('a new entry of the catalog is an action or a trigger without a line of code', async () => {
    const { pieceOf } = require(NAME);
    const entry = {
      id: 'ghl.moons.landOn',
      service: 'ghl',
      kind: 'action',
      resourceTitle: 'Moons',
      title: 'Land on a moon',
      description: 'Lands.',
      effect: 'update',
      retry: 'safe',
      input: {
        properties: {
          moon: { type: 'string', title: 'Moon', enum: ['io', 'europa'] },
          crew: { type: 'object', title: 'Crew', properties: { size: { type: 'integer', title: 'Size' } } },
          gently: { type: 'boolean', title: 'Gently' },
          stages: { type: 'array', title: 'Stages', items: { type: 'string' } },
        },
        required: ['moon'],
      },
    };
    const arrives = ['polling'];
    const made = pieceOf([
      entry,
      { ...entry, id: 'ghl.eclipse', kind: 'trigger', title: 'Eclipse', arrives, sample: {} },
    ]);
    const action = made.getAction('ghl_moons_landOn');
    assert.equal(action.displayName, 'HighLevel · Moons: Land on a moon');
    assert.equal(action.errorHandlingOptions.retryOnFailure.defaultValue, true);
    assert.deepEqual(
      Object.entries(action.props).map(([name, { type, required }]) => [name, type, required]),
      [
        ['moon', 'STATIC_DROPDOWN', true],
        ['crew__size', 'NUMBER', false],
        ['gently', 'STATIC_DROPDOWN', false],
        ['stages', 'ARRAY', false],
      ],
    );
    assert.equal(made.getTrigger('ghl_eclipse').type, 'POLLING');
    assert.ok(made.getAction('any_operation'));
  });
});

describe('the main job', () => {
  test('signed messages in by the trigger’s own IPN connection, the sync; a repeat makes no call', async (t) => {
    const job = await startMainJob(t);
    const props = propsOf(job.settings, await startReceiver(t, job.options));
    const flows = await Promise.all(
      ['digistore24_onPayment', 'digistore24_onPaymentMissed'].map((trigger) =>
        startFlow(t, { piece, trigger, props, run: (event) => run('bridge_syncEvent', { props, values: { event } }) }),
      ),
    );
    // Digistore24 looks at the address before the flow is open, so the first renewal installs it.
    for (const flow of flows) {
      await flow.enable();
      assert.deepEqual(connectionsOf(job.sandbox, flow), []);
      await flow.renew();
      assert.equal(connectionsOf(job.sandbox, flow).length, 1);
    }
    await job.run(async ({ body }) => {
      const isMissed = body.includes('on_payment_missed');
      const flow = flows[isMissed ? 1 : 0];
      // Signed anew with the passphrase that this connection has.
      const [{ passphrase }] = connectionsOf(job.sandbox, flow);
      const { sha_sign: _, ...message } = Object.fromEntries(new URLSearchParams(body));
      const response = await fetch(flow.address, { method: 'POST', body: form(message, passphrase) });
      const text = await response.text();
      await flow.idle();
      assert.deepEqual(flow.failures, []);
      return { status: response.status, text };
    });
    for (const flow of flows) {
      await flow.disable();
      assert.deepEqual(connectionsOf(job.sandbox, flow), [], 'nothing is left behind');
    }
  });

  const connectionsOf = (sandbox, flow) =>
    [...sandbox.world.ds24.ipnConnections.values()].filter(({ ipnUrl }) => ipnUrl === flow.address);
});
