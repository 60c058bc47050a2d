import { PluginError } from './errors.js';
import type { Json, JsonObject, Timeline, TimelineEntry, TimelineOrder } from './protocol.js';

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

/** So many conversations are read; a contact seldom has more than one. */
const CONVERSATIONS = 3;
/** So many orders are asked for tickets, the newest first. */
const ORDERS = 20;
/** So many orders that the ledger doesn't have are read, the newest first: one call. */
const UNKNOWN_ORDERS = 50;

/**
 * Puts what HighLevel keeps, and Digistore24's tickets, between the purchases: those of the ledger, and those that Digistore24
 * knows under the contact's address. So it is whole in hosts without a ledger, too.
 */
export async function wholeTimeline(known: LedgerView, { run, ledger, hasApiKey }: Means): Promise<Timeline> {
  const { contactId } = known;
  const { contact } = (await run('ghl.contacts.getContact', { contactId })) as { contact: JsonObject };
  const missing: Timeline['missing'] = [];
  /** A list that can't be read (a scope that is missing) is named; the others are there. */
  const asked = async (operation: string, input: JsonObject, list: (answer: unknown) => JsonObject[]) => {
    try {
      return list(await run(operation, input));
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      if (error.code === 'cancelled') throw error;
      const { code, help } = error;
      if (!missing.some((one) => one.operation === operation)) missing.push({ operation, code, help });
      return [];
    }
  };
  const items = (operation: string, input: JsonObject, path: string) =>
    asked(operation, input, (answer) => listAt(answer, path));
  let view = known;
  if (hasApiKey && typeof contact['email'] === 'string') {
    const rows = await asked('digistore24.listPurchasesOfEmail', { email: contact['email'], limit: 100 }, (answer) =>
      byDate(answer as JsonObject[]),
    );
    const has = new Set(known.orders.map(({ id }) => id));
    const ids = rows.map(({ id }) => String(id)).filter((id) => !has.has(id) && !has.has(id.replace(/[1-9]$/, '')));
    if (ids.length > 0) {
      const purchase_id = ids.slice(-UNKNOWN_ORDERS).join(',');
      const orders = await asked('digistore24.getPurchase', { purchase_id }, (answer) =>
        // One order comes as itself, several as an object by id.
        byDate(ids.length === 1 ? [answer as JsonObject] : (Object.values(answer as JsonObject) as JsonObject[])),
      );
      if (orders.length > 0) view = await ledger('sync.view', [contactId, await ledger('sync.merchant', []), orders]);
    }
  }
  const { status, lifetime, orders, notes, choices } = view;
  const conversations = await items('ghl.conversations.searchConversation', { contactId }, 'conversations');
  const sources = [
    ...ofContact(contactId),
    ...conversations.slice(0, CONVERSATIONS).map(({ id }) => messagesOf(id ?? null)),
    ...(hasApiKey ? orders.slice(-ORDERS).map(({ id }) => ticketsOf(id)) : []),
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
      input: { contact_id: contactId, limit: 100 },
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

/** The list at a name; HighLevel's messages lie in an object of that name. */
function listAt(answer: unknown, name: string): JsonObject[] {
  const found = (answer as JsonObject | null)?.[name];
  if (Array.isArray(found)) return found as JsonObject[];
  return found && typeof found === 'object' ? listAt(found, name) : [];
}

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
