// What every script shares: running a command, telling what goes on, ending with the right exit code.
// Progress goes to stderr, so that stdout carries results only (`--json`, `npm run --silent cli`).
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

// rustup must not download behind our back: with its automatic install and an unreachable server,
// a missing target in rust-toolchain.toml would break even native builds. setup.mjs installs by name instead.
const environment = { ...process.env, RUSTUP_AUTO_INSTALL: '0' };

/** An expected failure: shown as one message, without a stack. */
export class Failed extends Error {}

export const say = (text) => process.stderr.write(`${text}\n`);

export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Says what begins and, at its end, how long it took. */
export async function step(title, work) {
  const start = performance.now();
  say(`- ${title} …`);
  const result = await work();
  say(`  ${title}: done in ${seconds(start)}`);
  return result;
}

/** Runs a command with its output on stderr; throws when it fails. With `lines` its stdout goes there instead, by lines. */
export function run(command, args, { env = {}, timeout, lines } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...environment, ...env },
      stdio: ['ignore', lines ? 'pipe' : process.stderr, process.stderr],
      timeout,
    });
    if (lines) createInterface({ input: child.stdout }).on('line', lines);
    // Our longest command lines have pages of paths: the beginning says which it was.
    const shown = [command, ...args.slice(0, 4), ...(args.length > 4 ? ['…'] : [])].join(' ');
    child.on('error', (error) => reject(new Failed(`could not start \`${shown}\`: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Failed(`\`${shown}\` failed (${signal ?? `exit code ${code}`})`));
    });
  });
}

/** The trimmed stdout of a command, or undefined when it is missing or fails. */
export function capture(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: root, env: { ...environment, ...env }, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** The path of a program on PATH, or undefined. */
export function which(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, process.platform === 'win32' ? `${program}.exe` : program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: try the next folder.
    }
  }
  return undefined;
}

/** The body of a script: a failure is shown and ends with exit code 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    say(`\n${error instanceof Failed ? `error: ${error.message}` : error.stack}`);
    process.exitCode = 1;
  }
}
