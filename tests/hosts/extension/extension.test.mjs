// The extension in a real Chromium against the sandbox: what its user sees and does.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_API_KEY } from '../../../pkg/dist/sandbox/index.js';
import { form, freePort } from '../../js/support.mjs';
import { email, startMainJob } from '../../support/mainjob.mjs';
import { connect, noChromium, startBrowser, stopWorker } from './browser.mjs';

/** Where pictures go, for people who want to look: SCREENSHOTS=folder. */
const pictures = process.env.SCREENSHOTS;

/** A browser whose extension is connected with a sandbox, and a person who bought, with a missed payment. */
async function ready(t, { language, scheme, settings = {}, keep } = {}) {
  const job = await startMainJob(t);
  const { sandbox } = job;
  const browser = await startBrowser(t, { language, scheme });
  const { token, locationId, passphrase } = job.settings;
  const own = {
    token,
    locationId,
    apiKey: DEFAULT_API_KEY,
    ipnPassphrase: passphrase,
    highlevelUrl: sandbox.highlevelUrl,
    digistore24Url: sandbox.digistore24Url,
    ...settings,
  };
  const options = await connect(browser, own, { keep });
  return { ...browser, job, sandbox, options, browser };
}

const contactOf = (sandbox, address = email) => sandbox.state().contacts.find((one) => one.email === address);

/** Hands messages over as a user would: pasted into the options page. */
const deliverer =
  (options) =>
  async ({ body }) => {
    await options.locator('#message').fill(body);
    await options.locator('#applied').evaluate((place) => place.replaceChildren());
    await options.locator('#apply').click();
    const card = options.locator('#applied .card');
    await card.waitFor();
    const isDone = (await card.getAttribute('class')).includes('done');
    return { status: isDone ? 200 : 500, text: isDone ? 'OK' : await card.innerText() };
  };

/** A buyer with history, and the panel on the contact. */
async function withPanel(t, options) {
  const all = await ready(t, options);
  await all.job.run(deliverer(all.options));
  const panel = await all.open(`panel.html#contact=${contactOf(all.sandbox).id}`);
  await panel.locator('.timeline li').first().waitFor();
  return { ...all, panel };
}

/** Waits until something is so, but not for ever. */
async function until(isSo) {
  for (const end = Date.now() + 10_000; !isSo(); await sleep(20)) assert.ok(Date.now() < end, 'it took too long');
}

const submit = (panel) => panel.locator('dialog button[type=submit]').click();
const trouble = (page) => page.locator('.trouble').first().innerText();
const shot = async (page, name) => {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
};

