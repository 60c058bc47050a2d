import { PluginError, wrongField } from '../errors.js';
import type {
  BackfillOptions,
  BackfillProgress,
  ErrorCode,
  ErrorDetails,
  Json,
  JsonObject,
  Tick,
} from '../protocol.js';
import { chunks, dayIn, numberIn, ORDERS_AT_ONCE, type Order, read, wallClock, wholeOrders } from './lists.js';
import { type Desk, shortHash } from './shelf.js';

/*
 * What was sold before the plugin came: read once, written silently, each person once.
 *
 * Three parts: all contacts into an index by address, all orders by person, then one person after the other. The store
 * holds index and orders and does the sorting, so memory is the same for a thousand orders and a million. Each step ends
 * with a checkpoint: a job may be stopped at any point and goes on anywhere.
 */

type Phase = BackfillProgress['phase'];

interface Job {
  wanted: string;
  phase: Phase;
  merchant: string;
  from: string;
  to: string;
  /** The contacts are in the index: who isn't there has none. */
  isIndexed: boolean;
  /** GHL's cursor. */
  searchAfter?: Json;
  page: number;
  /** The last entry of the store that was dealt with. */
  after: string | null;
  done: number;
  total: number;
  counts: Record<string, number>;
  requests: number;
  /** Names of published workflows, where tags are written. */
  workflows?: string[] | null;
  /** Messages of a person wait in the inbox, about these orders: they come before the next person. */
  waiting?: { orders: string[]; outcome: string } | undefined;
}

/** From where on the speed counts: since this process began, or the phase. */
interface Since {
  phase: Phase;
  /** Milliseconds since 1970. */
  at: number;
  done: number;
}

/** What the core says of one person. */
interface Imported {
  outcome: string;
  requests: number;
  steps: Record<string, number>;
  error: ErrorDetails | null;
}

const JOB = 'backfill/job';
/** The largest page that is not slow. */
const PAGE = 500;
/** So many orders of the store are looked at at a time. A person with more is written in parts. */
const ORDERS = 200;
/** What an edge worker may make in all. */
const MOST_REQUESTS = 50;
/** A step ends before the next person could need more, with one write. */
const REQUESTS_PER_STEP = MOST_REQUESTS - 14;
/**
 * HighLevel's daily quota of a location, of which a fifth stays for live events; its 100 requests in 10 seconds, of which the
 * background has a share. Source: HighLevel's documentation of rate limits.
 */
const CALLS_PER_DAY = 200_000 * 0.8;
const CALLS_PER_SECOND = 10;

/** Failures of the service or the settings: the next person would meet them, too. The message waits in the inbox. */
const ENDING: ReadonlySet<ErrorCode> = new Set([
  'unauthenticated',
  'forbidden',
  'misconfigured',
  'rate_limited',
  'quota_exhausted',
  'unavailable',
]);

/** Works step by step and tells after each how far it is. A stopped job with the same options goes on. */
export async function* backfill(desk: Desk, options: BackfillOptions): AsyncGenerator<BackfillProgress, void, void> {
  checkOptions(options);
  const wanted = JSON.stringify(wantedOf(options));
  let { value: job, version } = await desk.shelf.read<Job>(JOB);
  if (!job || job.wanted !== wanted || job.phase === 'done') {
    if (job && job.phase !== 'done') {
      // What another job has left is of no use. That one must not go on without it, should this one end here.
      const ended: Job = { ...job, wanted: '', phase: 'tidying' };
      version = await desk.shelf.write({}, { name: JOB, value: ended, version });
      while (await cleanUp(desk));
    }
    job = await newJob(desk, options, wanted);
  }
  let since: Since = { phase: job.phase, at: desk.now(), done: job.done };
  while (job.phase !== 'done') {
    if (desk.signal?.aborted) return;
    const values: Record<string, unknown> = {};
    let failure: PluginError | undefined;
    if (job.phase === 'contacts') await readContacts(desk, job, values);
    else if (job.phase === 'orders') await readOrders(desk, job, options, values);
    else if (job.phase === 'people') failure = await importPeople(desk, job, options, values);
    else if (!(await cleanUp(desk))) turn(job, 'done');
    version = await desk.shelf.write(values, { name: JOB, value: job, version });
    if (failure) throw failure;
    if (job.phase !== since.phase && job.done === 0) since = { phase: job.phase, at: desk.now(), done: 0 };
    yield progress(desk, job, options, since);
  }
}

