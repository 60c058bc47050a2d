import type { CatalogEntry, Json, JsonObject } from '../protocol.js';
import { titleOfOption } from './options.js';

/**
 * How a field is asked for.
 *
 * - `text`, `email`, `url`, `date-time`, `number`, `integer`, `boolean`: one value
 * - `choice`: one of {@link Field.options}
 * - `list`: several values of the kind of {@link Field.item}
 * - `group`: an object with {@link Field.fields}
 * - `groups`: several objects, each with {@link Field.fields}
 * - `map`: names of the user's own, each with a value: custom fields
 * - `file`: `{ name, type, base64 }`
 * - `json`: anything else, written as JSON
 */
export type FieldKind =
  | 'text'
  | 'email'
  | 'url'
  | 'date-time'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'choice'
  | 'list'
  | 'group'
  | 'groups'
  | 'map'
  | 'file'
  | 'json';

/** Where the choices of a field come from: an operation of the catalog, and where in its output they lie. */
export interface ChoiceSource {
  /** The operation to call. */
  operation: string;
  /** Input that it always gets. */
  input: JsonObject;
  /** Where the list lies: a dotted path, `.` for the output itself. Lists in lists: `pipelines.stages`. */
  items: string;
  /** Dotted path of what people read; `$value` and `$key` where the list is an object. */
  label: string;
  /** Dotted path of what the field gets. */
  value: string;
  /** Fields of the form whose values the operation needs: by the name in the operation's input, the name of the field. */
  with: Record<string, string>;
  /** Only what matches a field of the form: by dotted path of the output, the name of the field. */
  where: Record<string, string>;
}

/** One field of a form. */
export interface Field {
  /** As the input names it. */
  name: string;
  /** What people read. */
  title: string;
  /** What it is for, and where its value is found; empty where the title says it all. */
  help: string;
  kind: FieldKind;
  required: boolean;
  /** What holds without a value. */
  default?: Json;
  /** What it could look like. */
  example?: Json;
  /** Of a `choice`: the values, with what people read. */
  options?: { value: string | number | boolean; title: string }[];
  /** Where the values can be chosen from, beside being written. */
  choices?: ChoiceSource;
  /** Of a `group` or of each of `groups`. */
  fields?: Field[];
  /** Of a `list`. */
  item?: Field;
  /** Null empties it. */
  nullable: boolean;
  /** Of a text: a number will do as well, as with Digistore24's ids. */
  numeric: boolean;
  /** Not to be shown or kept in clear. */
  secret: boolean;
  /** The connection fills it in: only who wants another value needs it. */
  connected: boolean;
  minimum?: number;
  maximum?: number;
}

/** Groups in groups deeper than this are written as JSON: nobody fills in such a form. */
const DEEPEST = 4;

/**
 * The form of an operation or trigger, from its input's schema: the fields in the order of the catalog, the required ones first.
 * Draws nothing and calls nothing; what it doesn't know it asks for as JSON, so that each entry of the catalog has a form.
 */
export function formOf(entry: Pick<CatalogEntry, 'input'>): Field[] {
  return fieldsOf(entry.input, entry.input, 0);
}

