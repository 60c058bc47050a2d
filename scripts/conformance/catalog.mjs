// Reads the catalog files, for tests and for the conformance check.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repoRoot = fileURLToPath(new URL('../../', import.meta.url));

/** The folder with the published specifications, or null. They are not part of this project. */
export function specsDir() {
  const folder = resolve(process.env.SPECS_DIR || join(repoRoot, '../shared/specs'));
  return existsSync(folder) ? folder : null;
}

/** All catalog files: `{ name: 'ghl/contacts.json', data }`, sorted. */
export function readCatalog(folder = join(repoRoot, 'catalog')) {
  const files = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const file of readdirSync(join(folder, entry.name))) {
      if (!file.endsWith('.json')) continue;
      const name = `${entry.name}/${file}`;
      // A file has operations, or triggers, or both.
      files.push({ name, data: { operations: [], ...JSON.parse(readFileSync(join(folder, name), 'utf8')) } });
    }
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The files with operations that a service publishes: without actions for people and custom requests. */
export const published = () =>
  readCatalog().filter(({ data }) => data.service !== 'bridge' && data.resource !== 'custom');

/** The names in a path template. */
export const pathNames = (path = '') => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);

/** Where an input property travels: path, query, body, data or form. */
export function placeOf(operation, name) {
  const named = operation.place?.[name];
  if (named) return named;
  if (pathNames(operation.path).includes(name)) return 'path';
  if (operation.id.startsWith('digistore24.')) return 'form';
  return operation.method === 'GET' || operation.method === 'DELETE' ? 'query' : 'body';
}

/** The names of all definitions that a value refers to. */
export function* refsIn(value) {
  if (Array.isArray(value)) for (const item of value) yield* refsIn(item);
  else if (value && typeof value === 'object') {
    if (typeof value.$ref === 'string') yield value.$ref.slice('#/$defs/'.length);
    for (const item of Object.values(value)) yield* refsIn(item);
  }
}

/**
 * Input and output of a trigger, each with the file whose definitions it refers to: its own, or those of the trigger that
 * it is like or that feeds it.
 */
export function schemasOf(id, files) {
  const file = files.find(({ data }) => data.triggers?.some((trigger) => trigger.id === id))?.data;
  const trigger = file?.triggers.find((one) => one.id === id);
  if (!trigger) throw new Error(`there is no trigger ${id}`);
  const model = trigger.like ?? trigger.sources?.[0];
  const schemas = model ? { ...schemasOf(model, files) } : {};
  if (trigger.data) {
    const { Event } = file.$defs;
    schemas.output = { file, schema: { ...Event, properties: { ...Event.properties, data: trigger.data } } };
  }
  for (const name of ['input', 'output']) if (trigger[name]) schemas[name] = { file, schema: trigger[name] };
  schemas.input ??= { file, schema: { type: 'object', properties: {}, additionalProperties: false } };
  return schemas;
}
