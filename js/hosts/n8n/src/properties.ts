import type { ChoiceSource, Field } from 'ghl-digistore24/form';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { holdsCustomFields, mapperOf } from './custom-fields.js';

/** Parameters of the node itself; a field of the same name gets a line behind. */
const OWN = new Set(['resource', 'operation', 'anyOperation', 'input', 'additional', 'returnAll', 'limit', 'event']);

/** n8n reads dots and brackets in a name as a path. */
export const parameterOf = (name: string): string => {
  const plain = name.replace(/\W/g, '_');
  return OWN.has(plain) ? `${plain}_` : plain;
};

/** The name of the method that loads the choices of a source. */
export const methodOf = (source: ChoiceSource): string =>
  [
    'choices',
    source.operation,
    source.items,
    source.value,
    ...Object.values(source.with),
    ...Object.values(source.where),
  ]
    .join('_')
    .replace(/\W+/g, '_');

/** Whether a field stands alone, not among the additional ones: it must be filled in, or has a mapper. */
export const standsAlone = (field: Field, id: string): boolean => field.required || holdsCustomFields(field, id);

/** The fields of an entry's form: those that stand alone, and the others, which are added one by one. */
export function propertiesOf(fields: readonly Field[], show: Record<string, string[]>, id: string): INodeProperties[] {
  const displayOptions = { show };
  const alone = fields.filter((field) => standsAlone(field, id));
  const required = alone.map((field) => {
    const property = { ...propertyOf(field), displayOptions };
    return holdsCustomFields(field, id) ? mapperOf(property) : property;
  });
  const optional = fields.filter((field) => !standsAlone(field, id)).map(propertyOf);
  if (optional.length === 0) return required;
  return [
    ...required,
    {
      displayName: 'Additional Fields',
      name: 'additional',
      type: 'collection',
      placeholder: 'Add Field',
      default: {},
      displayOptions,
      options: optional.sort((a, b) => (a.displayName < b.displayName ? -1 : 1)),
    },
  ];
}

export function propertyOf(field: Field): INodeProperties {
  const base = {
    displayName: field.title,
    name: parameterOf(field.name),
    ...(field.help && { description: field.help }),
    ...(field.required && { required: true }),
  };
  return { ...base, ...shapeOf(field) };
}

/** In a row: n8n submits all of its fields, also untouched ones, so nothing may stand there by itself. */
function rowPropertyOf(field: Field): INodeProperties {
  const property = propertyOf(field);
  switch (property.type) {
    case 'boolean':
      return {
        ...property,
        type: 'options',
        options: [UNSET, { name: 'Yes', value: true }, { name: 'No', value: false }],
        default: '',
      };
    case 'number':
      return { ...property, type: 'string', default: '' };
    case 'options':
      return { ...property, ...(property.options && { options: [UNSET, ...property.options] }), default: '' };
    default:
      return property.type === 'string' ? { ...property, default: '' } : property;
  }
}

const UNSET: INodePropertyOptions = { name: '(Not Set)', value: '' };

type Shape = Pick<INodeProperties, 'type' | 'default'> & Partial<INodeProperties>;

/** What depends on the kind. */
function shapeOf(field: Field): Shape {
  const example = field.example === undefined ? {} : { placeholder: `e.g. ${exampleOf(field)}` };
  switch (field.kind) {
    case 'number':
    case 'integer':
      return field.choices ? chosen('options', field) : numberOf(field);
    case 'boolean':
      return { type: 'boolean', default: field.default === true };
    case 'choice':
      return { type: 'options', options: optionsOf(field), default: defaultOf(field) };
    case 'date-time':
      return { type: 'dateTime', default: '' };
    case 'list':
      if (field.choices) return chosen('multiOptions', field);
      if (field.item?.options) return { type: 'multiOptions', options: optionsOf(field.item), default: [] };
      return { type: 'string', default: '', hint: 'Several: with commas between, or as a list', ...example };
    case 'group':
      return collection('group', field.title, (field.fields ?? []).map(rowPropertyOf), false);
    case 'groups':
      return collection('rows', field.title, (field.fields ?? []).map(rowPropertyOf), true);
    case 'map':
      return collection('rows', field.title, ROW, true);
    case 'file':
    case 'json':
      return { type: 'json', default: '' };
    default:
      if (field.choices) return chosen('options', field);
      return {
        type: 'string',
        default: typeof field.default === 'string' ? field.default : '',
        ...(field.secret && { typeOptions: { password: true } }),
        ...example,
      };
  }
}

const ROW: INodeProperties[] = [
  { displayName: 'Name', name: 'name', type: 'string', default: '' },
  { displayName: 'Value', name: 'value', type: 'string', default: '' },
];

function numberOf({ default: given, minimum, maximum }: Field): Shape {
  return {
    type: 'number',
    default: typeof given === 'number' ? given : (minimum ?? 0),
    typeOptions: {
      ...(minimum !== undefined && { minValue: minimum }),
      ...(maximum !== undefined && { maxValue: maximum }),
    },
  };
}

const chosen = (type: 'options' | 'multiOptions', field: Field): Shape => ({
  type,
  default: type === 'options' ? '' : [],
  typeOptions: {
    loadOptionsMethod: methodOf(field.choices as ChoiceSource),
    // A pipeline that changes has other stages.
    loadOptionsDependsOn: Object.values({ ...field.choices?.with, ...field.choices?.where }).flatMap((name) => [
      parameterOf(name),
      `additional.${parameterOf(name)}`,
    ]),
  },
  hint: 'Choose from the list, or give an ID by an expression',
});

const collection = (name: string, displayName: string, values: INodeProperties[], multipleValues: boolean): Shape => ({
  type: 'fixedCollection',
  default: {},
  typeOptions: { multipleValues },
  options: [{ name, displayName, values }],
});

const optionsOf = ({ options = [] }: Field): INodePropertyOptions[] =>
  options.map(({ value, title }) => ({ name: title, value: value as string | number | boolean }));

const defaultOf = ({ default: given, options = [] }: Field) =>
  (given ?? options[0]?.value ?? '') as string | number | boolean;

const exampleOf = ({ example }: Field): string =>
  typeof example === 'object' ? JSON.stringify(example) : String(example);
