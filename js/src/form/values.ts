import { PluginError, wrongField } from '../errors.js';
import type { FieldProblem, Json, JsonObject } from '../protocol.js';
import type { Field } from './field.js';

/**
 * The input that a filled-in form means. Forms give texts and empty fields: empty ones are left out, numbers, truth values and
 * JSON are read, a text for a list is split at commas and line ends, a `map` may come as rows of `{ name, value }`. Whether the
 * input then fits is for the operation to judge.
 *
 * @throws PluginError `invalid_input` that names every field that can't be read.
 */
export function inputOf(fields: readonly Field[], values: JsonObject): JsonObject {
  const problems: FieldProblem[] = [];
  const input = group(fields, values, '', problems);
  const [first] = problems;
  if (!first) return input;
  const error = wrongField(first.path, first.problem);
  throw new PluginError({ ...error.toJSON(), fields: problems });
}

function group(fields: readonly Field[], values: JsonObject, at: string, problems: FieldProblem[]): JsonObject {
  const input: JsonObject = {};
  for (const field of fields) {
    const value = read(field, values[field.name], `${at}${field.name}`, problems);
    if (value !== undefined) input[field.name] = value;
  }
  return input;
}

function read(field: Field, value: Json | undefined, path: string, problems: FieldProblem[]): Json | undefined {
  if (value === undefined || value === '') return undefined;
  if (value === null) return field.nullable ? null : undefined;
  const wrong = (problem: string) => {
    problems.push({ path, problem });
    return undefined;
  };
  switch (field.kind) {
    case 'number':
    case 'integer':
      return typeof value === 'string' ? (numberOf(value) ?? wrong('must be a number')) : value;
    case 'boolean':
      return typeof value === 'string' ? (TRUTH[value.trim().toLowerCase()] ?? wrong('must be true or false')) : value;
    case 'choice':
      // A form hands on texts; the value is the option that reads so.
      return field.options?.find((option) => String(option.value) === String(value))?.value ?? value;
    case 'list':
      return list(field, value, path, problems);
    case 'group':
      if (typeof value === 'string') return parsed(value) ?? wrong('must be JSON');
      return isObject(value) ? unlessEmpty(group(field.fields ?? [], value, `${path}.`, problems)) : value;
    case 'groups': {
      if (typeof value === 'string') return parsed(value) ?? wrong('must be JSON');
      if (!Array.isArray(value)) return value;
      const rows = value.map((row, i) =>
        isObject(row) ? group(field.fields ?? [], row, `${path}[${i}].`, problems) : row,
      );
      return unlessEmpty(rows);
    }
    case 'map':
      return typeof value === 'string' ? (parsed(value) ?? wrong('must be JSON')) : unlessEmpty(named(value));
    case 'file':
    case 'json':
      // A text that is no JSON may be meant as it stands: the operation says whether it may be a text.
      return typeof value === 'string' ? (parsed(value) ?? value) : value;
    default:
      if (typeof value === 'number' && field.numeric) return value;
      return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  }
}

function list(field: Field, value: Json, path: string, problems: FieldProblem[]): Json | undefined {
  const parts = typeof value === 'string' ? texts(value) : value;
  if (!Array.isArray(parts)) return [parts];
  const { item } = field;
  const values = item ? parts.map((part, i) => read(item, part, `${path}[${i}]`, problems)) : parts;
  return unlessEmpty(values.filter((one) => one !== undefined));
}

/** A list that was written as one text: as JSON, or with commas or line ends between. */
function texts(value: string): Json {
  const json = value.trimStart().startsWith('[') ? parsed(value) : undefined;
  if (Array.isArray(json)) return json;
  return value
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Rows of `{ name, value }` as an object. */
function named(value: Json): Json {
  if (!Array.isArray(value)) return value;
  const rows = value.filter(isObject).filter((row) => typeof row.name === 'string' && row.name !== '');
  return Object.fromEntries(rows.map((row) => [row.name, row.value ?? null]));
}

function numberOf(text: string): number | undefined {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : undefined;
}

const TRUTH: Record<string, boolean> = { true: true, false: false };

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

const unlessEmpty = <T extends Json>(value: T): T | undefined =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
