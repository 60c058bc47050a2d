import type { TypedValue, TypedValues } from '../runtime/typed.js';
import { ask, type FlatField, type Form, textOf } from './api.js';
import { button } from './picker.js';

/** Something to choose, as the admin tells it. */
interface Choice {
  value: string | number;
  label: string;
}

/** Where a value of a message can come from, beside being written. */
const FROM_MESSAGES = ['msg', 'flow', 'global', 'jsonata', 'env'];
/** A trigger begins without a message. */
const FROM_NOWHERE = ['env'];
/** Written as it stands, with whatever is to choose from. */
const WRITTEN = 'written';

/** What the fields of a form need. */
export interface FieldsOptions {
  form: Form;
  values: TypedValues;
  /** Whether there is a message to take values from. */
  hasMessage: boolean;
  /** The id of the connection that is chosen now. */
  connection(): string;
}

/** The fields of a form: the required ones and those with a value; the others can be added. Gives what reads them. */
export function drawFields(root: JQuery, options: FieldsOptions): () => TypedValues {
  const { form, values } = options;
  const rows = new Map<string, JQuery>();
  const list = $('<div></div>');
  const more = $('<select class="gd-more-fields" aria-label="Add a field"></select>');
  root.empty().append(list, $('<div class="form-row gd-add"></div>').append(more));

  const read = () =>
    Object.fromEntries(
      Array.from(rows, ([key, input]): [string, TypedValue] => [
        key,
        { type: String(input.typedInput('type')), value: String(input.typedInput('value') ?? '') },
      ]).filter(([, { type, value }]) => value !== '' || type === 'date'),
    );
  const add = (field: FlatField) => {
    const { row, input } = rowOf(field, values[field.key], { ...options, read });
    if (!field.required) {
      const remove = button('×', () => {
        rows.delete(field.key);
        row.remove();
        offer();
      });
      row.append(remove.addClass('gd-remove').attr('aria-label', `Take ${field.title} out`));
    }
    list.append(row);
    rows.set(field.key, input);
  };
  const offer = () => {
    const left = form.fields.filter(({ key }) => !rows.has(key));
    more.empty().append($('<option value=""></option>').text(`Add a field (${left.length}) …`));
    more.append(left.map(({ key, title }) => $('<option></option>').val(key).text(title)));
    more.toggle(left.length > 0);
  };
  for (const field of form.fields) if (field.required || values[field.key]) add(field);
  more.on('change', () => {
    const field = form.fields.find(({ key }) => key === more.val());
    if (field) add(field);
    offer();
  });
  offer();
  return read;
}

/** Its label, the input, and what it is for. */
function rowOf(field: FlatField, given: TypedValue | undefined, options: FieldsOptions & { read(): TypedValues }) {
  const input = $('<input type="text">').attr('data-key', field.key);
  const label = $('<label></label>').text(field.title).toggleClass('gd-required', field.required);
  const note = $('<div class="gd-help"></div>').text(helpOf(field));
  const row = $('<div class="form-row gd-field"></div>').append(
    label,
    $('<div class="gd-input"></div>').append(input),
    note,
  );
  const types = typesOf(field, options, (text) =>
    note.text(text ?? helpOf(field)).toggleClass('gd-wrong', text !== null),
  );
  // The dialog gives it its size only when it stands in it.
  setTimeout(() => {
    input.typedInput({ types: types as never });
    input.typedInput('width', '100%');
    const [first] = types;
    input.typedInput('type', given?.type ?? (typeof first === 'string' ? first : first?.value) ?? 'str');
    if (given) input.typedInput('value', given.value);
  });
  return { row, input };
}

function helpOf({ help, example, kind, options, choices }: FlatField): string {
  const shown =
    example !== undefined && !options
      ? `Such as ${typeof example === 'string' ? example : JSON.stringify(example)}`
      : '';
  const how = kind === 'list' ? 'Several: with commas between.' : '';
  const pick = choices ? 'Press ↓ to choose from your account.' : '';
  return [help, how, pick, help.includes(shown.slice(8)) ? '' : shown].filter(Boolean).join(' ');
}

type TypeDefinition = string | { value: string; label: string; [name: string]: unknown };

function typesOf(
  field: FlatField,
  options: FieldsOptions & { read(): TypedValues },
  tell: (problem: string | null) => void,
): TypeDefinition[] {
  const others = options.hasMessage ? FROM_MESSAGES : FROM_NOWHERE;
  return field.secret ? [...others].reverse() : [...ownTypes(field, options, tell), ...others];
}

/** How it is written in place. */
function ownTypes(
  field: FlatField,
  options: FieldsOptions & { read(): TypedValues },
  tell: (problem: string | null) => void,
): TypeDefinition[] {
  const written = { value: WRITTEN, label: 'text' };
  if (field.options) {
    const choices = field.options.map(({ value, title }) => ({ value: String(value), label: title }));
    return [{ ...written, label: 'pick', options: choices }];
  }
  if (field.choices) return [{ ...written, label: 'pick', autoComplete: chooser(field, options, tell) }, 'json'];
  switch (field.kind) {
    case 'boolean':
      return ['bool'];
    case 'number':
    case 'integer':
      return ['num'];
    case 'list':
      return [written, 'json'];
    case 'map':
    case 'groups':
    case 'group':
    case 'file':
    case 'json':
      return ['json'];
    default:
      return [written];
  }
}

/** What the service has to choose from, asked for when the field is entered; one request for all that is typed there. */
function chooser(
  field: FlatField,
  { form, connection, read }: FieldsOptions & { read(): TypedValues },
  tell: (problem: string | null) => void,
) {
  let asked: { of: string; choices: Promise<Choice[]> } | undefined;
  const isList = field.kind === 'list';
  return (typed: string, done: (hits: { value: string; label: string }[]) => void) => {
    // What stands before the last comma is chosen already.
    const before = isList ? typed.slice(0, typed.lastIndexOf(',') + 1) : '';
    const values = literals(form, read());
    const question = { connection: connection(), entry: form.id, key: field.key, values };
    // Of the field itself nothing depends.
    const of = JSON.stringify({ ...question, values: { ...values, [field.name]: null } });
    if (asked?.of !== of) asked = { of, choices: ask<Choice[]>('choices', question) };
    asked.choices.then(
      (choices) => {
        tell(null);
        const word = typed.slice(before.length).trim().toLowerCase();
        const hits = choices.filter(({ value, label }) => `${label} ${value}`.toLowerCase().includes(word));
        done(hits.map((choice) => ({ value: `${before}${choice.value}`, label: labelOf(choice) })));
      },
      (thrown) => {
        asked = undefined;
        tell(textOf(thrown));
        done([]);
      },
    );
  };
}

const labelOf = ({ value, label }: Choice): string => (label === String(value) ? label : `${label} (${value})`);

/** What is written in the form: other values aren't known before a message comes. */
function literals(form: Form, values: TypedValues): Record<string, string> {
  const written = Object.entries(values).filter(([, { type }]) => type === WRITTEN || type === 'num');
  const names = new Map(form.fields.map(({ key, name }) => [key, name]));
  return Object.fromEntries(written.map(([key, { value }]) => [names.get(key) ?? key, value]));
}
