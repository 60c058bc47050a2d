import { PluginError, wrongField } from '../errors.js';
import type { Drift, JsonObject, Reconciliation } from '../protocol.js';
import { chunks, dayIn, type Order, read, wallClock, wholeOrders } from './lists.js';
import type { Desk } from './shelf.js';

/*
 * What the webhooks missed, found in four places: movements of money, new orders, changes of rebilling, and, for what is
 * in no list (a payment that is missing), orders whose next payment is overdue. The core says which rows its ledger lacks;
 * those orders are read whole, and the core takes in what it doesn't have. At last what is in no webhook at all: what
 * Digistore24 asks somebody to do.
 */

interface Run {
  phase: Phase;
  merchant: string;
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  page: number;
  after: string | null;
  /** The orders of the page before, to one of which an upsell may belong. */
  before: string[];
  found: Omit<Reconciliation, 'done'>;
  /** Until when everything has been compared. */
  reached: number;
}

const PHASES = ['transactions', 'orders', 'changes', 'overdue', 'proofs', 'refunds', 'deliveries', 'done'] as const;
type Phase = (typeof PHASES)[number];

/** A row for the core: which order, and what about it. */
interface Row {
  order: string;
  transaction?: string;
  kind?: string;
  /** Of the movement, without its sign. */
  amount?: number;
  currency?: string;
}

const RUN = 'reconcile/run';
const PAUSE = 'reconcile/pause';
/** Rows of a page, and orders that are read at once. */
const PAGE = 200;
const AT_ONCE = 20;
/** What one step may need: the page, and its orders. */
export const REQUESTS_PER_STEP = 1 + PAGE / AT_ONCE;
/** What is younger may still be on its way. Milliseconds. */
const DELAY_MS = 15 * 60_000;
/** A run begins so much before the end of the last one: lists may lag, and wall clocks repeat an hour. */
const OVERLAP_MS = 2 * 3_600_000;
/** So far back the first run looks. */
const FIRST_MS = 48 * 3_600_000;
/** After a failure the schedule goes on so much later. */
const PAUSE_MS = 10 * 60_000;
/** What is asked for is looked for so much further back: its order may have become known only since. */
const WORK_MS = 2 * 24 * 3_600_000;
/** So many differences are told. */
const TOLD = 100;

const LISTS = {
  transactions: {
    operation: 'digistore24.listTransactions',
    items: 'transaction_list',
    row: (row: JsonObject): Row => ({
      order: String(row['purchase_id'] ?? ''),
      transaction: String(row['id'] ?? row['transaction_id'] ?? ''),
      kind: String(row['transaction_type'] ?? 'payment'),
      ...amountOf(row),
    }),
  },
  orders: {
    operation: 'digistore24.listPurchases',
    items: 'purchase_list',
    row: (row: JsonObject): Row => ({ order: String(row['id'] ?? '') }),
  },
  changes: {
    operation: 'digistore24.listRebillingStatusChanges',
    items: 'items',
    row: (row: JsonObject): Row => ({ order: String(row['purchase_id'] ?? ''), kind: String(row['type'] ?? '') }),
  },
} as const;

/** What somebody is asked to do, by phase. A list without pages comes whole. */
const WORK: Partial<Record<Phase, Wanted>> = {
  proofs: {
    kind: 'service_proof_request',
    operation: 'digistore24.listServiceProofRequests',
    input: () => ({ search: { request_status: 'pending' } }),
    whole: { operation: 'digistore24.getServiceProofRequest', id: 'service_proof_id', item: 'service_proof_request' },
  },
  refunds: {
    kind: 'refund_request',
    operation: 'digistore24.listTransactions',
    items: 'transaction_list',
    input: ({ from, to, page }) => ({
      from: wallClock(from - WORK_MS),
      to: wallClock(to),
      page_no: page,
      page_size: PAGE,
      search: { role: 'vendor', transaction_type: 'refund_request' },
    }),
  },
  deliveries: {
    kind: 'delivery',
    operation: 'digistore24.listDeliveries',
    items: 'delivery',
    input: ({ from }) => ({ search: { type: 'request', from: wallClock(from - WORK_MS).slice(0, 10) } }),
  },
};

interface Wanted {
  /** The event that a row becomes. */
  kind: string;
  operation: string;
  /** The list in the answer; without it the answer is the list. */
  items?: string;
  input(run: Run): JsonObject;
  /** How a row is read whole. */
  whole?: { operation: string; id: string; item: string };
}

function amountOf(row: JsonObject): Pick<Row, 'amount' | 'currency'> {
  const amount = Math.abs(Number.parseFloat(String(row['amount'] ?? row['transaction_amount'])));
  const { currency } = row;
  return Number.isFinite(amount) && typeof currency === 'string' ? { amount, currency: currency.toUpperCase() } : {};
}

/** Compares until everything is compared or the requests are used up; a run that was stopped goes on. */
export async function reconcile(
  desk: Desk,
  from?: string,
  maxRequests = Number.POSITIVE_INFINITY,
): Promise<Reconciliation> {
  const since = from === undefined ? undefined : moment(from);
  let { value: run, version } = await desk.shelf.read<Run>(RUN);
  if (!run || run.phase === 'done' || (since !== undefined && since !== run.from)) {
    run = await newRun(desk, run?.reached ?? 0, since);
  }
  let requests = 1;
  while (run.phase !== 'done' && !desk.signal?.aborted && requests + REQUESTS_PER_STEP <= maxRequests) {
    requests += await comparePage(desk, run);
    version = await desk.shelf.write({}, { name: RUN, value: run, version });
  }
  return { done: run.phase === 'done', ...run.found };
}

