// Like workerd.ts, for the build with the short names.
import module from '../../../wasm/ghl_digistore24_fetch_bg.wasm';
import * as glue from '../../../wasm/ghl_digistore24_fetch_glue.js';
import { face } from './face.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(glue, () => module, face);
