// Like browser.ts, for the build with the short names.
import * as glue from '../../../wasm/ghl_digistore24_fetch_glue.js';
import { download } from './download.js';
import { face } from './face.js';
import { loaderFrom } from './instance.js';

export const { load, reload } = loaderFrom(
  glue,
  () => download(new URL('../../../wasm/ghl_digistore24_fetch_bg.wasm', import.meta.url)),
  face,
);
