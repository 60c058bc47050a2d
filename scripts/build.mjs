// Builds the npm package in pkg/: Rust -> wasm -> glue (pkg/wasm), types of the catalog, TypeScript -> pkg/dist.
// Each part is skipped when nothing that it is made from has changed. `--json` prints the result for machines.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { buildWorker } from './build-worker.mjs';
import { writeCommonJs } from './lib/commonjs.mjs';
import { faceFiles, publish, wasmDir, wasmFiles } from './lib/products.mjs';
import { Failed, main, root, run, say, seconds, step } from './lib/shell.mjs';
import { files, fingerprint, isFresh, writeStamp } from './lib/stamp.mjs';
import { locked, rustFlags, target } from './lib/toolchain.mjs';
import { bindgen, setup } from './setup.mjs';

const name = 'ghl_digistore24';
/** The crate is built twice: for the façade, which does the effects itself, and as a module that does them with `fetch`. */
const twins = [
  { feature: 'js', name },
  { feature: 'fetch', name: `${name}_fetch`, isBare: true },
];
const faceName = `${name}_face`;
const distDir = join(root, 'pkg/dist');
const glueTypes = [...twins.flatMap((twin) => [twin.name, `${twin.name}_glue`]), faceName];
const mappingSchema = 'src/mapping/mapping.schema.json';
const optionsSchema = 'src/options.schema.json';
const generator = 'scripts/generate-types.mjs';

/** Bytes of a wasm after gzip -9: what we aim at for the façade's, and what fails the build for each. */
const budget = { gzip: 256_000, hardLimit: 320_000 };

/** Builds what is stale and tells what that was. */
export async function build() {
  const toolchain = await setup();
  const wasm = await buildWasm(toolchain);
  const types = await generateTypes();
  const js = await compile();
  return { toolchain: toolchain.name, rebuilt: { wasm, types, js } };
}

// What each part is made from, and where the hash of that is kept.
export const wasmInputs = [
  'src',
  'catalog',
  'build',
  'Cargo.toml',
  'Cargo.lock',
  'scripts/bindgen',
  'scripts/lib/glue.mjs',
  'scripts/lib/products.mjs',
  'scripts/lib/toolchain.mjs',
];
const parts = {
  wasm: { stamp: join(wasmDir, '.stamp'), mark: () => fingerprint(wasmInputs) },
  types: {
    stamp: join(root, 'js/src/generated/.stamp'),
    mark: () => fingerprint(['catalog', generator, 'package-lock.json']),
  },
  js: {
    stamp: join(distDir, '.stamp'),
    mark: () =>
      fingerprint([
        ...['js', 'package-lock.json', 'pkg/package.json', 'scripts/lib/commonjs.mjs', mappingSchema, optionsSchema],
        ...glueTypes.flatMap((file) => [`pkg/wasm/${file}.d.ts`, `pkg/wasm/${file}.js`]),
      ]),
  },
};
const compilerStamp = join(wasmDir, '.stamp-compiler');

const isUpToDate = ({ stamp, mark }) => isFresh(stamp, mark());

/** Whether all products match their sources. Asks no compiler, so it takes only some milliseconds. */
export function isBuilt() {
  return Object.values(parts).every(isUpToDate) && existsSync(join(root, 'node_modules'));
}

async function buildWasm(toolchain) {
  const compiler = `${toolchain.name} ${toolchain.version}`;
  if (isUpToDate(parts.wasm) && isFresh(compilerStamp, compiler)) return false;

  const files = {};
  const faces = [];
  for (const twin of twins) {
    const compiled = await compileRust(toolchain, twin.feature);
    // No wasm-opt here: measured on this module, it takes off 8 % raw but adds 8 % after gzip, and costs half a minute.
    await step('generating the glue', async () => {
      const generated = join(toolchain.dir, 'glue', twin.name);
      rmSync(generated, { recursive: true, force: true });
      await run(bindgen, [compiled.wasm, generated, twin.name]);
      Object.assign(files, wasmFiles(generated, twin));
    });
    faces.push(readFileSync(compiled.face));
  }
  const [face] = faces;
  if (!faces.every((other) => other.equals(face))) throw new Failed('the two builds have different faces');
  publish({ ...files, ...faceFiles(face, faceName) });
  // Taken after cargo has run, which may just have written the lock file.
  writeStamp(parts.wasm.stamp, parts.wasm.mark());
  writeStamp(compilerStamp, compiler);
  return true;
}

/**
 * Compiles the crate with one feature, and flags for the crate alone; gives the paths of the wasm and of the face of the
 * catalog.
 */
