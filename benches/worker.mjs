// The Cloudflare Worker in workerd: what it takes to start, beside a worker that is empty, and a burst with restarts and faults.
// `npm run bench -- worker [messages]`, 2,000 where nothing is said. Its figures are those of docs/scale.md.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { Miniflare } from 'miniflare';
import { burst } from '../tests/js/worker-burst.mjs';
import { connectionsOn, startWorker } from '../tests/js/worker-support.mjs';

const ROUNDS = 9;
const pkg = fileURLToPath(new URL('../pkg/', import.meta.url));
const nowhere = { highlevelUrl: 'http://127.0.0.1:9', digistore24Url: 'http://127.0.0.1:9' };
/** With the same queue and objects, and with the same bytes to hand over: what those take isn't ours to start. */
const empty = () =>
  new Miniflare({
    compatibilityDate: '2025-09-01',
    modules: [
      {
        type: 'ESModule',
        path: 'empty.mjs',
        contents: `import { DurableObject } from 'cloudflare:workers';
          export class Ledger extends DurableObject {}
          export default { fetch: () => new Response(), queue() {} };`,
      },
      { type: 'Text', path: 'script.txt', contents: readFileSync(join(pkg, 'dist/hosts/worker/index.js'), 'utf8') },
      { type: 'Data', path: 'wasm.bin', contents: readFileSync(join(pkg, 'wasm/ghl_digistore24_bg.wasm')) },
    ],
    durableObjects: { LEDGERS: { className: 'Ledger', useSQLite: true } },
    queueProducers: { EVENTS: { queueName: 'events' } },
    queueConsumers: { events: {}, 'events-dead': {} },
  });

/** Milliseconds from the start of workerd to a first answer, for which the code and the wasm are loaded. */
async function firstAnswer(start) {
  const began = performance.now();
  const worker = start();
  await (await worker.dispatchFetch('http://worker.test/healthz')).text();
  const first = performance.now() - began;
  await worker.dispose();
  return first;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const [ours, none] = [[], []];
for (let i = 0; i < ROUNDS; i++) {
  none.push(await firstAnswer(empty));
  ours.push(await firstAnswer(() => startWorker(connectionsOn(nowhere))));
}
const startMs = median(ours) - median(none);
console.log(
  `Start-up in workerd: ${startMs.toFixed(1)} ms (first answer ${median(ours).toFixed(1)}, of an empty worker ${median(none).toFixed(1)})`,
);

const folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-bench-'));
try {
  const { model, crm, sent, distinct, orders, calls, mostRequests, restarts, receivedMs, doneMs } = await burst({
    messages: Number(process.argv[2] ?? 2000),
    folder,
    log: console.log,
  });
  console.log(`${sent} messages (${distinct} different, ${orders} orders), ${restarts.objects} objects and ${restarts.workerd} times all of workerd stopped
  taken in ${(receivedMs / 1000).toFixed(1)} s, done in ${(doneMs / 1000).toFixed(1)} s
  ${calls} calls, ${(calls / distinct).toFixed(2)} for each different message; at most ${mostRequests} in one invocation
  the CRM ${isDeepStrictEqual(crm, model) ? 'equals' : 'DIFFERS FROM'} the model`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
