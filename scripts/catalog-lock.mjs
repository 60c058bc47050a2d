// Keeps catalog/lock.txt: a line for each entry with what flows rely on. A change that breaks them must be named in the
// CHANGELOG (the id, under "Unreleased") before the lock takes it.
//   npm run lock            writes the lock, if every breaking change is named
//   npm run lock -- --check says what differs; exit code 1 then
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { listed } from './generate-docs.mjs';
import { Failed, main, root, say } from './lib/shell.mjs';

const file = join(root, 'catalog/lock.txt');

/** What flows rely on: `id kind | contactId*:string tags*:array | tags:array`. A star marks a required field. */
export function lockOf(entries) {
  return new Map(
    entries.map(({ id, kind, input, output }) => {
      const fields = [...inputs(input ?? {}, input?.$defs, '', [])].sort();
      const answers = Object.entries(resolve(output ?? {}, output?.$defs).properties ?? {}).map(
        ([name, schema]) => `${name}:${typeOf(schema, output.$defs)}`,
      );
      return [id, `${kind} | ${fields.join(' ')} | ${answers.sort().join(' ')}`];
    }),
  );
}

/** Every field, also inside others: `buyer.email:string`, `addons[].product_id*:string`. */
function* inputs(from, defs, before, above) {
  const schema = resolve(from, defs);
  // A type that contains itself is told once.
  if (above.includes(schema)) return;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const star = schema.required?.includes(name) && !field['x-connection'] ? '*' : '';
    yield `${before}${name}${star}:${typeOf(field, defs)}`;
    yield* inputs(field, defs, `${before}${name}.`, [...above, schema]);
  }
  if (schema.items) yield* inputs(schema.items, defs, `${before.slice(0, -1)}[].`, [...above, schema]);
}

const resolve = (schema, defs = {}) => (schema.$ref ? (defs[schema.$ref.slice('#/$defs/'.length)] ?? {}) : schema);

function typeOf(from, defs) {
  const schema = resolve(from, defs);
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => typeOf(one, defs)))].sort().join('/');
  return [schema.type ?? 'any'].flat().sort().join('/');
}

const parse = (line) => {
  const [kind, fields, answers] = line.split(' | ').map((part) => part.trim());
  const typed = (text) =>
    new Map(
      (text ? text.split(' ') : []).map((one) => {
        const at = one.lastIndexOf(':');
        const name = one.slice(0, at);
        return [name.replace(/\*$/, ''), { type: one.slice(at + 1), required: name.endsWith('*') }];
      }),
    );
  return { kind, input: typed(fields), output: typed(answers) };
};

/** Every change from one lock to another: `{ id, what, breaks }`. */
export function changes(before, after) {
  const found = [];
  for (const [id, line] of before) {
    if (!after.has(id)) {
      found.push({ id, what: 'is gone', breaks: true });
      continue;
    }
    if (after.get(id) === line) continue;
    const [old, now] = [parse(line), parse(after.get(id))];
    const say = (what, breaks) => found.push({ id, what, breaks });
    if (old.kind !== now.kind) say(`was ${old.kind}, is ${now.kind}`, true);
    for (const [name, { type, required }] of old.input) {
      const field = now.input.get(name);
      if (!field) say(`input ${name} is gone`, true);
      else {
        // A field that takes more types than before still takes the old ones.
        const narrower = type.split('/').some((one) => !field.type.split('/').includes(one) && field.type !== 'any');
        if (field.type !== type) say(`input ${name} was ${type}, is ${field.type}`, narrower);
        if (field.required !== required) say(`input ${name} is ${required ? 'optional' : 'required'} now`, !required);
      }
    }
    for (const [name, { required }] of now.input) if (!old.input.has(name)) say(`input ${name} is new`, required);
    for (const [name, { type }] of old.output) {
      const field = now.output.get(name);
      if (!field) say(`output ${name} is gone`, true);
      else if (field.type !== type) say(`output ${name} was ${type}, is ${field.type}`, true);
    }
    for (const name of now.output.keys()) if (!old.output.has(name)) say(`output ${name} is new`, false);
  }
  for (const id of after.keys()) if (!before.has(id)) found.push({ id, what: 'is new', breaks: false });
  return found;
}

/** The lock on the disk; empty where there is none yet. */
export function readLock() {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}

/** The breaking changes that the CHANGELOG's first section does not name. */
export function unnamed(found, changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')) {
  const unreleased = changelog.split(/^## /m)[1] ?? '';
  const names = (id) =>
    new RegExp(`(^|[^\\w.])${id.replaceAll('.', '\\.')}([^\\w.]|\\.?$|\\.\\s)`, 'm').test(unreleased);
  return found.filter(({ id, breaks }) => breaks && !names(id));
}

const told = ({ id, what, breaks }) => `  ${breaks ? 'BREAKS' : 'fine  '} ${id}: ${what}`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    if (!isBuilt()) await build();
    const lock = lockOf(await listed());
    const found = changes(readLock(), lock);
    for (const one of found.slice(0, 40)) say(told(one));
    if (found.length > 40) say(`  … and ${found.length - 40} more`);
    const open = unnamed(found);
    if (open.length) {
      throw new Failed(
        `name these in CHANGELOG.md under Unreleased: ${[...new Set(open.map(({ id }) => id))].join(', ')}`,
      );
    }
    if (process.argv.includes('--check')) {
      if (found.length) throw new Failed('catalog/lock.txt is not up to date: npm run lock');
      return say(`${lock.size} entries, as locked`);
    }
    writeFileSync(file, [...lock].map(([id, line]) => `${id} ${line}\n`).join(''));
    say(`catalog/lock.txt: ${lock.size} entries`);
  });
}
