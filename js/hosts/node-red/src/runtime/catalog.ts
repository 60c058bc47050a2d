import { type BriefEntry, type CatalogEntry, type CatalogFilter, createPlugin, type Plugin } from 'ghl-digistore24';
import { type Field, formOf } from 'ghl-digistore24/form';
import { misconfigured } from './words.js';

/** Where the entries come from. */
export type Catalog = Pick<Plugin['catalog'], 'list'>;

/** A field that a dialog asks for: groups are taken apart, so each has one value. */
export interface FlatField extends Field {
  /** Where in the input it lies. */
  path: string[];
  /** Names it in a node's settings. */
  key: string;
}

/** What a dialog draws for an entry. */
export interface Form {
  id: string;
  title: string;
  description: string;
  service: CatalogEntry['service'];
  /** A list in pages. */
  isList: boolean;
  arrives: NonNullable<CatalogEntry['arrives']>;
  /** HighLevel's own word for an event, for the address or the custom data of a webhook. */
  wireEvent: string | null;
  fields: FlatField[];
}

/** A line of the list to choose from. */
export type Line = Pick<BriefEntry, 'id' | 'service' | 'tier' | 'resourceTitle' | 'title' | 'description'> & {
  arrives?: BriefEntry['arrives'];
};

/** Done by a node of its own. */
const SYNC = 'bridge.syncEvent';
const SERVICES = ['bridge', 'ghl', 'digistore24'];

/** The catalog of a plugin that is connected with nothing. */
export async function ownCatalog(): Promise<Catalog> {
  return (await createPlugin()).catalog;
}

/** What can be chosen, the business level and the better known first. */
export function linesOf(catalog: Catalog, isTrigger: boolean): Line[] {
  const rank = ({ service, tier }: Line) => (tier === 'core' ? 0 : 10) + SERVICES.indexOf(service);
  return catalog
    .list({ brief: true })
    .filter(({ kind, id, deprecated }) => (kind === 'trigger') === isTrigger && id !== SYNC && !deprecated)
    .map(({ id, service, tier, resourceTitle, title, description, arrives }) => ({
      ...{ id, service, tier, resourceTitle, title, description },
      ...(arrives && { arrives }),
    }))
    .sort((a, b) => rank(a) - rank(b));
}

/**
 * An entry by its id.
 *
 * @throws PluginError `misconfigured`: there is none.
 */
export function entryOf(catalog: Catalog, id: string): CatalogEntry {
  const filter: CatalogFilter = { id };
  const [entry] = id ? catalog.list(filter) : [];
  if (entry) return entry;
  throw misconfigured(
    id ? `there is no operation ${id}` : 'no operation is chosen',
    'Open the node and choose one from the list.',
  );
}

/** The form of an entry. */
export function formFor(entry: CatalogEntry): Form {
  const { id, title, description, service, paging, arrives = [], wireEvent = null } = entry;
  const isList = paging !== null && paging !== undefined;
  return { id, title, description, service, isList, arrives, wireEvent, fields: flat(formOf(entry)) };
}

function flat(
  fields: readonly Field[],
  above: { path: string[]; title: string; required: boolean } = TOP,
): FlatField[] {
  return fields.flatMap((field) => {
    const path = [...above.path, field.name];
    const title = above.title ? `${above.title}: ${field.title}` : field.title;
    const required = above.required && field.required;
    if (field.kind === 'group' && field.fields) return flat(field.fields, { path, title, required });
    return [{ ...field, title, required, path, key: path.join('.') }];
  });
}

const TOP = { path: [], title: '', required: true };
