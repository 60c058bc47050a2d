import { PluginError } from './errors.js';
import { chunks, ORDERS_AT_ONCE, ordersIn } from './history/lists.js';
import type { Json, JsonObject, Timeline, TimelineEntry, TimelineOrder, Whom } from './protocol.js';

/** What the core's ledger knows of a customer. */
export interface LedgerView {
  contactId: string;
  status: string | null;
  lifetime: JsonObject;
  orders: TimelineOrder[];
  timeline: TimelineEntry[];
  /** The ids of our own notes. */
  notes: string[];
  choices: Timeline['choices'];
}

/** What is lent to {@link wholeTimeline}. */
interface Means {
  /** Calls an operation of the catalog. */
  run(id: string, input: JsonObject): Promise<unknown>;
  /** The items of a list of the catalog, from all its pages, at most so many. */
  list(id: string, input: JsonObject, limit: number): AsyncIterable<unknown>;
  /** A method of the core. */
  ledger<T>(method: string, args: unknown[]): Promise<T>;
  /** Digistore24 can be asked. */
  hasApiKey: boolean;
}

/** A list that is drawn: its operation and input, where its items are, where their time is, what is told of them. */
interface Source {
  kind: TimelineEntry['kind'];
  operation: string;
  input: JsonObject;
  items: string;
  time: string;
  fields: string[];
}

const GET_PURCHASE = 'digistore24.getPurchase';
/** So many conversations are read; a contact seldom has more than one. */
const CONVERSATIONS = 10;
/** So many orders are asked for tickets, the newest first. */
const ORDERS = 20;
/** So many orders that the ledger doesn't have are read, the newest first. */
const UNKNOWN_ORDERS = 500;
/** So many items of a list are read. */
const ITEMS = 500;

/**
 * Puts what HighLevel keeps, and Digistore24's tickets, between the purchases: those of the ledger, and those that Digistore24
 * knows under the contact's address. So it is whole in hosts without a ledger, too.
 */
export async function wholeTimeline(whom: Whom, found: LedgerView, means: Means): Promise<Timeline> {
  const { run, list, ledger, hasApiKey } = means;
  const { known, contact } = await contactOf(whom, found, means);
  const { contactId } = known;
  const missing: Timeline['missing'] = [];
  const note = (operation: string, code: Missing['code'], help: string) => {
    if (!missing.some((one) => one.operation === operation)) missing.push({ operation, code, help });
  };
  /** What is longer than is read is named, too: nothing is left out in silence. */
  const cut = <T>(operation: string, rows: T[], most: number, newest = false): T[] => {
    if (rows.length > most) note(operation, 'cut', `There are more than the ${most} that are shown.`);
    return newest ? rows.slice(-most) : rows.slice(0, most);
  };
  /** A list that can't be read (a scope that is missing) is named; the others are there. */
  const asked = async <T>(operation: string, read: () => Promise<T[]>): Promise<T[]> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      if (error.code === 'cancelled') throw error;
      note(operation, error.code, error.help);
      return [];
    }
  };
  const items = (operation: string, input: JsonObject, path: string) =>
    asked(operation, async () => {
      if (!PAGED.has(operation)) return cut(operation, ((await run(operation, input)) as Lists)?.[path] ?? [], ITEMS);
      const rows: JsonObject[] = [];
      for await (const row of list(operation, input, ITEMS + 1)) rows.push(row as JsonObject);
      return cut(operation, rows, ITEMS);
    });
  let view = known;
  const { email } = contact;
  if (hasApiKey && typeof email === 'string') {
    const operation = 'digistore24.listPurchasesOfEmail';
    const rows = await asked(operation, async () =>
      byDate((await run(operation, { email, limit: UNKNOWN_ORDERS + 1 })) as JsonObject[]),
    );
    // Under a contact that was merged the ledger has none: they are read anew.
    const has = new Set(
      contactId === found.contactId
        ? known.orders.flatMap(({ id, items }) => [id, ...items.map((item) => item.order)])
        : [],
    );
    const ids = rows.map(({ id }) => String(id)).filter((id) => !has.has(id));
    const orders: JsonObject[] = [];
    for (const some of chunks(cut(operation, ids, UNKNOWN_ORDERS, true), ORDERS_AT_ONCE)) {
      const whole = () => run(GET_PURCHASE, { purchase_id: some.join(',') });
      orders.push(...(await asked(GET_PURCHASE, async () => ordersIn((await whole()) as JsonObject, some))));
    }
    if (orders.length > 0) {
      view = await ledger('sync.view', [contactId, await ledger('sync.merchant', []), byDate(orders)]);
    }
  }
  const { status, lifetime, orders, notes, choices } = view;
  const search = 'ghl.conversations.searchConversation';
  const conversations = await items(search, { contactId, limit: CONVERSATIONS + 1 }, 'conversations');
  const sources = [
    ...ofContact(contactId),
    ...cut(search, conversations, CONVERSATIONS).map(({ id }) => messagesOf(id ?? null)),
    ...(hasApiKey ? cut('digistore24.listEtickets', orders, ORDERS, true).map(({ id }) => ticketsOf(id)) : []),
  ];
  const { dateAdded = null, source = null } = contact;
  const entries: TimelineEntry[] = [{ at: dateAdded as string | null, kind: 'contact', source }, ...view.timeline];
  for (const { kind, operation, input, items: path, time, fields } of sources) {
    for (const item of await items(operation, input, path)) {
      const told = Object.fromEntries(fields.filter((name) => item[name] != null).map((name) => [name, item[name]]));
      const ours = kind === 'note' ? { ours: notes.includes(String(item['id'])) } : {};
      entries.push({ ...told, ...ours, kind, at: textOf(item[time]) });
    }
  }
  // The sort is stable: what the ledger wrote in order stays in order within a second.
  entries.sort((a, b) => momentOf(a.at) - momentOf(b.at));
  return { contact, status, lifetime, orders, choices, timeline: entries, missing };
}

