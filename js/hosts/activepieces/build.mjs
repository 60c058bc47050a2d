// Builds the Activepieces piece into dist/activepieces, ready for `npm pack`: one CommonJS file with the wasm inside. The framework is
// a dependency of it, in the version that it is compiled against.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { coreEntries, forNode, sizeOf, withCatalog } from '../../../scripts/lib/bundle.mjs';
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
  const entries = await coreEntries(PARTS);
  // Not before: on a fresh machine the build installs it.
  const esbuild = await import('esbuild');
  await esbuild.build({
    ...forNode,
    entryPoints: [join(root, source, 'src/index.ts')],
    outfile: file,
    external: Object.keys(manifest.dependencies),
    loader: { '.svg': 'dataurl' },
    plugins: [withCatalog(entries)],
  });
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, 'docs/hosts/activepieces.md'), join(out, 'README.md'));
  copyFileSync(join(root, 'LICENSE-MIT'), join(out, 'LICENSE'));
  say(`Activepieces piece: ${sizeOf(file)}`);
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
