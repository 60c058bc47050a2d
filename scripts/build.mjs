// Builds the npm package in pkg/: Rust -> wasm -> glue (pkg/wasm), types of the catalog, TypeScript -> pkg/dist.
// Each part is skipped when nothing that it is made from has changed. `--json` prints the result for machines.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { publicNames, splitGlue } from './lib/glue.mjs';
import { Failed, main, root, run, say, seconds, step } from './lib/shell.mjs';
import { files, fingerprint, isFresh, writeStamp } from './lib/stamp.mjs';
import { locked, rustFlags, target } from './lib/toolchain.mjs';
import { bindgen, setup } from './setup.mjs';

const name = 'ghl_digistore24';
const wasmDir = join(root, 'pkg/wasm');
const distDir = join(root, 'pkg/dist');
const glueTypes = ['', '_glue', '_face'].map((part) => `pkg/wasm/${name}${part}.d.ts`);
const generator = 'scripts/generate-types.mjs';

/** Bytes of the wasm after gzip -9: what we aim at, and what fails the build. */
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
const wasmInputs = [
  'src',
  'catalog',
  'build',
  'Cargo.toml',
  'Cargo.lock',
  'scripts/bindgen',
  'scripts/lib/glue.mjs',
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
    mark: () => fingerprint(['js', 'package-lock.json', ...glueTypes]),
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

  let face;
  const lines = (line) => {
    // Where the build script of a package wrote: one of them the face of the catalog.
    const { reason, out_dir: folder = '' } = JSON.parse(line);
    const file = join(folder, 'face.bin');
    if (reason === 'build-script-executed' && existsSync(file)) face = file;
  };
  await step(`compiling Rust to wasm (${toolchain.version})`, () =>
    run(
      toolchain.cargo,
      [
        'build',
        ...['--release', '--lib', '--package', 'ghl-digistore24', '--features', 'fetch'],
        ...['--target', target, '--target-dir', toolchain.dir, '--message-format', 'json-render-diagnostics'],
        ...locked,
        ...toolchain.args,
        ...rustFlags(toolchain),
      ],
      { env: toolchain.env, lines },
    ),
  );

  // No wasm-opt here: measured on this module, it takes off 8 % raw but adds 8 % after gzip, and costs half a minute.
  await step('generating the glue', async () => {
    const generated = join(toolchain.dir, 'glue');
    rmSync(generated, { recursive: true, force: true });
    await run(bindgen, [join(toolchain.dir, target, 'release', `${name}.wasm`), generated]);
    publishWasm(generated);
    publishFace(readFileSync(face));
  });
  // Taken after cargo has run, which may just have written the lock file.
  writeStamp(parts.wasm.stamp, parts.wasm.mark());
  writeStamp(compilerStamp, compiler);
  return true;
}

/** Writes pkg/wasm from what wasm-bindgen made. */
function publishWasm(generated) {
  const wasm = readFileSync(join(generated, `${name}_bg.wasm`));
  const glue = splitGlue(readFileSync(join(generated, `${name}_bg.js`), 'utf8'), `${name}_glue.js`);
  const outputs = {
    [`${name}_bg.wasm`]: wasm,
    [`${name}_bg.js`]: glue.module,
    [`${name}_glue.js`]: glue.factory,
    [`${name}_glue.d.ts`]: `/** The glue for one instance: hand it the instance's exports before any other call. */
export function create(): typeof import('./${name}.js') & { __wbg_set_wasm(exports: WebAssembly.Exports): void };
`,
    // The module with the short names, ready to use: the host's own loader has instantiated it.
    [`${name}.js`]: `import { load } from '#loader';\n\nexport const { ${publicNames(glue.names).join(', ')} } = await load();\n`,
    [`${name}.d.ts`]: readFileSync(join(generated, `${name}.d.ts`)),
    [`${name}_bg.wasm.base64.js`]: `export default '${wasm.toString('base64')}';\n`,
    [`${name}_bg.wasm.base64.d.ts`]: `/** The bytes of ${name}_bg.wasm in base64. */\ndeclare const wasm: string;\nexport default wasm;\n`,
  };
  mkdirSync(wasmDir, { recursive: true });
  for (const [file, content] of Object.entries(outputs)) writeFileSync(join(wasmDir, file), content);
}

/** Writes what lies beside the wasm: as a file, and as a module with the texts readable, which compresses better. */
function publishFace(face) {
  // A number of seven bits a byte is the length of the texts that follow.
  const start = face.findIndex((byte) => byte < 0x80) + 1;
  const end = start + face.subarray(0, start).reduce((length, byte, i) => length | ((byte & 0x7f) << (7 * i)), 0);
  const parts = {
    before: face.toString('base64', 0, start),
    texts: face.toString('utf8', start, end),
    after: face.toString('base64', end),
  };
  const lines = Object.entries(parts).map(([part, text]) => `export const ${part} = ${JSON.stringify(text)};\n`);
  const types = Object.keys(parts).map((part) => `export const ${part}: string;\n`);
  const about = `/** ${name}_face.bin in three parts: base64, text, base64. */\n`;
  writeFileSync(join(wasmDir, `${name}_face.bin`), face);
  writeFileSync(join(wasmDir, `${name}_face.js`), lines.join(''));
  writeFileSync(join(wasmDir, `${name}_face.d.ts`), about + types.join(''));
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
  // npm takes licenses from the package's own folder only.
  for (const file of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(join(root, file), join(root, 'pkg', file));
  const cli = join(distDir, 'src/cli/main.js');
  if (existsSync(cli)) chmodSync(cli, 0o755);
  writeStamp(parts.js.stamp, mark);
  return true;
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
  for (const path of files(['pkg/dist'])) {
    const source = join(root, 'js', path.slice('pkg/dist/'.length));
    const typescript = source.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (!existsSync(source) && !existsSync(typescript)) rmSync(join(root, path));
  }
}

/** Node's zlib packs about 1.5 % worse than the command `gzip -9`: the number errs on the safe side. */
function measure(file) {
  const bytes = readFileSync(join(wasmDir, file));
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const start = performance.now();
    const result = await build();
    const wasm = measure(`${name}_bg.wasm`);
    const face = measure(`${name}_face.bin`);
    if (process.argv.includes('--json')) {
      console.log(JSON.stringify({ ...result, wasm, face, budget, seconds: (performance.now() - start) / 1000 }));
    } else {
      const built = Object.keys(result.rebuilt).filter((part) => result.rebuilt[part]);
      say(`${built.length ? `Built ${built.join(', ')}` : 'Up to date'} (${seconds(start)}).`);
      for (const [what, size] of Object.entries({ wasm, face })) {
        say(`${what}: ${kilobytes(size.raw)} raw, ${kilobytes(size.gzip)} gzip -9, ${kilobytes(size.brotli)} brotli`);
      }
    }
    if (wasm.gzip > budget.hardLimit) {
      throw new Failed(`the wasm is ${kilobytes(wasm.gzip)} after gzip, the limit is ${kilobytes(budget.hardLimit)}`);
    }
    if (wasm.gzip > budget.gzip) say(`warning: that is over the budget of ${kilobytes(budget.gzip)} gzip`);
  });
}
