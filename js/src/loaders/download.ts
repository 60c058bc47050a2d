import { unloadable } from './unloadable.js';

/**
 * The compiled module at an address.
 *
 * @throws ErrorDetails `unavailable`: no connection, or the server failed; `misconfigured`: the file is not there.
 */
export async function download(url: URL): Promise<WebAssembly.Module> {
  const file = url.pathname.split('/').pop();
  const response = await fetch(url).catch(() => {
    throw unloadable(`${file} could not be fetched`, 'Check the connection and try again.', 'unavailable');
  });
  if (!response.ok) {
    throw unloadable(
      `${file} could not be fetched: HTTP ${response.status}`,
      `Serve it where the code looks for it, ${url.pathname}: bundlers that know new URL(…, import.meta.url) bring it along, for others copy it from the package's folder wasm/. Or bundle with the condition base64.`,
      response.status >= 500 ? 'unavailable' : 'misconfigured',
    );
  }
  // Streaming wants the right content type, which not every server sends.
  const type = response.headers.get('content-type')?.split(';')[0]?.trim();
  if (type === 'application/wasm' && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
