// Node, Deno and Bun: the file lies next to the package's code.
import { readFileSync } from 'node:fs';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(
  () => new WebAssembly.Module(readFileSync(new URL('../../../wasm/ghl_digistore24_bg.wasm', import.meta.url))),
);

export type { Wasm } from './instance.js';
