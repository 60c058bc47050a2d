// What a backfill takes: calls for each buyer against the sandbox, and memory for many simulated purchases.
//   npm run bench -- backfill [purchases] [buyers]   default: a million, beside a thousand; and 10,000 in the sandbox
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../pkg/dist/sandbox/index.js';
import { createPlugin } from '../pkg/dist/src/index.js';
import { openSqliteStore } from '../pkg/dist/src/store/sqlite.js';
import { seller, sellerOptions } from '../tests/js/backfill-support.mjs';

const self = fileURLToPath(import.meta.url);
/** The garbage is collected, and the memory read, so many times in each phase. */
const SAMPLES = 20;

/** The requests that HighLevel gets in a backfill of the sandbox. */
export async function callsInSandbox(buyers) {
  const sandbox = await startSandbox({ settings: { burstLimit: 1_000_000, dailyLimit: 10_000_000 } });
  for (let i = 0; i < buyers; i++) sandbox.story({ buyer: { email: `p${i}@example.com`, phone: '' } }).payment();
  const plugin = await createPlugin({
    highlevel: {
      auth: { kind: 'private-integration', token: DEFAULT_TOKEN },
      locationId: DEFAULT_LOCATION_ID,
      baseUrl: sandbox.highlevelUrl,
    },
    digistore24: { apiKey: DEFAULT_API_KEY, baseUrl: sandbox.digistore24Url },
    backgroundShare: 1,
    log() {},
  });
  await plugin.setup();
  const before = sandbox.requests().length;
  let last;
  for await (const progress of plugin.sync.backfill()) last = progress;
  await plugin.close();
  const requests = sandbox.requests().slice(before);
  const contacts = sandbox.state().contacts.length;
  await sandbox.close();
  const calls = requests.filter(({ service }) => service === 'ghl').length;
  return { calls, each: calls / buyers, contacts, imported: last.counts.done };
}

/**
 * The most memory that is in use after a collection of the garbage, in a process of its own. Bytes: `wasm` the module's
 * memory, `heap` what JavaScript holds, buffers included; `rss` all that the system counts. With `people` it ends after about
 * so many of them.
 */
export async function memory(purchases, people = purchases) {
  const folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-bench-'));
  const words = ['measure', String(purchases), String(people), join(folder, 'state.sqlite')];
  try {
    const child = fork(self, words, { execArgv: ['--expose-gc'] });
    return await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`the measuring process ended with ${code}`)));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(purchases, people, file) {
  const memories = [];
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const instance = await instantiate.apply(WebAssembly, args);
    memories.push(instance.exports.memory);
    return instance;
  };
  const { fetch, count } = seller(purchases);
  const plugin = await createPlugin({ ...sellerOptions, store: openSqliteStore(file), fetch, log() {} });
  const most = { heap: 0, wasm: 0, rss: 0 };
  let [phase, next, done] = ['', 0, 0];
  for await (const progress of plugin.sync.backfill()) {
    if (progress.phase !== phase) [phase, next] = [progress.phase, 0];
    if (phase === 'people') ({ done } = progress);
    if (done >= people && done < purchases) break;
    if (progress.done < next) continue;
    next = progress.done + Math.max(1, (phase === 'people' ? people : purchases) / SAMPLES);
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    const now = { heap: heapUsed + external - wasm, wasm, rss };
    for (const name of Object.keys(most)) most[name] = Math.max(most[name], now[name]);
    if (process.env.VERBOSE) console.error(phase, progress.done, JSON.stringify(now));
  }
  await plugin.close();
  process.send({ purchases, people: done, requests: count.requests, ...most });
  process.disconnect();
}

/** Both figures, for people or machines. */
async function report(purchases, buyers) {
  const [few, many] = [await memory(1_000), await memory(purchases)];
  const { calls, each } = await callsInSandbox(buyers);
  if (process.argv.includes('--json')) return console.log(JSON.stringify({ buyers, calls, each, few, many }, null, 2));
  const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  const row = (what, { heap, wasm, rss }) =>
    `${what.padStart(10)} ${[heap, wasm, rss].map((n) => mb(n).padStart(10)).join(' ')}`;
  console.log(`Backfill of ${buyers} buyers in the sandbox: ${calls} calls of HighLevel, ${each.toFixed(3)} each

 purchases       heap       wasm        rss
${row('1000', few)}
${row(String(purchases), many)}`);
}

if (process.argv[1] === self) {
  const [first, second, people, file] = process.argv.slice(2).filter((word) => word !== '--json');
  if (first === 'measure') await measure(Number(second), Number(people), file);
  else await report(Number(first ?? 1_000_000), Number(second ?? 10_000));
}
