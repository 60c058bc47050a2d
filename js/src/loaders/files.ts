import { readFileSync } from 'node:fs';

const read = (file: string) => readFileSync(new URL(`../../../wasm/${file}`, import.meta.url));

/** The compiled module of a file in the package. */
export const compiled = (file: string) => new WebAssembly.Module(read(file));

/** The bytes of `ghl_digistore24_face.bin`. */
export const face = () => read('ghl_digistore24_face.bin');
