// Starts the sandbox and writes a line of JSON: its address, and options for a plugin on it. Ends when its input ends.
import { startSandbox } from '../../../pkg/dist/sandbox/index.js';
import { optionsFor } from '../../../tests/js/support.mjs';

const sandbox = await startSandbox();
console.log(JSON.stringify({ url: sandbox.url, options: optionsFor(sandbox) }));
for await (const _ of process.stdin);
await sandbox.close();
