// A stamp is a small file next to a product with the hash of all that the product was made from.
// Contents are hashed, not times, so that switching branches back and forth rebuilds nothing needlessly.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './shell.mjs';

/** All files at or below the given paths (relative to the root), sorted; missing paths count as empty. */
export function files(paths) {
  const found = [];
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (!statSync(full).isDirectory()) found.push(path);
    else for (const name of readdirSync(full)) if (name !== 'node_modules') visit(join(path, name));
  };
  for (const path of paths) visit(path);
  return found.sort();
}

/** One hash over the names and contents of files, and over `extra` texts such as a compiler's version. */
export function fingerprint(paths, extra = []) {
  const hash = createHash('sha256');
  for (const text of extra) hash.update(`${text}\0`);
  for (const path of files(paths))
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex');
}

export const isFresh = (stamp, mark) => existsSync(stamp) && readFileSync(stamp, 'utf8') === mark;

export function writeStamp(stamp, mark) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, mark);
}
