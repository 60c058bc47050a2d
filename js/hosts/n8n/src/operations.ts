import { formOf } from 'ghl-digistore24/form';
import type {
  FieldType,
  ILoadOptionsFunctions,
  INodeProperties,
  INodePropertyOptions,
  ResourceMapperFields,
} from 'n8n-workflow';
import { type Entry, ordered, resourceTitleOf } from './entry.js';
import { withPlugin } from './plugin.js';
import { parameterOf, propertiesOf } from './properties.js';

/** The sync is not the plugin's here but its receiver's. */
export const SYNC = 'bridge.syncEvent';
/** The resource for whatever the catalog has. */
export const ANY = 'any';

const resourceOf = ({ service, resource }: Entry) => `${service}.${resource}`;

/** All parameters of the action node: a new entry of the catalog appears without a line here. */
export function actionProperties(entries: readonly Entry[]): INodeProperties[] {
  const actions = ordered(entries).filter(({ kind }) => kind !== 'trigger');
  const resources = new Map<string, Entry[]>();
  for (const entry of actions) resources.set(resourceOf(entry), [...(resources.get(resourceOf(entry)) ?? []), entry]);
  return [
    {
      displayName: 'Resource',
      name: 'resource',
      type: 'options',
      noDataExpression: true,
      options: [...[...resources].map(resourceOption), { name: 'Any Operation', value: ANY }],
      default: resources.keys().next().value ?? ANY,
    },
    ...[...resources].map(([resource, group]) => operationProperty(resource, group)),
    ...actions.flatMap(fieldProperties),
    ...ANY_PROPERTIES,
  ];
}

const resourceOption = ([value, [first]]: [string, Entry[]]): INodePropertyOptions => ({
  name: first ? resourceTitleOf(first) : value,
  value,
});

const operationProperty = (resource: string, group: Entry[]): INodeProperties => ({
  displayName: 'Operation',
  name: 'operation',
  type: 'options',
  noDataExpression: true,
  displayOptions: { show: { resource: [resource] } },
  options: group.map(({ id, title, description }) => ({ name: title, value: id, description, action: title })),
  default: group[0]?.id ?? '',
});

function fieldProperties(entry: Entry): INodeProperties[] {
  const show = { resource: [resourceOf(entry)], operation: [entry.id] };
  if (entry.id === SYNC) return [{ ...EVENT, displayOptions: { show } }];
  return [...propertiesOf(formOf(entry), show, entry.id), ...(entry.paging === null ? [] : listProperties(show))];
}

const EVENT: INodeProperties = {
  displayName: 'Event',
  name: 'event',
  type: 'json',
  default: '={{ $json }}',
  required: true,
  description: 'The whole output of a trigger of Digistore24 or HighLevel',
};

const listProperties = (show: Record<string, string[]>): INodeProperties[] => [
  {
    displayName: 'Return All',
    name: 'returnAll',
    type: 'boolean',
    default: false,
    description: 'Whether to return all results or only up to a given limit',
    displayOptions: { show },
  },
  {
    displayName: 'Limit',
    name: 'limit',
    type: 'number',
    default: 50,
    typeOptions: { minValue: 1 },
    description: 'Max number of results to return',
    displayOptions: { show: { ...show, returnAll: [false] } },
  },
];

/** Any operation: chosen by name, its form comes when it is chosen. */
const ANY_PROPERTIES: INodeProperties[] = [
  {
    displayName: 'Operation Name or ID',
    name: 'anyOperation',
    type: 'options',
    default: '',
    required: true,
    typeOptions: { loadOptionsMethod: 'operations' },
    description:
      'Type to search. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
    displayOptions: { show: { resource: [ANY] } },
  },
  {
    displayName: 'Input',
    name: 'input',
    type: 'resourceMapper',
    default: { mappingMode: 'defineBelow', value: null },
    noDataExpression: true,
    typeOptions: {
      loadOptionsDependsOn: ['anyOperation'],
      resourceMapper: {
        resourceMapperMethod: 'inputFields',
        mode: 'add',
        fieldWords: { singular: 'field', plural: 'fields' },
        addAllFields: false,
        supportAutoMap: false,
      },
    },
    displayOptions: { show: { resource: [ANY] } },
  },
  ...listProperties({ resource: [ANY] }),
];

/** Everything but triggers and the sync; of one service where a package has but one. */
export const operationsOf = (service?: Entry['service']) =>
  function (this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
    return withPlugin(this, async (plugin) =>
      plugin.catalog
        .list({ brief: true, ...(service && { service }) })
        .filter(({ kind, id, deprecated }) => kind !== 'trigger' && id !== SYNC && !deprecated)
        .map((entry) => ({ name: `${resourceTitleOf(entry)}: ${entry.title}`, value: entry.id }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  };

/** The form of the operation that is chosen, as a resource mapper shows it. */
export async function inputFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
  const id = String(this.getNodeParameter('anyOperation', ''));
  return withPlugin(this, async (plugin) => {
    const [entry] = plugin.catalog.list({ id });
    const fields = entry ? formOf(entry) : [];
    return {
      fields: fields.map(({ name, title, required, kind, options }) => ({
        id: parameterOf(name),
        displayName: title,
        required,
        display: true,
        defaultMatch: false,
        type: TYPES[kind] ?? 'string',
        ...(options && { options: options.map(({ value, title: label }) => ({ name: label, value })) }),
      })),
    };
  });
}

const TYPES: Partial<Record<ReturnType<typeof formOf>[number]['kind'], FieldType>> = {
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  choice: 'options',
  list: 'array',
  group: 'object',
  groups: 'array',
  map: 'object',
  file: 'object',
};
