// Writes docs/operations/: a page for each resource, made from the catalog as the plugin lists it; and the README's table of hosts.
//   npm run docs            writes the pages and the table
//   npm run docs -- --check only says which are not up to date; exit code 1 then
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { table } from '../tests/packaging/table.mjs';
import { build, isBuilt } from './build.mjs';
import { jsonText } from './import/json-text.mjs';
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
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  for (const [name, own] of resources) files.set(`${name}.md`, page(own, byId));
  files.set('README.md', index(resources, entries.length));
  return files;
}

/** The page that all others hang on: first what people want to do, then where it is. */
function index(resources, count) {
  const entries = [...resources.values()].flat();
  const business = entries.filter(({ service }) => service === 'bridge');
  const lines = [
    '# Operations',
    '',
    `All ${count} entries of the catalog, made from it by \`npm run docs\`. Begin with the business level: its triggers and actions`,
    'speak of sales, contacts and deals, and put several calls into one.',
    '',
    '## When something happens',
    '',
    ...choice(['Trigger', 'It starts when'], business.filter(isTrigger)),
    '',
    '## Do something',
    '',
    ...choice(
      ['Action', 'What it does'],
      business.filter((entry) => !isTrigger(entry)),
    ),
  ];
  for (const service of ['digistore24', 'ghl']) {
    lines.push('', `## In ${services[service]}`, '');
    const own = [...resources].filter(([, [entry]]) => entry.service === service).sort(byResource);
    for (const [name, all] of own) {
      const core = all.filter(isCore).toSorted(byTitle).map(linkTo);
      const others = all.length - core.length;
      const rest = others && `${core.length ? `${others} more` : `${others} operations`}`;
      lines.push(`- **[${all[0].resourceTitle}](${name}.md)**: ${[...core, rest].filter(Boolean).join(' · ')}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const linkTo = (entry) => `[${entry.title}](${pageOf(entry)}.md#${anchor(entry)})`;

/** Entries to choose from: what each is called and what it is for. */
function choice(heads, entries) {
  const rows = entries.toSorted(byTitle).map((entry) => `| ${linkTo(entry)} | ${cell(sentence(entry.description))} |`);
  return [`| ${heads.join(' | ')} |`, '|---|---|', ...rows];
}

function page(listed, byId) {
  const [{ resourceTitle, service }] = listed;
  const entries = Object.keys(kinds).flatMap((kind) => listed.filter((entry) => entry.kind === kind).toSorted(byTitle));
  const lines = [`# ${resourceTitle}`, '', `${services[service]} · [all operations](README.md)`];
  for (const [kind, title] of Object.entries(kinds)) {
    const own = entries.filter((entry) => entry.kind === kind);
    if (!own.length) continue;
    lines.push('', `**${title}**`, '');
    for (const entry of own) {
      const about = entry.description === entry.title ? '' : `: ${sentence(entry.description)}`;
      lines.push(`- [${entry.title}](#${anchor(entry)})${about}`);
    }
  }
  for (const entry of entries) lines.push('', ...section(entry, byId));
  return `${lines.join('\n')}\n`;
}

const kinds = { trigger: 'Triggers', action: 'Actions', search: 'Reading and searching' };
const ways = {
  ipn: "Digistore24's notification (IPN)",
  polling: 'polling',
  'app-webhook': 'the webhook of an app',
  'workflow-webhook': 'the webhook of a workflow',
};

const isTrigger = ({ kind }) => kind === 'trigger';
const isCore = ({ tier }) => tier === 'core';
const pageOf = ({ service, resource }) => `${service}-${resource}`;
const byTitle = (a, b) => a.title.localeCompare(b.title, 'en') || (a.id < b.id ? -1 : 1);
const byResource = ([, [a]], [, [b]]) => a.resourceTitle.localeCompare(b.resourceTitle, 'en');

/** The first sentence of a text. */
const sentence = (text) => /^.*?[.!?](?= [A-Z"]|$)/s.exec(text)?.[0] ?? text;

/** What a person reads first, then the id that programs use. */
const heading = ({ title, id }) => `${title} \`${id}\``;

/** Of the heading, as GitHub makes it. */
const anchor = (entry) =>
  heading(entry)
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function section(entry, byId) {
  const link = (id) => linkTo(byId.get(id));
  const lines = [`## ${heading(entry)}`, ''];
  if (entry.description !== entry.title) lines.push(entry.description.replaceAll('\n', ' '), '');
  const facts = [];
  if (entry.arrives) facts.push(`Arrives by ${entry.arrives.map((way) => ways[way] ?? way).join(', ')}`);
  if (entry.sources) facts.push(`Fed by ${entry.sources.map(link).join(', ')}`);
  if (entry.named === false && entry.id !== 'ghl.providerOutboundMessage')
    facts.push(`Its address must name it: \`?event=${entry.wireEvent}\``);
  if (entry.scopes.length) facts.push(`Needs ${entry.scopes.map((scope) => `\`${scope}\``).join(', ')}`);
  if (entry.retry && entry.kind !== 'trigger') facts.push(retries[entry.retry]);
  if (entry.path) facts.push(`\`${entry.method} ${entry.path}\`${entry.version ? `, version ${entry.version}` : ''}`);
  if (entry.deprecated) facts.push('**Deprecated**');
  if (facts.length) lines.push(facts.join(' · '), '');
  const fields = [...rows(entry.input, entry.input.$defs ?? {}, link)];
  if (fields.length)
    lines.push('| Field | In the input | Type | What belongs there |', '|---|---|---|---|', ...fields, '');
  const { $defs = {}, ...output } = entry.output ?? {};
  const found = names(output, $defs);
  if (found.length) lines.push(`${isTrigger(entry) ? 'The event has' : 'Result'}: ${found.join(', ')}`, '');
  if (Object.keys(entry.sample.input ?? {}).length) lines.push('```json', jsonText(entry.sample.input), '```', '');
  return lines.slice(0, -1);
}

const retries = {
  safe: 'May be repeated',
  verify: 'Looked up before it is repeated',
  never: 'Never repeated by itself',
};

const resolve = (schema, defs) => (schema.$ref ? { ...defs[schema.$ref.slice('#/$defs/'.length)], ...schema } : schema);

function* rows(schema, defs, link) {
  const required = new Set(schema.required);
  const listed = schema['x-order'] ?? Object.keys(schema.properties ?? {});
  // As in a form: first what must be filled in.
  for (const name of [...listed.filter((one) => required.has(one)), ...listed.filter((one) => !required.has(one))]) {
    const field = resolve(schema.properties[name], defs);
    const words = [field.description];
    if (field.enum && field.enum.length <= 12)
      words.push(`One of ${field.enum.map((one) => `\`${one}\``).join(', ')}.`);
    if (field.default !== undefined) words.push(`Default \`${JSON.stringify(field.default)}\`.`);
    if (field['x-choices']) words.push(`To choose from: ${link(field['x-choices'].operation)}.`);
    if (field['x-connection']) words.push('From the connection when left out.');
    if (field['x-secret']) words.push('Secret.');
    const title = field.title ?? name;
    const mark = required.has(name) && !field['x-connection'] ? `**${title}**` : title;
    yield `| ${mark} | \`${name}\` | ${type(field, defs)} | ${cell(words.filter(Boolean).join(' '))} |`;
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
