// The whole of catalog/ghl as the specifications propose it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../conformance/catalog.mjs';
import { readSpecification } from './openapi.mjs';
import { propose } from './propose.mjs';

/** `[{ path, text, notes, operations }]`, one for each OpenAPI file in the folder. */
export async function proposeAll(folder, catalog = join(repoRoot, 'catalog/ghl')) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.map((name) => {
    const path = join(catalog, name);
    const existing = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
    const { file, notes } = propose(readSpecification(join(folder, name)), existing);
    return { path, text: formatted(file), notes, operations: file.operations.length };
  });
}

/** As Biome writes JSON. */
function formatted(value) {
  const biome = join(repoRoot, 'node_modules/@biomejs/biome/bin/biome');
  // The catalog's folder is not Biome's business; its form is.
  const { stdout, stderr, status } = spawnSync(process.execPath, [biome, 'format', '--stdin-file-path=catalog.json'], {
    cwd: repoRoot,
    input: JSON.stringify(value),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`Biome could not write the file: ${stderr}`);
  return stdout;
}
