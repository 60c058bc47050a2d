// Every other host (n8n, bundlers that don't know .wasm): the bytes come as a string in a module.
import base64 from '../../../wasm/ghl_digistore24_bg.wasm.base64.js';
import * as glue from '../../../wasm/ghl_digistore24_glue.js';
import { fromBase64 } from '../bytes.js';
import { face } from './face.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(glue, () => WebAssembly.compile(fromBase64(base64)), face);

/** The exports of one instance. */
export type Wasm = ReturnType<typeof glue.create>;
