// Reads Digistore24's published specification (OpenAPI, YAML) into what a call takes and gives. Wording and example
// values stay behind; names, types and values carry over.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers, corrections, filesOfTags, inData, movedTo, renamed } from './digistore24-patches.mjs';

/**
 * All functions by name: `{ name, resource, properties, required, place, wire, answer }`. The properties are one flat
 * object, as in the catalog; `place` and `wire` say how they travel. Null when the folder has no specification.
 */
export async function readSpecification(folder) {
  const file = existsSync(folder) && readdirSync(folder).find((name) => /^openapi.*\.ya?ml$/.test(name));
  if (!file) return null;
  const { parse } = await import('yaml');
  const spec = parse(readFileSync(join(folder, file), 'utf8'));
  const functions = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    const name = path.slice(1);
    const operation = item.get ?? item.post ?? item.put ?? item.delete;
    // Some schemas lie beside the method; references to them are sentences.
    const named = { ...spec.components?.schemas, ...item.components?.schemas };
    functions.set(name, {
      name,
      resource: resourceOf(name, operation),
      ...argumentsOf(name, operation, named),
      answer: answerOf(name, operation, named),
    });
  }
  return functions;
}

const slug = (tag) => tag.toLowerCase().replaceAll(' ', '-');

function resourceOf(name, { tags: [tag] }) {
  return movedTo[name] ?? filesOfTags[tag] ?? slug(tag);
}

const jsonSchema = (holder) => holder?.content?.['application/json']?.schema;

function argumentsOf(name, operation, named) {
  const result = { properties: {}, required: [], place: {}, wire: {} };
  const outside = new Set();
  const add = (key, schema, required, inside) => {
    const known = renamed[name]?.[inside ? `data[${key}]` : key] ?? key;
    result.properties[known] = schema;
    if (required) result.required.push(known);
    if (!inside) outside.add(known);
    if (known !== key) result.wire[known] = key;
  };
  const addAll = ({ properties = {}, required = [] }, inside) => {
    for (const [key, schema] of Object.entries(properties)) add(key, schema, required.includes(key), inside);
  };
  const addOne = (key, schema, required) => {
    if (key === 'data' && schema.properties) addAll(schema, true);
    else add(key, schema, required, false);
  };
  for (const { name: key, required, schema, content } of Object.values(operation.parameters ?? [])) {
    addOne(key, facts(schema ?? jsonSchema({ content }), named), required);
  }
  const body = facts(jsonSchema(operation.requestBody), named);
  if (inData[name]) addAll(body, true);
  else if (body.properties) {
    for (const [key, schema] of Object.entries(body.properties)) addOne(key, schema, body.required?.includes(key));
  } else if (operation.requestBody) {
    // updateUpsells: what is inside of data has no names of its own.
    result.properties.upsells = body;
    result.required.push('upsells');
    result.wire.upsells = 'data';
    outside.add('upsells');
  }
  for (const { functions, apply } of corrections) {
    if (functions.includes(name)) result.properties = apply(result.properties);
  }
  for (const key of Object.keys(result.properties)) if (!outside.has(key)) result.place[key] = 'data';
  return result;
}

/** What is in the envelope. */
function answerOf(name, operation, named) {
  let answer = facts(jsonSchema(operation.responses?.['200']), named);
  if (answer.properties?.data) answer = answer.properties.data;
  if (answer.properties?.api_version) answer = {};
  return answers[name]?.(answer) ?? answer;
}

const kept = ['type', 'default', 'minLength', 'maxLength', 'minimum', 'maximum'];

/** A schema without wording, references resolved. */
function facts(schema, named, depth = 0) {
  if (!schema || depth > 12) return {};
  const reference = schema.$ref ?? schema.description;
  const name = !schema.type && /#\/components\/schemas\/(\w+)/.exec(reference ?? '')?.[1];
  if (name && named[name]) return unwrapped(facts(named[name], named, depth + 1));
  const inner = (one) => facts(one, named, depth + 1);
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) {
    const all = variants.map(inner);
    // One order, or several by id: the one tells the shape.
    if (all[0].properties) return all[0];
    return Object.assign({}, ...all, { type: [...new Set(all.flatMap((one) => one.type ?? []))] });
  }
  const result = {};
  for (const key of kept) if (schema[key] !== undefined && schema[key] !== null) result[key] = schema[key];
  if (schema.nullable) result.type = [schema.type, 'null'];
  if (['email', 'uri'].includes(schema.format)) result.format = schema.format;
  if (schema.enum) result.enum = [...new Set(schema.enum)].filter((value) => value !== null);
  if (schema.items) result.items = inner(schema.items);
  if (schema.properties) {
    result.properties = Object.fromEntries(Object.entries(schema.properties).map(([key, one]) => [key, inner(one)]));
    if (schema.required?.length) result.required = schema.required;
  }
  if (typeof schema.additionalProperties === 'object') result.additionalProperties = inner(schema.additionalProperties);
  return result;
}

const unwrapped = (schema) =>
  Object.keys(schema.properties ?? {}).join() === 'data' ? schema.properties.data : schema;
