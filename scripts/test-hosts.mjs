// The packed package in every JavaScript host: tests/packaging. Brings the runtimes, bundlers and the browser for it.
//   npm run test:hosts            all of them
//   npm run test:hosts -- deno    one host by its id, or several by how it begins
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { main, run, say } from './lib/shell.mjs';
import { files } from './lib/stamp.mjs';
import { installPackages } from './setup.mjs';

/** Runs them, after a build; `host` chooses. */
export async function testHosts(host) {
  await installPackages({ folder: 'tests/packaging', what: 'runtimes and bundlers for the tests (700 MB)' });
  const noChromium = await ensureChromium();
  if (noChromium) say(`SKIPPING the hosts that are pages: ${noChromium}`);
  const all = files(['tests/packaging']).filter((path) => path.endsWith('.test.mjs'));
  const tests = host ? all.filter((path) => path.endsWith('hosts.test.mjs')) : all;
  const env = { ...(host && { HOST: host }), ...(noChromium && { NO_CHROMIUM: noChromium }) };
  // One after the other: each has the two cores busy already.
  await run(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...tests], { env });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    await build();
    await testHosts(process.argv[2]);
  });
}
