import { Hono } from 'hono';
import type { World } from '../state.js';
import { enter, type GhlEnv, readJson, scope } from './context.js';
import { badRequest, unprocessable } from './problem.js';
import { isObject, LIST, NUMBER, type Shape, strictBody, TEXT, text } from './validate.js';

type Doc = Record<string, unknown>;

const SHAPE: Shape = {
  locationId: { kind: 'string', required: true },
  pageLimit: { kind: 'number', required: true },
  page: NUMBER,
  searchAfter: LIST,
  filters: LIST,
  sort: LIST,
  query: TEXT,
};

/** How deep the page mode reaches. */
const PAGE_MODE_RECORDS = 10_000;
const MAX_PAGE = 500;

const FIELDS = new Set(
  `id contactName address assignedTo businessId businessName city country companyName dateAdded
  dateUpdated dnd email followers firstNameLowerCase lastNameLowerCase phone postalCode source state
  tags timezone type website dateOfBirth`.split(/\s+/),
);
const EMAIL_OPERATORS = new Set(['eq', 'not_eq', 'exists', 'not_exists']);
const SORT_FIELDS = new Set(
  'firstNameLowerCase lastNameLowerCase businessName dateAdded dateUpdated email dnd source'.split(' '),
);

/**
 * POST /contacts/search ("Search Contacts - Advanced"). It reads an index that lags: a write shows
 * there only after `searchLagMs`.
 */
export function searchRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();
  app.post('/contacts/search', scope('contacts.readonly'), async (c) => {
    const body = strictBody(await readJson(c), SHAPE);
    const locationId = text(body, 'locationId') ?? '';
    enter(world, c, locationId);
    const pageLimit = Number(body.pageLimit);
    if (!(pageLimit >= 1 && pageLimit <= MAX_PAGE)) {
      throw unprocessable([`pageLimit must not be greater than ${MAX_PAGE}`]);
    }
    const query = text(body, 'query')?.toLowerCase() ?? '';
    if (query.length > 75) throw unprocessable(['query must be shorter than or equal to 75 characters']);
    const filters = Array.isArray(body.filters) ? body.filters : [];
    const sort = readSort(body.sort);
    const docs = visible(world, locationId)
      .filter((doc) => mentions(doc, query) && filters.every((filter) => passes(doc, filter)))
      .map((doc) => ({ ...doc, searchAfter: cursor(doc, sort) }))
      .sort((a, b) => compare(a.searchAfter, b.searchAfter, sort));
    const page = Number(body.page ?? 1);
    const from = Array.isArray(body.searchAfter) ? after(docs, body.searchAfter, sort) : start(page, pageLimit);
    const contacts = docs.slice(from, from + pageLimit);
    return c.json({ contacts, total: docs.length, traceId: world.ids.uuid('trace') });
  });
  return app;
}

function visible(world: World, locationId: string): Doc[] {
  const until = world.now() - world.settings.searchLagMs;
  const docs: Doc[] = [];
  for (const contact of world.ghl.contacts.values()) {
    if (contact.locationId !== locationId) continue;
    const doc = contact.index.findLast((version) => version.at <= until)?.doc;
    if (doc) docs.push(doc);
  }
  return docs;
}

function start(page: number, pageLimit: number): number {
  if (page * pageLimit > PAGE_MODE_RECORDS) {
    throw badRequest(`Only the first ${PAGE_MODE_RECORDS} records can be paged, use searchAfter`);
  }
  return (page - 1) * pageLimit;
}

function mentions(doc: Doc, query: string): boolean {
  if (query === '') return true;
  return [doc.contactName, doc.email, doc.phone, doc.companyName, ...(doc.tags as string[])]
    .join('\n')
    .toLowerCase()
    .includes(query);
}

interface Sort {
  field: string;
  descending: boolean;
}

