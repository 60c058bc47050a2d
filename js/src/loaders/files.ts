import { readFileSync } from 'node:fs';
import { unloadable } from './unloadable.js';

const HELP =
  "Keep the package's folder wasm/ beside its dist/. A bundle for Node has lost it: leave ghl-digistore24 out of the bundle (external), or bundle with the condition base64.";

function read(file: string): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(new URL(`../../../wasm/${file}`, import.meta.url));
  } catch (error) {
    // The message would tell the path, and so who is at work here.
    throw unloadable(`${file} could not be read (${(error as NodeJS.ErrnoException).code})`, HELP);
  }
}

/** The compiled module of a file in the package. */
export const compiled = (file: string) => new WebAssembly.Module(read(file));

/** The bytes of `ghl_digistore24_face.bin`. */
export const face = () => read('ghl_digistore24_face.bin');
