import type { Json, JsonObject } from 'ghl-digistore24';
import { type Field, inputOf } from 'ghl-digistore24/form';
import { parameterOf, ROWS } from './properties.js';

/** Reads a parameter of the node; undefined where there is none. */
export type ReadParameter = (name: string) => unknown;

/**
 * The input of an operation from the parameters of the node.
 *
 * @throws PluginError `invalid_input`, as `inputOf`.
 */
export function inputFrom(fields: readonly Field[], read: ReadParameter): JsonObject {
  return inputOf(fields, valuesFrom(fields, read));
}

/** What the form holds. */
export function valuesFrom(fields: readonly Field[], read: ReadParameter): JsonObject {
  const optional = (read('optional') ?? {}) as JsonObject;
  const values: JsonObject = {};
  for (const field of fields) {
    const value = (field.required ? read(parameterOf(field)) : optional[field.name]) as Json | undefined;
    if (value !== undefined) values[field.name] = unwrapped(field, value);
  }
  return values;
}

/** Without what n8n puts between a collection and its rows. */
function unwrapped(field: Field, value: Json): Json {
  if (field.kind !== 'group' && field.kind !== 'groups' && field.kind !== 'map') return value;
  const inner = isObject(value) && ROWS in value ? (value[ROWS] as Json) : value;
  const row = (one: Json): Json => {
    if (!isObject(one)) return one;
    const result: JsonObject = { ...one };
    for (const part of field.fields ?? []) {
      const held = result[part.name];
      if (held !== undefined) result[part.name] = unwrapped(part, held);
    }
    return result;
  };
  return Array.isArray(inner) ? inner.map(row) : row(inner);
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
