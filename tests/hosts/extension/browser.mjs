// A Chromium with the extension in it, as a user has it; the services are the sandbox's.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildFor } from '../../../js/hosts/extension/build.mjs';
import { findChromium } from '../../../scripts/lib/chromium.mjs';

export const noChromium = findChromium() ? false : 'there is no Chromium: THE EXTENSION WAS NOT TRIED IN A BROWSER';
const { chromium } = createRequire(import.meta.url)('playwright-core');
const folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-extension-'));

/** Builds it once; the only difference is that it may call this machine. */
let built;
const build = () => {
  built ??= buildFor('chromium', join(folder, 'extension'), { hosts: ['http://127.0.0.1/*'] });
  return built;
};
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** Starts a browser with a profile of its own; `t` ends it. */
export async function startBrowser(t, { language = 'en', scheme = 'light' } = {}) {
  await build();
  const path = join(folder, 'extension');
  count += 1;
  const context = await chromium.launchPersistentContext(join(folder, `profile-${count}`), {
    executablePath: findChromium(),
    // The old headless mode has no extensions.
    headless: false,
    colorScheme: scheme,
    viewport: { width: 420, height: 900 },
    args: [
      '--headless=new',
      '--no-sandbox',
      `--lang=${language}`,
      `--disable-extensions-except=${path}`,
      `--load-extension=${path}`,
      '--disable-features=DisableLoadExtensionCommandLineSwitch',
    ],
    env: { ...process.env, LANGUAGE: language },
  });
  t.after(() => context.close());
  const worker = () => context.serviceWorkers()[0] ?? context.waitForEvent('serviceworker');
  const { host: id } = new URL((await worker()).url());
  // A new installation opens its settings by itself, in whatever tab is free.
  const opened = () => context.pages().find((page) => page.url().includes(id));
  for (let n = 0; n < 500 && !opened(); n++) await sleep(20);
  await context.newPage();
  await opened().close();
  const errors = [];
  const open = async (page) => {
    const tab = await context.newPage();
    tab.on('pageerror', (error) => errors.push(error));
    await tab.goto(`chrome-extension://${id}/${page}`);
    // A Chromium that has just started may not have the extension's texts yet: pages are English then.
    const hasTexts = () => tab.evaluate(() => chrome.i18n.getMessage('name') !== '');
    for (let n = 0; n < 20 && !(await hasTexts()); n++) await tab.reload();
    return tab;
  };
  return { context, id, open, worker, errors };
}

/** Types the settings into the options page and saves them; gives the page. */
export async function connect(browser, settings, { keep = 'session' } = {}) {
  const page = await browser.open('options.html');
  await page.locator('details summary').click();
  for (const [name, value] of Object.entries(settings)) await page.locator(`#${name}`).fill(value);
  await page.locator(`input[value=${keep}]`).check();
  await page.locator('#save').click();
  await page.locator('#result .card:not([aria-busy])').waitFor();
  return page;
}

/** Stops the service worker, as the browser does by itself after half a minute. */
export async function stopWorker(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await session.detach();
}
