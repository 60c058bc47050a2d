/** The compiled module at an address. */
export async function download(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The wasm could not be fetched: HTTP ${response.status} for ${url.pathname}`);
  // Streaming wants the right content type, which not every server sends.
  const type = response.headers.get('content-type')?.split(';')[0]?.trim();
  if (type === 'application/wasm' && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
