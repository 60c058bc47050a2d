// The browser extension, for Chromium and Firefox: dist/extension/<browser>, and a zip of each for the stores.
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { common, sizeOf, withoutFace } from '../../../scripts/lib/bundle.mjs';
import { root, run, say, which } from '../../../scripts/lib/shell.mjs';
import { manifest } from './manifest.mjs';

const source = join(root, 'js/hosts/extension');
const dist = join(root, 'dist/extension');
const wasm = 'ghl_digistore24_bg.wasm';
const browsers = ['chromium', 'firefox'];

/** Checks the types and writes both. */
export async function build() {
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', source]);
  rmSync(dist, { recursive: true, force: true });
  for (const browser of browsers) await buildFor(browser, join(dist, browser));
  if (!which('zip'))
    return say('  no zip files for the stores: the program zip is missing (Debian: apt-get install zip)');
  for (const browser of browsers) {
    await run('sh', ['-c', `cd '${join(dist, browser)}' && zip -qr9X ../${browser}.zip .`]);
    say(`  ${browser}.zip: ${(statSync(join(dist, `${browser}.zip`)).size / 1000).toFixed(0)} kB`);
  }
}

/** One of them into a folder; `hosts` as in the manifest. */
export async function buildFor(browser, folder, { hosts } = {}) {
  // Not before: on a fresh machine the build installs it.
  const esbuild = await import('esbuild');
  mkdirSync(join(folder, 'wasm'), { recursive: true });
  await esbuild.build({
    ...common,
    entryPoints: {
      background: join(source, 'src/background.ts'),
      panel: join(source, 'src/panel/panel.ts'),
      options: join(source, 'src/options/options.ts'),
    },
    outdir: folder,
    format: 'esm',
    target: ['chrome116', 'firefox140'],
    conditions: ['browser'],
    // The panel and its actions need only what people list first.
    plugins: [withoutFace],
  });
  for (const page of ['panel', 'options']) {
    for (const kind of ['html', 'css'])
      cpSync(join(source, `src/${page}/${page}.${kind}`), join(folder, `${page}.${kind}`));
  }
  cpSync(join(source, 'src/ui/style.css'), join(folder, 'style.css'));
  cpSync(join(source, '_locales'), join(folder, '_locales'), { recursive: true });
  cpSync(join(source, 'icons'), join(folder, 'icons'), { recursive: true, filter: (path) => !path.endsWith('.svg') });
  // From a script at the root the address beside the loader ends up here.
  cpSync(join(root, 'pkg/wasm', wasm), join(folder, 'wasm', wasm));
  const { version } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest(browser, { version, hosts }), null, 2));
  const sizes = ['background.js', 'panel.js', 'options.js', `wasm/${wasm}`].map((file) => {
    return `${file} ${sizeOf(join(folder, file))}`;
  });
  say(`  ${browser}: ${sizes.join('; ')}`);
}
