// The runtimes, bundlers and checkers of package.json beside this file: where they are, and which version.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'tests/packaging');
const modules = join(folder, 'node_modules');
const system = `${process.platform}-${process.arch}`;

/** The pinned version of a package, of this folder's or of the checkout's. */
export function pinned(name) {
  for (const lock of [join(folder, 'package-lock.json'), join(root, 'package-lock.json')]) {
    const found = JSON.parse(readFileSync(lock, 'utf8')).packages[`node_modules/${name}`];
    if (found) return found.version;
  }
  throw new Error(`no lock file knows ${name}`);
}

/** The pinned version of a crate, of the workspace in this folder. */
export function pinnedCrate(workspace, name) {
  const lock = readFileSync(join(root, workspace, 'Cargo.lock'), 'utf8');
  const found = new RegExp(`^name = "${name}"\nversion = "([^"]+)"`, 'm').exec(lock);
  if (!found) throw new Error(`${workspace}/Cargo.lock knows no ${name}`);
  return found[1];
}

/** Programs come in packages for each system. A system without one has no such host. */
const programs = {
  'node-oldest': `node-oldest-${system}/bin/node`,
  'node-newest': `node-newest-${system}/bin/node`,
  deno: `@deno/${system === 'linux-x64' || system === 'linux-arm64' ? `${system}-glibc` : system}/deno`,
  bun: `@oven/bun-${system.replace('arm64', 'aarch64')}/bin/bun`,
};

/** The path of a program, or undefined where it isn't installed. */
export function program(name) {
  const path = join(modules, programs[name]);
  return existsSync(path) ? path : undefined;
}

/** A package of this folder. It is no part of the checkout's own packages, so Node would not find it from everywhere. */
export const load = (name) => import(pathToFileURL(createRequire(join(folder, 'package.json')).resolve(name)).href);

/** A script of this folder's packages, to be run by Node. */
export const script = (path) => join(modules, path);
