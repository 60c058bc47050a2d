import { locationSettings } from '../settings.js';
import type { World } from '../state.js';
import { CONTACT_FIELDS, type ContactField, type CustomField } from './data.js';
import { badRequest, unprocessable } from './problem.js';
import { type Body, FLAG, isObject, LIST, NEEDED, OBJECT, type Shape, TEXT, TEXT_OR_NULL, TEXTS } from './validate.js';

/** UpdateContactDto of the contacts specification: no locationId, gender or companyName. */
export const UPDATE_SHAPE: Shape = {
  firstName: TEXT_OR_NULL,
  lastName: TEXT_OR_NULL,
  name: TEXT_OR_NULL,
  email: TEXT_OR_NULL,
  phone: TEXT_OR_NULL,
  address1: TEXT_OR_NULL,
  city: TEXT_OR_NULL,
  state: TEXT_OR_NULL,
  postalCode: TEXT,
  website: TEXT_OR_NULL,
  timezone: TEXT_OR_NULL,
  dnd: FLAG,
  dndSettings: OBJECT,
  inboundDndSettings: OBJECT,
  tags: TEXTS,
  customFields: LIST,
  source: TEXT_OR_NULL,
  dateOfBirth: { kind: 'any', nullable: true },
  country: TEXT,
  assignedTo: TEXT_OR_NULL,
};

/** CreateContactDto of the contacts specification. */
export const CREATE_SHAPE: Shape = {
  ...UPDATE_SHAPE,
  locationId: NEEDED,
  gender: TEXT,
  companyName: TEXT_OR_NULL,
  source: TEXT,
  assignedTo: TEXT,
};

/** UpsertContactDto of the contacts specification. */
export const UPSERT_SHAPE: Shape = { ...CREATE_SHAPE, createNewIfDuplicateAllowed: FLAG };

/** What a body wants to change in a contact; a null empties the field. */
export interface ContactChange {
  fields: Partial<Record<ContactField, string | null>>;
  /** The complete new list of tags. */
  tags?: string[];
  custom: Map<string, unknown>;
  dnd?: boolean;
  dndSettings?: Record<string, unknown>;
}

/** Reads a checked contact body for a location. */
export function contactChange(world: World, locationId: string, body: Body): ContactChange {
  const change: ContactChange = { fields: {}, custom: customValues(world, locationId, body) };
  splitName(change, body.name);
  for (const field of CONTACT_FIELDS) {
    const value = body[field];
    if (value !== undefined) change.fields[field] = asText(value);
  }
  const { email, phone } = change.fields;
  if (email) change.fields.email = readEmail(email);
  if (phone) change.fields.phone = readPhone(world, locationId, phone);
  if (Array.isArray(body.tags)) change.tags = cleanTags(body.tags.map(String));
  if (typeof body.dnd === 'boolean') change.dnd = body.dnd;
  if (isObject(body.dndSettings)) change.dndSettings = body.dndSettings;
  return change;
}

/** Tags as HighLevel stores them: trimmed, in lower case, each once. */
export function cleanTags(tags: string[]): string[] {
  return [...new Set(tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ''))];
}

const CALLING_CODES: Record<string, string> = { DE: '49', AT: '43', CH: '41', US: '1', GB: '44' };

/** A phone number in E.164, or undefined when it is none. */
export function phoneNumber(raw: string, country: string): string | undefined {
  if (/[^\d\s()+./-]/.test(raw)) return undefined;
  const digits = raw.replace(/\D/g, '');
  const trimmed = raw.trim();
  let full: string | undefined;
  if (trimmed.startsWith('+')) full = digits;
  else if (digits.startsWith('00')) full = digits.slice(2);
  else if (CALLING_CODES[country]) full = CALLING_CODES[country] + digits.replace(/^0/, '');
  return full && /^[1-9]\d{6,14}$/.test(full) ? `+${full}` : undefined;
}

/** The custom field that an id or key means, if the location has it. */
export function customField(world: World, locationId: string, item: Record<string, unknown>): CustomField | undefined {
  const byId = typeof item.id === 'string' ? world.ghl.customFields.get(item.id) : undefined;
  if (byId) return byId.locationId === locationId ? byId : undefined;
  if (typeof item.key !== 'string') return undefined;
  const key = item.key.startsWith('contact.') ? item.key : `contact.${item.key}`;
  return [...world.ghl.customFields.values()].find(
    (field) => field.locationId === locationId && field.fieldKey === key,
  );
}

/** Values by field id. A field that the location doesn't have, or a value of another kind, is dropped without a word. */
function customValues(world: World, locationId: string, body: Body): Map<string, unknown> {
  const values = new Map<string, unknown>();
  if (!Array.isArray(body.customFields)) return values;
  for (const item of body.customFields) {
    if (!isObject(item)) throw unprocessable(['each value in customFields must be an object']);
    const field = customField(world, locationId, item);
    const value = item.field_value ?? item.fieldValue ?? null;
    if (field && fitsKind(field, value)) values.set(field.id, value);
  }
  return values;
}

/** Whether a value is of the field's kind; an empty one always is. */
function fitsKind({ dataType, picklistOptions }: CustomField, value: unknown): boolean {
  if (value === null || value === '') return true;
  const isOption = (one: unknown) => !picklistOptions?.length || picklistOptions.includes(String(one));
  switch (dataType) {
    case 'NUMERICAL':
    case 'MONETORY':
      return !Array.isArray(value) && Number.isFinite(Number(value));
    case 'DATE':
      return !Number.isNaN(new Date(value as string | number).getTime());
    case 'SINGLE_OPTIONS':
    case 'RADIO':
      return isOption(value);
    case 'CHECKBOX':
    case 'MULTIPLE_OPTIONS':
      return Array.isArray(value) && value.every(isOption);
    default:
      return true;
  }
}

function splitName(change: ContactChange, name: unknown): void {
  if (typeof name !== 'string') return;
  const [first = '', ...rest] = name.trim().split(/\s+/);
  change.fields.firstName = first;
  change.fields.lastName = rest.join(' ');
}

function asText(value: unknown): string | null {
  return value === null || value === '' ? null : String(value);
}

function readEmail(raw: string): string {
  const email = raw.trim().toLowerCase();
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) throw unprocessable(['email must be an email']);
  return email;
}

function readPhone(world: World, locationId: string, raw: string): string {
  const phone = phoneNumber(raw, locationSettings(world.settings, locationId).country);
  if (phone) return phone;
  const message = 'phone must be a valid phone number';
  throw world.settings.invalidPhoneStatus === 400 ? badRequest(message) : unprocessable([message]);
}