describe('the extension in Chromium', { skip: noChromium }, () => {
  test('the main job: signed messages in; contact, note, tags, task out; a repeat makes no call', async (t) => {
    const { job, options, errors } = await ready(t);
    assert.match(await options.locator('#result').innerText(), /credentials/i);
    await job.run(deliverer(options));
    const forged = await deliverer(options)({ body: 'event=on_payment&order_id=X1&sha_sign=AB' });
    assert.match(forged.text, /signature is wrong/);
    assert.deepEqual(errors, []);
  });

  test('the panel shows a person in time, and offers what can be done', async (t) => {
    const { panel, sandbox, errors } = await withPanel(t);
    const text = await panel.locator('#view').innerText();
    for (const part of [email, 'payment open', 'Payment missing', '€'])
      assert.ok(text.includes(part), `${part} in ${text}`);
    const drawn = await panel.evaluate(() =>
      performance.getEntriesByName('timeline drawn').map(({ duration }) => duration),
    );
    t.diagnostic(`the timeline was drawn ${drawn[0].toFixed(1)} ms after the answer (goal: 300)`);
    await shot(panel, 'panel-light');

    await panel.getByRole('button', { name: 'Add a tag' }).click();
    await panel.locator('#tag').fill('VIP');
    await submit(panel);
    await panel.getByText('The tag was added.').waitFor();
    assert.ok(contactOf(sandbox).tags.includes('vip'));
    assert.ok((await panel.locator('.tags').innerText()).includes('vip'), 'the panel shows it');

    await panel.getByRole('button', { name: 'Add a note' }).click();
    await panel.locator('#note').fill('<b>Called</b>, wants a discount');
    await submit(panel);
    await panel.getByText('The note was added.').waitFor();
    assert.ok(contactOf(sandbox).notes.some(({ body }) => body === '<b>Called</b>, wants a discount'));
    assert.equal(await panel.locator('.timeline b').count(), 0, 'what people write is text');

    await panel.getByRole('button', { name: 'Done' }).first().click();
    await panel.getByText('The task is done.').waitFor();
    assert.deepEqual(
      contactOf(sandbox).tasks.map(({ completed }) => completed),
      [true],
    );

    await panel.getByRole('button', { name: 'Personal buy link' }).click();
    await panel.locator('#product').waitFor();
    await submit(panel);
    await panel.getByText('The link is ready.').waitFor();
    const [{ url }] = sandbox.state().digistore24.buyUrls;
    assert.ok((await panel.locator('.done').innerText()).includes(url));
    assert.ok(contactOf(sandbox).notes.some(({ body }) => body.includes(url)));

    await panel.getByRole('button', { name: 'Stop payments' }).click();
    await panel.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(
      sandbox.requests().some(({ path }) => path.includes('stopRebilling')),
      false,
      'not without a yes',
    );
    await panel.getByRole('button', { name: 'Stop payments' }).click();
    await submit(panel);
    await panel.getByText('No further payments will be taken.').waitFor();
    assert.ok(sandbox.requests().some(({ path }) => path.includes('stopRebilling')));
    assert.deepEqual(errors, []);
  });

  test('it follows the contact’s page, and finds people by address', async (t) => {
    const { context, panel, sandbox, open, options } = await withPanel(t);
    const other = sandbox.story({ buyer: { email: 'otto@example.com', firstName: 'Otto' } });
    await deliverer(options)({ body: form(other.payment()) });
    const page = await context.newPage();
    await context.route('https://app.gohighlevel.com/**', (route) =>
      route.fulfill({ body: '<title>CRM</title>', contentType: 'text/html' }),
    );
    const { id, locationId } = contactOf(sandbox, 'otto@example.com');
    await page.goto(`https://app.gohighlevel.com/v2/location/${locationId}/contacts/detail/${id}`);
    await panel.getByRole('heading', { name: /Otto/ }).waitFor();
    // A click inside HighLevel loads no new page.
    const first = contactOf(sandbox);
    await page.evaluate(
      (next) => history.pushState({}, '', `/v2/location/${next.locationId}/contacts/detail/${next.id}`),
      first,
    );
    await panel.locator('.person').filter({ hasText: first.firstName }).waitFor();
    const search = await open('panel.html');
    await search.locator('#email').fill('otto@example.com');
    await search.getByRole('button', { name: 'Search' }).click();
    await search.getByRole('heading', { name: /Otto/ }).waitFor();
    await search.locator('#email').fill('nobody@example.com');
    await search.getByRole('button', { name: 'Search' }).click();
    assert.match(await trouble(search), /Nothing was found/);
  });

  test('bad credentials, a missing permission, no network: what to do, in words', async (t) => {
    const { options, open, sandbox } = await ready(t, { settings: { token: 'pit-revoked' } });
    await shot(options, 'options-trouble');
    const told = await options.locator('#result').innerText();
    assert.match(told, /✗\s*HighLevel: credentials/);
    assert.doesNotMatch(told, /pit-revoked/);
    const panel = await open('panel.html#contact=abcdefgh12345678');
    assert.match(await trouble(panel), /credentials are not accepted[\s\S]*Settings/);
    await options.locator('#token').fill('pit-sandbox-all-scopes');

    const fine = await withPanel(t);
    fine.sandbox.fault({
      service: 'ghl',
      kind: 'status',
      status: 401,
      body: { message: 'The token is not authorized for this scope.' },
      method: 'POST',
      path: '/contacts/*/tags',
    });
    await fine.panel.getByRole('button', { name: 'Add a tag' }).click();
    await fine.panel.locator('#tag').fill('vip');
    await submit(fine.panel);
    assert.match(await trouble(fine.panel), /permission is missing[\s\S]*contacts.write/);
    assert.ok(await fine.panel.locator('.timeline li').count(), 'the person stays');

    const away = await connect(fine.browser, { highlevelUrl: `http://127.0.0.1:${await freePort()}` });
    await away.close();
    await fine.panel.locator('.trouble').first().waitFor();
    assert.match(await trouble(fine.panel), /no answer|can’t be reached/);
    assert.ok(sandbox);
  });

  test('a worker that is stopped on the way: what it did is looked up, and nothing is done twice', async (t) => {
    const { panel, sandbox, worker, errors } = await withPanel(t);
    const notes = (text) => contactOf(sandbox).notes.filter(({ body }) => body === text).length;
    const addNote = async (text, fault) => {
      const before = sandbox.requests().length;
      sandbox.fault({ service: 'ghl', method: 'POST', path: '/contacts/*/notes', times: 1, ...fault });
      await panel.getByRole('button', { name: 'Add a note' }).click();
      await panel.locator('#note').fill(text);
      await submit(panel);
      await until(() =>
        sandbox
          .requests()
          .slice(before)
          .some(({ method, path }) => method === 'POST' && path.endsWith('/notes')),
      );
      await stopWorker(panel);
    };
    // HighLevel has done it, and the answer found nobody.
    await addNote('kept', { kind: 'slow', delayMs: 1000 });
    await panel.getByText('“Add a note” was done.').waitFor();
    assert.equal(notes('kept'), 1);
    await shot(panel, 'panel-cut-off');
    await panel.getByRole('button', { name: 'Dismiss' }).click();
    await panel.getByText('“Add a note” was done.').waitFor({ state: 'detached' });
    // It never got there.
    await addNote('lost', { kind: 'timeout' });
    await panel.getByText('Whether “Add a note” was done is not known yet.').waitFor();
    // Half a minute later.
    await (await worker()).evaluate(async () => {
      const all = Object.entries(await chrome.storage.local.get(null));
      const [key, entry] = all.find(([name]) => name.startsWith('action/'));
      await chrome.storage.local.set({ [key]: { ...entry, startedAt: entry.startedAt - 60_000 } });
    });
    await panel.getByText('“Add a note” was not done.').waitFor();
    assert.equal(notes('lost'), 0);
    await panel.getByRole('button', { name: 'Try again' }).last().click();
    await panel.getByText('The note was added.').waitFor();
    assert.equal(notes('lost'), 1);
    assert.deepEqual(errors, []);
  });

  test('a message that was cut off goes on with the next worker', async (t) => {
    const { options, sandbox, open } = await ready(t);
    const order = sandbox.story({ buyer: { email: 'cut@example.com' } });
    sandbox.fault({ service: 'ghl', method: 'POST', path: '/contacts/*/notes', kind: 'status', status: 503, times: 4 });
    await options.locator('#message').fill(form(order.payment()));
    await options.locator('#apply').click();
    await until(() => contactOf(sandbox, 'cut@example.com'));
    await stopWorker(options);
    const panel = await open('panel.html');
    await panel.reload();
    await panel.waitForTimeout(100);
    await until(() => sandbox.requests().some(({ method, path }) => method === 'POST' && path.endsWith('/notes')));
    assert.equal(sandbox.state().contacts.filter((one) => one.email === 'cut@example.com').length, 1);
  });

  test('two actions at a time, of which the browser cuts off both, are both in the journal', async (t) => {
    const { panel, sandbox, worker } = await withPanel(t);
    sandbox.fault({ service: 'ghl', method: 'POST', path: '/contacts/*/notes', kind: 'timeout', times: 2 });
    const contactId = contactOf(sandbox).id;
    await panel.evaluate((id) => {
      for (const body of ['one', 'two'])
        void chrome.runtime.sendMessage({ kind: 'act', action: { kind: 'note', contactId: id, body } });
    }, contactId);
    const kept = async () =>
      (await worker()).evaluate(
        async () => Object.keys(await chrome.storage.local.get(null)).filter((key) => key.startsWith('action/')).length,
      );
    for (const end = Date.now() + 10_000; (await kept()) < 2; await sleep(50)) assert.ok(Date.now() < end);
  });

  test('a contact of another sub-account, and a page without one', async (t) => {
    const { context, panel, sandbox } = await withPanel(t);
    await context.route('https://app.gohighlevel.com/**', (route) =>
      route.fulfill({ body: '<title>CRM</title>', contentType: 'text/html' }),
    );
    const page = await context.newPage();
    await page.goto(
      `https://app.gohighlevel.com/v2/location/otherLocation00002/contacts/detail/${contactOf(sandbox).id}`,
    );
    await panel.getByText('in another sub-account').waitFor();
    await page.goto(
      `https://app.gohighlevel.com/v2/location/${contactOf(sandbox).locationId}/contacts/detail/${contactOf(sandbox).id}`,
    );
    await panel.locator('.timeline li').first().waitFor();
    await page.goto('https://app.gohighlevel.com/v2/location/sandboxLocation00001/dashboard');
    await panel.getByText('Open a contact in HighLevel').waitFor();
  });

  test('a full disk: nothing is begun, and the user is told', async (t) => {
    const { panel, sandbox, worker } = await withPanel(t);
    await (await worker()).evaluate(() => {
      chrome.storage.local.set = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    });
    const before = sandbox.requests().length;
    await panel.getByRole('button', { name: 'Add a tag' }).click();
    await panel.locator('#tag').fill('vip');
    await submit(panel);
    assert.match(await trouble(panel), /could not store anything \(QuotaExceededError\)[\s\S]*Nothing was begun/);
    const calls = sandbox.requests().slice(before);
    assert.ok(!calls.some(({ path }) => path.endsWith('/tags')));
    assert.ok(!contactOf(sandbox).tags.includes('vip'));
  });

  test('credentials: in the area that was chosen, in no page, gone when asked', async (t) => {
    const { options, job, worker, open, context } = await ready(t, { keep: 'local' });
    const stored = async () =>
      (await worker()).evaluate(async () => ({
        local: JSON.stringify(await chrome.storage.local.get(null)),
        session: JSON.stringify(await chrome.storage.session.get(null)),
      }));
    const { token } = job.settings;
    let { local, session } = await stored();
    assert.deepEqual([local.includes(token), session.includes(token)], [true, false]);
    await options.locator('input[value=session]').check();
    await options.locator('#save').click();
    await options.locator('#result .card:not([aria-busy])').waitFor();
    ({ local, session } = await stored());
    assert.deepEqual(
      [local.includes(token), session.includes(token)],
      [false, true],
      'and the empty field has kept it',
    );
    const panel = await open('panel.html');
    for (const page of [options, panel]) {
      const html = await page.evaluate(
        () => document.documentElement.outerHTML + [...document.querySelectorAll('input')].map(({ value }) => value),
      );
      assert.ok(!html.includes(token));
    }
    await options.locator('#forget').click();
    await options.getByText('gone from this browser').waitFor();
    ({ local, session } = await stored());
    assert.ok(!(local + session).includes(token));
    await panel.getByText('Connect your accounts').waitFor();
    assert.ok(context);
  });

  test('in German, in the dark', async (t) => {
    const { panel, options } = await withPanel(t, { language: 'de', scheme: 'dark' });
    const text = await panel.locator('#view').innerText();
    for (const part of [
      'Insgesamt bezahlt',
      'Zahlung offen',
      'VERLAUF',
      'Tag hinzufügen',
      'Zahlung ausgeblieben',
      '49,00\u00a0€',
    ])
      assert.ok(text.includes(part), `${part} in ${text}`);
    await shot(panel, 'panel-dark-de');
    await shot(options, 'options-dark-de');
  });
});
