// Cloudflare Workers: code can't be compiled at run time, so the deployment brings the compiled module.
import module from '../../../wasm/ghl_digistore24_bg.wasm';
import { face } from './face.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(() => module, face);

export type { Wasm } from './instance.js';