/** Lists with pages. The others come whole. */
const PAGED = new Set(['ghl.conversations.getMessages', 'ghl.opportunities.searchOpportunity']);

type Missing = Timeline['missing'][number];

/** The contact as HighLevel shows it. One that was merged into another is found there by its address. */
async function contactOf(whom: Whom, found: LedgerView, { run, ledger }: Means) {
  const read = async (known: LedgerView) => {
    const { contact } = (await run('ghl.contacts.getContact', { contactId: known.contactId })) as {
      contact: JsonObject;
    };
    return { known, contact };
  };
  try {
    return await read(found);
  } catch (error) {
    if (!(error instanceof PluginError && error.code === 'not_found')) throw error;
    return read(await ledger('timeline', [{ ...whom, gone: found.contactId }]));
  }
}

function ofContact(contactId: string): Source[] {
  const input = { contactId };
  return [
    {
      kind: 'note',
      operation: 'ghl.contacts.getAllNotes',
      input,
      items: 'notes',
      time: 'dateAdded',
      fields: ['id', 'title', 'body'],
    },
    {
      kind: 'task',
      operation: 'ghl.contacts.getAllTasks',
      input,
      items: 'tasks',
      time: 'dueDate',
      fields: ['id', 'title', 'body', 'completed', 'assignedTo'],
    },
    {
      kind: 'appointment',
      operation: 'ghl.contacts.getAppointmentsForContact',
      input,
      items: 'events',
      time: 'startTime',
      fields: ['id', 'title', 'appointmentStatus', 'endTime', 'address'],
    },
    {
      kind: 'deal',
      operation: 'ghl.opportunities.searchOpportunity',
      input: { contact_id: contactId },
      items: 'opportunities',
      time: 'createdAt',
      fields: ['id', 'name', 'status', 'monetaryValue', 'pipelineId', 'pipelineStageId', 'lastStageChangeAt'],
    },
  ];
}

function messagesOf(conversationId: Json): Source {
  return {
    kind: 'message',
    operation: 'ghl.conversations.getMessages',
    input: { conversationId },
    items: 'messages',
    time: 'dateAdded',
    fields: ['id', 'messageType', 'direction', 'status', 'body'],
  };
}

function ticketsOf(order: string): Source {
  return {
    kind: 'eticket',
    operation: 'digistore24.listEtickets',
    input: { search: { purchase_id: order } },
    items: 'etickets',
    time: 'date',
    fields: ['id', 'product_id', 'used_at', 'is_blocked', 'hint', 'no', 'count'],
  };
}

type Lists = Record<string, JsonObject[]> | null;

function textOf(value: Json | undefined): string | null {
  return value == null || value === '' ? null : String(value);
}

/** The oldest first. */
function byDate(orders: JsonObject[]): JsonObject[] {
  const at = (order: JsonObject) => String(order['created_at'] ?? '');
  return [...orders].sort((a, b) => at(a).localeCompare(at(b)));
}

/** HighLevel writes ISO 8601, Digistore24 days and times without a zone; the order within a day is good enough for those. */
function momentOf(at: string | null): number {
  const ms = Date.parse((at ?? '').replace(/^(\d{4}-\d\d-\d\d) (\d)/, '$1T$2'));
  return Number.isNaN(ms) ? 0 : ms;
}
