// Like node.ts, for the build with the short names.
import * as glue from '../../../wasm/ghl_digistore24_fetch_glue.js';
import { compiled, face } from './files.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(glue, () => compiled('ghl_digistore24_fetch_bg.wasm'), face);
