import type { JsonObject } from 'ghl-digistore24';
import { formOf, inputOf } from 'ghl-digistore24/form';
import type { IDataObject, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { type Entry, triggerTitleOf } from './entry.js';
import { parameterOf, propertiesOf } from './properties.js';
import { valuesOf } from './values.js';

/** The event that stands for all that come. */
export const ANY_EVENT = 'any';

/** A trigger's parameters: which event, and its form. */
export function triggerProperties(entries: readonly Entry[], any?: string): INodeProperties[] {
  const options = entries.map((entry) => ({
    name: triggerTitleOf(entry),
    value: entry.id,
    description: entry.description,
  }));
  return [
    {
      displayName: 'Event',
      name: 'event',
      type: 'options',
      options: any ? [{ name: any, value: ANY_EVENT }, ...options] : options,
      default: any ? ANY_EVENT : (options[0]?.value ?? ''),
      required: true,
    },
    ...entries.flatMap((entry) => propertiesOf(formOf(entry), { event: [entry.id] }, entry.id)),
  ];
}

interface Asked {
  /** Undefined: whatever comes. */
  entry: Entry | undefined;
  input: JsonObject;
}

/** What the node's parameters ask for. */
export function askedOf(read: (name: string, otherwise?: unknown) => unknown, entries: readonly Entry[]): Asked {
  const id = read('event');
  const entry = entries.find((one) => one.id === id);
  if (!entry) return { entry, input: {} };
  const fields = formOf(entry);
  const required = fields.filter((field) => field.required).map(({ name }) => parameterOf(name));
  const parameters = {
    ...(read('additional', {}) as object),
    ...Object.fromEntries(required.map((name) => [name, read(name, undefined)])),
  };
  return { entry, input: inputOf(fields, valuesOf(fields, parameters)) };
}

/** Events as n8n's items. */
export const itemsOf = (events: readonly object[]): INodeExecutionData[] =>
  events.map((event) => ({ json: event as IDataObject }));
