// A new project with the packed package in it, as npm installs it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './tools.mjs';

const npm = (folder, ...args) =>
  execFileSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
    shell: process.platform === 'win32',
  });

/** Packs the package and gives the way to projects with it, all in one temporary folder. */
export function pack() {
  const base = mkdtempSync(join(tmpdir(), 'ghl-digistore24-packaging-'));
  const tarball = join(base, npm(join(root, 'pkg'), 'pack', '--silent', '--pack-destination', base).trim());
  return {
    tarball,
    remove: () => rmSync(base, { recursive: true, force: true }),
    /** A new project; `args` for `npm install`. Brings the guests along. */
    project(name, ...args) {
      const folder = join(base, name);
      mkdirSync(folder);
      writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
      const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error'];
      npm(folder, 'install', ...quiet, ...args, tarball);
      cpSync(join(root, 'tests/packaging/guests'), join(folder, 'guests'), { recursive: true });
      return folder;
    },
  };
}
