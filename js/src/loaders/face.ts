// Where there is no file to read: the face of the catalog comes in a module.
import { after, before, texts } from '../../../wasm/ghl_digistore24_face.js';
import { fromBase64 } from '../bytes.js';

/** The bytes of `ghl_digistore24_face.bin`. */
export function face(): Uint8Array {
  const parts = [fromBase64(before), new TextEncoder().encode(texts), fromBase64(after)];
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
