// `node scripts/run.mjs demo …` runs pkg/dist/src/demo.js with the rest of the arguments, after building what is stale.
// When nothing is, it says nothing and costs a few milliseconds.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { Failed, main, root } from './lib/shell.mjs';

const [program, ...args] = process.argv.slice(2);
const file = join(root, 'pkg/dist/src', `${program}.js`);

await main(async () => {
  if (!isBuilt()) await build();
  if (!existsSync(file)) throw new Failed(`there is no ${program} in this version`);
});

if (!process.exitCode) {
  // In this process: a second one would cost as much again as most commands take.
  process.argv = [process.argv[0], file, ...args];
  await import(pathToFileURL(file).href);
}
