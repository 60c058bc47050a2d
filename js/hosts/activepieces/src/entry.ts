import type { CatalogEntry, Json } from 'ghl-digistore24';

/** What the piece needs of an entry of the catalog: build.mjs takes it out. */
export type Entry = Pick<
  CatalogEntry,
  | 'id'
  | 'service'
  | 'kind'
  | 'resourceTitle'
  | 'title'
  | 'description'
  | 'effect'
  | 'retry'
  | 'arrives'
  | 'sources'
  | 'paging'
  | 'input'
> & {
  /** An event, of a trigger. */
  sample?: Json;
  /** A trigger for whatever comes by its way. */
  any?: true;
};

/** Activepieces' name: `ghl.contacts.addTags` -> `ghl_contacts_addTags`. */
export const nameOf = (id: string): string => id.replace(/\W+/g, '_');

const SERVICES = { ghl: 'HighLevel', digistore24: 'Digistore24' } as const;

/** What people choose by. Actions of the business level stand without a service: they are what is looked for first. */
export function titleOf({
  service,
  resourceTitle,
  title,
  kind,
}: Pick<Entry, 'service' | 'resourceTitle' | 'title' | 'kind'>): string {
  if (service === 'bridge') return title;
  return kind === 'trigger' ? `${SERVICES[service]}: ${title}` : `${SERVICES[service]} · ${resourceTitle}: ${title}`;
}
