// Builds the two n8n packages into dist/n8n, ready for `npm pack`: one core with the wasm inside, and a small file for each node and
// credential, which n8n loads by its name. Community nodes have no dependencies and use no global that n8n forbids.
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { coreEntries, forNode, sizeOf, withCatalog } from '../../../scripts/lib/bundle.mjs';
import { root, run, say } from '../../../scripts/lib/shell.mjs';

const source = 'js/hosts/n8n';
const tests = 'tests/hosts/n8n';
const out = join(root, 'dist/n8n');

/** The packages: their nodes' and credentials' files begin with one of the words, their entries are of these services. */
export const packages = [
  {
    name: 'n8n-nodes-digistore24',
    description: 'Digistore24 in n8n: every function, and triggers for sales, renewals, missed payments and refunds',
    nodes: /^Digistore24/,
    credentials: /^Digistore24/,
    icons: /^digistore24/,
    services: ['digistore24'],
  },
  {
    name: 'n8n-nodes-ghl-digistore24',
    description:
      'HighLevel (GoHighLevel) and Digistore24 in n8n: every operation of both, their triggers, and the sync',
    nodes: /^Ghl/,
    credentials: /./,
    icons: /./,
    services: ['bridge', 'ghl', 'digistore24'],
  },
];

/** What nodes are made from, beside the samples of triggers. */
const PARTS = [
  'id',
  'service',
  'kind',
  'resource',
  'resourceTitle',
  'title',
  'description',
  'arrives',
  'sources',
  'paging',
  'input',
];

export async function build() {
  const { installPackages } = await import('../../../scripts/setup.mjs');
  await installPackages({ folder: tests, what: "n8n's types and its linter" });
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', source]);
  rmSync(out, { recursive: true, force: true });
  const entries = await coreEntries(PARTS);
  for (const one of packages) await buildPackage(one, entries, join(out, one.name));
}

/** Builds one package for these entries of the catalog into a folder. */
export async function buildPackage({ name, description, nodes, credentials, icons, services }, entries, folder) {
  const of = (part, fits) => readdirSync(join(root, source, 'src', part)).filter((file) => fits.test(file));
  const files = [
    ...of('nodes', nodes).map((node) => `nodes/${node}/${node}.node`),
    ...of('credentials', credentials).map((file) => `credentials/${file.replace(/\.ts$/, '')}`),
  ];
  mkdirSync(join(folder, 'dist/icons'), { recursive: true });
  for (const file of of('icons', icons)) {
    copyFileSync(join(root, source, 'src/icons', file), join(folder, 'dist/icons', file));
  }
  await bundle(
    ['core', ...files],
    entries.filter(({ service }) => services.includes(service)),
    join(folder, 'dist'),
  );
  const manifest = { ...manifestOf(files), name, description };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  cpSync(join(root, 'docs/hosts/n8n.md'), join(folder, 'README.md'));
  copyFileSync(join(root, 'LICENSE-MIT'), join(folder, 'LICENSE.md'));
  say(`${name}: ${sizeOf(join(folder, 'dist/core.js'))}`);
}

async function bundle(files, entries, outdir) {
  // Not before: on a fresh machine the build installs it.
  const esbuild = await import('esbuild');
  await esbuild.build({
    ...forNode,
    entryPoints: files.map((file) => join(root, source, 'src', `${file}.ts`)),
    outdir,
    outbase: join(root, source, 'src'),
    external: ['n8n-workflow', '../../core.js'],
    inject: [join(root, source, 'src/globals.ts')],
    define: {
      setTimeout: 'startTimer',
      clearTimeout: 'stopTimer',
      console: 'noConsole',
      'globalThis.fetch': 'hostFetch',
    },
    plugins: [withCatalog(entries)],
  });
}

/** A manifest as npm publishes it; the versions are the plugin's. */
function manifestOf(files) {
  const { version, keywords } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  const listed = (part) => files.filter((file) => file.startsWith(part)).map((file) => `dist/${file}.js`);
  return {
    name: '',
    version,
    description: '',
    keywords: ['n8n-community-node-package', ...keywords.filter((word) => word !== 'webassembly')],
    // Whoever publishes: npm's and n8n's rules want an address.
    author: { name: 'ghl-digistore24', email: 'ghl-digistore24@users.noreply.github.com' },
    license: 'MIT',
    files: ['dist'],
    n8n: { n8nNodesApiVersion: 1, strict: true, credentials: listed('credentials/'), nodes: listed('nodes/') },
    peerDependencies: { 'n8n-workflow': '*' },
  };
}
