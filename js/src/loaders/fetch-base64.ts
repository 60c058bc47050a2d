// Like base64.ts, for the build with the short names.
import base64 from '../../../wasm/ghl_digistore24_fetch_bg.wasm.base64.js';
import * as glue from '../../../wasm/ghl_digistore24_fetch_glue.js';
import { fromBase64 } from '../bytes.js';
import { face } from './face.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(glue, () => WebAssembly.compile(fromBase64(base64)), face);

/** The exports of one instance. */
export type Wasm = ReturnType<typeof glue.create>;
