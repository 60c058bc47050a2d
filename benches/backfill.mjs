// What a backfill takes: calls for each buyer against the sandbox, and memory for many simulated purchases.
//   node benches/backfill.mjs [purchases] [buyers]   default: a million, beside a thousand; and 10,000 in the sandbox
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
  const { contacts } = sandbox.state();
  await sandbox.close();
  const calls = requests.filter(({ service }) => service === 'ghl').length;
  return { buyers, calls, each: calls / buyers, contacts: contacts.length, counts: last.counts };
}

/**
 * The most memory that is in use after a collection of the garbage, in a process of its own. Bytes: `wasm` the module's
 * memory, `heap` what JavaScript holds, buffers included; `rss` all that the system counts.
 */
export async function memory(purchases) {
  const folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-bench-'));
  try {
    const child = fork(self, ['measure', String(purchases), join(folder, 'state.sqlite')], {
      execArgv: ['--expose-gc'],
    });
    return await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`the measuring process ended with ${code}`)));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(purchases, file) {
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
  const began = performance.now();
  let [phase, next] = ['', 0];
  for await (const progress of plugin.sync.backfill()) {
    if (progress.phase !== phase) [phase, next] = [progress.phase, 0];
    if (progress.done < next) continue;
    next = progress.done + Math.max(1, purchases / SAMPLES);
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    const now = { heap: heapUsed + external - wasm, wasm, rss };
    for (const name of Object.keys(most)) most[name] = Math.max(most[name], now[name]);
    if (process.env.VERBOSE) console.error(phase, progress.done, now, Math.round((performance.now() - began) / 1000));
  }
  await plugin.close();
  const { requests } = count;
  process.send({ purchases, ...most, requests, seconds: Math.round((performance.now() - began) / 1000) });
  process.disconnect();
}

if (process.argv[1] === self) {
  const [first, second, file] = process.argv.slice(2);
  if (first === 'measure') await measure(Number(second), file);
  else {
    console.log(JSON.stringify(await callsInSandbox(Number(second ?? 10_000))));
    console.log(JSON.stringify([await memory(1_000), await memory(Number(first ?? 1_000_000))], null, 2));
  }
}
