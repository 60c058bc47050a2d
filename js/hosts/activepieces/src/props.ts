import {
  ApFile,
  type AppConnectionValueForAuthProperty,
  type ArraySubProps,
  type InputPropertyMap,
  Property,
} from '@activepieces/pieces-framework';
import type { Json, JsonObject, Plugin } from 'ghl-digistore24';
import { type Choice, type Field, loadChoices } from 'ghl-digistore24/form';
import { auth, type Credentials } from './auth.js';
import { pluginFor } from './plugin.js';
import { inWords } from './words.js';

/** A prop of Activepieces. */
type Prop = InputPropertyMap[string];
/** A prop in a row of a list. */
type SubProp = ArraySubProps<boolean>[string];

/** Forms of Activepieces know no groups: their fields stand in the form itself, with the group's name before theirs. */
const IN = '__';
/** A text whose example is longer is written in several lines. */
const ONE_LINE = 60;

/** The props of a form; drop-downs ask the service when they are opened. */
export function propsOf(fields: readonly Field[]): InputPropertyMap {
  return Object.fromEntries(flat(fields).map((field) => [field.name, propOf(field)]));
}

/**
 * The props of a form within a form: there Activepieces has no drop-downs that ask. So the choices that depend on no other
 * field are asked for at once; where that fails, the value is written.
 */
export async function innerPropsOf(fields: readonly Field[], plugin: Plugin): Promise<InputPropertyMap> {
  const props = await Promise.all(
    flat(fields).map(async (field): Promise<[string, Prop]> => {
      const { choices, ...written } = field;
      if (!choices || Object.keys({ ...choices.with, ...choices.where }).length > 0)
        return [field.name, propOf(written)];
      const found = await loadChoices(plugin, choices).catch(() => []);
      return [field.name, found.length > 0 ? chosen(field, found) : propOf(written)];
    }),
  );
  return Object.fromEntries(props);
}

/** What was filled in, as the form has it: groups put together, what is empty left out. */
export function valuesOf(fields: readonly Field[], given: Record<string, unknown>, before = ''): JsonObject {
  const values: JsonObject = {};
  for (const field of fields) {
    const name = before + field.name;
    const value = isFlat(field) ? valuesOf(field.fields ?? [], given, name + IN) : plain(given[name]);
    if (!isEmpty(value)) values[field.name] = value as Json;
  }
  return values;
}

/** The fields that a person fills in: those in groups, without those that the connection fills in. */
function flat(fields: readonly Field[], before = '', above = '', isRequired = true): Field[] {
  return fields
    .filter(({ connected }) => !connected)
    .flatMap((field) => {
      const name = before + field.name;
      const title = above + field.title;
      const required = isRequired && field.required;
      return isFlat(field)
        ? flat(field.fields ?? [], name + IN, `${title}: `, required)
        : [{ ...field, name, title, required }];
    });
}

const isFlat = ({ kind, fields }: Field) => kind === 'group' && fields !== undefined;

function propOf(field: Field): Prop {
  const base = baseOf(field);
  if (field.choices) return asked(field);
  switch (field.kind) {
    case 'list':
      return field.item?.options
        ? Property.StaticMultiSelectDropdown({ ...base, options: { options: optionsIn(field.item) } })
        : Property.Array(base);
    case 'groups':
      return isTable(field) ? Property.Array({ ...base, properties: columnsOf(field.fields) }) : Property.Json(base);
    case 'map':
      return Property.Object(base);
    case 'group':
    case 'json':
      return Property.Json(base);
    case 'file':
      return Property.File(base);
    default:
      return plainOf(field);
  }
}

/** A prop with one value. */
function plainOf(field: Field): SubProp {
  const base = baseOf(field);
  switch (field.kind) {
    case 'number':
    case 'integer':
      return Property.Number(base);
    case 'date-time':
      return Property.DateTime(base);
    case 'choice':
      return Property.StaticDropdown({ ...base, options: { options: optionsIn(field) } });
    case 'boolean':
      // A check box can't be left alone: unticked it says no, where the service would do as it does without the field.
      return field.required || 'default' in field
        ? Property.Checkbox(base)
        : Property.StaticDropdown({ ...base, options: { options: YES_NO } });
    default:
      return isLong(field) ? Property.LongText(base) : Property.ShortText(base);
  }
}

const YES_NO = [
  { label: 'Yes', value: true },
  { label: 'No', value: false },
];

function baseOf({ title, help, required, default: usual, example, kind }: Field) {
  const isShown =
    kind === 'text' && typeof example === 'string' && example.length <= ONE_LINE && !help.includes(example);
  const description = [help, isShown ? `Such as ${example}` : ''].filter(Boolean).join(' ');
  return {
    displayName: title,
    required,
    ...(description && { description }),
    ...(usual !== undefined && usual !== null && { defaultValue: usual as never }),
  };
}

const isLong = ({ example }: Field) =>
  typeof example === 'string' && (example.length > ONE_LINE || example.includes('\n'));

const optionsIn = ({ options = [] }: Field) => options.map(({ value, title }) => ({ label: title, value }));

/** Rows whose cells have one value each. */
const isTable = (field: Field): field is Field & { fields: Field[] } =>
  field.fields?.every(({ kind }) => !NESTED.has(kind)) === true;
const NESTED: ReadonlySet<string> = new Set(['list', 'groups', 'map', 'group', 'json', 'file']);

const columnsOf = (fields: Field[]) => Object.fromEntries(fields.map((field) => [field.name, plainOf(field)]));

/** A drop-down of choices that are known. */
function chosen(field: Field, choices: Choice[]): Prop {
  const options = { options: choices };
  return field.kind === 'list'
    ? Property.StaticMultiSelectDropdown({ ...baseOf(field), options })
    : Property.StaticDropdown({ ...baseOf(field), options });
}

/** A drop-down that asks the service; anew when a field changes that its choices depend on. */
function asked(field: Field): Prop {
  const source = field.choices as NonNullable<Field['choices']>;
  const needed = [...Object.values(source.with), ...Object.values(source.where)];
  const request = {
    ...baseOf(field),
    auth,
    refreshers: needed,
    async options({ auth: connection, ...values }: Record<string, unknown> & { auth?: Connection }) {
      if (!connection) return closed('Choose a connection first');
      if (needed.some((name) => isEmpty(values[name]))) return closed(`Fill in first: ${needed.join(', ')}`);
      try {
        const plugin = await pluginFor(connection.props as Credentials);
        return { disabled: false, options: await loadChoices(plugin, source, values as JsonObject) };
      } catch (thrown) {
        const told = inWords(thrown);
        return closed(told instanceof Error ? told.message : 'The choices could not be read');
      }
    },
  };
  return field.kind === 'list' ? Property.MultiSelectDropdown(request) : Property.Dropdown(request);
}

type Connection = AppConnectionValueForAuthProperty<typeof auth>;

const closed = (placeholder: string) => ({ disabled: true, placeholder, options: [] as Choice[] });

/** A file as the plugin takes it; of the rows of a list what is filled in. */
function plain(value: unknown): unknown {
  if (value instanceof ApFile) return { name: value.filename, type: 'application/octet-stream', base64: value.base64 };
  if (!Array.isArray(value)) return value;
  return value.map((row) =>
    isRow(row) ? Object.fromEntries(Object.entries(row).filter(([, cell]) => !isEmpty(cell))) : row,
  );
}

const isRow = (row: unknown): row is object => typeof row === 'object' && row !== null && !Array.isArray(row);

/** Activepieces' forms give null, an empty text, list or object for what nobody filled in. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);
