// The package as others get it: packed, unpacked elsewhere, and loaded the way each host does.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { Miniflare } from 'miniflare';
import { readCatalog } from '../../scripts/conformance/catalog.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
const noEntry = !existsSync(join(root, 'pkg/dist/src/index.js')) && 'the façade is not built';
/** The two builds of the crate, by what they are for; the start of their files' names. */
const builds = { façade: 'ghl_digistore24', bare: 'ghl_digistore24_fetch' };

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

/** Takes a file of the package away; gives the way to put it back. */
function away(name) {
  const file = join(installed, 'wasm', name);
  renameSync(file, `${file}.away`);
  return () => renameSync(`${file}.away`, file);
}

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

/** The files that a part of the manifest names. */
const targetsOf = (part) => (typeof part === 'string' ? [part] : Object.values(part).flatMap(targetsOf));

test('the package has what it promises and nothing else', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const target of [manifest.exports, manifest.imports].flatMap(targetsOf)) {
    if (noEntry && target.includes('/index.')) continue;
    assert.ok(existsSync(join(installed, target)), `${target} is missing`);
  }
  for (const license of ['LICENSE-MIT', 'LICENSE-APACHE']) assert.ok(packed.includes(license), license);
  const odd = packed.filter((path) => /(^|\/)\.|[^d]\.ts$|\.rs$|tsconfig/.test(path));
  assert.deepEqual(odd, []);
});

for (const file of Object.values(builds).map((build) => `${build}_bg.wasm`)) {
  test(`${file} tells nothing about the machine that built it`, () => {
    const bytes = readFileSync(join(installed, 'wasm', file)).toString('latin1');
    for (const path of [root, `${homedir()}/`]) assert.ok(!bytes.includes(path), `${path} is in the wasm`);
  });
}

describe('each entry brings its own build and not the other', () => {
  const entries = {
    façade: ['ghl-digistore24'],
    bare: ['ghl-digistore24/load', 'ghl-digistore24/load/base64', 'ghl-digistore24/wasm', 'ghl-digistore24/bg.js'],
  };
  const hosts = { node: ['node'], workerd: ['workerd', 'browser'], browser: ['browser'], other: [] };
  for (const [kind, build] of Object.entries(builds)) {
    for (const [host, conditions] of Object.entries(hosts)) {
      test(`${kind}, ${host}`, async () => {
        for (const entry of entries[kind]) {
          const code = await bundle(`export * from '${entry}';`, {
            platform: 'neutral',
            conditions,
            external: ['node:*', '*.wasm'],
          });
          // Names of wasm files and, in the bundler's comments, of the modules that were put in.
          const found = new Set(code.match(/ghl_digistore24\w*(?=_(?:bg\.|glue\.))/g));
          assert.deepEqual([...found], [build], entry);
        }
      });
    }
  }

  for (const [kind, other, code, output] of [
    [
      'façade',
      'bare',
      `import { createPlugin } from 'ghl-digistore24';
      console.log((await createPlugin()).catalog.list({ id: 'ghl.contacts.addTags' })[0].description);`,
      description,
    ],
    [
      'bare',
      'façade',
      `import { createContact } from 'ghl-digistore24/wasm'; console.log(typeof createContact);`,
      'function',
    ],
  ]) {
    test(`${kind}, read by Node where the other is missing`, () => {
      const restore = ['bg.wasm', 'bg.wasm.base64.js', 'glue.js'].map((file) => away(`${builds[other]}_${file}`));
      try {
        assert.equal(node(code), output);
      } finally {
        for (const back of restore) back();
      }
    });
  }
});

