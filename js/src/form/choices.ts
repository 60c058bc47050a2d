import type { Plugin } from '../plugin.js';
import type { Json, JsonObject } from '../protocol.js';
import type { ChoiceSource } from './field.js';

/** Something to choose. */
export interface Choice {
  /** What the field gets. */
  value: string | number;
  /** What people read. */
  label: string;
}

/** What {@link loadChoices} may be told. */
export interface ChoiceOptions {
  /** At most so many; default 1,000. */
  limit?: number;
  signal?: AbortSignal;
}

/**
 * What can be chosen for a field at present, in the order of the service. `values` are what the form holds so far: choices may
 * depend on another field (the stages of a pipeline). Empty while such a field has no value.
 *
 * @throws PluginError as the operation that it calls.
 */
export async function loadChoices(
  plugin: Pick<Plugin, 'run' | 'list' | 'catalog'>,
  source: ChoiceSource,
  values: JsonObject = {},
  { limit = 1000, signal }: ChoiceOptions = {},
): Promise<Choice[]> {
  const needed = [...Object.values(source.with), ...Object.values(source.where)];
  if (needed.some((name) => isEmpty(values[name]))) return [];
  const input: JsonObject = { ...source.input };
  for (const [name, field] of Object.entries(source.with)) input[name] = values[field] as Json;

  const choices = new Map<string | number, Choice>();
  for await (const row of rows(plugin, source, input, values, signal)) {
    const value = at(row, source.value);
    if ((typeof value !== 'string' && typeof value !== 'number') || choices.has(value)) continue;
    const label = at(row, source.label);
    choices.set(value, { value, label: isEmpty(label) ? String(value) : String(label) });
    if (choices.size >= limit) break;
  }
  return [...choices.values()];
}

/** A row of a list; of an object, its key and value. */
type Row = { $key?: string; $value: Json };

async function* rows(
  plugin: Pick<Plugin, 'run' | 'list' | 'catalog'>,
  source: ChoiceSource,
  input: JsonObject,
  values: JsonObject,
  signal: AbortSignal | undefined,
): AsyncGenerator<Row> {
  const [entry] = plugin.catalog.list({ id: source.operation });
  const paging = entry?.paging;
  const options = signal ? { signal } : {};
  // A list in pages: its items are what is chosen from.
  if (typeof paging === 'object' && paging !== null && !Array.isArray(paging) && paging.items === source.items) {
    for await (const item of plugin.list(source.operation, input, options)) yield { $value: item as Json };
    return;
  }
  const output = (await plugin.run(source.operation, input, options)) as Json;
  const path = source.items === '.' ? [] : source.items.split('.');
  yield* unfolded({ $value: output }, path, '', source.where, values);
}

/** All rows under a path through lists in lists, but only below what the form has chosen. */
function* unfolded(
  row: Row,
  path: string[],
  walked: string,
  where: Record<string, string>,
  values: JsonObject,
): Generator<Row> {
  const [step, ...rest] = path;
  const list = step === undefined ? row.$value : at(row, step);
  const here = step === undefined ? walked : walked ? `${walked}.${step}` : step;
  for (const item of entriesOf(list)) {
    const matches = Object.entries(where).every(([place, field]) => {
      const dot = place.lastIndexOf('.');
      return place.slice(0, dot) !== here || String(at(item, place.slice(dot + 1))) === String(values[field]);
    });
    if (!matches) continue;
    if (rest.length === 0) yield item;
    else yield* unfolded(item, rest, here, where, values);
  }
}

function entriesOf(list: Json | undefined): Row[] {
  if (Array.isArray(list)) return list.map((item) => ({ $value: item }));
  if (typeof list !== 'object' || list === null) return [];
  return Object.entries(list).map(([key, item]) => ({ $key: key, $value: item }));
}

function at(row: Row, path: string): Json | undefined {
  if (path === '$key') return row.$key;
  if (path === '$value') return row.$value;
  let value: Json | undefined = row.$value;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = value[step];
  }
  return value;
}

const isEmpty = (value: Json | undefined) => value === undefined || value === null || value === '';
