// Bundles the Cloudflare Worker into one module beside the wasm: what wrangler deploys. `node scripts/build-worker.mjs` builds
// and prints the size; `npm run build` does it along.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { common, withoutFace } from './lib/bundle.mjs';
import { Failed, main, root, run, say } from './lib/shell.mjs';

const source = 'js/hosts/worker';
const bundle = join(root, 'pkg/dist/hosts/worker/index.js');
const wasm = join(root, 'pkg/wasm/ghl_digistore24_bg.wasm');
/** Bytes of module and wasm after gzip -9. */
const LIMIT = 400_000;

/** Checks the types and writes the bundle; gives its size. */
export async function buildWorker() {
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', source]);
  // Not before: on a fresh machine the build installs it.
  const esbuild = await import('esbuild');
  await esbuild.build({
    ...common,
    entryPoints: [join(root, source, 'src/index.ts')],
    outfile: bundle,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    // Wrangler compiles it. From here the wasm lies where it lay from the loaders.
    external: ['cloudflare:*', '*.wasm'],
    // The sync never lists the catalog.
    plugins: [withoutFace],
  });
  const gzip = [bundle, wasm].map((file) => gzipSync(readFileSync(file), { level: 9 }).length);
  const total = gzip.reduce((sum, bytes) => sum + bytes, 0);
  if (total > LIMIT) throw new Failed(`the worker is ${total} bytes after gzip: over the limit of ${LIMIT}`);
  return { bundle: gzip[0], wasm: gzip[1], total };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const { bundle, total } = await buildWorker();
    const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
    say(`Cloudflare Worker: ${kilobytes(total)} gzip -9 with the wasm, of that ${kilobytes(bundle)} JavaScript`);
  });
}
