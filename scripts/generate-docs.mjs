// Writes docs/operations/: a page for each resource, made from the catalog as the plugin lists it; and the README's table of hosts.
//   npm run docs            writes the pages and the table
//   npm run docs -- --check only says which are not up to date; exit code 1 then
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { table } from '../tests/packaging/table.mjs';
import { build, isBuilt } from './build.mjs';
import { Failed, main, root, say } from './lib/shell.mjs';

const folder = join(root, 'docs/operations');
const services = { ghl: 'HighLevel', digistore24: 'Digistore24', bridge: 'Both services' };

const readmeFile = join(root, 'README.md');

/** The README with this table of hosts in its place. */
export function readme(text) {
  return text.replace(/(?<=<!-- hosts:[^>]*-->\n).*?(?=<!-- \/hosts -->)/s, () => table());
}

/** All pages: file name -> text. */
export function pages(entries) {
  const resources = new Map();
  for (const entry of entries) {
    const name = `${entry.service}-${entry.resource}`;
    if (!resources.has(name)) resources.set(name, []);
    resources.get(name).push(entry);
  }
  const files = new Map();
  for (const [name, own] of resources) files.set(`${name}.md`, page(own));
  files.set('README.md', index(resources, entries.length));
  return files;
}

const order = (name) => Object.keys(services).reverse().indexOf(name.split('-')[0]);

function index(resources, count) {
  const lines = [
    '# Operations',
    '',
    `All ${count} entries of the catalog, made from it by \`npm run docs\`. *core* entries are those that a builder lists first.`,
    '',
    '| resource | service | actions and searches | triggers | core |',
    '|---|---|---:|---:|---:|',
  ];
  const sorted = [...resources].sort(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1));
  for (const [name, own] of sorted) {
    const triggers = own.filter(({ kind }) => kind === 'trigger').length;
    const core = own.filter(({ tier }) => tier === 'core').length;
    const cells = [
      `[${own[0].resourceTitle}](${name}.md)`,
      services[own[0].service],
      own.length - triggers,
      triggers,
      core,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

function page(entries) {
  const [{ resourceTitle, service }] = entries;
  const lines = [`# ${resourceTitle}`, '', `${services[service]} · [all resources](README.md)`, ''];
  for (const entry of entries) lines.push(`- [${entry.title}](#${anchor(entry)}) \`${entry.id}\``);
  for (const entry of entries) lines.push('', ...section(entry));
  return `${lines.join('\n')}\n`;
}

/** The id as a heading's anchor. */
const anchor = ({ id }) => id.toLowerCase().replace(/[^a-z0-9-]/g, '');

function section(entry) {
  const lines = [`## \`${entry.id}\``, '', `**${entry.title}.**`];
  if (entry.description !== entry.title) lines[2] += ` ${cell(entry.description)}`;
  const facts = [];
  if (entry.path) facts.push(`\`${entry.method} ${entry.path}\``);
  if (entry.arrives) facts.push(`arrives by ${entry.arrives.join(', ')}`);
  if (entry.sources) facts.push(`fed by ${entry.sources.map((id) => `\`${id}\``).join(', ')}`);
  if (entry.named === false && entry.id !== 'ghl.providerOutboundMessage')
    facts.push(`its address must name it: \`?event=${entry.wireEvent}\``);
  if (entry.version) facts.push(`version ${entry.version}`);
  if (entry.scopes.length) facts.push(`needs ${entry.scopes.map((scope) => `\`${scope}\``).join(', ')}`);
  if (entry.retry && entry.kind !== 'trigger') facts.push(retries[entry.retry]);
  if (entry.tier === 'core') facts.push('core');
  if (entry.deprecated) facts.push('**deprecated**');
  lines.push('', facts.join(' · '), '');
  const fields = [...rows(entry.input, entry.input.$defs ?? {})];
  if (fields.length) lines.push('| input | type | |', '|---|---|---|', ...fields, '');
  const { $defs = {}, ...output } = entry.output ?? {};
  const found = names(output, $defs);
  if (found.length) lines.push(`${entry.kind === 'trigger' ? 'Event' : 'Answer'}: ${found.join(', ')}`, '');
  if (Object.keys(entry.sample.input ?? {}).length)
    lines.push('```json', JSON.stringify(entry.sample.input), '```', '');
  return lines.slice(0, -1);
}

const retries = {
  safe: 'may be repeated',
  verify: 'looked up before it is repeated',
  never: 'never repeated',
};

const resolve = (schema, defs) => (schema.$ref ? { ...defs[schema.$ref.slice('#/$defs/'.length)], ...schema } : schema);

function* rows(schema, defs) {
  const required = new Set(schema.required);
  for (const name of schema['x-order'] ?? Object.keys(schema.properties ?? {})) {
    const field = resolve(schema.properties[name], defs);
    const words = [field.description ?? ''];
    if (field.title && !field.description) words[0] = field.title;
    if (field.enum && field.enum.length <= 12)
      words.push(`One of ${field.enum.map((one) => `\`${one}\``).join(', ')}.`);
    if (field.default !== undefined) words.push(`Default \`${JSON.stringify(field.default)}\`.`);
    if (field['x-choices']) words.push(`Choices: \`${field['x-choices'].operation}\`.`);
    if (field['x-connection']) words.push('From the connection when left out.');
    if (field['x-secret']) words.push('Secret.');
    const title = required.has(name) ? `**\`${name}\`**` : `\`${name}\``;
    if (words[0] === field.title && words.length > 1) words[0] += '.';
    yield `| ${title} | ${type(field, defs)} | ${cell(words.filter(Boolean).join(' '))} |`;
  }
}

