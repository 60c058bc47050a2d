// Shows a built page in Chromium. The page's server hands the services' paths on to the sandbox, as a real one would: neither
// service lets other pages call it.
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import { findChromium } from '../../scripts/lib/chromium.mjs';
import { load } from './tools.mjs';

/** As strict as it can be; the wasm needs the second of these. */
export const strict = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const TYPES = { '.js': 'text/javascript', '.html': 'text/html', '.wasm': 'application/wasm' };

let browser;

/** Starts the browser once for all pages. */
async function chromium() {
  const { default: playwright } = await load('playwright-core');
  browser ??= playwright.chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  return browser;
}

export async function closeBrowser() {
  await (await browser)?.close();
}

/**
 * Serves a folder and opens `page` of it, HTML, or its `page.html`; gives the way to ask the guest in there. `without` are
 * names of files that are missing, `policy` the content security policy.
 */
export async function servePage(folder, t, { page, policy = strict, without = /^$/, backend }) {
  const app = new Hono();
  for (const path of ['/ghl/*', '/digistore24/*']) {
    app.all(path, (c) => proxy(`${backend}${new URL(c.req.url).pathname}${new URL(c.req.url).search}`, c.req.raw));
  }
  app.get('*', (c) => {
    const path = c.req.path === '/' ? '/page.html' : c.req.path;
    if (without.test(path)) return c.notFound();
    const body = path === '/page.html' && page ? page : readFileSync(join(folder, path));
    return c.body(body, 200, {
      'content-type': TYPES[extname(path)] ?? 'text/plain',
      'content-security-policy': policy,
    });
  });
  app.onError((_, c) => c.notFound());
  const server = await new Promise((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(listening));
  });
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${server.address().port}`;
  const tab = await (await chromium()).newPage();
  t.after(() => tab.close());
  await tab.goto(origin);
  await tab.waitForFunction(() => typeof window.answer === 'function');
  const here = (command) => JSON.parse(JSON.stringify(command).replaceAll(backend, origin));
  return (command) => tab.evaluate((command) => window.answer(command), here(command));
}
