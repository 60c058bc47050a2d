// Node-RED's own test helper: the module on a catalog with entries that the plugin doesn't have.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createPlugin } from '../../../pkg/dist/src/index.js';
import { dist } from './nodered.mjs';

const require = createRequire(import.meta.url);
const helper = require('node-red-node-test-helper');
const { nodesOn } = require(join(dist, 'ghl-digistore24.js'));

helper.init(require.resolve('node-red'));
after(async () => {
  await helper.unload();
  await new Promise((resolve) => helper.stopServer(resolve));
});

test('a new entry of the catalog is in the list and has a dialog without a line of code', async () => {
  const { catalog } = await createPlugin();
  const [sample] = catalog.list({ id: 'bridge.addTag' });
  const entry = {
    ...sample,
    id: 'ghl.moons.landOn',
    service: 'ghl',
    title: 'Land on a moon',
    input: {
      type: 'object',
      required: ['moon'],
      properties: {
        moon: { type: 'string', title: 'Moon', enum: ['io', 'europa'] },
        crew: { type: 'object', title: 'Crew', properties: { size: { type: 'integer', title: 'Size' } } },
      },
    },
  };
  const eclipse = { ...entry, id: 'ghl.eclipse', kind: 'trigger', title: 'Eclipse', arrives: ['polling'] };
  const extra = [entry, eclipse];
  const list = (filter = {}) => {
    const found = extra.filter(({ id }) => !filter.id || id === filter.id);
    return filter.id && found.length > 0 ? found : [...catalog.list(filter), ...found];
  };
  await new Promise((resolve) => helper.startServer(resolve));
  const flow = [{ id: 'act', type: 'ghl-digistore24-action', connection: '', operation: 'ghl.moons.landOn' }];
  await helper.load(
    nodesOn(async () => ({ list })),
    flow,
  );
  const get = async (path) => (await helper.request().get(`/ghl-digistore24/${path}`).expect(200)).body;

  assert.ok((await get('entries/actions')).some(({ id }) => id === entry.id));
  assert.ok((await get('entries/triggers')).some(({ id }) => id === eclipse.id));
  const { fields } = await get(`forms/${entry.id}`);
  assert.deepEqual(
    fields.map(({ key, title, kind, required }) => [key, title, kind, required]),
    [
      ['moon', 'Moon', 'choice', true],
      ['crew.size', 'Crew: Size', 'integer', false],
    ],
  );

  const act = helper.getNode('act');
  const failed = new Promise((resolve) => act.on('call:error', resolve));
  act.receive({ payload: 1 });
  const [error] = (await failed).args;
  assert.equal(error.code, 'misconfigured', 'without a connection it says so');
  assert.match(error.message, /connection/);
});
