// What the compiler must accept and what it must refuse. It is compiled only, never run.
import type { InputOf, Operations, OutputOf, Plugin } from '../../pkg/dist/src/index.js';

/** Fails to compile unless both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isTrue = <T extends true>(): T | undefined => undefined;

export async function accepted(plugin: Plugin) {
  const { tags } = await plugin.ghl.contacts.addTags({ contactId: 'c', tags: ['new'] });
  isTrue<Same<typeof tags, string[] | undefined>>();

  // The connection knows its locationId; another one may be named.
  await plugin.ghl.contacts.createContact({ email: 'anna@example.com' });
  await plugin.ghl.contacts.createContact({ email: null, locationId: 'l' });

  await plugin.digistore24.ping();
  const { buyer } = await plugin.run('digistore24.getPurchase', { purchase_id: 'K7QX2M9A' });
  isTrue<Same<typeof buyer, OutputOf<'digistore24.getPurchase'>['buyer']>>();
  buyer?.email?.toLowerCase();

  const { calendars } = await plugin.ghl.calendars.getCalendars();
  calendars?.[0]?.name.toLowerCase();
  await plugin.ghl.adManager.fbGetPages({ fetchExisting: 'true' });
  const recording = await plugin.ghl.conversations.getMessageRecording({ messageId: 'm' });
  recording.base64.toLowerCase();

  const found = await plugin.bridge.findOrCreateContact({ email: 'anna@example.com', fields: { Level: 5 } });
  isTrue<Same<typeof found.notes, string[] | undefined>>();
  await plugin.bridge.issueRefund({ transactionId: 5, confirm: true });
  const { status } = await plugin.ghl.custom.request({ path: '/contacts/', query: { limit: 1 } });
  status.toFixed();

  for await (const contact of plugin.ghl.contacts.searchContactsAdvanced.list({
    filters: [
      { field: 'city', operator: 'contains', value: 'Graz' },
      { group: 'OR', filters: [{ field: 'customFields.Level', operator: 'eq', value: 'gold' }] },
      { field: 'dateAdded', operator: 'range', value: { gte: '2026-01-01' } },
    ],
  })) {
    isTrue<Same<typeof contact.id, string | undefined>>();
  }
  for await (const { items, cursor } of plugin.list('digistore24.listPurchases', {}, { limit: 5 }).pages()) {
    items[0]?.id?.toString();
    cursor?.['v']?.toString();
  }
  const [first, second] = await plugin.batch([
    { id: 'ghl.contacts.addTags', input: { contactId: 'c', tags: ['a'] } },
    { id: 'ghl.contacts.getContact', input: { contactId: 'c' } },
  ]);
  if (first.ok) isTrue<Same<typeof first.value.tags, string[] | undefined>>();
  if (!second.ok) second.error.code.toString();

  // An operation that the types don't know takes and gives plain JSON.
  const other: unknown = await plugin.run('ghl.calendars.somethingNew', { calendarId: 'c' });
  await plugin.digistore24.listProducts({ sort_by: 'name' });
  return other;
}

export async function refused(plugin: Plugin) {
  const { contacts } = plugin.ghl;
  // @ts-expect-error a missing field
  await contacts.addTags({ contactId: 'c' });
  // @ts-expect-error no input at all
  await contacts.addTags();
  // @ts-expect-error an unknown field
  await contacts.addTags({ contactId: 'c', tags: [], tag: 'new' });
  // @ts-expect-error a wrong type
  await contacts.addTags({ contactId: 1, tags: [] });
  // @ts-expect-error a missing field, in a resource of two words
  await plugin.ghl.customFields.getCustomFieldById({});
  // @ts-expect-error an operator that the field doesn't take
  contacts.searchContactsAdvanced.list({ filters: [{ field: 'email', operator: 'contains', value: 'a' }] });
  // @ts-expect-error a field that doesn't exist
  contacts.searchContactsAdvanced.list({ filters: [{ field: 'ctiy', operator: 'exists' }] });
  // @ts-expect-error what lists nothing has no list
  contacts.getContact.list({ contactId: 'c' });
  // @ts-expect-error not one of the values
  await plugin.ghl.locations.getCustomFields({ model: 'person' });
  // @ts-expect-error an input where there is none
  await plugin.digistore24.ping({ now: true });
  // @ts-expect-error money moves only when it is confirmed
  await plugin.bridge.issueRefund({ transactionId: 5 });
  // @ts-expect-error an unknown field of an action
  await plugin.bridge.addTag({ email: 'anna@example.com', tag: 'new' });
  // @ts-expect-error the same for run
  await plugin.run('ghl.contacts.addTags', { contactId: 'c', tags: 'new' });
  // @ts-expect-error a name that the resource lacks
  await contacts.addTagz({ contactId: 'c', tags: [] });
  // @ts-expect-error the answer has no such field
  (await contacts.addTags({ contactId: 'c', tags: [] })).contact;
}

isTrue<Same<InputOf<'ghl.contacts.addTags'>, Operations['ghl.contacts.addTags']['input']>>();