function fieldsOf(schema: JsonObject, root: JsonObject, depth: number): Field[] {
  const properties = objectAt(schema, 'properties');
  const required = new Set(textsAt(schema, 'required'));
  const ordered = textsAt(schema, 'x-order').filter((name) => name in properties);
  const names = new Set([...ordered, ...Object.keys(properties)]);
  const fields = [...names].map((name) =>
    fieldOf(name, properties[name] as JsonObject, required.has(name), root, depth),
  );
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

function fieldOf(name: string, given: JsonObject, required: boolean, root: JsonObject, depth: number): Field {
  const schema = resolved(given, root);
  const types = typesOf(schema);
  const examples = schema.examples;
  const isConnected = 'x-connection' in schema;
  const field: Field = {
    name,
    title: textAt(schema, 'title') ?? name,
    help: textAt(schema, 'description') ?? '',
    kind: 'json',
    required: required && !isConnected,
    nullable: types.has('null'),
    numeric: types.has('string') && (types.has('integer') || types.has('number')),
    secret: schema['x-secret'] === true,
    connected: isConnected,
    ...('default' in schema && { default: schema.default }),
    ...(Array.isArray(examples) && examples.length > 0 && { example: examples[0] }),
    ...(typeof schema.minimum === 'number' && { minimum: schema.minimum }),
    ...(typeof schema.maximum === 'number' && { maximum: schema.maximum }),
  };
  const choices = choicesOf(schema);
  return { ...field, ...(choices && { choices }), ...shapeOf(field, schema, types, root, depth) };
}

/** What depends on the kind of the field. */
function shapeOf(
  field: Field,
  schema: JsonObject,
  types: Set<string>,
  root: JsonObject,
  depth: number,
): Pick<Field, 'kind' | 'options' | 'fields' | 'item' | 'choices'> {
  if (Array.isArray(schema.enum)) {
    const values = schema.enum.filter((value) => value !== null) as (string | number | boolean)[];
    const titles = objectAt(schema, 'x-titles');
    return {
      kind: 'choice',
      options: values.map((value) => ({ value, title: textAt(titles, String(value)) ?? titleOfOption(value) })),
    };
  }
  const kinds = new Set(types);
  kinds.delete('null');
  if (kinds.has('string') && isScalar(kinds)) return { kind: TEXT_KINDS[textAt(schema, 'format') ?? ''] ?? 'text' };
  if (kinds.size !== 1) return { kind: 'json' };
  const [type] = kinds;
  if (type === 'number' || type === 'integer' || type === 'boolean') return { kind: type };
  if (depth >= DEEPEST) return { kind: 'json' };
  if (type === 'array') return listOf(field, schema, root, depth);
  if (type !== 'object') return { kind: 'json' };
  const properties = objectAt(schema, 'properties');
  if (isFile(properties)) return { kind: 'file' };
  if (Object.keys(properties).length > 0) return { kind: 'group', fields: fieldsOf(schema, root, depth + 1) };
  return { kind: isObject(schema.additionalProperties) ? 'map' : 'json' };
}

function listOf(
  field: Field,
  schema: JsonObject,
  root: JsonObject,
  depth: number,
): Pick<Field, 'kind' | 'fields' | 'item' | 'choices'> {
  if (!isObject(schema.items)) return { kind: 'json' };
  const item = fieldOf(field.name, schema.items, true, root, depth + 1);
  if (item.kind === 'group') return { kind: 'groups', ...(item.fields && { fields: item.fields }) };
  if (item.kind === 'json' || item.kind === 'list' || item.kind === 'groups' || item.kind === 'map')
    return { kind: 'json' };
  // Choices of the items are choices of the field.
  return { kind: 'list', item, ...(item.choices && { choices: item.choices }) };
}

const TEXT_KINDS: Record<string, FieldKind> = { email: 'email', uri: 'url', 'date-time': 'date-time' };

const isScalar = (kinds: Set<string>) => [...kinds].every((kind) => kind !== 'object' && kind !== 'array');

const isFile = (properties: JsonObject) => 'base64' in properties && 'name' in properties;

function choicesOf(schema: JsonObject): ChoiceSource | undefined {
  const source = schema['x-choices'];
  if (!isObject(source)) return undefined;
  return {
    operation: String(source.operation),
    items: String(source.items),
    label: String(source.label),
    value: String(source.value),
    input: objectAt(source, 'input'),
    with: objectAt(source, 'with') as Record<string, string>,
    where: objectAt(source, 'where') as Record<string, string>,
  };
}

/** The schema, with what it refers to; its own words come first. */
function resolved(schema: JsonObject, root: JsonObject): JsonObject {
  const { $ref: ref, ...own } = schema;
  if (typeof ref !== 'string') return schema;
  const target = objectAt(root, '$defs')[ref.slice('#/$defs/'.length)];
  return isObject(target) ? { ...resolved(target, root), ...own } : own;
}

function typesOf({ type }: JsonObject): Set<string> {
  return new Set(typeof type === 'string' ? [type] : Array.isArray(type) ? (type as string[]) : []);
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const objectAt = (schema: JsonObject, key: string): JsonObject => {
  const value = schema[key];
  return isObject(value) ? value : {};
};

const textAt = (schema: JsonObject, name: string): string | undefined => {
  const value = schema[name];
  return typeof value === 'string' ? value : undefined;
};

const textsAt = (schema: JsonObject, key: string): string[] => {
  const value = schema[key];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
};
