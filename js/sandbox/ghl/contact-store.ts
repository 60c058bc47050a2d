import { record } from '../recorder.js';
import { locationSettings } from '../settings.js';
import type { World } from '../state.js';
import { addBusiness, findBusiness } from './business-store.js';
import type { ContactChange } from './contact-body.js';
import type { Contact, ContactField } from './data.js';
import { badRequest } from './problem.js';
import { searchDoc } from './views.js';

/** Which way a tag came or went; stored in the trigger's detail. */
export type TagRoute = 'create' | 'update' | 'tags' | 'bulk';

/** The contacts that own an e-mail or a phone number. */
export interface Matches {
  email?: Contact;
  phone?: Contact;
}

/** The contacts of a location that are neither deleted nor merged into another. */
export function living(world: World, locationId: string): Contact[] {
  return [...world.ghl.contacts.values()].filter((contact) => contact.locationId === locationId && !contact.removed);
}

/** Finds the contacts of a location by e-mail and by phone, apart from one. */
export function findMatches(
  world: World,
  locationId: string,
  fields: ContactChange['fields'],
  except?: Contact,
): Matches {
  const owner = (field: 'email' | 'phone') => {
    const value = fields[field];
    const owners = value ? world.ghl.owners.get(ownerKey(locationId, field, value)) : undefined;
    return [...(owners ?? [])].find((contact) => contact !== except);
  };
  const [email, phone] = [owner('email'), owner('phone')];
  return { ...(email && { email }), ...(phone && { phone }) };
}

/** The match that comes first by the location's duplicate priority. */
export function firstMatch(
  world: World,
  locationId: string,
  { email, phone }: Matches,
): { contact: Contact; field: 'email' | 'phone' } | undefined {
  const byEmail = email && { contact: email, field: 'email' as const };
  const byPhone = phone && { contact: phone, field: 'phone' as const };
  return locationSettings(world.settings, locationId).duplicatePriority === 'phone'
    ? (byPhone ?? byEmail)
    : (byEmail ?? byPhone);
}

/** Refuses a second contact with the same e-mail or phone where the location allows none. */
export function refuseDuplicate(
  world: World,
  locationId: string,
  fields: ContactChange['fields'],
  except?: Contact,
): void {
  if (locationSettings(world.settings, locationId).allowDuplicateContact) return;
  const match = firstMatch(world, locationId, findMatches(world, locationId, fields, except));
  if (!match) return;
  const { contact, field } = match;
  throw badRequest('This location does not allow duplicated contacts.', {
    meta: { contactId: contact.id, contactName: fullName(contact), matchingField: field },
  });
}

/** Makes a contact. Its triggers: created, then each tag. */
export function createContact(world: World, locationId: string, change: ContactChange): Contact {
  const now = world.isoNow();
  const contact: Contact = {
    id: world.ids.id('contact'),
    locationId,
    fields: {},
    tags: [],
    custom: new Map(),
    dnd: false,
    dndSettings: {},
    notes: [],
    tasks: [],
    workflows: [],
    campaigns: [],
    keys: [],
    dateAdded: now,
    dateUpdated: now,
    index: [],
  };
  world.ghl.contacts.set(contact.id, contact);
  writeFields(contact, change);
  writeCustom(contact, change);
  linkCompany(world, contact);
  touch(world, contact);
  record(world, 'contact_created', contact);
  if (change.tags) addTags(world, contact, change.tags, 'create');
  return contact;
}

/** Changes a contact. A list of tags replaces all tags that were there. */
export function changeContact(world: World, contact: Contact, change: ContactChange): void {
  const fields = writeFields(contact, change);
  const custom = writeCustom(contact, change);
  touch(world, contact);
  if (fields.length > 0) record(world, 'contact_changed', contact, { fields });
  for (const [id, from, to] of custom) {
    const fieldKey = world.ghl.customFields.get(id)?.fieldKey;
    record(world, 'custom_field_changed', contact, { id, fieldKey, from, to });
  }
  const { tags } = change;
  if (!tags) return;
  removeTags(
    world,
    contact,
    contact.tags.filter((tag) => !tags.includes(tag)),
    'update',
  );
  addTags(world, contact, tags, 'update');
}

/** Adds tags and returns those that were not there. */
export function addTags(world: World, contact: Contact, tags: string[], via: TagRoute): string[] {
  const added = tags.filter((tag) => !contact.tags.includes(tag));
  for (const tag of added) {
    contact.tags.push(tag);
    record(world, 'tag_added', contact, { tag, via });
  }
  if (added.length > 0) touch(world, contact);
  return added;
}

