import type { Json, JsonObject } from 'ghl-digistore24';
import type { Field } from 'ghl-digistore24/form';
import type { FieldType, ILoadOptionsFunctions, INodeProperties, ResourceMapperFields } from 'n8n-workflow';
import { withPlugin } from './plugin.js';

/** Lists a location's custom fields. */
const LIST = 'ghl.locations.getCustomFields';

/**
 * Whether a field holds custom fields, of which each has a form of its own: rows that choose from that list, and the maps of
 * the business level.
 */
export const holdsCustomFields = ({ kind, fields = [] }: Field, id: string): boolean =>
  (kind === 'groups' && fields.some(({ choices }) => choices?.operation === LIST)) ||
  (kind === 'map' && id.startsWith('bridge.'));

/** A resource mapper: the location's fields by name, each with a box of its own kind. */
export function mapperOf(property: INodeProperties): INodeProperties {
  return {
    ...property,
    type: 'resourceMapper',
    default: { mappingMode: 'defineBelow', value: null },
    noDataExpression: true,
    typeOptions: {
      loadOptionsDependsOn: ['operation'],
      resourceMapper: {
        resourceMapperMethod: 'customFields',
        mode: 'add',
        fieldWords: { singular: 'custom field', plural: 'custom fields' },
        addAllFields: false,
        supportAutoMap: false,
      },
    },
  };
}

/** What a mapper holds, as its operation takes it; undefined where the value is none of a mapper: an expression's, say. */
export function mapped(field: Field, given: unknown): Json | undefined {
  const { mappingMode, value } = (given ?? {}) as { mappingMode?: unknown; value?: Record<string, Json> | null };
  if (mappingMode === undefined) return undefined;
  const set = Object.entries(value ?? {}).filter(([, one]) => one !== null && one !== '');
  if (field.kind === 'map') return Object.fromEntries(set) as JsonObject;
  return set.map(([id, one]) => ({ id, field_value: one }));
}

/** The custom fields of the location: of deals for what is about deals, else of contacts. */
export async function customFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
  const isOfDeals = /opportunit/i.test(String(this.getNodeParameter('operation', '')));
  return withPlugin(this, async (plugin) => {
    const model = isOfDeals ? 'opportunity' : 'contact';
    const { customFields: found = [] } = await plugin.ghl.locations.getCustomFields({ model });
    return { fields: found.flatMap((one) => (one.id ? [mapperField({ ...one, id: one.id })] : [])) };
  });
}

interface CustomField {
  id: string;
  name?: string | null | undefined;
  dataType?: string | null | undefined;
  picklistOptions?: unknown;
}

function mapperField({ id, name, dataType, picklistOptions }: CustomField): ResourceMapperFields['fields'][number] {
  const options = Array.isArray(picklistOptions) ? picklistOptions.filter((one) => typeof one === 'string') : [];
  const type = TYPES[dataType ?? ''] ?? 'string';
  return {
    id,
    displayName: name || id,
    required: false,
    display: true,
    defaultMatch: false,
    ...(type === 'options' && options.length > 0
      ? { type, options: options.map((value) => ({ name: value, value })) }
      : { type: type === 'options' ? 'string' : type }),
  };
}

/** HighLevel's kinds of fields. */
const TYPES: Record<string, FieldType> = {
  NUMERICAL: 'number',
  FLOAT: 'number',
  MONETORY: 'number',
  DATE: 'dateTime',
  SINGLE_OPTIONS: 'options',
  RADIO: 'options',
  CHECKBOX: 'array',
  MULTIPLE_OPTIONS: 'array',
};