function wantedOf({ from = '', to = '', limit = 0, dryRun = false, tags = false, live = false }: BackfillOptions) {
  return { from, to, limit, dryRun, tags, live };
}

/** Also of a job that goes on: a wrong option must not be taken for none. */
function checkOptions({ from, to, limit }: BackfillOptions): void {
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw wrongField('limit', 'must be a whole number of 1 or more');
  }
  if (from) moment('from', from, '');
  if (to) moment('to', to, '');
}

async function newJob(desk: Desk, options: BackfillOptions, wanted: string): Promise<Job> {
  const { from, to, limit } = options;
  // A few people are looked up one by one: that is less than reading all contacts.
  const isSmall = limit !== undefined && limit <= PAGE;
  const namesWorkflows = options.tags || options.live;
  return {
    wanted,
    phase: isSmall ? 'orders' : 'contacts',
    merchant: await desk.call<string>('sync.merchant', []),
    from: from ? moment('from', from, '00:00:00') : 'start',
    to: to ? moment('to', to, '23:59:59') : wallClock(desk.now()),
    isIndexed: !isSmall,
    page: 1,
    after: null,
    done: 0,
    total: 0,
    counts: {},
    requests: namesWorkflows ? 1 : 0,
    ...(namesWorkflows && { workflows: await publishedWorkflows(desk) }),
  };
}

/** What may start on a tag, by name. Null where that can't be read: the scope is one that the import itself doesn't need. */
async function publishedWorkflows(desk: Desk): Promise<string[] | null> {
  try {
    const { workflows = [] } = await read<{ workflows?: { name?: string; status?: string }[] }>(
      desk,
      'ghl.workflows.getWorkflow',
      {},
    );
    return workflows.flatMap(({ name, status }) => (status === 'published' ? [name ?? ''] : []));
  } catch (error) {
    if (error instanceof PluginError && error.code !== 'cancelled') return null;
    throw error;
  }
}

function moment(name: string, text: string, time: string): string {
  const day = dayIn(text);
  if (day === text) return `${text} ${time}`;
  if (day && /^[ T]\d\d:\d\d/.test(text.slice(day.length))) return text;
  throw wrongField(name, 'must be a day or time such as 2026-01-31 or 2026-01-31 09:30:00');
}

/** One page of contacts into the index: whose address it is, its tags, and which fields are filled. */
async function readContacts(desk: Desk, job: Job, values: Record<string, unknown>): Promise<void> {
  const sort = [{ field: 'dateAdded', direction: 'asc' }];
  const from = job.searchAfter ? { searchAfter: job.searchAfter } : {};
  const { contacts, total } = await read<{ contacts: JsonObject[]; total?: number }>(
    desk,
    'ghl.contacts.searchContactsAdvanced',
    { pageLimit: PAGE, sort, ...from },
  );
  for (const contact of contacts) {
    const email = addressOf(contact);
    if (email) values[`backfill/contact/${await shortHash(email)}`] = outline(contact);
  }
  job.requests++;
  job.done += contacts.length;
  job.total = total ?? job.done;
  const last = contacts.at(-1)?.['searchAfter'];
  const isStuck = JSON.stringify(last) === JSON.stringify(job.searchAfter);
  if (contacts.length < PAGE || !last || isStuck) {
    count(job, 'contactsRead', job.done);
    turn(job, 'orders');
  } else job.searchAfter = last;
}

/** What a plan needs of a contact, without what is personal: of a filled field there is only a mark. */
function outline(contact: JsonObject): JsonObject {
  // The search says `address` for what is `address1` elsewhere.
  const filled: JsonObject = { ...contact, address1: contact['address1'] ?? contact['address'] ?? null };
  const names = ['firstName', 'lastName', 'phone', 'address1', 'city', 'state', 'postalCode', 'country'];
  const marks = names.filter((name) => typeof filled[name] === 'string' && filled[name].trim() !== '');
  const { id = null, tags = [], assignedTo = null } = contact;
  return { id, tags, assignedTo, ...Object.fromEntries(marks.map((name) => [name, '*'])) };
}

