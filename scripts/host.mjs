// The hosts with a build and tests of their own: workflow builders and the browser extension. For a host `n8n` its source and
// build.mjs are in js/hosts/n8n, its tests in tests/hosts/n8n, with a package.json of their own where they need packages.
//   npm run host -- build n8n    builds the package, and what it's made from, into dist/n8n
//   npm run host -- test n8n     the same, then its tests
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureChromium } from './lib/chromium.mjs';
import { Failed, main, root, run, say, step } from './lib/shell.mjs';
import { files } from './lib/stamp.mjs';

const sourceOf = (host) => join(root, 'js/hosts', host, 'build.mjs');

/** Their names. */
export const hosts = readdirSync(join(root, 'js/hosts')).filter((host) => existsSync(sourceOf(host)));

/** Builds one into dist/, when the plugin itself is built. */
export async function buildHost(host) {
  const { build } = await import(pathToFileURL(sourceOf(host)).href);
  await step(`building ${host}`, build);
}

/** Builds one and runs its tests. */
export async function testHost(host) {
  const folder = join('tests/hosts', host);
  // Not before: on a fresh machine the build installs what these need.
  const { installPackages } = await import('./setup.mjs');
  const manifest = join(root, folder, 'package.json');
  if (existsSync(manifest)) {
    await installPackages({ folder, what: `packages for the tests of ${host}` });
    if ('playwright-core' in JSON.parse(readFileSync(manifest, 'utf8')).devDependencies) {
      const noChromium = await ensureChromium();
      if (noChromium) say(`SKIPPING what needs a browser: ${noChromium}`);
    }
  }
  await buildHost(host);
  const tests = files([folder]).filter((path) => path.endsWith('.test.mjs'));
  if (!tests.length) throw new Failed(`${folder} has no tests`);
  await run(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...tests]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const [does, host] = process.argv.slice(2);
    const work = { build: buildHost, test: testHost }[does];
    if (!work || !hosts.includes(host)) {
      throw new Failed(`npm run host -- build|test ${hosts.join('|')}`);
    }
    const { build } = await import('./build.mjs');
    await build();
    await work(host);
  });
}