function type(schema, defs) {
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => type(resolve(one, defs), defs)))].join(' or ');
  const types = [schema.type ?? 'any'].flat().map((one) => {
    if (one !== 'array') return one;
    return schema.items ? `list of ${type(resolve(schema.items, defs), defs)}` : 'list';
  });
  return types.join(' or ') + (schema.format ? ` (${schema.format})` : '');
}

/** The names in an answer, one level down. */
function names(output, defs) {
  const schema = resolve(output, defs);
  if (schema.type === 'array' && schema.items) {
    return names(schema.items, defs).map((name) => `\`[].\`${name}`);
  }
  return Object.keys(schema.properties ?? {}).map((name) => `\`${name}\``);
}

/** Text that a table's cell can hold. */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The pages that differ from what is on the disk: `{ stale, gone }`, names. */
export function differences(files, at = folder) {
  const there = existsSync(at) ? readdirSync(at) : [];
  const stale = [...files].filter(
    ([name, text]) => !there.includes(name) || readFileSync(join(at, name), 'utf8') !== text,
  );
  return { stale: stale.map(([name]) => name), gone: there.filter((name) => !files.has(name)) };
}

/** What the built plugin lists. */
export async function listed() {
  const { createPlugin } = await import(pathToFileURL(join(root, 'pkg/dist/src/index.js')).href);
  const plugin = await createPlugin({ log: () => {} });
  const entries = plugin.catalog.list();
  await plugin.close();
  return entries;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    if (!isBuilt()) await build();
    const files = pages(await listed());
    const { stale, gone } = differences(files);
    const before = readFileSync(readmeFile, 'utf8');
    const after = readme(before);
    if (process.argv.includes('--check')) {
      const old = [...stale, ...gone, ...(after === before ? [] : ['the README'])];
      if (old.length) throw new Failed(`not up to date: ${old.join(', ')}`);
      return say(`${files.size} pages, all up to date`);
    }
    mkdirSync(folder, { recursive: true });
    for (const name of gone) rmSync(join(folder, name));
    for (const name of stale) writeFileSync(join(folder, name), files.get(name));
    if (after !== before) writeFileSync(readmeFile, after);
    say(`${files.size} pages in docs/operations: ${stale.length} written, ${gone.length} removed`);
  });
}
