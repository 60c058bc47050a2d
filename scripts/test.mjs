// Everything that has to hold, one step after the other, with a table at the end.
//   --quick      without the slow checks (lints, hosts, breakages on purpose, licenses)
//   --only lint  the lints alone
//   --json       the table for machines, on stdout after the steps' own output
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { buildComponent } from './build-component.mjs';
import { hosts, testHost } from './host.mjs';
import { Failed, root, say, which } from './lib/shell.mjs';
import { files } from './lib/stamp.mjs';
import { locked, target, targetDir, wasmToolchain } from './lib/toolchain.mjs';
import { setup } from './setup.mjs';
import { testHosts } from './test-hosts.mjs';

const quick = process.argv.includes('--quick');
const onlyLint = process.argv.includes('--only') && process.argv.includes('lint');

/** A step that can't run here; it says why and doesn't fail the whole. */
class Skipped extends Error {}

const cargo = (...args) => command('cargo', args, { CARGO_TARGET_DIR: targetDir });
const node = (...args) => command(process.execPath, args);

const steps = [
  { name: 'setup', needed: true, lint: true, run: () => setup((thing) => say(`  ${thing}: in place`)) },
  { name: 'build (cargo, wasm-bindgen, tsc)', needed: true, run: build },
  { name: 'build of the component', needed: true, run: buildComponent },
  { name: 'cargo fmt', lint: true, run: fmt },
  { name: 'clippy, native', lint: true, slow: true, run: () => clippy('--workspace', '--all-targets') },
  { name: 'clippy, wasm', lint: true, slow: true, run: clippyWasm },
  { name: 'cargo test', run: () => cargo('test', '--workspace', ...locked) },
  { name: 'texts of the breakages', lint: true, run: () => node('scripts/mutants.mjs', '--texts') },
  { name: 'breakages on purpose', slow: true, run: () => node('scripts/mutants.mjs', '--suite') },
  {
    name: 'clippy, host in wasmtime',
    lint: true,
    slow: true,
    run: () => inHost('clippy', '--all-targets', '--', '-D', 'warnings'),
  },
  { name: 'component in wasmtime', slow: true, run: () => inHost('test') },
  { name: 'biome', lint: true, run: () => node('node_modules/@biomejs/biome/bin/biome', 'check', '.') },
  { name: 'types', run: () => node('node_modules/typescript/bin/tsc', '-p', 'tests/types') },
  { name: 'node --test', run: nodeTests },
  { name: 'hosts (the packed package)', slow: true, run: () => testHosts() },
  ...hosts.map((host) => ({ name: host, slow: true, run: () => testHost(host) })),
  { name: 'cargo deny', lint: true, slow: true, run: deny },
];

// wasmtime takes minutes to build: it has a workspace, a lock file and a target folder of its own.
const wasmtime = ['--manifest-path', 'hosts/wasmtime/Cargo.toml'];

async function fmt() {
  await cargo('fmt', '--all', '--check');
  await cargo('fmt', ...wasmtime, '--check');
}

/** A command of cargo for the host in wasmtime; without TLS, since the sandbox is on loopback. */
async function inHost(subcommand, ...args) {
  const shared = [...wasmtime, '--target-dir', join(targetDir, 'wasmtime'), '--no-default-features', ...locked];
  try {
    await cargo('fetch', ...wasmtime, ...locked);
  } catch (error) {
    if (process.env.CI) throw error;
    throw new Skipped('wasmtime could not be downloaded: THE COMPONENT WAS NOT RUN IN IT');
  }
  say('  the first build of wasmtime takes some minutes');
  await cargo(subcommand, ...shared, ...args);
}

function clippy(...args) {
  return cargo('clippy', ...args, ...locked, '--', '-D', 'warnings');
}

async function clippyWasm() {
  if (wasmToolchain()?.name === 'debian') throw new Skipped(`the linting toolchain has no ${target}`);
  for (const feature of ['js', 'fetch', 'component']) await clippy('--lib', '--target', target, '--features', feature);
}

function nodeTests() {
  // By name: `node --test FOLDER` means different things to different versions of Node.
  const tests = files(['tests/js']).filter((path) => path.endsWith('.test.mjs'));
  if (!tests.length) throw new Skipped('there are none yet');
  // Two at a time: they start servers and programs of their own, and none should wait long for its turn.
  return node('--test', '--test-concurrency=2', ...tests);
}

async function deny() {
  if (!which('cargo-deny')) {
    if (!process.env.CI_DENY) throw new Skipped('cargo-deny is not installed (CI_DENY=1 installs it, 5 minutes)');
    await cargo('install', '--locked', 'cargo-deny');
  }
  // Advisories need a database from the network, so they are no part of this.
  await cargo('deny', 'check', 'bans', 'licenses', 'sources');
  await cargo('deny', ...wasmtime, '--config', join(root, 'deny.toml'), 'check', 'bans', 'licenses', 'sources');
}

/** Like `run` of shell.mjs, but results belong on stdout here. */
function command(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, RUSTUP_AUTO_INSTALL: '0', ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', (error) => reject(new Failed(`${program}: ${error.message}`)));
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Failed(`exit code ${code}`))));
  });
}

const began = performance.now();
const secondsSince = (start) => Number(((performance.now() - start) / 1000).toFixed(1));

const table = [];
let blocked;
for (const step of steps) {
  if ((quick && step.slow) || (onlyLint && !step.lint)) continue;
  const start = performance.now();
  let result = 'ok';
  let note = '';
  if (blocked) {
    result = 'skipped';
    note = `${blocked} failed`;
  } else {
    say(`\n=== ${step.name}`);
    try {
      await step.run();
    } catch (error) {
      result = error instanceof Skipped ? 'skipped' : 'FAILED';
      note = error instanceof Skipped || error instanceof Failed ? error.message : error.stack;
      say(`${result}: ${note}`);
      if (step.needed) blocked = step.name;
    }
  }
  table.push({ step: step.name, result, seconds: secondsSince(start), note });
}

const total = secondsSince(began);
const count = (result) => table.filter((one) => one.result === result).length;
const shown = (seconds) => `${seconds.toFixed(1)} s`.padStart(8);

say('');
for (const { step, result, seconds, note } of table) {
  console.log(`${result.padEnd(8)} ${shown(seconds)}  ${step}${note ? `: ${note.split('\n')[0]}` : ''}`);
}
console.log(
  `${'total'.padEnd(8)} ${shown(total)}  ${count('ok')} ok, ${count('FAILED')} failed, ${count('skipped')} skipped`,
);
if (process.argv.includes('--json')) console.log(JSON.stringify({ seconds: total, steps: table }));
if (count('FAILED')) process.exitCode = 1;
