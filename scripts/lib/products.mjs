// What lies in pkg/wasm: made from what wasm-bindgen made of each build of the crate, and from the face of the catalog.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicNames, splitGlue } from './glue.mjs';
import { root } from './shell.mjs';

export const wasmDir = join(root, 'pkg/wasm');

/** The files of one build, by name. A bare one comes also with its names ready to use, and with the glue of a bundler. */
export function wasmFiles(generated, { name, isBare }) {
  const wasm = readFileSync(join(generated, `${name}_bg.wasm`));
  const glue = splitGlue(readFileSync(join(generated, `${name}_bg.js`), 'utf8'), `${name}_glue.js`);
  const files = {
    [`${name}_bg.wasm`]: wasm,
    [`${name}_glue.js`]: `${glue.factory}\nexport const importedAs = './${name}_bg.js';\n`,
    [`${name}_glue.d.ts`]: `/** The glue for one instance: hand it the instance's exports before any other call. */
export function create(): typeof import('./${name}.js') & { __wbg_set_wasm(exports: WebAssembly.Exports): void };
/** The name under which the wasm imports the glue: it differs from build to build. */
export const importedAs: string;
`,
    [`${name}.d.ts`]: withoutDispose(readFileSync(join(generated, `${name}.d.ts`), 'utf8')),
    [`${name}_bg.wasm.base64.js`]: `export default '${wasm.toString('base64')}';\n`,
    [`${name}_bg.wasm.base64.d.ts`]: `/** The bytes of ${name}_bg.wasm in base64. */\ndeclare const wasm: string;\nexport default wasm;\n`,
  };
  if (!isBare) return files;
  return {
    ...files,
    [`${name}_bg.js`]: glue.module,
    // The module with the short names, ready to use: the host's own loader has instantiated it.
    [`${name}.js`]: `import { load } from '#loader/fetch';\n\nexport const { ${publicNames(glue.names).join(', ')} } = await load();\n`,
  };
}

/** `Symbol.dispose` is in no `lib` that a compiler takes by itself: whoever checks libraries could not compile with it. */
const withoutDispose = (types) => types.replace(/^ *\[Symbol\.dispose\]\(\): void;\n/gm, '');

/** What lies beside the wasm: a file, and a module with the texts readable, which compresses better. */
export function faceFiles(face, name) {
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
  const about = `/** ${name}.bin in three parts: base64, text, base64. */\n`;
  return { [`${name}.bin`]: face, [`${name}.js`]: lines.join(''), [`${name}.d.ts`]: about + types.join('') };
}

/** Makes these the only files of pkg/wasm, but for stamps. It is not emptied first: other processes may be reading it. */
export function publish(files) {
  mkdirSync(wasmDir, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(wasmDir, file), content);
  for (const file of readdirSync(wasmDir)) {
    if (!(file in files) && !file.startsWith('.stamp')) rmSync(join(wasmDir, file));
  }
}