function readSort(input: unknown): Sort[] {
  const list = Array.isArray(input) ? input : [];
  if (list.length > 2) throw unprocessable(['sort must contain no more than 2 elements']);
  const sort = list.map((item: unknown) => {
    const field = isObject(item) ? String(item.field) : '';
    if (!SORT_FIELDS.has(field)) throw badRequest(`Invalid field ${field}`, { error: 'Bad Request' });
    return { field, descending: isObject(item) && item.direction === 'desc' };
  });
  return sort.length > 0 ? sort : [{ field: 'dateAdded', descending: true }];
}

/** The sort values of a contact and, to tell equals apart, its id. */
function cursor(doc: Doc, sort: Sort[]): (string | number)[] {
  return [...sort.map(({ field }) => sortValue(doc[field])), String(doc.id)];
}

function sortValue(value: unknown): string | number {
  if (typeof value === 'boolean') return Number(value);
  const text = String(value ?? '');
  const date = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? text : date;
}

function compare(a: unknown[], b: unknown[], sort: Sort[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (left === right) continue;
    const less = (left as string | number) < (right as string | number);
    return less === (sort[i]?.descending ?? false) ? 1 : -1;
  }
  return 0;
}

function after(docs: { searchAfter: unknown[] }[], position: unknown[], sort: Sort[]): number {
  const next = docs.findIndex(({ searchAfter }) => compare(searchAfter, position, sort) > 0);
  return next === -1 ? docs.length : next;
}

/** A filter is {field, operator, value} or a group {group: AND | OR, filters}. */
function passes(doc: Doc, filter: unknown): boolean {
  if (!isObject(filter)) throw unprocessable(['each value in filters must be an object']);
  if (Array.isArray(filter.filters)) {
    const { group, filters } = filter;
    return group === 'OR' ? filters.some((inner) => passes(doc, inner)) : filters.every((inner) => passes(doc, inner));
  }
  const field = String(filter.field);
  const operator = String(filter.operator);
  if (field === 'email' && !EMAIL_OPERATORS.has(operator)) {
    throw badRequest(`Operator ${operator} is not supported for email`, { error: 'Bad Request' });
  }
  return holds(fieldValue(doc, field), operator, filter.value);
}

function fieldValue(doc: Doc, field: string): unknown {
  if (field.startsWith('customFields.')) {
    const id = field.slice('customFields.'.length);
    const values = doc.customFields as { id: string; value: unknown }[];
    return values.find((value) => value.id === id)?.value;
  }
  if (!FIELDS.has(field)) throw badRequest(`Invalid field ${field}`, { error: 'Bad Request' });
  return doc[field];
}

function holds(actual: unknown, operator: string, wanted: unknown): boolean {
  switch (operator) {
    case 'eq':
      return equals(actual, wanted);
    case 'not_eq':
      return !equals(actual, wanted);
    case 'contains':
      return contains(actual, wanted);
    case 'not_contains':
      return !contains(actual, wanted);
    case 'exists':
      return !isEmpty(actual);
    case 'not_exists':
      return isEmpty(actual);
    case 'range':
      return inRange(actual, wanted);
    default:
      throw badRequest(`Invalid operator ${operator}`, { error: 'Bad Request' });
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function equals(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) return wanted.some((one) => equals(actual, one));
  if (Array.isArray(actual)) return actual.some((one) => equals(one, wanted));
  return !isEmpty(actual) && fold(actual) === fold(wanted);
}

function contains(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(actual)) return actual.some((one) => contains(one, wanted));
  return !isEmpty(actual) && fold(actual).includes(fold(wanted));
}

function inRange(actual: unknown, wanted: unknown): boolean {
  if (isEmpty(actual) || !isObject(wanted)) return false;
  const value = quantity(actual);
  const bound = (name: string) => (wanted[name] === undefined ? undefined : quantity(wanted[name]));
  const [gte, lte, gt, lt] = ['gte', 'lte', 'gt', 'lt'].map(bound);
  return (
    (gte === undefined || value >= gte) &&
    (lte === undefined || value <= lte) &&
    (gt === undefined || value > gt) &&
    (lt === undefined || value < lt)
  );
}

function quantity(value: unknown): number {
  const number = Number(value);
  return Number.isNaN(number) ? Date.parse(String(value)) : number;
}

function fold(value: unknown): string {
  return String(value).trim().toLowerCase();
}
