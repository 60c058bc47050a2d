import type { Json, JsonObject } from 'ghl-digistore24';
import type { Field } from 'ghl-digistore24/form';
import { mapped } from './custom-fields.js';
import { parameterOf } from './properties.js';

/** What a form holds, by the names of its fields, from a node's parameters. */
export function valuesOf(fields: readonly Field[], parameters: Record<string, unknown>): JsonObject {
  const values: JsonObject = {};
  for (const field of fields) {
    const value = readOne(field, parameters[parameterOf(field.name)]);
    if (value !== undefined) values[field.name] = value;
  }
  return values;
}

function readOne(field: Field, given: unknown): Json | undefined {
  if (given === undefined) return undefined;
  const fromMapper = mapped(field, given);
  if (fromMapper !== undefined) return isNothing(fromMapper) && !field.required ? undefined : fromMapper;
  if (isObject(given)) {
    const { group, rows } = given as { group?: unknown; rows?: unknown };
    if (field.kind === 'group' && (group !== undefined || isEmpty(given)))
      return isObject(group) ? valuesOf(field.fields ?? [], group) : undefined;
    if (field.kind === 'groups' && (rows !== undefined || isEmpty(given)))
      return Array.isArray(rows) ? rows.map((row) => valuesOf(field.fields ?? [], row)) : undefined;
    if (field.kind === 'map' && (rows !== undefined || isEmpty(given))) return Array.isArray(rows) ? rows : undefined;
  }
  // n8n's dates are objects that know how to be written.
  return JSON.parse(JSON.stringify(given)) as Json;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNothing = (value: Json) => typeof value === 'object' && value !== null && isEmpty(value);

const isEmpty = (value: object) => Object.keys(value).length === 0;
