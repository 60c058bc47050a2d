// Makes this checkout ready to build: Node, Rust, the wasm target, npm packages, the wasm-bindgen helper.
// Every other script calls it first. Whatever is in place already is left alone, which takes a fraction of a second.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failed, main, root, run, say, seconds, step, which } from './lib/shell.mjs';
import { fingerprint, isFresh, writeStamp } from './lib/stamp.mjs';
import {
  debianPackages,
  hasDebianCompiler,
  hasSource,
  locked,
  rustVersion,
  target,
  targetDir,
  wasmLinker,
  wasmToolchain,
} from './lib/toolchain.mjs';

/** Where cargo puts the helper of scripts/bindgen. */
export const bindgen = join(targetDir, 'debug', `ghl-digistore24-bindgen${process.platform === 'win32' ? '.exe' : ''}`);

/** Returns the toolchain to build the wasm with. `report` is told what is in place already. */
export async function setup(report = () => {}) {
  checkNode();
  report(`node ${process.versions.node}`);
  await installPackages({ report });
  const toolchain = await installRust(report);
  await buildHelper(report);
  return toolchain;
}

function checkNode() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Failed(`Node 20 or newer is needed, this is ${process.versions.node}`);
  }
}

/** Brings the npm packages of a folder up to its lock file. */
export async function installPackages({ folder = '.', what = 'npm packages', report = () => {} } = {}) {
  const mark = fingerprint([join(folder, 'package.json'), join(folder, 'package-lock.json')]);
  const stamp = join(root, folder, 'node_modules/.setup-stamp');
  if (isFresh(stamp, mark)) return report(what);
  await step(`installing ${what}`, () => {
    // No package needs its install script: what ships a binary ships it as an optional package per platform.
    const args = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
    // Under `npm run` npm says where it is; starting it by Node works on every system.
    const npm = process.env.npm_execpath;
    return npm?.endsWith('.js') ? run(process.execPath, [npm, ...args]) : run('npm', args);
  });
  writeStamp(stamp, mark);
}

async function installRust(report) {
  if (!rustVersion() && which('rustup')) {
    await step('installing the Rust toolchain named in rust-toolchain.toml', () =>
      run('rustup', ['toolchain', 'install']),
    );
  }
  let toolchain = wasmToolchain();
  if (!toolchain) {
    if (process.env.GHL_DS24_WASM !== 'debian') await addTarget();
    toolchain = wasmToolchain() ?? (await installDebianToolchain());
  }
  if (toolchain.name === 'plain' && !hasSource()) toolchain = await addSource(toolchain);
  report(`${toolchain.version} for ${target}${toolchain.name === 'debian' ? ", Debian's" : ''}`);
  if (!rustVersion()) throw new Failed('no Rust for this machine itself: install it from https://rustup.rs');
  return toolchain;
}

async function addTarget() {
  if (!which('rustup')) return;
  try {
    await step(`rustup target add ${target}`, () =>
      run('rustup', ['target', 'add', target], { env: { RUST_BACKTRACE: '0' }, timeout: 300_000 }),
    );
  } catch {
    say(`  The Rust distribution server can't be reached: trying Debian's packages instead.`);
    say('  (For bare cargo commands set RUSTUP_AUTO_INSTALL=0, or rustup tries to download the target each time.)');
  }
}

/** Without the standard library's source the wasm gets larger, but it works the same. */
async function addSource(toolchain) {
  if (!which('rustup')) return toolchain;
  try {
    await step('rustup component add rust-src', () =>
      run('rustup', ['component', 'add', 'rust-src'], { env: { RUST_BACKTRACE: '0' }, timeout: 300_000 }),
    );
  } catch {
    say('  The component rust-src is not to be had: the wasm will be about a tenth larger.');
  }
  return wasmToolchain();
}

async function installDebianToolchain() {
  const needed = hasDebianCompiler() ? [] : [...debianPackages];
  if (!wasmLinker()) needed.push('lld');
  // --no-remove: rustc-web conflicts with Debian's own rustc and rustup, which are not ours to take away.
  const install = ['install', '-y', '--no-install-recommends', '--no-remove', ...needed];
  const byHand = `run \`sudo apt-get ${install.join(' ')}\` (Debian), or make \`rustup target add ${target}\` work`;
  if (!which('apt-get') || process.getuid?.() !== 0) {
    throw new Failed(`no Rust standard library for ${target}: ${byHand}`);
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step(`installing Debian packages ${needed.join(', ')}`, async () => {
    try {
      await run('apt-get', install, { env });
    } catch {
      // Most often the package lists are missing or old.
      await run('apt-get', ['update'], { env });
      await run('apt-get', install, { env });
    }
  });
  const toolchain = wasmToolchain();
  if (!toolchain) throw new Failed(`Debian's packages are not where they were expected: ${byHand}`);
  return toolchain;
}

async function buildHelper(report) {
  const mark = fingerprint(['Cargo.toml', 'Cargo.lock', 'scripts/bindgen'], [rustVersion()]);
  const stamp = `${bindgen}.stamp`;
  if (existsSync(bindgen) && isFresh(stamp, mark)) return report('wasm-bindgen helper');
  await step('building the wasm-bindgen helper (about a minute the first time)', () =>
    // The dev profile: it builds in half the time and still needs under a second for our wasm.
    run('cargo', ['build', '--package', 'ghl-digistore24-bindgen', '--target-dir', targetDir, ...locked]),
  );
  // Cargo may just have written the lock file, so the mark is taken anew.
  writeStamp(stamp, fingerprint(['Cargo.toml', 'Cargo.lock', 'scripts/bindgen'], [rustVersion()]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const start = performance.now();
    await setup((thing) => say(`- ${thing}: in place`));
    say(`Ready (${seconds(start)}).`);
  });
}
