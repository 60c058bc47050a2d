// Brings a new version of Digistore24's specification into the catalog: `node scripts/import-digistore24.mjs FOLDER`.
// FOLDER has the OpenAPI file. New functions and new fields are added; what stands in the catalog stays, so the result
// is a diff to read. `npm run conformance` then says what contradicts and what the specification no longer has.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repoRoot } from './conformance/catalog.mjs';
import { readSpecification } from './import/digistore24.mjs';
import { entryOf, fill } from './import/digistore24-entry.mjs';
import { jsonText } from './import/json-text.mjs';
import { Failed, main, say } from './lib/shell.mjs';

/** Works on `catalog` and says what was added: places such as `digistore24.getBuyer output.buyer.birthday`. */
export async function importDigistore24(folder, catalog = join(repoRoot, 'catalog/digistore24')) {
  const functions = await readSpecification(folder);
  if (!functions) throw new Failed(`${folder}: no OpenAPI file of Digistore24`);
  const added = [];
  for (const resource of new Set(Array.from(functions.values(), (one) => one.resource))) {
    const path = join(catalog, `${resource}.json`);
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const file = before ? JSON.parse(before) : newFile(resource);
    for (const one of functions.values()) if (one.resource === resource) merge(file, entryOf(one), added);
    const after = `${jsonText(file)}\n`;
    if (after !== before) writeFileSync(path, after);
  }
  return added;
}

function newFile(resource) {
  const title = resource.charAt(0).toUpperCase() + resource.slice(1).replaceAll('-', ' ');
  return {
    service: 'digistore24',
    resource,
    title,
    source: 'Digistore24 API specification and developer documentation',
    operations: [],
  };
}

function merge(file, entry, added) {
  const ours = file.operations.find(({ id }) => id === entry.id);
  if (!ours) {
    file.operations.push(entry);
    added.push(entry.id);
    return;
  }
  const already = added.length;
  fill(ours.input, entry.input, file.$defs, `${entry.id} input`, added);
  for (const at of added.slice(already)) {
    // A new field of the function itself also needs its place.
    const name = at.slice(`${entry.id} input.`.length);
    if (entry.place?.[name]) ours.place = { ...ours.place, [name]: entry.place[name] };
    if (entry.wire?.[name]) ours.wire = { ...ours.wire, [name]: entry.wire[name] };
  }
  fill(ours.output, entry.output, file.$defs, `${entry.id} output`, added);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const [folder] = process.argv.slice(2);
    if (!folder) throw new Failed('usage: node scripts/import-digistore24.mjs FOLDER');
    const added = await importDigistore24(folder);
    for (const at of added) console.log(`added ${at}`);
    say(`${added.length} additions`);
  });
}