/** When the next scheduled run begins, or goes on. Milliseconds since 1970. */
export async function nextRun(desk: Desk, everyMs: number): Promise<number> {
  const { value: run } = await desk.shelf.read<Run>(RUN);
  const { value: pause = 0 } = await desk.shelf.read<number>(PAUSE);
  return Math.max(run?.phase === 'done' ? run.reached + DELAY_MS + everyMs : 0, pause);
}

/** After a failure the schedule waits a while. */
export async function pauseRuns(desk: Desk): Promise<void> {
  await desk.shelf.write({ [PAUSE]: desk.now() + PAUSE_MS });
}

function moment(text: string): number {
  const day = dayIn(text);
  // A day begins in Berlin: one or two hours before it does in UTC.
  const ms = day === text ? Date.parse(`${text}T00:00:00Z`) - OVERLAP_MS : Date.parse(text);
  // A time without its distance to UTC would be one of this machine's zone.
  if (!day || Number.isNaN(ms) || (day !== text && !/(Z|[+-]\d\d:\d\d)$/.test(text)))
    throw wrongField('from', 'must be a day or time such as 2026-01-31 or 2026-01-31T09:30:00+01:00');
  return ms;
}

async function newRun(desk: Desk, reached: number, since?: number): Promise<Run> {
  const now = desk.now();
  return {
    phase: 'transactions',
    merchant: await desk.call<string>('sync.merchant', []),
    from: since ?? (reached > 0 ? reached - OVERLAP_MS : now - FIRST_MS),
    to: now - DELAY_MS,
    page: 1,
    after: null,
    before: [],
    found: { checked: 0, found: 0, repaired: 0, drift: [], work: 0 },
    reached,
  };
}

/** One page of the present list. Gives how many requests it took. */
async function comparePage(desk: Desk, run: Run): Promise<number> {
  const wanted = WORK[run.phase];
  if (wanted) return await askPage(desk, run, wanted);
  const { ids, isLast } = run.phase === 'overdue' ? await overdue(desk, run) : await listed(desk, run);
  const parts = chunks(ids, AT_ONCE);
  for (const part of parts) {
    for (const order of await wholeOrders(desk, part)) await compare(desk, run, order, [...run.before, ...ids]);
  }
  run.before = ids;
  run.page++;
  if (isLast) turn(run);
  return 1 + parts.length;
}

function turn(run: Run): void {
  run.phase = PHASES[PHASES.indexOf(run.phase) + 1] ?? 'done';
  run.page = 1;
  if (run.phase !== 'done') return;
  // From a later day on there would be a gap that nobody looks at.
  const compared = run.reached > 0 ? run.reached : run.to + DELAY_MS - FIRST_MS;
  if (run.from <= compared) run.reached = Math.max(run.reached, run.to);
}

/** One page of what somebody is asked to do. Gives how many requests it took. */
async function askPage(desk: Desk, run: Run, { kind, operation, items, input, whole }: Wanted): Promise<number> {
  let rows: JsonObject[];
  try {
    const answer = await read<JsonObject>(desk, operation, input(run));
    rows = ((items ? answer[items] : answer) ?? []) as JsonObject[];
  } catch (error) {
    // A key without this permission still compares orders.
    if (!(error instanceof PluginError) || error.code !== 'forbidden') throw error;
    rows = [];
  }
  const take = (some: JsonObject[]) =>
    desk.call<{ taken: number; whole: JsonObject[] }>('sync.work', [run.merchant, kind, some]);
  const found = await take(rows);
  run.found.work += found.taken;
  const unread = whole ? found.whole.slice(0, REQUESTS_PER_STEP - 1) : [];
  for (const row of unread) {
    if (!whole) break;
    const answer = await read<JsonObject>(desk, whole.operation, { [whole.id]: row['id'] ?? null });
    const told = { due_date: '', ...(answer[whole.item] as JsonObject | undefined) };
    const { taken } = await take([{ ...told, ...row }]);
    run.found.work += taken;
    found.taken += taken;
  }
  // What a step has no requests for is read by the next one.
  if (found.whole.length > unread.length && found.taken > 0) return 1 + unread.length;
  run.page++;
  if (kind !== 'refund_request' || rows.length < PAGE) turn(run);
  return 1 + unread.length;
}

/** The orders of a page that the ledger doesn't have so. */
async function listed(desk: Desk, run: Run): Promise<{ ids: string[]; isLast: boolean }> {
  const { operation, items, row } = LISTS[run.phase as keyof typeof LISTS];
  const answer = await read<JsonObject>(desk, operation, {
    from: wallClock(run.from),
    to: wallClock(run.to),
    page_no: run.page,
    page_size: PAGE,
    ...(run.phase !== 'changes' && { search: { role: 'vendor' } }),
  });
  const rows = (answer[items] ?? []) as JsonObject[];
  const ids = await desk.call<string[]>('sync.lacks', [run.merchant, rows.map(row)]);
  return { ids, isLast: rows.length < PAGE };
}

/** Orders whose next payment should have come, among a part of the ledger. */
async function overdue(desk: Desk, run: Run): Promise<{ ids: string[]; isLast: boolean }> {
  const { orders, after } = await desk.call<{ orders: string[]; after: string | null }>('sync.overdue', [run.after]);
  run.after = after;
  return { ids: [...new Set(orders)], isLast: after === null };
}

async function compare(desk: Desk, run: Run, order: Order, others: string[]): Promise<void> {
  const drift = await desk.call<Drift[]>('sync.compare', [run.merchant, order, others]);
  const repaired = drift.filter(({ problem }) => problem === undefined).length;
  run.found.checked++;
  run.found.found += drift.length;
  run.found.repaired += repaired;
  run.found.drift.push(...drift.slice(0, TOLD - run.found.drift.length));
}
