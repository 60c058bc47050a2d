// Every other host (n8n, bundlers that don't know .wasm): the bytes come as a string in a module.
import base64 from '../../../wasm/ghl_digistore24_bg.wasm.base64.js';
import { loaderFrom } from './instance.js';

function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export const { load, reload } = loaderFrom(() => WebAssembly.compile(decode(base64)));

export type { Wasm } from './instance.js';
