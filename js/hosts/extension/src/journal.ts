import type { Plugin } from 'ghl-digistore24';
import type { Action, Entry } from './messages.js';

/*
 * The browser may stop the service worker at any time, also while a request is on its way. So what is to be done is written
 * down before it is done, on the disk, and crossed out after it. What is still there when a new worker starts was cut off: it is
 * looked up at the service whether it was done, and the user is told. Nothing is repeated without being asked.
 */

/** One key for each: two that begin at once must not write over each other. */
const PREFIX = 'action/';

const put = (entry: Entry) => chrome.storage.local.set({ [PREFIX + entry.id]: entry });

/** Everything in the journal, the oldest first. */
export async function entries(): Promise<Entry[]> {
  const all = Object.entries(await chrome.storage.local.get(null));
  const found = all.filter(([key]) => key.startsWith(PREFIX)).map(([, entry]) => entry as Entry);
  return found.sort((a, b) => a.startedAt - b.startedAt);
}

/** Crosses an action out. */
export const cross = (id: string) => chrome.storage.local.remove(PREFIX + id);

/** Writes an action down. Where that fails nothing is begun: a full disk is told before anything happens. */
export async function begin(action: Action): Promise<Entry> {
  const entry: Entry = { id: crypto.randomUUID(), action, startedAt: Date.now(), state: 'started' };
  await put(entry);
  return entry;
}

/** Finds out what became of the actions that an earlier worker had begun: `own` are this one's. */
export async function settle(plugin: Plugin, own: ReadonlySet<string>): Promise<void> {
  for (const entry of await entries()) {
    if (entry.state !== 'started' || own.has(entry.id)) continue;
    let isDone = false;
    try {
      isDone = await wasDone(plugin, entry);
    } catch {
      // It can't be looked up now: it stays open, and the next start or the next look of the panel tries again.
      continue;
    }
    // What is not there yet may still come.
    if (!isDone && Date.now() - entry.startedAt < SETTLE_MS) continue;
    await put({ ...entry, state: isDone ? 'done' : 'interrupted' });
  }
}

/** What was sent takes effect by then, or never. */
const SETTLE_MS = 30_000;
/** Clocks of services and machines differ; so much earlier counts as later. */
const SLACK_MS = 120_000;

async function wasDone(plugin: Plugin, { action, startedAt }: Entry): Promise<boolean> {
  const { contactId } = action;
  switch (action.kind) {
    case 'addTag': {
      const { contact } = await plugin.ghl.contacts.getContact({ contactId });
      return contact?.tags?.includes(action.tag.trim().toLowerCase()) ?? false;
    }
    case 'note': {
      const { notes = [] } = await plugin.ghl.contacts.getAllNotes({ contactId });
      const isSince = (at: unknown) => Date.parse(String(at)) >= startedAt - SLACK_MS;
      return notes.some(({ body, dateAdded }) => body?.trim() === action.body.trim() && isSince(dateAdded));
    }
    case 'completeTask': {
      const { tasks = [] } = await plugin.ghl.contacts.getAllTasks({ contactId });
      return tasks.some(({ id, completed }) => id === action.taskId && completed === true);
    }
    case 'stopRebilling': {
      const order = await plugin.digistore24.getPurchase({ purchase_id: action.orderId });
      const { is_canceled_now: now, is_canceled_later: later } = order as Record<string, unknown>;
      return now === 'Y' || later === 'Y';
    }
    case 'buyLink':
      // Its address is lost with the answer; another one does no harm.
      return false;
  }
}
