// The package as others get it: packed, unpacked elsewhere, and loaded the way each host does.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { Miniflare } from 'miniflare';
import { readCatalog } from '../../scripts/conformance/catalog.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
const noEntry = !existsSync(join(root, 'pkg/dist/src/index.js')) && 'the façade is not built';

let folder; // a project that depends on the package
let installed; // the package in there
let packed; // the names of its files

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-'));
  installed = join(folder, 'node_modules/ghl-digistore24');
  mkdirSync(installed, { recursive: true });
  const shell = process.platform === 'win32';
  const listing = execFileSync('npm', ['pack', '--silent', '--json', '--pack-destination', folder], {
    cwd: join(root, 'pkg'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell,
  });
  // Newer versions of npm answer with an object by package name, older ones with a list.
  const [tarball] = Object.values(JSON.parse(listing));
  packed = tarball.files.map((file) => file.path);
  execFileSync('tar', ['-xzf', join(folder, tarball.filename), '-C', installed, '--strip-components=1']);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a module in the project and gives its output. */
function node(code) {
  return execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: folder,
    encoding: 'utf8',
  }).trim();
}

/** Bundles a module of the project for a host. */
async function bundle(code, options) {
  const result = await esbuild.build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
    ...options,
  });
  return result.outputFiles[0].text;
}

const shown = `import { load, reload } from 'ghl-digistore24/load';
  const first = await load();
  const second = await reload();
  const [{ description }] = JSON.parse(second.catalogList('{"id":"ghl.contacts.addTags","brief":true}'));
  console.log(first.version(), second.version(), first !== second, second === await load(), description);`;
const { description } = readCatalog()
  .flatMap(({ data }) => data.operations)
  .find(({ id }) => id === 'ghl.contacts.addTags');
const expected = `${version} ${version} true true ${description}`;

