// Makes a catalog entry of what the specification says, and fills an existing entry with what it lacks.

/** IDs that are no numbers, or too long for one. All others may be numbers or text: answers have both. */
const textIds = new Set([
  'affiliate_id',
  'domain_id',
  'eticket_id',
  'image_id',
  'purchase_id',
  'referrer_id',
  'tax_id',
  'tracking_id',
]);
const isId = (name) => /(^|_)id$/.test(name) && !/order_id$|^tab_image_/.test(name) && !textIds.has(name);
const isYesNo = (schema) => schema.enum?.join() === 'Y,N';

/** What a caller may give. A yes or no is a boolean here and Y or N on the wire. */
export function inputNode(schema, name = '', required = false) {
  if (isYesNo(schema) || schema.type === 'boolean') {
    return { type: 'boolean', ...('default' in schema && { default: [true, 'Y'].includes(schema.default) }) };
  }
  const { properties, required: needed = [], items, additionalProperties, type, ...rest } = schema;
  const node = { type: isId(name) ? ['integer', 'string'] : type, ...rest };
  if (items) node.items = inputNode(items);
  if (properties) {
    node.properties = mapEntries(properties, (key, one) => inputNode(one, key, needed.includes(key)));
    if (needed.length) node.required = needed;
    node.additionalProperties = false;
  } else if (additionalProperties) node.additionalProperties = inputNode(additionalProperties);
  if (required && [node.type].flat().includes('string') && !node.enum) node.minLength ??= 1;
  return node;
}

/** What may come back: numbers often as text, empty values as "" or null, an empty map as an empty list. */
export function outputNode(schema, name = '') {
  const { properties, items, additionalProperties } = schema;
  if (isYesNo(schema)) return { type: 'string', enum: ['Y', 'N'] };
  if (properties) return { type: 'object', properties: mapEntries(properties, (key, one) => outputNode(one, key)) };
  if (items) return { type: 'array', items: outputNode(items) };
  const type = [schema.type].flat()[0];
  if (type === undefined) return {};
  if (type === 'object')
    return {
      type: ['object', 'array'],
      ...(additionalProperties && { additionalProperties: outputNode(additionalProperties) }),
    };
  if (type === 'integer') return { type: ['integer', 'string', 'null'] };
  if (type === 'number') return { type: ['number', 'string', 'null'] };
  if (type === 'boolean') return { type: ['boolean', 'string', 'null'] };
  if (name === 'id') return { type: ['integer', 'string'] };
  // A list of values is never closed in an answer.
  return { type: ['string', 'null'], ...(schema.enum && { examples: schema.enum }) };
}

const reads = /^(get|list|validate|stats|ping|render|retrieve|ipnInfo)/;
const effects = { create: /^(create|copy|request|add|log|report)/, delete: /^(delete|unregister|ipnDelete)/ };

/** A whole new entry. Title, texts, sample, choices and what may be repeated are for people to decide. */
export function entryOf({ name, properties, required, place, wire, answer }) {
  const read = reads.test(name);
  const effect = read ? 'read' : (Object.keys(effects).find((key) => effects[key].test(name)) ?? 'update');
  return {
    id: `digistore24.${name}`,
    kind: read ? 'search' : 'action',
    tier: 'core',
    method: 'POST',
    path: `/api/call/${name}`,
    scopes: [read ? 'readonly' : 'full'],
    effect,
    retry: read ? 'safe' : 'never',
    paging: null,
    ...(Object.keys(place).length && { place }),
    ...(Object.keys(wire).length && { wire }),
    input: {
      type: 'object',
      properties: mapEntries(properties, (key, one) => inputNode(one, key, required.includes(key))),
      ...(required.length && { required }),
      additionalProperties: false,
    },
    output: outputNode(answer),
  };
}

/**
 * Adds to `ours` the properties that only `theirs` has, at any depth. What stands there stays: people wrote it, and
 * `npm run conformance` says where it contradicts. `added` gets the place of each addition.
 */
export function fill(ours, theirs, defs, where, added) {
  if (ours.$ref) return fill(defs[ours.$ref.slice('#/$defs/'.length)], theirs, defs, where, added);
  if (ours.items && theirs.items) fill(ours.items, theirs.items, defs, `${where}[]`, added);
  if (isObject(ours.additionalProperties) && isObject(theirs.additionalProperties)) {
    fill(ours.additionalProperties, theirs.additionalProperties, defs, `${where}.*`, added);
  }
  for (const [key, schema] of Object.entries(theirs.properties ?? {})) {
    const at = `${where}.${key}`;
    if (ours.properties?.[key]) fill(ours.properties[key], schema, defs, at, added);
    else if (ours.properties) {
      ours.properties[key] = schema;
      added.push(at);
    }
  }
}

const isObject = (value) => value !== null && typeof value === 'object';
const mapEntries = (object, convert) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, convert(key, value)]));
