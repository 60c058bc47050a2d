// Writes js/src/generated/catalog.ts: input and output of every operation as TypeScript types, made from the catalog; and events.ts:
// what the events of HighLevel hold.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'json-schema-to-typescript';
import { readCatalog, repoRoot } from './conformance/catalog.mjs';

const folder = join(repoRoot, 'js/src/generated');

/** `ghl.contacts.addTags` -> `GhlContactsAddTags` */
const typeName = (...parts) => parts.join('.').replace(/(?:^|[.-])(\w)/g, (_, letter) => letter.toUpperCase());

/** A catalog node as the generator needs it. `prefix` keeps equal names of two catalog files apart. */
function node(from, prefix) {
  // A title would give every field a type of its own.
  const { title, $ref, properties, items, anyOf, additionalProperties, ...schema } = from;
  // A pattern is only ever a beginning.
  if (schema.pattern) return { ...schema, tsType: `\`${schema.pattern.replace(/[\^\\]/g, '')}\${string}\`` };
  const convert = (inner) => node(inner, prefix);
  const shared = $ref && { $ref: `#/$defs/${prefix}${$ref.slice('#/$defs/'.length)}` };
  // Beside a reference the generator takes no description: it would copy the type.
  if (shared) return schema.description ? { description: schema.description, anyOf: [shared] } : shared;
  if (properties) schema.properties = mapValues(properties, convert);
  if (items) schema.items = convert(items);
  if (anyOf) schema.anyOf = anyOf.map(convert);
  if (typeof additionalProperties === 'object') schema.additionalProperties = convert(additionalProperties);
  // An object of which nothing is known may have anything.
  else if (!properties && [schema.type].flat().includes('object')) schema.additionalProperties = true;
  return schema;
}

/** The connection fills in some fields, so the caller need not. */
function input(from, prefix) {
  // To TypeScript an empty interface is anything.
  if (!Object.keys(from.properties).length) return { tsType: 'Record<string, never>' };
  const required = from.required?.filter((name) => !from.properties[name]['x-connection']);
  return node({ ...from, required }, prefix);
}

const mapValues = (object, convert) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, convert(value)]));

/** Of a list: where its items are, and the fields of the input that say which page is meant. */
function listed({ paging, input }) {
  if (!paging) return {};
  const { items, page, size, limit, skip, cursor = {}, style } = paging;
  const fields = [page, size, limit, skip, ...Object.keys(cursor), style === 'searchAfter' && 'searchAfter'];
  return { items: { const: items }, paged: { enum: fields.filter((name) => name && input.properties[name]) } };
}

/** One schema for all: the root has a property for each operation. */
function wholeSchema() {
  const $defs = {};
  const properties = {};
  for (const { data } of readCatalog()) {
    const prefix = typeName(data.service, data.resource);
    for (const [name, shared] of Object.entries(data.$defs ?? {})) $defs[`${prefix}${name}`] = node(shared, prefix);
    for (const operation of data.operations) {
      const name = typeName(operation.id);
      $defs[`${name}Input`] = input(operation.input, prefix);
      $defs[`${name}Output`] = node(operation.output, prefix);
      const list = listed(operation);
      properties[operation.id] = {
        description: operation.description,
        deprecated: operation.deprecated,
        type: 'object',
        properties: { input: { $ref: `#/$defs/${name}Input` }, output: { $ref: `#/$defs/${name}Output` }, ...list },
        required: ['input', 'output', ...Object.keys(list)],
        additionalProperties: false,
      };
    }
  }
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false, $defs };
}

/** The content of each event by HighLevel's word for it, and for each trigger that word. */
function eventSchema() {
  const $defs = {};
  const properties = {};
  const words = {};
  const files = readCatalog().filter(({ data }) => data.service === 'ghl');
  const known = new Map(files.flatMap(({ data }) => (data.triggers ?? []).map((trigger) => [trigger.id, trigger])));
  const contentOf = ({ data, like }) => data ?? (like ? contentOf(known.get(like)) : { type: 'object' });
  for (const trigger of known.values()) {
    const { id, wireEvent, poll } = trigger;
    const word = wireEvent ?? poll?.event;
    if (wireEvent) properties[wireEvent] = node(contentOf(trigger), 'Told');
    if (word) words[id] = { const: word };
  }
  const events = files.find(({ data }) => data.resource === 'events');
  for (const [name, shared] of Object.entries(events.data.$defs))
    if (name !== 'Event') $defs[`Told${name}`] = node(shared, 'Told');
  const all = (fields, description) => ({
    type: 'object',
    description,
    properties: fields,
    required: Object.keys(fields),
    additionalProperties: false,
  });
  const data = all(properties, 'The content of each event of HighLevel, by HighLevel’s word for it.');
  const triggers = all(words, 'For each trigger HighLevel’s word for its events.');
  return { ...all({ data, triggers }, 'What HighLevel tells.'), $defs };
}

const options = {
  bannerComment: '// Made from the catalog by scripts/generate-types.mjs.',
  // Services add fields as they like. A type names what is known, so that slips of the pen show.
  additionalProperties: false,
  // The longest array of a service is no business of the compiler.
  ignoreMinAndMaxItems: true,
  style: { printWidth: 120, singleQuote: true },
};
const types = await compile(wholeSchema(), 'CatalogOperations', options);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'events.ts'), await compile(eventSchema(), 'HighLevelTold', options));
writeFileSync(
  join(folder, 'catalog.ts'),
  `${types}\ndeclare module '../operations.js' {\n  interface Operations extends CatalogOperations {}\n}\n`,
);
