// The packed package as tools see it: types, rules of publishing, what an installation brings and what it does without.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as esbuild from 'esbuild';
import { pack } from './project.mjs';
import { program, root, script } from './tools.mjs';

let packed;
let lean; // a project without the optional packages
let full; // with them

before(() => {
  packed = pack();
  lean = packed.project('lean', '--omit=optional', '--ignore-scripts');
  full = packed.project('full', '--ignore-scripts');
});
after(() => packed.remove());

/** Runs a program; gives its exit code and what it said. */
function run(folder, file, ...args) {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: folder, encoding: 'utf8', timeout: 120_000 });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}
const node = (folder, ...args) => run(folder, process.execPath, ...args);

describe('types', () => {
  before(() => cpSync(join(root, 'tests/packaging/types'), join(lean, 'types'), { recursive: true }));

  for (const [resolution, module, files] of [
    ['node16', 'node16', ['module.mts', 'commonjs.cts']],
    ['nodenext', 'nodenext', ['module.mts', 'commonjs.cts']],
    ['bundler', 'preserve', ['module.mts', 'commonjs.cts']],
  ]) {
    test(`moduleResolution ${resolution}`, () => {
      const { status, stdout } = node(
        lean,
        join(root, 'node_modules/typescript/bin/tsc'),
        ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2023', '--types', ''],
        ...['--lib', 'es2023,dom,dom.iterable,dom.asynciterable', '--module', module, '--moduleResolution', resolution],
        ...files.map((file) => `types/${file}`),
      );
      assert.equal(status, 0, stdout);
    });
  }

  test('are the types wrong?', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
    const plainFiles = Object.keys(exports).filter((entry) => typeof exports[entry] === 'string');
    const { status, stdout, stderr } = node(
      lean,
      script('@arethetypeswrong/cli/dist/index.js'),
      packed.tarball,
      ...['--format', 'ascii', '--no-color', '--no-emoji'],
      // Leaves out TypeScript's resolution `node10`: it knows no `exports`, and the compiler has given it up.
      ...['--profile', 'node16'],
      // Files as they are, for hosts that read them, not code to be typed.
      ...['--exclude-entrypoints', ...plainFiles],
      // ESM only: for pages and workers, or with a top-level await. What Node wants to require has a file for it.
      ...['--ignore-rules', 'cjs-resolves-to-esm'],
    );
    assert.equal(status, 0, stdout + stderr);
  });
});

test('publint has nothing to say', () => {
  const { status, stdout } = node(lean, script('publint/src/cli.js'), packed.tarball, '--strict');
  assert.equal(status, 0, stdout);
  assert.doesNotMatch(stdout, /(Suggestions|Warnings|Errors):/, stdout);
});

test('nothing runs when it is installed', () => {
  const { scripts } = JSON.parse(readFileSync(join(lean, 'node_modules/ghl-digistore24/package.json'), 'utf8'));
  assert.equal(scripts, undefined);
});

describe('an installation with the optional packages', () => {
  const open = `const store = openSqliteStore('state.sqlite'); console.log(typeof store.commit); store.close();`;

  test('has the command line', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
    const output = execFileSync('npx', ['--no-install', 'ghl-digistore24', '--version'], {
      cwd: full,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    assert.equal(output.trim(), version);
  });

  test('has SQLite, for import and for require', () => {
    const esm = `import { openSqliteStore } from 'ghl-digistore24/sqlite'; ${open}`;
    const cjs = `const { openSqliteStore } = require('ghl-digistore24/sqlite'); ${open}`;
    for (const code of [
      ['--input-type=module', '--eval', esm],
      ['--eval', cjs],
    ]) {
      assert.deepEqual(node(full, ...code), { status: 0, stdout: 'function', stderr: '' });
    }
  });
});

describe('an installation without them says what is missing', () => {
  test('the command line', () => {
    const cli = 'node_modules/ghl-digistore24/dist/src/cli/main.js';
    const { status, stderr } = node(lean, cli, '--version');
    assert.equal(status, 2);
    assert.match(stderr, /needs commander, which is not installed \(misconfigured\)\n.*--omit=optional/);
    const { code, help } = JSON.parse(node(lean, cli, '--version', '--json').stderr);
    assert.deepEqual([code, help], ['misconfigured', 'Install ghl-digistore24 without --omit=optional.']);
  });

  test('SQLite', () => {
    const code = `import { openSqliteStore } from 'ghl-digistore24/sqlite';
      try { openSqliteStore('state.sqlite') } catch (error) { console.log(error.name, error.code, error.help) }`;
    const { stdout } = node(lean, '--input-type=module', '--eval', code);
    assert.match(stdout, /^PluginError misconfigured Run `npm install libsql`/);
  });
});

test('an object made through import fits where require is used, and the other way round', () => {
  // Two copies of the code in one process: data and functions pass, as do errors by their `code`.
  const code = `const cjs = require('ghl-digistore24');
    import('ghl-digistore24').then(async (esm) => {
      const plugin = await cjs.createPlugin({ store: esm.memoryStore() });
      const error = await plugin.ghl.contacts.getContact({ contactId: 'abc' }).catch((error) => error);
      console.log(error.name, error.code, error instanceof cjs.PluginError);
    });`;
  assert.equal(node(lean, '--eval', code).stdout, 'PluginError misconfigured true');
});

test('a bundle holds only what is used', async () => {
  const size = async (contents) => {
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: lean },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'neutral',
      write: false,
      logLevel: 'error',
    });
    return outputFiles[0].text.length;
  };
  assert.equal(await size(`import 'ghl-digistore24';`), 0, 'no side effects');
  assert.ok((await size(`export { PluginError } from 'ghl-digistore24';`)) < 2000);
  assert.ok((await size(`export { createMetrics } from 'ghl-digistore24';`)) < 10_000);
});

test('the newest Node warns of nothing', (t) => {
  const newest = program('node-newest');
  if (!newest) return t.skip('there is none for this system');
  const code = `import { createPlugin } from 'ghl-digistore24'; await (await createPlugin()).close();`;
  assert.deepEqual(run(lean, newest, '--input-type=module', '--eval', code), { status: 0, stdout: '', stderr: '' });
});
