import type { Call, Json, JsonObject, Plan, PlanAction, PlanLater, PlanStep } from '../protocol.js';

const names = (value: Json | undefined) => (isObject(value) ? Object.keys(value) : []);
const list = (value: Json | undefined) => (Array.isArray(value) ? value.join(', ') : '');
const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');

/** Names of fields and tags, never the values of the buyer's fields. */
const WORDS: Record<PlanAction, (what: JsonObject) => string> = {
  createContact: ({ fields, custom }) =>
    `create the contact: ${counted(fields, 'field')}, ${counted(custom, 'custom field')}`,
  updateContact: ({ fields, custom }) => `update the contact: ${[...names(fields), ...names(custom)].join(', ')}`,
  createNote: ({ title }) => `write the order’s note: ${text(title)}`,
  updateNote: () => 'bring the order’s note up to date',
  createTask: ({ title, due }) => `create the task: ${text(title)}, due ${text(due).slice(0, 10)}`,
  completeTask: () => 'complete the task of this order',
  removeTags: ({ tags }) => `take off the tags ${list(tags)}`,
  addTags: ({ tags }) => `add the tags ${list(tags)}`,
  run: ({ operation }) => `call ${text(operation)}`,
};

/** One write in words, without its reason. */
export function stepInWords({ do: action }: PlanStep): string {
  const [name, what] = Object.entries(action)[0] ?? [];
  const words = WORDS[name as PlanAction];
  return words ? words(what ?? {}) : `${name}`;
}

/** A step that comes later, in words: `2026-12-01 09:00 UTC: step 3 of dunning`. */
export function laterInWords({ at, playbook, step }: PlanLater): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC: step ${step + 1} of ${playbook}`;
}

/** What becomes of each item, in words: `Workbook: new -> active`. */
export function changesInWords({ changes }: Plan): string[] {
  return changes
    .filter(({ from, to }) => to != null && from !== to)
    .map(({ item, product, from, to }) => `${product ?? item}: ${from ?? 'new'} → ${to}`);
}

/** Calls in the order made, without the service: `createNote`; refused ones with the error's code. */
export function callsInWords(calls: Call[]): string {
  return calls.map(({ operation, result }) => last(operation) + (result === 'ok' ? '' : ` (${result})`)).join(', ');
}

function last(operation: string): string {
  return operation.split('.').at(-1) ?? operation;
}

function counted(value: Json | undefined, noun: string): string {
  const count = names(value).length;
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