export async function compileRust(toolchain, feature, flags = []) {
  let face;
  const lines = (line) => {
    // Where the build script of a package wrote: one of them the face of the catalog.
    const { reason, out_dir: folder = '' } = JSON.parse(line);
    const file = join(folder, 'face.bin');
    if (reason === 'build-script-executed' && existsSync(file)) face = file;
  };
  await step(`compiling Rust to wasm, feature ${feature} (${toolchain.version})`, () =>
    run(
      toolchain.cargo,
      [
        'rustc',
        // Of that type alone: cargo optimizes nothing across crates for a library that is also an rlib.
        ...['--release', '--lib', '--crate-type', 'cdylib', '--package', 'ghl-digistore24', '--features', feature],
        ...['--target', target, '--target-dir', toolchain.dir, '--message-format', 'json-render-diagnostics'],
        ...locked,
        ...toolchain.args,
        ...rustFlags(toolchain),
        ...['--', ...toolchain.last, ...flags],
      ],
      { env: toolchain.env, lines },
    ),
  );
  // The next feature's build writes to the same path.
  return { wasm: join(toolchain.dir, target, 'release', `${name}.wasm`), face };
}

/** TypeScript types of the catalog's operations. */
async function generateTypes() {
  if (isUpToDate(parts.types)) return false;
  await step('generating types from the catalog', () => run(process.execPath, [generator]));
  writeStamp(parts.types.stamp, parts.types.mark());
  return true;
}

async function compile() {
  const mark = parts.js.mark();
  if (isFresh(parts.js.stamp, mark)) return false;
  await step('compiling TypeScript', () =>
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'js/tsconfig.json']),
  );
  copyAssets();
  dropOrphans();
  await step('bundling the Cloudflare Worker', buildWorker);
  await step('CommonJS', () => writeCommonJs(join(root, 'pkg')));
  copyFileSync(join(root, mappingSchema), join(distDir, 'mapping.schema.json'));
  await writeFleetSchema();
  // npm takes licenses from the package's own folder only.
  for (const file of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(join(root, file), join(root, 'pkg', file));
  const cli = join(distDir, 'src/cli/main.js');
  if (existsSync(cli)) chmodSync(cli, 0o755);
  writeStamp(parts.js.stamp, mark);
  return true;
}

/** The schema of a fleet's options: its own frame, with the parts of a plugin's options in it. */
async function writeFleetSchema() {
  const { FLEET_SCHEMA } = await import(pathToFileURL(join(distDir, 'src/fleet/schema.js')));
  const { properties } = JSON.parse(readFileSync(join(root, optionsSchema), 'utf8'));
  const whole = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...FLEET_SCHEMA, $defs: properties };
  writeFileSync(join(distDir, 'fleet.schema.json'), `${JSON.stringify(whole, null, 2)}\n`);
}

const isAsset = (path) => !path.endsWith('.ts') && !path.endsWith('tsconfig.json');

/** Pages, pictures and other files next to the TypeScript go along unchanged. */
function copyAssets() {
  for (const path of files(['js']).filter(isAsset)) {
    const to = join(root, 'pkg/dist', path.slice('js/'.length));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(join(root, path), to);
  }
}

/** Removes the products of files that are gone. The folder is not emptied first: other processes may be reading it. */
function dropOrphans() {
  for (const path of files(['pkg/dist']).filter((path) => !path.startsWith('pkg/dist/cjs/'))) {
    const source = join(root, 'js', path.slice('pkg/dist/'.length));
    const typescript = source.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (!existsSync(source) && !existsSync(typescript)) rmSync(join(root, path));
  }
}

/** Node's zlib packs about 1.5 % worse than the command `gzip -9`: the number errs on the safe side. */
export function measure(path) {
  const bytes = readFileSync(path);
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

export const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const start = performance.now();
    const result = await build();
    const [wasm, fetch] = twins.map((twin) => measure(join(wasmDir, `${twin.name}_bg.wasm`)));
    const face = measure(join(wasmDir, `${faceName}.bin`));
    const german = measure(join(distDir, 'cjs/words-de.cjs'));
    const wasms = { 'wasm of the façade': wasm, 'wasm with fetch': fetch };
    if (process.argv.includes('--json')) {
      const sizes = { wasm, fetch, face, german, budget };
      console.log(JSON.stringify({ ...result, ...sizes, seconds: (performance.now() - start) / 1000 }));
    } else {
      const built = Object.keys(result.rebuilt).filter((part) => result.rebuilt[part]);
      say(`${built.length ? `Built ${built.join(', ')}` : 'Up to date'} (${seconds(start)}).`);
      for (const [what, size] of Object.entries({ ...wasms, 'face of the catalog': face, 'German words': german })) {
        say(`${what}: ${kilobytes(size.raw)} raw, ${kilobytes(size.gzip)} gzip -9, ${kilobytes(size.brotli)} brotli`);
      }
      say(`budget: ${kilobytes(budget.gzip)} gzip for the façade's, ${kilobytes(budget.hardLimit)} for each at most`);
    }
    for (const [what, { gzip }] of Object.entries(wasms)) {
      if (gzip > budget.hardLimit) throw new Failed(`the ${what} is ${kilobytes(gzip)} after gzip: over the limit`);
    }
    if (wasm.gzip > budget.gzip) say(`warning: the façade's wasm is over the budget`);
  });
}
