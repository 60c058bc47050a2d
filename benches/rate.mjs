// How much of the allowed rate sustained calls reach, and whether the service has to refuse any. The sandbox counts in a
// sliding window, the strictest kind; its interval is scaled down from HighLevel's ten seconds, so that this ends soon.
//   node benches/rate.mjs [interval in ms]   on its own, for example with the real 10000
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_LOCATION_ID, DEFAULT_TOKEN, startSandbox } from '../pkg/dist/sandbox/index.js';
import { createPlugin } from '../pkg/dist/src/index.js';
import { openSqliteStore } from '../pkg/dist/src/store/sqlite.js';

const MAX = 100;
const WINDOWS = 6;
const self = fileURLToPath(import.meta.url);

/** One process with a rate of its own, and two that share one through their store. */
export async function rates(intervalMs = 2_000) {
  return { intervalMs, alone: await measured(1, intervalMs), shared: await measured(2, intervalMs) };
}

async function measured(processes, intervalMs) {
  const sandbox = await startSandbox({ settings: { burstLimit: MAX, burstWindowMs: intervalMs } });
  const folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-bench-'));
  const file = processes > 1 ? join(folder, 'state.sqlite') : '';
  const calls = (MAX * WINDOWS) / processes;
  const workers = Array.from({ length: processes }, () => fork(self, [sandbox.highlevelUrl, file, String(calls)]));
  // All are ready before any begins: what a process does before its first answer, it does by the published rate.
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (const worker of workers) worker.send('go');
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  const requests = sandbox.requests();
  await sandbox.close();
  rmSync(folder, { recursive: true });
  const times = requests.filter(({ status }) => status !== 429).map(({ at }) => at);
  // Without the first window's worth, which goes at once, and the last one, to which not all processes may come.
  const took = times[times.length - MAX - 1] - times[MAX - 1];
  const share = (times.length - 2 * MAX) / ((MAX * took) / intervalMs);
  return { share, refused: requests.length - times.length };
}

async function work(baseUrl, file, calls) {
  const plugin = await createPlugin({
    highlevel: {
      auth: { kind: 'private-integration', token: DEFAULT_TOKEN },
      locationId: DEFAULT_LOCATION_ID,
      baseUrl,
    },
    ...(file && { store: openSqliteStore(file) }),
  });
  const call = () => plugin.ghl.locations.getLocationTags({}, { deadlineMs: 600_000 });
  await call();
  process.send('ready');
  await once(process, 'message');
  await Promise.all(Array.from({ length: calls - 1 }, call));
  await plugin.close();
  process.exit();
}

if (process.argv[1] === self) {
  if (process.send) await work(process.argv[2], process.argv[3], Number(process.argv[4]));
  else console.log(JSON.stringify(await rates(Number(process.argv[2] ?? 2_000)), null, 2));
}
