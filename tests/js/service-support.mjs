// The real `serve` in a process of its own, on a sandbox in this one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN } from '../../pkg/dist/sandbox/index.js';
import { passphrase } from './support.mjs';

export const program = fileURLToPath(new URL('../../pkg/dist/src/cli/main.js', import.meta.url));

/** The settings of the sandbox; the state lies in `folder`. */
export function environment(sandbox, folder) {
  return {
    PATH: process.env.PATH,
    GHL_BASE_URL: sandbox.highlevelUrl,
    GHL_TOKEN: DEFAULT_TOKEN,
    GHL_LOCATION_ID: DEFAULT_LOCATION_ID,
    DIGISTORE24_BASE_URL: sandbox.digistore24Url,
    DIGISTORE24_API_KEY: DEFAULT_API_KEY,
    DIGISTORE24_IPN_PASSPHRASE: passphrase,
    STATE: join(folder, 'state.sqlite'),
    SETTLE_SECONDS: '0',
  };
}

/**
 * Starts `serve` and waits until it listens, or has ended. `laterMs`: its clock is so much ahead. `before`: words of a shell
 * that run first in the process.
 */
export async function startService({ env, folder, args = [], port = 0, laterMs = 0, before }) {
  const clock = `const now = Date.now; Date.now = () => now() + ${laterMs}`;
  const node = [
    ...(laterMs ? ['--import', `data:text/javascript,${encodeURIComponent(clock)}`] : []),
    ...[program, 'serve', '--json', '--port', String(port), ...args],
  ];
  const [command, words] = before
    ? ['bash', ['-c', `${before}; exec "$0" "$@"`, process.execPath, ...node]]
    : [process.execPath, node];
  const child = spawn(command, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  const listening = () => (out.trim().endsWith('}') ? JSON.parse(out) : undefined);
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  while (!listening() && !isOver) await sleep(5);
  const lines = () =>
    err
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  return { pid: child.pid, kill: (signal) => child.kill(signal), ended, lines, ...listening() };
}
