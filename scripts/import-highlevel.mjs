// Brings catalog/ghl up to date with HighLevel's published OpenAPI files: `npm run import:highlevel -- FOLDER`.
// Facts are refreshed, hand-written prose is kept: see scripts/import/. What changes is a diff to look at.
//   --check  writes nothing; exit code 1 if anything would change
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { proposeAll } from './import/all.mjs';
import { Failed, main, say } from './lib/shell.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  const isCheck = args.includes('--check');
  const folder = args.find((one) => !one.startsWith('--'));
  if (!folder || !existsSync(folder))
    throw new Failed('name the folder with the OpenAPI files: npm run import:highlevel -- FOLDER');
  let changed = 0;
  for (const { path, text, notes, operations } of await proposeAll(resolve(folder))) {
    const isNew = !existsSync(path);
    const isChanged = isNew || readFileSync(path, 'utf8') !== text;
    if (isChanged && !isCheck) writeFileSync(path, text);
    changed += isChanged ? 1 : 0;
    say(
      `${isNew ? 'new      ' : isChanged ? 'changed  ' : 'unchanged'} ${path.split('/').slice(-2).join('/')} (${operations} operations)`,
    );
    for (const note of notes) say(`          ${note}`);
  }
  say(`${changed} files ${isCheck ? 'would change' : 'changed'}`);
  if (isCheck && changed) process.exitCode = 1;
});
