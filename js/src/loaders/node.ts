// Node, Deno and Bun: the files lie next to the package's code.
import * as glue from '../../../wasm/ghl_digistore24_glue.js';
import { compiled, face } from './files.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(glue, () => compiled('ghl_digistore24_bg.wasm'), face);
