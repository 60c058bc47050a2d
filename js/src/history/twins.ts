import { PluginError } from '../errors.js';
import type { Json, JsonObject, PlanAction, Twin } from '../protocol.js';
import type { Desk } from './shelf.js';

/*
 * A write that ended without an answer is looked for when it can't take effect any more, and repeated when it is not there.
 * Should it take effect later all the same (no service promises when), there are two: nothing but another look finds that.
 */

/** What the core wrote down before it repeated a creation. */
interface Doubt {
  /** Milliseconds since 1970. */
  at: number;
  id: string;
  order: string;
  action: PlanAction;
  /** How its kind is looked for; null for contacts. */
  search: { operation: string; input: JsonObject; place: string; field: string; sought: string } | null;
}

const ROOM = 'doubt/';
/** How much later it is looked for. */
const LATER_MS = 60 * 60_000;
/** So many are looked for at a time, */
const AT_ONCE = 5;
/** with so many requests at most. */
export const REQUESTS_FOR_TWINS = 2 * AT_ONCE;

/** Looks for what was written an hour ago or earlier by a repeated write, and gives what is there more than once. */
export async function lateTwins(desk: Desk, run: Run): Promise<{ twins: Twin[]; requests: number }> {
  const twins: Twin[] = [];
  let requests = 0;
  for (const [name, doubt] of await desk.shelf.list<Doubt>(ROOM, null, AT_ONCE)) {
    if (doubt.at + LATER_MS > desk.now()) continue;
    const { id, order, action } = doubt;
    const { value: owner } = await desk.shelf.read<string>(`order/${order}`);
    const contactId = owner || null;
    requests += doubt.search ? 1 : 2;
    try {
      const ids = doubt.search ? await found(doubt.search, run) : await contacts(contactId, run);
      if (ids.length > 1) twins.push({ id, order, action, contactId: doubt.search && contactId, ids });
    } catch (error) {
      // Whose contact is gone has no twins; all else is tried again.
      if (!(error instanceof PluginError) || error.code !== 'not_found') return { twins, requests };
    }
    await desk.shelf.write({ [name]: undefined });
  }
  return { twins, requests };
}

type Run = (id: string, input: JsonObject) => Promise<unknown>;

async function found(search: NonNullable<Doubt['search']>, run: Run): Promise<string[]> {
  const { operation, input, place, field, sought } = search;
  const answer = (await run(operation, input)) as JsonObject;
  const rows = (answer[place] ?? []) as JsonObject[];
  const is = (value: Json | undefined) => {
    const text = String(value ?? '')
      .trim()
      .toLowerCase();
    // A task's mark is the last line of its text.
    return text === sought || (place === 'tasks' && text.endsWith(sought));
  };
  return rows.filter((row) => is(row[field])).map((row) => String(row['id']));
}

/** Contacts with the address of this one. */
async function contacts(contactId: string | null, run: Run): Promise<string[]> {
  if (contactId === null) return [];
  const { contact } = (await run('ghl.contacts.getContact', { contactId })) as { contact?: { email?: string } };
  if (!contact?.email) return [];
  const filters = [{ field: 'email', operator: 'eq', value: contact.email }];
  const answer = await run('ghl.contacts.searchContactsAdvanced', { page: 1, pageLimit: 20, filters });
  return ((answer as { contacts?: { id: string }[] }).contacts ?? []).map(({ id }) => id);
}
