// Pages and extensions: fetched from beside this file. Bundlers know the pattern `new URL(…, import.meta.url)` and
// bring the file along. A Manifest V3 extension needs 'wasm-unsafe-eval' in its content security policy.
import * as glue from '../../../wasm/ghl_digistore24_glue.js';
import { download } from './download.js';
import { face } from './face.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(
  glue,
  () => download(new URL('../../../wasm/ghl_digistore24_bg.wasm', import.meta.url)),
  face,
);
