// Node, Deno and Bun: the files lie next to the package's code.
import { readFileSync } from 'node:fs';
import { loaderFrom } from './instance.js';

const read = (file: string) => readFileSync(new URL(`../../../wasm/${file}`, import.meta.url));

export const { load, reload } = loaderFrom(
  () => new WebAssembly.Module(read('ghl_digistore24_bg.wasm')),
  () => read('ghl_digistore24_face.bin'),
);

export type { Wasm } from './instance.js';
