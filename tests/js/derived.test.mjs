// What is made from the catalog and kept in the repository is up to date, and a breaking change does not slip through.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { changes, lockOf, readLock, unnamed } from '../../scripts/catalog-lock.mjs';
import { differences, listed, pages, readme } from '../../scripts/generate-docs.mjs';

const entries = await listed();

test('docs/operations are the pages of this catalog', () => {
  assert.deepEqual(differences(pages(entries)), { stale: [], gone: [] }, 'npm run docs');
});

test('every link of the pages leads to a heading', () => {
  const files = pages(entries);
  // As GitHub does: small, without signs, blanks as dashes.
  const anchor = (title) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  const headings = (text) => Array.from(text.matchAll(/^## (.*)$/gm), ([, title]) => anchor(title));
  const anchors = new Map([...files].map(([name, text]) => [name, new Set(headings(text))]));
  for (const [name, text] of files)
    for (const [link, file = name, to] of text.matchAll(/\]\(([\w-]+\.md)?(?:#([^)]*))?\)/g)) {
      assert.ok(anchors.has(file), `${name}: ${link}`);
      if (to) assert.ok(anchors.get(file).has(to), `${name}: ${link}`);
    }
});

test("the README's table of hosts has these hosts and versions, and commands that exist", () => {
  const folder = new URL('../../', import.meta.url);
  const text = readFileSync(new URL('README.md', folder), 'utf8');
  assert.equal(readme(text), text, 'npm run docs');
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
  const commands = [...text.matchAll(/^\|.*\| `npm run ([\w:-]+)[^`]*` \| [^|]+ \|$/gm)];
  assert.ok(commands.length >= 8, `${commands.length}`);
  for (const [line, name] of commands) assert.ok(scripts[name], line);
});

test('catalog/lock.txt holds this catalog', () => {
  const found = changes(readLock(), lockOf(entries));
  assert.deepEqual(found, [], 'npm run lock; a breaking change must be named in the CHANGELOG first');
});

test('what breaks a flow is told from what does not', () => {
  const entry = (properties, required, output = { a: { type: 'string' } }) => ({
    id: 'ghl.x.y',
    kind: 'action',
    input: { properties, required },
    output: { properties: output },
  });
  const string = { type: 'string' };
  const lock = (one) => lockOf([one]);
  const before = lock(entry({ a: string, b: string }, ['a']));
  const breaks = (after) => changes(before, lock(after)).map(({ breaks }) => breaks);
  assert.deepEqual(breaks(entry({ a: string, b: string }, ['a'])), []);
  assert.deepEqual(breaks(entry({ a: string }, ['a'])), [true], 'a field is gone');
  assert.deepEqual(breaks(entry({ a: string, b: string }, ['a', 'b'])), [true], 'a field is required');
  assert.deepEqual(breaks(entry({ a: string, b: string }, [])), [false], 'a field is optional');
  assert.deepEqual(breaks(entry({ a: string, b: { type: 'number' } }, ['a'])), [true], 'another type');
  assert.deepEqual(breaks(entry({ a: string, b: { type: ['string', 'null'] } }, ['a'])), [false], 'a further type');
  assert.deepEqual(breaks(entry({ a: string, b: string, c: string }, ['a'])), [false], 'a new field');
  assert.deepEqual(breaks(entry({ a: string, b: string, c: string }, ['a', 'c'])), [true], 'a new required field');
  assert.deepEqual(breaks(entry({ a: string, b: string }, ['a'], {})), [true], 'the answer lost a field');
  assert.deepEqual(breaks(entry({ a: string, b: string }, ['a'], { a: string, z: string })), [false]);
  assert.deepEqual(changes(before, new Map()), [{ id: 'ghl.x.y', what: 'is gone', breaks: true }]);
});

test('only the id itself, under Unreleased, counts as named', () => {
  const found = [{ id: 'ghl.x.y', what: 'is gone', breaks: true }];
  const named = (text) => unnamed(found, text).length === 0;
  assert.ok(named('# Changelog\n\n## Unreleased\n\n- `ghl.x.y` is gone.\n\n## 0.1.0\n'));
  assert.ok(!named('# Changelog\n\n## Unreleased\n\n- `ghl.x.yy` is gone.\n\n## 0.1.0\n'));
  assert.ok(!named('# Changelog\n\n## Unreleased\n\n## 0.1.0\n\n- `ghl.x.y` is gone.\n'));
});

/** The tests that a row of docs/reliability.md names: `file` "name"; "name". */
function named(row) {
  const found = [];
  let file;
  for (const [, path, name] of row.matchAll(/`([\w./-]+)`|"([^"]+)"/g)) {
    if (path) file = path;
    else found.push({ file, name });
  }
  return found;
}

test('every test that docs/reliability.md names is there', () => {
  const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const rows = read('docs/reliability.md').match(/^\| \d+ \|.*$/gm);
  assert.equal(rows.length, 15);
  for (const row of rows) {
    const shown = row.split('|')[4];
    assert.ok(named(shown).length > 0 || shown.includes('to come'), row);
    for (const { file, name } of named(shown)) {
      const source = read(file);
      const isThere = file.endsWith('.rs')
        ? source.includes(`fn ${name}(`)
        : [`test('${name}'`, `test("${name}"`].some((start) => source.includes(start));
      assert.ok(isThere, `${file}: ${name}`);
    }
  }
});
