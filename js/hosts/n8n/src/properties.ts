import type { CatalogEntry } from 'ghl-digistore24';
import { type ChoiceSource, type Field, formOf } from 'ghl-digistore24/form';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

/** What a node needs to know of the catalog: made once, when the package is built. */
export interface Face {
  properties: INodeProperties[];
  /** Fields and paging by the operation's id. */
  operations: Record<string, { fields: Field[]; isList: boolean }>;
  /** Where drop-downs come from, by the name of the method that fills them. */
  choices: Record<string, ChoiceSource>;
}

/** The parameter of a required field. The prefix keeps it apart from the node's own parameters. */
export const parameterOf = (field: Pick<Field, 'name'>) => `field_${field.name}`;

/** Resources, operations and fields of all actions among `entries`; what people need most comes first. */
export function faceOf(entries: readonly CatalogEntry[]): Face {
  const actions = entries.filter(({ kind }) => kind !== 'trigger').sort(byTier);
  const face: Face = { properties: [], operations: {}, choices: {} };
  const resources = new Map<string, CatalogEntry[]>();
  for (const entry of actions) {
    const key = `${entry.service}.${entry.resource}`;
    resources.set(key, [...(resources.get(key) ?? []), entry]);
  }
  const [first] = resources.keys();
  face.properties.push({
    displayName: 'Resource',
    name: 'resource',
    type: 'options',
    noDataExpression: true,
    options: [...resources].map(([value, [entry]]) => ({ value, name: resourceName(entry as CatalogEntry) })),
    default: first ?? '',
  });
  for (const [resource, list] of resources) {
    face.properties.push({
      displayName: 'Operation',
      name: 'operation',
      type: 'options',
      noDataExpression: true,
      displayOptions: { show: { resource: [resource] } },
      options: list.map(
        ({ id, title, description }): INodePropertyOptions => ({ value: id, name: title, action: title, description }),
      ),
      default: list[0]?.id ?? '',
    });
  }
  for (const entry of actions) addOperation(face, entry);
  return face;
}

function addOperation(face: Face, entry: CatalogEntry): void {
  const fields = formOf(entry);
  const isList = entry.paging !== null && entry.paging !== undefined;
  face.operations[entry.id] = { fields, isList };
  const displayOptions = { show: { operation: [entry.id] } };
  for (const field of fields.filter(({ required }) => required)) {
    const property = propertyOf(field, face.choices, false);
    face.properties.push({ ...property, name: parameterOf(field), required: true, displayOptions });
  }
  if (isList) {
    face.properties.push(
      { displayName: 'Return All', name: 'returnAll', type: 'boolean', default: false, displayOptions },
      {
        displayName: 'Limit',
        name: 'limit',
        type: 'number',
        typeOptions: { minValue: 1 },
        default: 50,
        displayOptions: { show: { operation: [entry.id], returnAll: [false] } },
      },
    );
  }
  const optional = fields.filter(({ required }) => !required);
  if (optional.length === 0) return;
  face.properties.push({
    displayName: 'Additional Fields',
    name: 'optional',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions,
    options: optional.map((field) => propertyOf(field, face.choices, false)),
  });
}

/**
 * One field. Inside a row n8n submits every value, also an untouched one: there a truth value has a third state, which is
 * left out like an empty text.
 */
function propertyOf(field: Field, choices: Face['choices'], inRow: boolean): INodeProperties {
  const base = {
    displayName: field.title,
    name: field.name,
    default: '' as INodeProperties['default'],
    ...(field.help && { description: field.help }),
    ...(field.example !== undefined && { placeholder: `e.g. ${textOf(field.example)}` }),
  };
  if (field.choices) {
    const isList = field.kind === 'list';
    const typeOptions = { loadOptionsMethod: methodFor(field.choices, choices) };
    return { ...base, type: isList ? 'multiOptions' : 'options', typeOptions, default: isList ? [] : '' };
  }
  switch (field.kind) {
    case 'choice':
      return { ...base, type: 'options', options: (field.options ?? []).map(optionOf) };
    case 'boolean':
      if (inRow)
        return { ...base, type: 'options', options: [true, false].map((value) => ({ name: String(value), value })) };
      return { ...base, type: 'boolean', default: field.default === true };
    case 'number':
    case 'integer':
      return { ...base, type: 'number' };
    case 'date-time':
      return { ...base, type: 'dateTime' };
    case 'group':
    case 'groups':
      return rows(
        base,
        field.kind === 'groups',
        (field.fields ?? []).map((one) => propertyOf(one, choices, true)),
      );
    case 'map':
      return rows(base, true, [
        { displayName: 'Name', name: 'name', type: 'string', default: '' },
        { displayName: 'Value', name: 'value', type: 'string', default: '' },
      ]);
    case 'file':
    case 'json':
      return { ...base, type: 'json' };
    default:
      return { ...base, type: 'string', ...(field.secret && { typeOptions: { password: true } }) };
  }
}

function rows(base: Omit<INodeProperties, 'type'>, isMultiple: boolean, values: INodeProperties[]): INodeProperties {
  const options = [{ displayName: base.displayName, name: ROWS, values }];
  return { ...base, type: 'fixedCollection', typeOptions: { multipleValues: isMultiple }, default: {}, options };
}

/** What n8n puts between a collection and its rows. */
export const ROWS = 'rows';

const optionOf = ({ value, title }: { value: string | number | boolean; title: string }) => ({ name: title, value });

/** The method for a source: fields with the same source share one. */
function methodFor(source: ChoiceSource, choices: Face['choices']): string {
  const text = JSON.stringify(source);
  const known = Object.entries(choices).find(([, one]) => JSON.stringify(one) === text);
  if (known) return known[0];
  const name = `choices${Object.keys(choices).length}`;
  choices[name] = source;
  return name;
}

const SERVICES: Record<string, string> = { ghl: 'HighLevel', digistore24: 'Digistore24' };

function resourceName({ service, resourceTitle }: CatalogEntry): string {
  const name = SERVICES[service];
  return name ? `${name}: ${resourceTitle}` : resourceTitle;
}

const RANK: Record<string, number> = { bridge: 0, digistore24: 1, ghl: 2 };

/** The core tier before the rest, in it what joins the services first. */
function byTier(a: CatalogEntry, b: CatalogEntry): number {
  const rank = ({ tier, service }: CatalogEntry) => (tier === 'core' ? 0 : 10) + (RANK[service] ?? 9);
  return rank(a) - rank(b);
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
