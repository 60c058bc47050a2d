import { PluginError } from './errors.js';
import type { CleanedPerson, Cleanup, JsonObject } from './protocol.js';

/** What is lent to {@link cleanup}. */
interface Means {
  /** Ends the work between two people. */
  signal?: AbortSignal | undefined;
  ledger<T>(method: string, args: unknown[]): Promise<T>;
  run(id: string, input: JsonObject): Promise<unknown>;
}

/** A person with test orders, as the core tells it. */
interface Tested {
  contactId: string;
  version: number;
  isOnlyTest: boolean;
  orders: { id: string; noteId: string | null; dealId: string | null }[];
  steps: { do: Step }[];
}

type Step = {
  updateContact?: { custom: JsonObject };
  removeTags?: { tags: string[] };
  addTags?: { tags: string[] };
};

interface Row {
  id: string;
  title?: string;
  body?: string;
}

/**
 * Takes out what test orders left: their notes, tasks, deals, the tags and fields that only they earned; then the ledger
 * forgets them. Whatever ends it, it can be repeated. With `deleteContacts` also contacts that this plugin made and that have
 * nothing but test orders.
 */
export async function cleanup(deleteContacts: boolean, dryRun: boolean, means: Means): Promise<Cleanup> {
  const people: CleanedPerson[] = [];
  let after: string | null = null;
  do {
    const page: { people: Tested[]; after: string | null } = await means.ledger('sync.tests', [after]);
    for (const person of page.people) {
      if (means.signal?.aborted) return { done: false, people };
      people.push(await clean(person, deleteContacts, dryRun, means));
    }
    after = page.after;
  } while (after !== null);
  return { done: people.every(({ outcome }) => outcome !== 'busy'), people };
}

async function clean(person: Tested, deleteContacts: boolean, dryRun: boolean, means: Means): Promise<CleanedPerson> {
  const { contactId, version, orders, steps } = person;
  const contact = await unlessGone(() => means.run('ghl.contacts.getContact', { contactId }));
  const source = (contact as { contact?: { source?: unknown } } | undefined)?.contact?.source;
  const isOurs = source === 'Digistore24' || source === 'Digistore24 import';
  const isGone = contact === undefined;
  const deletes = !isGone && deleteContacts && person.isOnlyTest && isOurs;
  const found = isGone ? { notes: [], tasks: [] } : await made(contactId, orders, means);
  const deals = [...new Set(orders.flatMap(({ dealId }) => dealId ?? []))];
  const cleaned: CleanedPerson = {
    contactId,
    orders: orders.map(({ id }) => id),
    notes: found.notes.length,
    tasks: found.tasks.length,
    deals: deals.length,
    tags: steps.flatMap(({ do: step }) => step.removeTags?.tags ?? []),
    outcome: isGone ? 'gone' : deletes ? 'deleted' : 'cleaned',
  };
  if (dryRun) return isGone ? cleaned : { ...cleaned, outcome: deletes ? 'would be deleted' : 'would be cleaned' };
  // A deal may outlive its contact.
  for (const id of deals) await unlessGone(() => means.run('ghl.opportunities.deleteOpportunity', { id }));
  if (deletes) {
    await unlessGone(() => means.run('ghl.contacts.deleteContact', { contactId }));
  } else if (!isGone) {
    for (const id of found.notes) await unlessGone(() => means.run('ghl.contacts.deleteNote', { contactId, id }));
    for (const taskId of found.tasks)
      await unlessGone(() => means.run('ghl.contacts.deleteTask', { contactId, taskId }));
    for (const { do: step } of steps) await carryOut(contactId, step, means);
  }
  // Last: until here a repetition finds all of it again.
  const isDropped = await means.ledger<boolean>('sync.dropTests', [contactId, version, isGone || deletes]);
  return isDropped ? cleaned : { ...cleaned, outcome: 'busy' };
}

async function carryOut(contactId: string, step: Step, { run }: Means): Promise<void> {
  const { updateContact, removeTags, addTags } = step;
  if (updateContact) {
    const customFields = Object.entries(updateContact.custom).map(([name, value]) => ({ name, value }));
    if (customFields.length > 0) await run('ghl.contacts.updateContact', { contactId, customFields });
  }
  if (removeTags) await run('ghl.contacts.removeTags', { contactId, tags: removeTags.tags });
  if (addTags) await run('ghl.contacts.addTags', { contactId, tags: addTags.tags });
}

/** Notes and tasks that the sync made for these orders, by its marks; a person's own stay. */
async function made(contactId: string, orders: Tested['orders'], { run }: Means) {
  const { notes = [] } = (await run('ghl.contacts.getAllNotes', { contactId })) as { notes?: Row[] };
  const { tasks = [] } = (await run('ghl.contacts.getAllTasks', { contactId })) as { tasks?: Row[] };
  const isNote = ({ id, title = '' }: Row) =>
    orders.some((order) => order.noteId === id || title.includes(`DS24 ${order.id} ·`));
  const isTask = ({ body = '' }: Row) => {
    const lines = body.split('\n');
    return lines.at(-1)?.startsWith('ds24:') && orders.some(({ id }) => lines.includes(`Order ${id}`));
  };
  return { notes: notes.filter(isNote).map(({ id }) => id), tasks: tasks.filter(isTask).map(({ id }) => id) };
}

/** What a person has deleted already needs no deleting. */
async function unlessGone(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PluginError && error.code === 'not_found') return undefined;
    throw error;
  }
}
