import type { CatalogEntry, Json } from 'ghl-digistore24';

/** What the nodes need of an entry of the catalog: build.mjs takes it out. */
export type Entry = Pick<
  CatalogEntry,
  | 'id'
  | 'service'
  | 'kind'
  | 'resource'
  | 'resourceTitle'
  | 'title'
  | 'description'
  | 'arrives'
  | 'sources'
  | 'paging'
  | 'input'
> & {
  /** An event, of a trigger. */
  sample?: Json;
};

const SERVICES = { ghl: 'HighLevel', digistore24: 'Digistore24' } as const;

/** What people choose by. Of the business level without a service: that is what is looked for first. */
export const resourceTitleOf = ({ service, resourceTitle }: Pick<Entry, 'service' | 'resourceTitle'>): string =>
  service === 'bridge' ? resourceTitle : `${SERVICES[service]}: ${resourceTitle}`;

/** The same for a trigger. */
export const triggerTitleOf = ({ service, title }: Entry): string =>
  service === 'bridge' ? title : `${SERVICES[service]}: ${title}`;

/** The business level first, then in the order of the catalog. */
export const ordered = (entries: readonly Entry[]): Entry[] =>
  [...entries].sort((a, b) => Number(b.service === 'bridge') - Number(a.service === 'bridge'));

/** Triggers that come by this way. */
export const triggersBy = (way: 'ipn' | 'workflow-webhook' | 'polling', entries: readonly Entry[]): Entry[] =>
  ordered(entries).filter(({ kind, arrives = [] }) => kind === 'trigger' && arrives.includes(way));
