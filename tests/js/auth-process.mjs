// A process of its own: reads a task from standard input, makes `calls` calls at once, prints how they ended.

import { createPlugin } from '../../pkg/dist/src/index.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';

const { highlevel, state, calls, skewMs = 0, dies = false } = JSON.parse(await new Response(process.stdin).text());
const clock = () => Date.now() + skewMs;
const store = openSqliteStore(state, { clock });
const { commit } = store;
if (dies) {
  // The answer is there, the new pair is not yet on the disk.
  store.commit = (writes) => {
    const isPair = writes.some(({ key, value }) => key.includes('/token/') && value !== null);
    if (isPair) process.kill(process.pid, 'SIGKILL');
    return commit(writes);
  };
}
const plugin = await createPlugin({ highlevel, store, clock, log: () => {} });
const results = await Promise.allSettled(Array.from({ length: calls }, () => plugin.ghl.locations.getLocation({})));
await plugin.close();
process.stdout.write(JSON.stringify(results.map(({ status, reason }) => reason?.code ?? status)));
