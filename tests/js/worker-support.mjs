// The Cloudflare Worker in workerd, on a sandbox: queues, objects and cron as they are deployed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN } from '../../pkg/dist/sandbox/index.js';
import { passphrase } from './support.mjs';

const pkg = fileURLToPath(new URL('../../pkg/', import.meta.url));
export const statusToken = 'a-status-token-for-tests';
export const addressToken = 'acme-address-token-0123';
export const location = DEFAULT_LOCATION_ID;

/** One connection with one location of the sandbox. */
export const connectionsOn = (sandbox) => ({
  connections: [
    {
      id: 'acme',
      token: 'env:ACME_ADDRESS_TOKEN',
      digistore24: {
        apiKey: DEFAULT_API_KEY,
        ipnPassphrase: 'env:ACME_PASSPHRASE',
        baseUrl: sandbox.digistore24Url,
      },
      highlevel: [
        {
          locationId: location,
          auth: { kind: 'private-integration', token: 'env:ACME_GHL_TOKEN' },
          baseUrl: sandbox.highlevelUrl,
        },
      ],
    },
  ],
  settleSeconds: 0,
});

export const secrets = {
  ACME_ADDRESS_TOKEN: addressToken,
  ACME_PASSPHRASE: passphrase,
  ACME_GHL_TOKEN: DEFAULT_TOKEN,
  STATUS_TOKEN: statusToken,
};

/** Starts the worker; with a folder its objects and queues outlive it. */
export function startWorker(
  connections,
  { folder, bindings = {}, leave = [], script = '', retries = 2, ...more } = {},
) {
  const all = { CONNECTIONS: connections, JURISDICTION: '', ...secrets, ...bindings };
  for (const name of leave) delete all[name];
  return new Miniflare({
    compatibilityDate: '2025-09-01',
    modulesRoot: pkg,
    modules: [
      {
        type: 'ESModule',
        path: join(pkg, 'dist/hosts/worker/index.js'),
        contents: readFileSync(join(pkg, 'dist/hosts/worker/index.js'), 'utf8') + script,
      },
      { type: 'CompiledWasm', path: join(pkg, 'wasm/ghl_digistore24_bg.wasm') },
    ],
    bindings: all,
    ...(!leave.includes('LEDGERS') && { durableObjects: { LEDGERS: { className: 'Ledger', useSQLite: true } } }),
    ...(!leave.includes('EVENTS') && { queueProducers: { EVENTS: { queueName: 'events' } } }),
    queueConsumers: {
      events: {
        maxBatchSize: 50,
        maxBatchTimeout: 0.1,
        maxRetries: retries,
        retryDelay: 0,
        deadLetterQueue: 'events-dead',
      },
      'events-dead': { maxBatchSize: 50, maxBatchTimeout: 0.1, maxRetries: 5, retryDelay: 0 },
    },
    ...(folder && { durableObjectsPersist: join(folder, 'objects') }),
    ...more,
  });
}

/** Posts a signed message as Digistore24 does. */
export function post(worker, body, path = `/webhooks/digistore24/acme/${addressToken}`) {
  return worker.dispatchFetch(`http://worker.test${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });
}

/** The numbers of `/metrics`, by name and location. */
export async function roomsOf(worker) {
  const response = await worker.dispatchFetch('http://worker.test/metrics', {
    headers: { authorization: `Bearer ${statusToken}` },
  });
  const text = await response.text();
  const value = (name) => Number(new RegExp(`^${name}{[^}]*location="${location}"[^}]*} (\\d+)`, 'm').exec(text)?.[1]);
  return { inbox: value('ghl_ds24_inbox_messages'), dead: value('ghl_ds24_dead_messages'), text };
}

/** Waits until something holds; looks often, gives up after two minutes, or so many seconds. */
export async function until(what, holds, seconds = 120) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it never came: ${what}`);
}
