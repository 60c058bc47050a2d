// What the builds of hosts share: the package by its own name, the catalog's core put in, its face left out. esbuild itself is
// imported where it is used: on a fresh machine the build installs it first.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './shell.mjs';

/** The package's exports where a bundle finds them. */
const EXPORTS = {
  'ghl-digistore24': 'src/index.js',
  'ghl-digistore24/form': 'src/form.js',
  'ghl-digistore24/sqlite': 'src/store/sqlite.js',
  'ghl-digistore24/indexeddb': 'src/store/indexeddb.js',
  'ghl-digistore24/durable-object': 'src/store/durable.js',
  'ghl-digistore24/worker': 'src/serve/worker.js',
};

/** How esbuild bundles for every host. Names stay, so that a stack can be read. */
export const common = {
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'error',
  alias: Object.fromEntries(Object.entries(EXPORTS).map(([name, file]) => [name, join(root, 'pkg/dist', file)])),
};

/** The same for one CommonJS file for Node, with the wasm in it as text: hosts copy no other files. */
export const forNode = { ...common, format: 'cjs', platform: 'node', target: 'node20', conditions: ['base64'] };

/** Leaves out the face of the catalog, 100 kB: for who never lists it. */
export const withoutFace = {
  name: 'without the face of the catalog',
  setup(build) {
    build.onLoad({ filter: /loaders[\\/]face\.js$/ }, () => ({
      contents: 'export function face() { throw new Error("this host has no face of the catalog"); }',
    }));
  },
};

/** Puts entries in as the module `catalog:core`. */
export const withCatalog = (entries) => ({
  name: 'the catalog’s core',
  setup(build) {
    build.onResolve({ filter: /^catalog:core$/ }, ({ path }) => ({ path, namespace: 'catalog' }));
    build.onLoad({ filter: /.*/, namespace: 'catalog' }, () => ({ contents: JSON.stringify(entries), loader: 'json' }));
  },
});

/** What is an action or trigger of its own in a builder: the catalog's tier `core`, of each these parts, of triggers a sample. */
export async function coreEntries(parts) {
  const { createPlugin } = await import('../../pkg/dist/src/index.js');
  const plugin = await createPlugin();
  const entries = plugin.catalog.list({ tier: 'core' }).filter(({ deprecated }) => !deprecated);
  await plugin.close();
  return entries.map((entry) => ({
    ...Object.fromEntries(parts.filter((part) => part in entry).map((part) => [part, entry[part]])),
    ...(entry.kind === 'trigger' && { sample: entry.sample.output }),
  }));
}

/** The size of files in words: `1703 kB, 594 kB gzip -9`. */
export function sizeOf(...files) {
  const contents = files.map((file) => readFileSync(file));
  const sum = (bytes) => `${(bytes.reduce((all, one) => all + one.length, 0) / 1000).toFixed(0)} kB`;
  return `${sum(contents)}, ${sum(contents.map((content) => gzipSync(content, { level: 9 })))} gzip -9`;
}