test('the package has what it promises and nothing else', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const targets = JSON.stringify([manifest.exports, manifest.imports]).match(/\.\/[^"]+/g);
  for (const target of targets) {
    const isPromise =
      target.startsWith('./load') ||
      ['./sqlite', './wasm', './glue', './face', './face.bin'].includes(target) ||
      target.startsWith('./bg.');
    if (isPromise || (noEntry && target.includes('/index.'))) continue;
    assert.ok(existsSync(join(installed, target)), `${target} is missing`);
  }
  for (const license of ['LICENSE-MIT', 'LICENSE-APACHE']) assert.ok(packed.includes(license), license);
  const odd = packed.filter((path) => /(^|\/)\.|[^d]\.ts$|\.rs$|tsconfig/.test(path));
  assert.deepEqual(odd, []);
});

test('the wasm tells nothing about the machine that built it', () => {
  const bytes = readFileSync(join(installed, 'wasm/ghl_digistore24_bg.wasm')).toString('latin1');
  for (const path of [root, `${homedir()}/`]) assert.ok(!bytes.includes(path), `${path} is in the wasm`);
});

test('Node loads the file, and a second instance when asked', () => {
  assert.equal(node(shown), expected);
});

test('without a known host the base64 module is used', () => {
  assert.equal(node(shown.replace('/load', '/load/base64')), expected);
});

test('the short names come ready to use from /wasm', () => {
  const code = `import { catalogList, version } from 'ghl-digistore24/wasm';
    const [{ description }] = JSON.parse(catalogList('{"id":"ghl.contacts.addTags"}'));
    console.log(version(), description);`;
  assert.equal(node(code), `${version} ${description}`);
});

test('the face is the same as a file and as a module', () => {
  const code = `import { face } from 'ghl-digistore24/face';
    import { readFileSync } from 'node:fs';
    const file = readFileSync(new URL(import.meta.resolve('ghl-digistore24/face.bin')));
    console.log(file.length > 100_000 && file.equals(face()));`;
  assert.equal(node(code), 'true');
});

test('where the file of the face is missing, only the catalog is', (t) => {
  const file = join(installed, 'wasm/ghl_digistore24_face.bin');
  renameSync(file, `${file}.away`);
  t.after(() => renameSync(`${file}.away`, file));
  const code = `import { load } from 'ghl-digistore24/load';
    const wasm = await load();
    try { wasm.catalogList('{}'); } catch (error) { console.log(error.code, error.help); }
    console.log(typeof new wasm.Plugin({}).start('run', '["digistore24.ping", {}]').step('{}'));`;
  assert.match(node(code), /^misconfigured Bring ghl_digistore24_face\.bin .*\nstring$/);
});

test('two instances share nothing', () => {
  const output = node(
    `import { load, reload } from 'ghl-digistore24/load/base64';
    const old = await load();
    const before = old.catalogList('{}');
    const fresh = await reload();
    console.log(fresh.catalogList('{}') === before && old.catalogList('{}') === before && old.Plugin !== fresh.Plugin);`,
  );
  assert.equal(output, 'true');
});

test('a bundle for browsers fetches the wasm', async (t) => {
  const types = { good: 'application/wasm', odd: 'application/octet-stream' };
  const wasm = readFileSync(join(installed, 'wasm/ghl_digistore24_bg.wasm'));
  const server = createServer((request, response) => {
    const type = types[request.url.split('/')[1]];
    if (type) response.writeHead(200, { 'content-type': type }).end(wasm);
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());

  const load = async (path) => {
    const base = `http://127.0.0.1:${server.address().port}/${path}/a/b/c/bundle.js`;
    const code = await bundle(`export { load } from 'ghl-digistore24/load';`, {
      platform: 'browser',
      conditions: ['browser'],
      // Stands for the page that the bundle is served from.
      define: { 'import.meta.url': JSON.stringify(base) },
    });
    assert.doesNotMatch(code, /node:|require\(/);
    const module = await import(`data:text/javascript;base64,${Buffer.from(`${code}\n//${path}`).toString('base64')}`);
    const wasm = await module.load();
    assert.equal(JSON.parse(wasm.catalogList('{"id":"ghl.contacts.addTags"}'))[0].description, description);
    return wasm.version();
  };
  assert.equal(await load('good'), version);
  assert.equal(await load('odd'), version);
  await assert.rejects(load('missing'), /HTTP 404/);
});

test('the entry for browsers needs no dependency and nothing of Node', { skip: noEntry }, async () => {
  // The project above has no other package installed, so a stray import fails the bundling.
  const code = await bundle(`export * from 'ghl-digistore24';`, { platform: 'browser', conditions: ['browser'] });
  assert.doesNotMatch(code, /["']node:/);
});

test('Cloudflare Workers bring the compiled module', async (t) => {
  const external = {
    name: 'wasm',
    setup: (build) => build.onResolve({ filter: /\.wasm$/ }, () => ({ path: './plugin.wasm', external: true })),
  };
  const code = await bundle(
    `import { load, reload } from 'ghl-digistore24/load';
    export default { async fetch() {
      const first = await load();
      const second = await reload();
      const [{ description }] = JSON.parse(second.catalogList('{"id":"ghl.contacts.addTags"}'));
      return new Response([first.version(), second.version(), first !== second, description].join(' '));
    } };`,
    { conditions: ['workerd', 'worker', 'browser'], plugins: [external] },
  );
  const worker = new Miniflare({
    compatibilityDate: '2025-09-01',
    modules: [
      { type: 'ESModule', path: 'worker.mjs', contents: code },
      {
        type: 'CompiledWasm',
        path: 'plugin.wasm',
        contents: readFileSync(join(installed, 'wasm/ghl_digistore24_bg.wasm')),
      },
    ],
  });
  t.after(() => worker.dispose());
  const response = await worker.dispatchFetch('http://worker.test/');
  assert.equal(await response.text(), `${version} ${version} true ${description}`);
});
