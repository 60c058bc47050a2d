// Builds the Node-RED nodes into dist/node-red, ready for `npm pack`: one CommonJS file with the wasm inside, and one HTML file with the
// dialogs.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { common, forNode, sizeOf } from '../../../scripts/lib/bundle.mjs';
import { root, run, say } from '../../../scripts/lib/shell.mjs';

const source = 'js/hosts/node-red';
const tests = 'tests/hosts/node-red';
const out = join(root, 'dist/node-red');
const NAME = 'ghl-digistore24';

export async function build() {
  const { installPackages } = await import('../../../scripts/setup.mjs');
  await installPackages({ folder: tests, what: 'Node-RED' });
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', source]);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  // Not before: on a fresh machine the build installs it.
  const esbuild = await import('esbuild');
  const code = join(out, `${NAME}.js`);
  await esbuild.build({
    ...forNode,
    entryPoints: [join(root, source, 'src/runtime/module.ts')],
    outfile: code,
    external: ['libsql'],
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: `const importMetaUrl = require('node:url').pathToFileURL(__filename).href;` },
    footer: { js: 'module.exports = module.exports.default;' },
  });
  const { outputFiles } = await esbuild.build({
    ...common,
    entryPoints: [join(root, source, 'src/editor/dialogs.ts')],
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  const style = readFileSync(join(root, source, 'src/editor/style.css'), 'utf8');
  const dialogs = readFileSync(join(root, source, 'src/editor/nodes.html'), 'utf8');
  const script = outputFiles.map(({ text }) => text).join('');
  const html = `<style>\n${style}</style>\n${dialogs}<script type="text/javascript">\n${script}</script>\n`;
  writeFileSync(join(out, `${NAME}.html`), html);
  for (const folder of ['icons', 'examples'])
    cpSync(join(root, source, folder), join(out, folder), { recursive: true });
  cpSync(join(root, 'docs/hosts/node-red.md'), join(out, 'README.md'));
  cpSync(join(root, 'LICENSE-MIT'), join(out, 'LICENSE'));
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifestOf(), null, 2)}\n`);
  say(`Node-RED nodes: ${sizeOf(code)}; the dialogs: ${sizeOf(join(out, `${NAME}.html`))}`);
}

/** A manifest as npm publishes it; the versions are the plugin's. */
function manifestOf() {
  const { version, description, engines, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'pkg/package.json'), 'utf8'),
  );
  return {
    name: `node-red-contrib-${NAME}`,
    version,
    description: `${description}; for Node-RED`,
    keywords: ['node-red', 'digistore24', 'highlevel', 'gohighlevel', 'crm', 'webhook', 'ipn'],
    license: 'MIT',
    engines,
    files: [`${NAME}.js`, `${NAME}.html`, 'icons', 'examples'],
    'node-red': { version: '>=4.0.0', nodes: { [NAME]: `${NAME}.js` } },
    dependencies: { libsql: optionalDependencies.libsql },
  };
}