/** One page of orders, put down by person. */
async function readOrders(desk: Desk, job: Job, options: BackfillOptions, values: Record<string, unknown>) {
  const size = Math.min(options.limit ?? PAGE, PAGE);
  const answer = await read<JsonObject & { purchase_list?: Order[] }>(desk, 'digistore24.listPurchases', {
    from: job.from,
    to: job.to,
    search: { role: 'vendor', order_type: 'live' },
    sort_by: 'date',
    sort_order: 'asc',
    load_transactions: true,
    page_no: job.page,
    page_size: size,
  });
  const rows = answer.purchase_list ?? [];
  // The last page may have more than are wanted.
  const orders = rows.slice(0, (options.limit ?? Number.POSITIVE_INFINITY) - job.done);
  job.requests++;
  const whole = new Map<string, Order>();
  for (const ids of chunks(orders.filter((order) => !isWhole(order)).map(idOf), ORDERS_AT_ONCE)) {
    for (const order of await wholeOrders(desk, ids)) whole.set(order.id, order);
    job.requests++;
  }
  for (const order of orders) {
    const name = `${await personOf(order)}/${String(order['created_at'] ?? '')}-${order.id}`;
    values[`backfill/order/${name}`] = whole.get(order.id) ?? order;
  }
  job.done += orders.length;
  job.total = numberIn(answer['item_count']) ?? job.done;
  const isEnough = options.limit !== undefined && job.done >= options.limit;
  const pages = numberIn(answer['page_count']);
  if (rows.length < size || isEnough || (pages !== undefined && job.page >= pages)) {
    const { done } = job;
    count(job, 'orders', done);
    turn(job, 'people');
    job.total = done;
  } else job.page++;
}

/** Whether a row of the list says all that is needed; else the order is read by itself. */
function isWhole(order: Order): boolean {
  const { transaction_list: transactions, billing_status, is_canceled_now } = order;
  const isAborted = billing_status === 'aborted';
  return Array.isArray(transactions) && transactions.length > 0 && (!isAborted || is_canceled_now !== undefined);
}

const idOf = ({ id }: Order): string => id;

function addressOf(person: Json | undefined): string {
  const email = person && typeof person === 'object' && !Array.isArray(person) ? person['email'] : '';
  return typeof email === 'string' ? email.trim().toLowerCase() : '';
}

/** Stands for whom an order belongs to: the address, else the buyer's number. */
function personOf(order: Order): Promise<string> {
  return shortHash(addressOf(order['buyer']) || `buyer ${String(order['buyer_id'])}`);
}

/** Some people. Gives why it can't go on, where it can't. */
async function importPeople(
  desk: Desk,
  job: Job,
  options: BackfillOptions,
  values: Record<string, unknown>,
): Promise<PluginError | undefined> {
  if (job.waiting) {
    await goOnWith(desk, job, job.waiting);
    return undefined;
  }
  const entries = await desk.shelf.list<Order>('backfill/order/', job.after, ORDERS);
  const isLast = entries.length < ORDERS;
  const people = new Map<string, [string, Order][]>();
  for (const entry of entries) {
    const person = entry[0].split('/')[2] ?? '';
    people.set(person, [...(people.get(person) ?? []), entry]);
  }
  const groups = [...people];
  // The last one may go on behind the page.
  if (!isLast && groups.length > 1) groups.pop();
  let requests = 0;
  for (const [person, orders] of groups) {
    if (requests > REQUESTS_PER_STEP || desk.signal?.aborted) return undefined;
    const imported = await importPerson(
      desk,
      job,
      options,
      person,
      orders.map(([, order]) => order),
      MOST_REQUESTS - requests,
    );
    requests += imported.requests;
    job.requests += imported.requests;
    job.done += orders.length;
    job.after = orders.at(-1)?.[0] ?? job.after;
    count(job, 'people', 1);
    if (imported.outcome !== 'queued') count(job, imported.outcome, 1);
    for (const [step, times] of Object.entries(imported.steps)) count(job, step, times);
    if (!options.dryRun) for (const [name] of orders) values[name] = undefined;
    if (imported.error && ENDING.has(imported.error.code)) return new PluginError(imported.error);
    if (imported.outcome === 'queued') {
      job.waiting = { orders: orders.map(([, { id }]) => id), outcome: 'done' };
      return undefined;
    }
  }
  if (isLast) turn(job, 'tidying');
  return undefined;
}

