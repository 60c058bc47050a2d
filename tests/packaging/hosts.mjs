// The hosts: for each, how one installs the package there, and how a test starts it with the package inside. `start` gets the
// folder of a project that has the package, and the test's context; it gives a function that puts a command to the guest
// (guests/guest.mjs) and resolves with its answer. What differs from host to host is all in here and in guests/.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as esbuild from 'esbuild';
import { Miniflare } from 'miniflare';
import { servePage } from './page.mjs';
import { load, pinned, program } from './tools.mjs';

const npm = 'npm install ghl-digistore24';
const lean = `${npm} --omit=optional`;

/** A program that gets commands by lines. Without a path: this system has none of that kind. */
function overLines(path, args, folder, t, env = {}) {
  if (!path) return undefined;
  const child = spawn(path, args, {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (command) => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await lines.next();
    assert.ok(!done, `${path} has ended`);
    return JSON.parse(value);
  };
}

/** One file with everything in it, the wasm too, run where nothing else is. */
async function bundledProgram(folder, t) {
  const outfile = join(folder, 'esbuild/program.mjs');
  await esbuild.build({
    entryPoints: [join(folder, 'guests/program.mjs')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['base64'],
    logLevel: 'error',
  });
  const empty = join(folder, '../empty');
  mkdirSync(empty, { recursive: true });
  cpSync(outfile, join(empty, 'program.mjs'));
  return overLines(program('node-oldest'), ['program.mjs'], empty, t);
}

/** What Wrangler does: bundles the code, and hands the wasm over compiled. */
async function worker(folder, t) {
  const wasm = [];
  const compiled = {
    name: 'wasm',
    setup: (build) =>
      build.onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => {
        wasm.push(join(resolveDir, path));
        return { path: './plugin.wasm', external: true };
      }),
  };
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(folder, 'guests/worker.mjs')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    plugins: [compiled],
    write: false,
    logLevel: 'error',
  });
  assert.equal(wasm.length, 1, 'one wasm');
  const miniflare = new Miniflare({
    compatibilityDate: '2025-09-01',
    modules: [
      { type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0].text },
      { type: 'CompiledWasm', path: 'plugin.wasm', contents: readFileSync(wasm[0]) },
    ],
  });
  t.after(() => miniflare.dispose());
  return async (command) => {
    const answer = await miniflare.dispatchFetch('http://worker.test/', {
      method: 'POST',
      body: JSON.stringify(command),
    });
    return answer.json();
  };
}

/** A page that Vite has built, with nothing set. */
async function vite(folder, t, server) {
  const root = join(folder, 'guests');
  const outDir = join(folder, 'vite');
  const { build } = await load('vite');
  const html = { input: join(root, 'page.html') };
  await build({ root, base: './', logLevel: 'error', configFile: false, build: { outDir, rollupOptions: html } });
  return servePage(outDir, t, server);
}

/** A page that webpack has built, with nothing set but where it goes. */
async function webpack(folder, t, server) {
  const { default: pack } = await load('webpack');
  const path = join(folder, 'webpack');
  const stats = await new Promise((resolve, reject) => {
    const options = { context: folder, mode: 'production', entry: './guests/page.mjs', output: { path } };
    pack({ ...options, performance: false }, (error, result) => (error ? reject(error) : resolve(result)));
  });
  assert.ok(!stats.hasErrors() && !stats.hasWarnings(), stats.toString('errors-warnings'));
  const page = readFileSync(join(folder, 'guests/page.html'), 'utf8');
  return servePage(path, t, { ...server, page: page.replace('type="module" src="./page.mjs"', 'defer src="main.js"') });
}

/** Node, Deno and Bun run the same two programs, one for `import` and one for `require`. */
const lines = (name) => (folder, t) => overLines(program(name), ['guests/program.mjs'], folder, t);
const commonJs = (name) => (folder, t) => overLines(program(name), ['guests/program.cjs'], folder, t);

/** Deno may do no more than it needs: read the project and use the network. It fetches nothing at its start. */
function deno(folder, t) {
  const allowed = ['--cached-only', '--no-prompt', '--allow-net', '--allow-read=.'];
  const env = { DENO_DIR: join(folder, '.deno'), DENO_NO_UPDATE_CHECK: '1' };
  return overLines(program('deno'), ['run', ...allowed, 'guests/program.mjs'], folder, t, env);
}

const oldest = pinned('node-oldest-linux-x64');
const newest = pinned('node-newest-linux-x64');
const major = (version) => version.split('.')[0];

/**
 * All hosts. `version` is the pinned one that the tests run; `hidesReasons`: its fetch doesn't say whether a request was sent;
 * `isRequire`: the same host once more, for CommonJS.
 */
export const hosts = [
  {
    id: 'node-oldest',
    name: `Node ${major(oldest)}, the oldest`,
    install: npm,
    version: oldest,
    start: lines('node-oldest'),
  },
  { id: 'node-oldest-require', name: 'Node, the oldest, require', isRequire: true, start: commonJs('node-oldest') },
  {
    id: 'node-newest',
    name: `Node ${major(newest)}, the newest`,
    install: npm,
    version: newest,
    start: lines('node-newest'),
  },
  { id: 'node-newest-require', name: 'Node, the newest, require', isRequire: true, start: commonJs('node-newest') },
  { id: 'deno', name: 'Deno', install: 'deno add npm:ghl-digistore24', version: pinned('deno'), start: deno },
  { id: 'bun', name: 'Bun', install: 'bun add ghl-digistore24', version: pinned('bun'), start: lines('bun') },
  { id: 'bun-require', name: 'Bun, require', isRequire: true, start: commonJs('bun') },
  {
    id: 'workerd',
    name: "workerd, Cloudflare's runtime",
    install: lean,
    version: pinned('workerd'),
    hidesReasons: true,
    start: worker,
  },
  {
    id: 'vite',
    name: 'a page, built by Vite',
    install: lean,
    version: pinned('vite'),
    isPage: true,
    hidesReasons: true,
    start: vite,
  },
  {
    id: 'webpack',
    name: 'a page, built by webpack',
    install: lean,
    version: pinned('webpack'),
    isPage: true,
    hidesReasons: true,
    start: webpack,
  },
  {
    id: 'esbuild',
    name: 'one file for Node, built by esbuild',
    install: lean,
    version: pinned('esbuild'),
    start: bundledProgram,
  },
];