/** Removes tags and returns those that were there. */
export function removeTags(world: World, contact: Contact, tags: string[], via: TagRoute): string[] {
  const removed = tags.filter((tag) => contact.tags.includes(tag));
  for (const tag of removed) {
    contact.tags = contact.tags.filter((other) => other !== tag);
    record(world, 'tag_removed', contact, { tag, via });
  }
  if (removed.length > 0) touch(world, contact);
  return removed;
}

/** Links a contact to a business, or to none. */
export function linkBusiness(world: World, contact: Contact, businessId: string | null): void {
  if (businessId) contact.fields.businessId = businessId;
  else delete contact.fields.businessId;
  touch(world, contact);
  record(world, 'contact_changed', contact, { fields: ['businessId'] });
}

/** Deletes a contact; its deals go with it. */
export function deleteContact(world: World, contact: Contact): void {
  contact.removed = 'deleted';
  for (const [id, deal] of world.ghl.opportunities) {
    if (deal.contactId === contact.id) world.ghl.opportunities.delete(id);
  }
  touch(world, contact);
}

/** Merges one contact into another, as a person does in the user interface. */
export function mergeContacts(world: World, winner: Contact, loser: Contact): void {
  winner.fields = { ...loser.fields, ...winner.fields };
  winner.tags = [...new Set([...winner.tags, ...loser.tags])];
  winner.custom = new Map([...loser.custom, ...winner.custom]);
  for (const note of loser.notes) winner.notes.push({ ...note, contactId: winner.id });
  for (const task of loser.tasks) winner.tasks.push({ ...task, contactId: winner.id });
  for (const deal of world.ghl.opportunities.values()) {
    if (deal.contactId === loser.id) deal.contactId = winner.id;
  }
  for (const appointment of world.ghl.appointments.values()) {
    if (appointment.contactId === loser.id) appointment.contactId = winner.id;
  }
  loser.removed = 'merged';
  loser.mergedInto = winner.id;
  touch(world, loser);
  touch(world, winner);
}

/** First and last name. */
export function fullName(contact: Contact): string {
  return [contact.fields.firstName, contact.fields.lastName].filter(Boolean).join(' ');
}

/** Notes the change and hands the contact to the search index, where it shows after the lag. */
function touch(world: World, contact: Contact): void {
  const at = world.now();
  contact.dateUpdated = world.isoNow();
  own(world, contact);
  contact.index.push({ at, doc: contact.removed ? null : searchDoc(contact) });
  const visible = contact.index.findLastIndex((version) => version.at + world.settings.searchLagMs <= at);
  if (visible > 0) contact.index.splice(0, visible);
}

/** Enters the contact under its e-mail and phone. */
function own(world: World, contact: Contact): void {
  const { owners } = world.ghl;
  const { locationId, fields, removed } = contact;
  const keys = (['email', 'phone'] as const).flatMap((field) => {
    const value = fields[field];
    return value && !removed ? [ownerKey(locationId, field, value)] : [];
  });
  for (const key of contact.keys) if (!keys.includes(key)) owners.get(key)?.delete(contact);
  for (const key of keys) {
    const set = owners.get(key) ?? new Set();
    owners.set(key, set.add(contact));
  }
  contact.keys = keys;
}

function ownerKey(locationId: string, field: 'email' | 'phone', value: string): string {
  return `${locationId} ${field} ${value}`;
}

function writeFields(contact: Contact, change: ContactChange): ContactField[] {
  const changed: ContactField[] = [];
  for (const [name, value] of Object.entries(change.fields)) {
    const field = name as ContactField;
    if ((contact.fields[field] ?? null) === (value || null)) continue;
    if (value) contact.fields[field] = value;
    else delete contact.fields[field];
    changed.push(field);
  }
  if (change.dnd !== undefined) contact.dnd = change.dnd;
  if (change.dndSettings) contact.dndSettings = { ...contact.dndSettings, ...change.dndSettings };
  return changed;
}

function writeCustom(contact: Contact, change: ContactChange): [string, unknown, unknown][] {
  const changed: [string, unknown, unknown][] = [];
  for (const [id, value] of change.custom) {
    const before = contact.custom.get(id) ?? null;
    const empty = value === null || value === '';
    const after = empty ? null : value;
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    if (empty) contact.custom.delete(id);
    else contact.custom.set(id, value);
    changed.push([id, before, after]);
  }
  return changed;
}

/** The automation of locations that make a business of a company name. */
function linkCompany(world: World, contact: Contact): void {
  const { locationId, fields } = contact;
  if (!fields.companyName) return;
  if (!locationSettings(world.settings, locationId).createCompanies) return;
  const business =
    findBusiness(world, locationId, fields.companyName) ?? addBusiness(world, locationId, fields.companyName, {});
  fields.businessId = business.id;
}
