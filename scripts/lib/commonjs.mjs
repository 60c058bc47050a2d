// The package for `require`, made from its ESM: one file for each entry of `exports` that has a condition `require`, and what
// several of them use in files that they share, so that each class and each instance is there once. For Node, whose loader reads the wasm.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Code asks `import.meta.url` for files of the package: seen from where the loaders lie, wherever it was moved to. */
const here = `const importMetaUrl = new URL('../src/loaders/', require('node:url').pathToFileURL(__filename)).href;`;

/** Writes `dist/cjs` of the package in this folder. */
export async function writeCommonJs(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const entries = Object.values(manifest.exports).filter((conditions) => conditions.require);
  const named = ({ require: { types } }) => basename(types, '.d.cts');
  const outdir = join(folder, 'dist/cjs');
  // Not before: on a fresh machine it is this build that installs it.
  const esbuild = await import('esbuild');
  // CommonJS can't be split in one go: first the pieces as ESM, then each of them as it is.
  const { outputFiles } = await esbuild.build({
    entryPoints: entries.map((entry) => ({ in: join(folder, esmOf(entry)), out: named(entry) })),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: 'node20',
    define: { 'import.meta.url': 'importMetaUrl' },
    outdir,
    write: false,
  });
  const files = new Map();
  for (const { path, text } of outputFiles) {
    const { code } = await esbuild.transform(text, { format: 'cjs', platform: 'node', target: 'node20', banner: here });
    files.set(basename(path), code);
  }
  for (const entry of entries) files.set(basename(entry.require.types), await typesOf(folder, entry));
  mkdirSync(outdir, { recursive: true });
  for (const [file, text] of files) writeFileSync(join(outdir, file), text);
  // Not emptied first: other processes may be reading it.
  for (const file of readdirSync(outdir)) if (!files.has(file)) rmSync(join(outdir, file));
}

/** The ESM of an entry for Node: its `import` without conditions, or with Node's. */
const esmOf = ({ import: { node, default: usual } }) => node ?? usual;

/**
 * Types for `require`: those of the ESM, said of a CommonJS file. Not a copy of them: an object that comes from the one
 * fits where one of the other is expected.
 */
async function typesOf(folder, entry) {
  const esm = entry.import.types.replace('./dist', '..').replace(/\.d\.ts$/, '.js');
  const from = `'${esm}' with { 'resolution-mode': 'import' }`;
  const values = await import(pathToFileURL(join(folder, esmOf(entry))).href);
  const lines = Object.entries(values).map(([name, value]) => {
    const type = isClass(value) ? `\nexport type ${name} = esm.${name};` : '';
    return `export declare const ${name}: typeof esm.${name};${type}`;
  });
  return `import type * as esm from ${from};\n\nexport type * from ${from};\n${lines.join('\n')}\n`;
}

const isClass = (value) => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
