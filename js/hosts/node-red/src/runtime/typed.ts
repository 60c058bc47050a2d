import type { Json, JsonObject } from 'ghl-digistore24';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { FlatField } from './catalog.js';
import { misconfigured } from './words.js';

/** A field as the dialog keeps it: a text, and where from. */
export interface TypedValue {
  type: string;
  value: string;
}

/** A node's fields, by {@link FlatField.key}. */
export type TypedValues = Record<string, TypedValue>;

/** Types that Node-RED evaluates; a value of any other one is taken as it stands. */
const EVALUATED: ReadonlySet<string> = new Set(['msg', 'flow', 'global', 'jsonata', 'env', 'bool', 'json', 'date']);

/**
 * The values of a form for a message, groups put together.
 *
 * @throws what the person's expression throws.
 */
export async function valuesOf(
  RED: NodeAPI,
  node: Node,
  fields: readonly FlatField[],
  given: TypedValues,
  msg: NodeMessage,
): Promise<JsonObject> {
  const known = new Map(fields.map((field) => [field.key, field]));
  const values: JsonObject = {};
  for (const [key, { type, value }] of Object.entries(given)) {
    const field = known.get(key);
    if (!field) throw misconfigured(`the operation has no field ${key}`, 'Open the node and take the field out.');
    const found = EVALUATED.has(type) ? await evaluated(RED, node, { type, value }, msg, field.title) : value;
    if (found !== undefined) place(values, field.path, found as Json);
  }
  return values;
}

function evaluated(RED: NodeAPI, node: Node, { type, value }: TypedValue, msg: NodeMessage, title: string) {
  return new Promise<unknown>((resolve, reject) => {
    const told = (error: unknown, result?: unknown) => {
      if (!error) return resolve(result);
      const why = error instanceof Error ? error.message : 'it can’t be read';
      reject(misconfigured(`the field "${title}" has no value: ${why}`, 'Correct the expression in the node.'));
    };
    try {
      RED.util.evaluateNodeProperty(value, type, node, msg, told);
    } catch (error) {
      told(error);
    }
  });
}

function place(values: JsonObject, path: readonly string[], value: Json): void {
  let group = values;
  for (const name of path.slice(0, -1)) {
    const inner = (group[name] ?? {}) as JsonObject;
    group[name] = inner;
    group = inner;
  }
  group[path.at(-1) ?? ''] = value;
}
