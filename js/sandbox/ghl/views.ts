import type { Contact } from './data.js';

type View = Record<string, unknown>;

/** A contact as GET, POST, PUT and upsert answer it; custom fields have an id and no key. */
export function contactView(contact: Contact): View {
  const { fields } = contact;
  return {
    id: contact.id,
    locationId: contact.locationId,
    type: 'lead',
    ...names(contact),
    ...fields,
    ...(fields.email && { emailLowerCase: fields.email.toLowerCase() }),
    dnd: contact.dnd,
    ...(Object.keys(contact.dndSettings).length > 0 && { dndSettings: contact.dndSettings }),
    tags: [...contact.tags],
    customFields: customFields(contact),
    dateAdded: contact.dateAdded,
    dateUpdated: contact.dateUpdated,
  };
}

/** A contact as the search index holds it; absent values are null there. */
export function searchDoc(contact: Contact): View {
  const { fields } = contact;
  const nothing = Object.fromEntries(INDEXED.map((name) => [name, null]));
  return {
    id: contact.id,
    locationId: contact.locationId,
    type: 'lead',
    ...nothing,
    ...fields,
    ...names(contact),
    address: fields.address1 ?? null,
    businessName: fields.companyName ?? null,
    dnd: contact.dnd,
    tags: [...contact.tags],
    customFields: customFields(contact),
    additionalEmails: [],
    additionalPhones: [],
    followers: [],
    opportunities: [],
    dateAdded: contact.dateAdded,
    dateUpdated: contact.dateUpdated,
  };
}

const INDEXED = [
  'email',
  'phone',
  'companyName',
  'city',
  'state',
  'postalCode',
  'country',
  'website',
  'timezone',
  'source',
  'dateOfBirth',
  'assignedTo',
  'businessId',
];

function names({ fields }: Contact): View {
  const name = [fields.firstName, fields.lastName].filter(Boolean).join(' ');
  return {
    ...(name && { contactName: name, name, fullNameLowerCase: name.toLowerCase() }),
    ...(fields.firstName && { firstNameLowerCase: fields.firstName.toLowerCase() }),
    ...(fields.lastName && { lastNameLowerCase: fields.lastName.toLowerCase() }),
  };
}

function customFields(contact: Contact): View[] {
  return Array.from(contact.custom, ([id, value]) => ({ id, value: structuredClone(value) }));
}