/** A person who needs more requests than a step has. */
async function goOnWith(desk: Desk, job: Job, waiting: NonNullable<Job['waiting']>): Promise<void> {
  const { done, events } = await desk.call<Tick>('tick', [{ maxRequests: MOST_REQUESTS }]);
  for (const { order, outcome, requests } of events) {
    job.requests += requests;
    if (waiting.orders.includes(order)) waiting.outcome = outcome;
  }
  if (!done) return;
  count(job, waiting.outcome, 1);
  job.waiting = undefined;
}

async function importPerson(
  desk: Desk,
  job: Job,
  options: BackfillOptions,
  person: string,
  orders: Order[],
  maxRequests: number,
): Promise<Imported> {
  const { dryRun = false, tags = false, live = false } = options;
  const manner = live ? 'live' : tags ? 'tags' : 'silent';
  const { contact, requests } = await contactOf(desk, job, person, orders, dryRun);
  const order = { orders, merchant: job.merchant, manner, contact, dryRun, maxRequests };
  const imported = await desk.call<Imported>('sync.import', [order]);
  return { ...imported, requests: imported.requests + requests };
}

/** The contact as the index has it. Without one the import looks for it by itself; a dry run, which makes no call, doesn't. */
async function contactOf(desk: Desk, job: Job, person: string, orders: Order[], dryRun: boolean) {
  if (job.isIndexed) {
    const { value: known } = await desk.shelf.read<JsonObject>(`backfill/contact/${person}`);
    return { contact: known ?? false, requests: 0 };
  }
  const email = dryRun && addressOf(orders[0]?.['buyer']);
  if (!email) return { contact: null, requests: 0 };
  const { contact } = await read<{ contact?: JsonObject }>(desk, 'ghl.contacts.getDuplicateContact', { email });
  return { contact: contact ? outline(contact) : false, requests: 1 };
}

/** Removes a part of what the job kept. False where nothing is left. */
async function cleanUp(desk: Desk): Promise<boolean> {
  const rest = (await desk.shelf.list('backfill/', null, PAGE)).filter(([name]) => name !== JOB);
  await desk.shelf.write(Object.fromEntries(rest.map(([name]) => [name, undefined])));
  return rest.length > 0;
}

function turn(job: Job, phase: Phase): void {
  const isWork = phase === 'orders' || phase === 'people';
  Object.assign(job, { phase, page: 1, after: null, ...(isWork && { done: 0, total: 0 }) });
}

function count(job: Job, name: string, times: number): void {
  job.counts[name] = (job.counts[name] ?? 0) + times;
}

function progress(desk: Desk, job: Job, { dryRun }: BackfillOptions, since: Since) {
  const { phase, done, total, counts, requests, workflows } = job;
  const isFinished = phase === 'done';
  const rate = (done - since.done) / Math.max((desk.now() - since.at) / 1000, 0.001);
  const left = isFinished || rate === 0 ? null : Math.ceil((total - done) / rate);
  // Who is in no index is looked for, one by one.
  const isCall = (name: string) =>
    /^((create|update|complete|remove|add)[A-Z]|run$)/.test(name) || (name === 'people' && !job.isIndexed);
  const calls = Object.keys(counts).reduce((sum, name) => sum + (isCall(name) ? (counts[name] ?? 0) : 0), 0);
  return {
    finished: isFinished,
    phase,
    done,
    total,
    perSecond: Math.round(rate * 10) / 10,
    secondsLeft: left,
    requests,
    counts: { ...counts },
    ...(workflows !== undefined && { workflows }),
    ...(dryRun && {
      estimate: {
        calls,
        seconds: Math.ceil(calls / (CALLS_PER_SECOND * desk.backgroundShare)),
        days: Math.ceil(calls / CALLS_PER_DAY),
      },
    }),
  } satisfies BackfillProgress;
}
