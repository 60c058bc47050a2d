// Builds the Activepieces piece into dist/activepieces, ready for `npm pack`: one CommonJS file with the wasm inside. The framework is
// a dependency of it, in the version that it is compiled against.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root, run, say } from '../../../scripts/lib/shell.mjs';

const source = 'js/hosts/activepieces';
const tests = 'tests/hosts/activepieces';
const out = join(root, 'dist/activepieces');
/** What pieces are made from, beside the samples of triggers. */
const PARTS = [
  'id',
  'service',
  'kind',
  'resourceTitle',
  'title',
  'description',
  'effect',
  'retry',
  'arrives',
  'sources',
  'paging',
  'input',
];

export async function build() {
  const { installPackages } = await import('../../../scripts/setup.mjs');
  await installPackages({ folder: tests, what: 'the framework of Activepieces' });
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', source]);
  const manifest = manifestOf();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, 'src'), { recursive: true });
  const file = join(out, 'src/index.js');
  const entries = await coreEntries();
  // Not before: on a fresh machine the build installs it.
  const esbuild = await import('esbuild');
  await esbuild.build({
    entryPoints: [join(root, source, 'src/index.ts')],
    outfile: file,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // The loader that has the wasm as text: a piece is sometimes one file, wherever it came from.
    conditions: ['base64'],
    alias: {
      'ghl-digistore24': join(root, 'pkg/dist/src/index.js'),
      'ghl-digistore24/form': join(root, 'pkg/dist/src/form.js'),
    },
    external: Object.keys(manifest.dependencies),
    loader: { '.svg': 'dataurl' },
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [catalog(entries)],
    logLevel: 'error',
  });
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, 'docs/hosts/activepieces.md'), join(out, 'README.md'));
  copyFileSync(join(root, 'LICENSE-MIT'), join(out, 'LICENSE'));
  const code = readFileSync(file);
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
  say(`Activepieces piece: ${kilobytes(code.length)}, ${kilobytes(gzipSync(code, { level: 9 }).length)} gzip -9`);
}

/** A manifest as npm publishes it; the versions are those of the plugin and of what was compiled against. */
function manifestOf() {
  const { version, description } = read('pkg/package.json');
  const { devDependencies: dependencies } = read(join(tests, 'package.json'));
  return {
    name: 'activepieces-piece-ghl-digistore24',
    version,
    description: `${description}; for Activepieces`,
    keywords: ['activepieces', 'piece', 'digistore24', 'highlevel', 'gohighlevel'],
    license: 'MIT',
    main: './src/index.js',
    files: ['src'],
    dependencies,
  };
}

const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** What is an action or trigger of its own: the catalog's tier `core`. */
async function coreEntries() {
  const { createPlugin } = await import('../../../pkg/dist/src/index.js');
  const plugin = await createPlugin();
  const entries = plugin.catalog.list({ tier: 'core' }).filter(({ deprecated }) => !deprecated);
  await plugin.close();
  return entries.map((entry) => ({
    ...Object.fromEntries(PARTS.filter((part) => part in entry).map((part) => [part, entry[part]])),
    ...(entry.kind === 'trigger' && { sample: entry.sample.output }),
  }));
}

const catalog = (entries) => ({
  name: 'the catalog’s core',
  setup(build) {
    build.onResolve({ filter: /^catalog:core$/ }, ({ path }) => ({ path, namespace: 'catalog' }));
    build.onLoad({ filter: /.*/, namespace: 'catalog' }, () => ({ contents: JSON.stringify(entries), loader: 'json' }));
  },
});
