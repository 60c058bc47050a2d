/**
 * The catalog's words in other languages: `ghl-digistore24/words`. The catalog itself is English; a language is data that lies
 * beside it, such as `ghl-digistore24/words/de`, and only who imports it carries it.
 */
import type { CatalogEntry, Json, JsonObject } from './protocol.js';

/**
 * The words of one language, by the English ones. So a text that the catalog uses often is translated once, and one that changes
 * there comes in English until somebody has translated it anew.
 */
export interface Words {
  /** As in HTML's `lang`: `de`. */
  language: string;
  /** Titles of resources. */
  resources: Record<string, string>;
  /** Titles of entries; at most 60 characters. */
  titles: Record<string, string>;
  /** Descriptions of entries. */
  descriptions: Record<string, string>;
  /** Titles of fields. Where a word means two things, `title@name` goes before: `State@type`. */
  fields: Record<string, string>;
  /** What is said about a field. */
  help: Record<string, string>;
  /** What people read in place of a value to choose, by the value. */
  options: Record<string, string>;
}

/** What of an entry has words. */
type Worded = Partial<Pick<CatalogEntry, 'title' | 'description' | 'resourceTitle' | 'input'>>;

/**
 * The entry with its title, description, resource and input in this language; a copy. What the words lack stays English, ids and
 * values stay as they are: it is called as before. Choices get their titles as `x-titles`, which `formOf` reads.
 */
export function translate<E extends Worded>(entry: E, words: Words): E {
  const { title, description, resourceTitle, input } = entry;
  return {
    ...entry,
    ...(title !== undefined && { title: words.titles[title] ?? title }),
    // The description is the title where nobody wrote more.
    ...(description !== undefined && {
      description: words.descriptions[description] ?? words.titles[description] ?? description,
    }),
    ...(resourceTitle !== undefined && { resourceTitle: words.resources[resourceTitle] ?? resourceTitle }),
    ...(input && { input: translated(input, '', words) }),
  };
}

/** A schema of the field `name`, and all in it. */
function translated(schema: JsonObject, name: string, words: Words): JsonObject {
  const copy = { ...schema };
  const { title, description, enum: values } = schema;
  if (typeof title === 'string') copy.title = words.fields[`${title}@${name}`] ?? words.fields[title] ?? title;
  if (typeof description === 'string') copy.description = words.help[description] ?? description;
  if (Array.isArray(values)) copy['x-titles'] = titlesOf(values, words);
  for (const key of ['properties', '$defs']) {
    const named = schema[key];
    if (!isObject(named)) continue;
    copy[key] = Object.fromEntries(Object.entries(named).map(([own, one]) => [own, inner(one, own, words)]));
  }
  for (const key of ['items', 'additionalProperties']) if (key in schema) copy[key] = inner(schema[key], name, words);
  if (Array.isArray(schema.anyOf)) copy.anyOf = schema.anyOf.map((one) => inner(one, name, words));
  return copy;
}

const inner = (value: Json | undefined, name: string, words: Words): Json =>
  isObject(value) ? translated(value, name, words) : (value ?? null);

const titlesOf = (values: Json[], { options }: Words): JsonObject =>
  Object.fromEntries(values.flatMap((value) => (options[String(value)] ? [[value, options[String(value)]]] : [])));

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
