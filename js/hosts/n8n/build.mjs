// Builds two n8n community node packages from one source into dist/n8n, each ready for `npm pack`.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, say } from '../../../scripts/lib/shell.mjs';

const source = 'js/hosts/n8n';
const from = (path) => join(root, source, path);
const out = join(root, 'dist/n8n');

/** What is published. One service alone is what n8n's rule for verified nodes asks for. */
const packages = [
  {
    name: 'n8n-nodes-digistore24',
    description: 'n8n node for Digistore24: every function of its API',
    node: 'Digistore24',
    credentials: ['Digistore24Api'],
    has: ({ service }) => service === 'digistore24',
  },
  {
    name: 'n8n-nodes-ghl-digistore24',
    description: 'n8n node for HighLevel and Digistore24: everything that both publish, and actions across them',
    node: 'GhlDigistore24',
    credentials: ['GhlPrivateTokenApi', 'Digistore24Api'],
    has: () => true,
  },
];

export async function build() {
  const { installPackages } = await import('../../../scripts/setup.mjs');
  await installPackages({ folder: 'tests/hosts/n8n', what: "n8n's types" });
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', source]);
  rmSync(out, { recursive: true, force: true });
  const { createPlugin } = await import(pathToFileURL(join(root, 'pkg/dist/src/index.js')).href);
  const plugin = await createPlugin({});
  const entries = plugin.catalog.list({});
  await plugin.close();
  const { faceOf } = await properties();
  for (const one of packages) await buildPackage(one, faceOf(entries.filter(one.has)));
}

/** The part that makes forms of the catalog, as a module that can be imported. */
export async function properties() {
  const file = join(out, '.made/properties.mjs');
  await bundle({ entryPoints: [from('src/properties.ts')], outfile: file, format: 'esm' });
  return import(pathToFileURL(file).href);
}

async function buildPackage({ name, description, node, credentials }, face) {
  const folder = join(out, name);
  const files = {
    nodes: `dist/nodes/${node}.node.js`,
    credentials: credentials.map((one) => `dist/credentials/${one}.credentials.js`),
  };
  mkdirSync(join(folder, 'dist/nodes'), { recursive: true });
  await bundle({
    entryPoints: [from(`src/${node}.node.ts`)],
    outfile: join(folder, files.nodes),
    plugins: [made(face)],
    // Not allowed in community nodes by name: timers.ts stands in, the rest isn't reached.
    inject: [from('src/timers.ts')],
    define: { 'globalThis.fetch': 'undefined', console: 'undefined' },
  });
  for (const [i, one] of credentials.entries()) {
    await bundle({ entryPoints: [from(`src/${one}.credentials.ts`)], outfile: join(folder, files.credentials[i]) });
  }
  for (const place of ['dist/nodes', 'dist/credentials'])
    copyFileSync(from('node.svg'), join(folder, place, 'node.svg'));
  copyFileSync(join(root, 'LICENSE-MIT'), join(folder, 'LICENSE'));
  copyFileSync(join(root, 'docs/hosts/n8n.md'), join(folder, 'README.md'));
  const { version, repository } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  const manifest = {
    name,
    version,
    description,
    license: 'MIT',
    keywords: ['n8n-community-node-package', 'digistore24', 'highlevel'],
    ...(repository && { repository }),
    files: ['dist'],
    n8n: { n8nNodesApiVersion: 1, strict: true, credentials: files.credentials, nodes: [files.nodes] },
    peerDependencies: { 'n8n-workflow': '*' },
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const bytes = readFileSync(join(folder, files.nodes)).length;
  say(`${name}: ${Object.keys(face.operations).length} operations, ${(bytes / 1e6).toFixed(1)} MB`);
}

/** Brings the forms into the bundle. */
const made = (face) => ({
  name: 'face of the catalog',
  setup(build) {
    build.onResolve({ filter: /^face-of-the-catalog$/ }, ({ path }) => ({ path, namespace: 'made' }));
    build.onLoad({ filter: /./, namespace: 'made' }, () => ({ contents: JSON.stringify(face), loader: 'json' }));
  },
});

async function bundle(options) {
  // Not before: on a fresh machine the build installs it.
  const esbuild = await import('esbuild');
  await esbuild.build({
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    conditions: ['base64'],
    alias: {
      'ghl-digistore24': join(root, 'pkg/dist/src/index.js'),
      'ghl-digistore24/form': join(root, 'pkg/dist/src/form.js'),
    },
    external: ['n8n-workflow'],
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
    ...options,
  });
}
