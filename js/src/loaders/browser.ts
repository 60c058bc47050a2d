// Pages and extensions: fetched from beside this file. Bundlers know the pattern `new URL(…, import.meta.url)` and
// bring the file along. A Manifest V3 extension needs 'wasm-unsafe-eval' in its content security policy.
import { face } from './face.js';
import { loaderFrom } from './instance.js';

async function compile(): Promise<WebAssembly.Module> {
  const url = new URL('../../../wasm/ghl_digistore24_bg.wasm', import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The wasm could not be fetched: HTTP ${response.status} for ${url.pathname}`);
  // Streaming wants the right content type, which not every server sends.
  const type = response.headers.get('content-type')?.split(';')[0]?.trim();
  if (type === 'application/wasm' && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

export const { load, reload } = loaderFrom(compile, face);

export type { Wasm } from './instance.js';
