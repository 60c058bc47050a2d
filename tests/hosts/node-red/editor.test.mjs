// The dialogs in Node-RED's editor, in a real browser. SCREENSHOTS names a folder for pictures of them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../../../pkg/dist/sandbox/index.js';
import { ensureChromium, findChromium } from '../../../scripts/lib/chromium.mjs';
import { passphrase } from '../../js/support.mjs';
import { connectionOn, flowOf, startNodeRed, userDirectory } from './nodered.mjs';

const noChromium = await ensureChromium();
if (noChromium) console.error(`SKIPPING Node-RED's editor: ${noChromium}`);
const options = { skip: noChromium ?? false };

/** Ends with the file. */
const ends = [];
const file = { after: (end) => ends.unshift(end) };
let red;
let page;
let sandbox;
before(async () => {
  if (noChromium) return;
  sandbox = await startSandbox();
  file.after(() => sandbox.close());
  sandbox.story({ products: [{ id: '551377', name: 'Course' }] });
  red = await startNodeRed(file, userDirectory(file));
  const connection = connectionOn({
    highlevelUrl: sandbox.highlevelUrl,
    digistore24Url: sandbox.digistore24Url,
    token: DEFAULT_TOKEN,
    locationId: DEFAULT_LOCATION_ID,
    apiKey: DEFAULT_API_KEY,
    passphrase,
  });
  const node = { connection: 'connection', name: '', fields: {}, y: 100 };
  await red.deploy(
    flowOf(
      connection,
      { ...node, id: 'trigger', type: 'ghl-digistore24-trigger', trigger: '', minutes: '5', x: 140, to: ['action'] },
      { ...node, id: 'action', type: 'ghl-digistore24-action', operation: '', operationTitle: '', limit: '', x: 340 },
      { ...node, id: 'sync', type: 'ghl-digistore24-sync', x: 140, y: 180 },
    ),
  );
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  file.after(() => browser.close());
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(red.url);
  await page.waitForFunction(() => globalThis.RED?.nodes?.node('action'));
});
after(async () => {
  for (const end of ends) await end();
});

const picture = async (name) => {
  const { SCREENSHOTS } = process.env;
  // The tray slides in.
  await page.waitForFunction(() => !document.querySelector('.red-ui-tray')?.getAnimations?.().length);
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `node-red-${name}.png`) });
};

const open = (id) =>
  page.evaluate((node) => {
    const { RED } = globalThis;
    RED.editor.edit(RED.nodes.node(node));
  }, id);
const done = async () => {
  await page.click('#node-dialog-ok');
  await page.waitForSelector('.red-ui-tray', { state: 'detached' });
};
const saved = (id, names) =>
  page.evaluate(
    ([node, all]) => Object.fromEntries(all.map((name) => [name, globalThis.RED.nodes.node(node)[name]])),
    [id, names],
  );

test('the action: search, choose, fill in, come back to it', options, async () => {
  await open('action');
  await page.waitForSelector('.gd-hit');
  await picture('action-list');
  await page.fill('.gd-picker input', 'find contact');
  await page.click('.gd-hit[data-id="bridge.findOrCreateContact"]');
  await page.waitForSelector('[data-key="email"]', { state: 'attached' });
  await page.evaluate(() => {
    const { $ } = globalThis;
    $('[data-key="email"]').typedInput('type', 'msg').typedInput('value', 'payload.email');
  });
  await page.selectOption('.gd-more-fields', 'tags');
  await page.waitForSelector('.red-ui-typedInput-container');
  await picture('action');
  await done();
  const names = ['operation', 'operationTitle', 'fields'];
  const kept = await saved('action', names);
  assert.equal(kept.operation, 'bridge.findOrCreateContact');
  assert.equal(kept.operationTitle, 'Find or create contact');
  assert.deepEqual(kept.fields, { email: { type: 'msg', value: 'payload.email' } });

  await open('action');
  await page.waitForSelector('[data-key="email"]', { state: 'attached' });
  await page.waitForFunction(() => globalThis.$('[data-key="email"]').typedInput('type') === 'msg');
  await done();
  assert.deepEqual(await saved('action', names), kept, 'opened and closed, it is the same');
});

test('the trigger: its fields, choices from the account, where to send to', options, async () => {
  await open('trigger');
  await page.click('.gd-choice button');
  await page.fill('.gd-picker input', 'new sale');
  await page.click('.gd-hit[data-id="bridge.newSale"]');
  await page.selectOption('.gd-more-fields', 'productIds');
  const input = page.locator('.gd-field input.red-ui-typedInput-input').first();
  await input.click();
  await input.press('ArrowDown');
  await page.waitForSelector('.red-ui-autoComplete-container >> text=Course');
  await picture('trigger');
  assert.match(await page.inputValue('#gd-webhooks input'), /\/ghl-digistore24\/connection\/webhooks\/digistore24$/);
  await page.keyboard.press('Escape');
});

test('the connection: the check says what is wrong, each line with what to do', options, async () => {
  await page.evaluate(() => globalThis.RED.editor.editConfig('', 'ghl-digistore24-connection', 'connection'));
  await page.waitForSelector('#gd-buttons button');
  await page.click('#gd-buttons button >> text=Check');
  await page.waitForSelector('.gd-result .gd-ok');
  await picture('connection');
  assert.ok((await page.locator('.gd-result li').count()) > 3);
});
