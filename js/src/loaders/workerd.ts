// Cloudflare Workers: code can't be compiled at run time, so the deployment brings the compiled module.
import module from '../../../wasm/ghl_digistore24_bg.wasm';
import * as glue from '../../../wasm/ghl_digistore24_glue.js';
import { face } from './face.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(glue, () => module, face);