describe('the façade’s build suits strict hosts', () => {
  // No look around for the global object, no code from strings: linters of some hosts refuse both wherever they stand.
  const refused = /globalThis|\b(?:self|window|global|process)\b|\bFunction\b|\beval\b|\bimport\b|\basync\b/;
  const withoutNotes = (code) => code.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
  const glue = (build) => withoutNotes(readFileSync(join(installed, `wasm/${build}_glue.js`), 'utf8'));

  test('its glue', () => {
    assert.doesNotMatch(glue(builds.façade), refused);
    assert.match(glue(builds.bare), refused, 'the check finds what it looks for');
  });

  test('its exports and imports', () => {
    const module = new WebAssembly.Module(readFileSync(join(installed, `wasm/${builds.façade}_bg.wasm`)));
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    assert.ok(names.includes('task_step') && !names.includes('createContact'), names.join(' '));
    const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
    assert.doesNotMatch(imports.join(' '), /fetch|global|Timeout|then|queueMicrotask/i);
  });
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

const connection = `{ highlevel: { auth: { kind: 'private-integration', token: 'pit-x' }, locationId: 'somewhere' } }`;

test('the face is the same as a file and as a module', () => {
  const code = `import { face } from 'ghl-digistore24/face';
    import { readFileSync } from 'node:fs';
    const file = readFileSync(new URL(import.meta.resolve('ghl-digistore24/face.bin')));
    console.log(file.length > 100_000 && file.equals(face()));`;
  assert.equal(node(code), 'true');
});

test('where the file of the face is missing, only the catalog is', (t) => {
  t.after(away('ghl_digistore24_face.bin'));
  const code = `import { load } from 'ghl-digistore24/load';
    const wasm = await load();
    try { wasm.catalogList('{}'); } catch (error) { console.log(error.code, error.message); }
    console.log(typeof new wasm.Plugin({}).start('run', '["digistore24.ping", {}]').step('{}'));`;
  assert.match(node(code), /^misconfigured ghl_digistore24_face\.bin could not be read \(ENOENT\)\nstring$/);
  const calls = `import { createPlugin } from 'ghl-digistore24';
    const { ghl } = await createPlugin(${connection});
    await ghl.contacts.getContact({}).catch(({ code }) => console.log(code));
    await ghl.links.createLink({}).catch(({ code, message }) => console.log(code, message));`;
  assert.match(node(calls), /^invalid_input\nmisconfigured ghl_digistore24_face\.bin could not be read /);
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

/** What each entry does in a host: loads its wasm and the face, and says what it found. */
const programs = {
  façade: `import { createPlugin } from 'ghl-digistore24';
    export const run = async () => {
      const plugin = await createPlugin(${connection});
      const codeOf = (call) => call.catch((error) => error.code);
      const common = await codeOf(plugin.ghl.contacts.getContact({}));
      // Of the tier *all*: the face comes by itself.
      const rare = await codeOf(plugin.ghl.links.createLink({}));
      const [{ description }] = plugin.catalog.list({ id: 'ghl.contacts.addTags' });
      return [common, rare, description].join(' ');
    };`,
  bare: `import { giveFace, load, reload } from 'ghl-digistore24/load';
    export const run = async () => {
      const first = await load();
      const second = await reload();
      const plugin = new second.Plugin(${connection});
      const begun = () => JSON.parse(plugin.start('run', '["ghl.links.createLink", {}]').step('{}'));
      const { cause } = begun().failed;
      giveFace(second);
      const rare = begun().failed.code;
      const [{ description }] = JSON.parse(second.catalogList('{"id":"ghl.contacts.addTags"}'));
      const code = await second.getContact({}, {}).catch((error) => error.code);
      return [code, cause, rare, first.version(), second.version(), first !== second, description].join(' ');
    };`,
};
const outputs = {
  façade: `invalid_input invalid_input ${description}`,
  bare: `misconfigured catalog face invalid_input ${version} ${version} true ${description}`,
};

for (const kind of Object.keys(builds)) {
  test(`Node reads wasm and face from files: ${kind}`, () => {
    assert.equal(node(`${programs[kind]} console.log(await run());`), outputs[kind]);
  });

  test(`other hosts have wasm and face in modules: ${kind}`, async () => {
    const code = await bundle(programs[kind], { platform: 'neutral', conditions: [] });
    const { run } = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
    assert.equal(await run(), outputs[kind]);
  });
}

for (const [kind, build] of Object.entries(builds)) {
  test(`a bundle for browsers fetches the wasm: ${kind}`, async (t) => {
    const types = { good: 'application/wasm', odd: 'application/octet-stream' };
    const wasm = readFileSync(join(installed, `wasm/${build}_bg.wasm`));
    const server = createServer((request, response) => {
      const type = types[request.url.split('/')[1]];
      if (type && request.url.endsWith(`/${build}_bg.wasm`))
        response.writeHead(200, { 'content-type': type }).end(wasm);
      else response.writeHead(404).end();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());

    const run = async (path) => {
      const base = `http://127.0.0.1:${server.address().port}/${path}/a/b/c/bundle.js`;
      // The project has no other package installed, so a stray import fails the bundling.
      const code = await bundle(programs[kind], {
        platform: 'browser',
        conditions: ['browser'],
        // Stands for the page that the bundle is served from.
        define: { 'import.meta.url': JSON.stringify(base) },
      });
      assert.doesNotMatch(code, /["']node:|require\(/);
      const url = `data:text/javascript;base64,${Buffer.from(`${code}\n//${path}`).toString('base64')}`;
      return (await import(url)).run();
    };
    assert.equal(await run('good'), outputs[kind]);
    assert.equal(await run('odd'), outputs[kind]);
    await assert.rejects(run('missing'), ({ code, message }) => code === 'misconfigured' && /HTTP 404/.test(message));
  });

  test(`Cloudflare Workers bring the compiled module: ${kind}`, async (t) => {
    const external = {
      name: 'wasm',
      setup: (build) => build.onResolve({ filter: /\.wasm$/ }, () => ({ path: './plugin.wasm', external: true })),
    };
    const code = await bundle(
      `${programs[kind]} export default { fetch: async () => new Response(await run()) };`.replace(
        'export const',
        'const',
      ),
      { conditions: ['workerd', 'worker', 'browser'], plugins: [external] },
    );
    const worker = new Miniflare({
      compatibilityDate: '2025-09-01',
      modules: [
        { type: 'ESModule', path: 'worker.mjs', contents: code },
        {
          type: 'CompiledWasm',
          path: 'plugin.wasm',
          contents: readFileSync(join(installed, `wasm/${build}_bg.wasm`)),
        },
      ],
    });
    t.after(() => worker.dispose());
    const response = await worker.dispatchFetch('http://worker.test/');
    assert.equal(await response.text(), outputs[kind]);
  });
}

test('the wasm of the other build is refused, not misread', () => {
  const code = `import { createPlugin } from 'ghl-digistore24';
    console.log(await createPlugin().catch(({ code, message }) => code + ': ' + message));`;
  const [own, other] = Object.values(builds).map((build) => join(installed, `wasm/${build}_bg.wasm`));
  const restore = away(`${builds.façade}_bg.wasm`);
  try {
    copyFileSync(other, own);
    assert.equal(node(code), "misconfigured: the wasm doesn't belong to this code (TypeError)");
  } finally {
    restore();
  }
});
