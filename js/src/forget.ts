import { PluginError } from './errors.js';
import type { ErrorCode, Forgotten, JsonObject, Remainder } from './protocol.js';

/** What is lent to {@link forget}. */
interface Means {
  /** The core's part: the store. */
  forgetInStore(
    email: string,
    inHighLevel: string | null,
  ): Promise<{ contactId: string | null; orders: number; messages: number }>;
  run(id: string, input: JsonObject): Promise<unknown>;
}

const BARRED: ReadonlySet<ErrorCode> = new Set(['forbidden', 'unauthenticated', 'misconfigured']);

/**
 * Forgets a person in the store and, on request, in HighLevel; names what remains elsewhere. Can be repeated. `contactId`: who has
 * the address in HighLevel, null for nobody; undefined: it is looked for.
 */
export async function forget(
  email: string,
  deleteContact: boolean,
  contactId: string | null | undefined,
  means: Means,
): Promise<Forgotten> {
  // Whoever bought nothing is known by the contact's id only; and the ledger's contact may have been merged into another one.
  const other = contactId === undefined ? await contactOf(email, deleteContact, means) : contactId;
  const forgotten = await means.forgetInStore(email, other);
  let known = forgotten.contactId;
  let isDeleted = false;
  if (deleteContact) {
    if (known !== null) isDeleted = await deleted(known, means);
    if (other !== null && other !== known) {
      isDeleted = await deleted(other, means);
      known = other;
    }
  }
  return { ...forgotten, contactId: known, contactDeleted: isDeleted, remains: remains(isDeleted) };
}

/** Deletes a contact. False where it was gone already: deleted, or merged into another one. */
async function deleted(contactId: string, { run }: Means): Promise<boolean> {
  try {
    await run('ghl.contacts.deleteContact', { contactId });
    return true;
  } catch (error) {
    if (error instanceof PluginError && error.code === 'not_found') return false;
    throw error;
  }
}

/** Who may not look can still forget what is in the store. */
async function contactOf(email: string, isNeeded: boolean, { run }: Means): Promise<string | null> {
  try {
    const answer = (await run('ghl.contacts.getDuplicateContact', { email })) as { contact?: { id?: string } | null };
    return answer.contact?.id ?? null;
  } catch (error) {
    if (!isNeeded && error instanceof PluginError && BARRED.has(error.code)) return null;
    throw error;
  }
}

function remains(isDeleted: boolean): Remainder[] {
  return [
    ...(isDeleted
      ? []
      : [
          {
            where: 'HighLevel',
            what: 'the contact, if there is one, with its notes, tasks, messages and deals',
            help: 'delete it there, or repeat this with the deletion of the contact',
          },
        ]),
    {
      where: 'HighLevel',
      what: 'notes on contacts who hold e-tickets that this person bought: they name the buyer',
      help: 'search the notes for the address there',
    },
    {
      where: 'Digistore24',
      what: 'the orders, with name and address',
      help: 'the reseller keeps them as the law says: ask its support; running plans should be cancelled first',
    },
    {
      where: 'backups',
      what: 'copies of the state from before',
      help: 'let them expire, and forget again after a restore',
    },
  ];
}
