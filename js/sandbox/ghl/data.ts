import type { Ids } from '../ids.js';
import type { Settings } from '../settings.js';
import { emptyOAuth, type OAuth } from './oauth.js';

/** The plain text fields of a contact, by the names of HighLevel's contacts specification. */
export const CONTACT_FIELDS = [
  'firstName',
  'lastName',
  'email',
  'phone',
  'address1',
  'city',
  'state',
  'postalCode',
  'country',
  'website',
  'timezone',
  'companyName',
  'source',
  'dateOfBirth',
  'assignedTo',
  'businessId',
] as const;

/** A plain text field of a contact. */
export type ContactField = (typeof CONTACT_FIELDS)[number];

/** A note of a contact. */
export interface Note {
  id: string;
  contactId: string;
  body: string;
  userId?: string;
  title?: string;
  color?: string;
  pinned: boolean;
  dateAdded: string;
}

/** A task of a contact. */
export interface Task {
  id: string;
  contactId: string;
  title: string;
  body?: string;
  assignedTo?: string;
  dueDate: string;
  completed: boolean;
}

/** A contact as the search index sees it, and since when; null once the contact is gone. */
export interface IndexedVersion {
  at: number;
  doc: Record<string, unknown> | null;
}

/** A contact with all that hangs on it. */
export interface Contact {
  id: string;
  locationId: string;
  fields: Partial<Record<ContactField, string>>;
  tags: string[];
  /** Custom field values by field id. */
  custom: Map<string, unknown>;
  dnd: boolean;
  dndSettings: Record<string, unknown>;
  notes: Note[];
  tasks: Task[];
  workflows: string[];
  campaigns: string[];
  dateAdded: string;
  dateUpdated: string;
  removed?: 'deleted' | 'merged';
  mergedInto?: string;
  /** The keys under which the contact stands in `owners`. */
  keys: string[];
  index: IndexedVersion[];
}

/** A custom field of a location. */
export interface CustomField {
  id: string;
  name: string;
  fieldKey: string;
  placeholder: string;
  dataType: string;
  /** What may be chosen. */
  picklistOptions?: string[];
  position: number;
  model: 'contact' | 'opportunity';
  locationId: string;
  dateAdded: string;
}

/** A business ("company") of a location. */
export interface Business {
  id: string;
  name: string;
  locationId: string;
  details: Record<string, string>;
  createdAt: string;
  updatedAt: string;
}

/** A deal. */
export interface Opportunity {
  id: string;
  name: string;
  pipelineId: string;
  pipelineStageId: string;
  status: string;
  contactId: string;
  locationId: string;
  monetaryValue: number | null;
  assignedTo: string | null;
  lostReasonId?: string;
  customFields: unknown[];
  createdAt: string;
  updatedAt: string;
  lastStatusChangeAt: string;
  lastStageChangeAt: string;
}

/** A sales pipeline. */
export interface Pipeline {
  id: string;
  name: string;
  locationId: string;
  stages: { id: string; name: string; position: number }[];
}

/** A workflow; only its list entry, the sandbox runs nothing. */
export interface Workflow {
  id: string;
  name: string;
  status: 'draft' | 'published';
  locationId: string;
}

/** A campaign; only its list entry, the sandbox runs nothing. */
export interface Campaign {
  id: string;
  name: string;
  status: 'draft' | 'published';
  locationId: string;
}

/** A message to a contact. */
export interface Message {
  id: string;
  conversationId: string;
  contactId: string;
  locationId: string;
  type: string;
  subject: string;
  body: string;
  html: string;
  dateAdded: string;
}

/** A user of a location. */
export interface User {
  id: string;
  name: string;
  email: string;
  locationId: string;
}

/** A calendar. */
export interface Calendar {
  id: string;
  name: string;
  groupId: string;
  locationId: string;
}

/** An appointment of a contact in a calendar. */
export interface Appointment {
  id: string;
  calendarId: string;
  locationId: string;
  contactId: string;
  title: string;
  appointmentStatus: string;
  assignedUserId: string;
  address: string;
  startTime: string;
  endTime: string;
  dateAdded: string;
  dateUpdated: string;
}

/** All that HighLevel holds. */
export interface Ghl {
  contacts: Map<string, Contact>;
  /** The living contacts by location and e-mail, and by location and phone. */
  owners: Map<string, Set<Contact>>;
  customFields: Map<string, CustomField>;
  businesses: Map<string, Business>;
  opportunities: Map<string, Opportunity>;
  appointments: Map<string, Appointment>;
  pipelines: Pipeline[];
  workflows: Workflow[];
  campaigns: Campaign[];
  messages: Message[];
  users: User[];
  calendars: Calendar[];
  /** Times of the requests in the present burst window, and the day's count, for each token. */
  budgets: Map<string, { recent: number[]; day: string; used: number }>;
  oauth: OAuth;
}

/**
 * HighLevel on the first day: each location has one pipeline, two workflows, a campaign, a user, a calendar,
 * and neither contacts nor custom fields.
 */
export function emptyGhl(settings: Settings, ids: Ids): Ghl {
  const ghl: Ghl = {
    contacts: new Map(),
    owners: new Map(),
    customFields: new Map(),
    businesses: new Map(),
    opportunities: new Map(),
    appointments: new Map(),
    pipelines: [],
    workflows: [],
    campaigns: [],
    messages: [],
    users: [],
    calendars: [],
    budgets: new Map(),
    oauth: emptyOAuth(),
  };
  for (const locationId of Object.keys(settings.locations)) furnish(ghl, locationId, ids);
  return ghl;
}

/** Gives a location its pipeline, workflows, user and calendar, unless it has them. */
export function furnish(ghl: Ghl, locationId: string, ids: Ids): void {
  if (ghl.pipelines.some((pipeline) => pipeline.locationId === locationId)) return;
  ghl.pipelines.push({
    id: ids.id('pipeline'),
    name: 'Sales',
    locationId,
    stages: ['New', 'Customer', 'Lost'].map((name, position) => ({
      id: ids.uuid('stage'),
      name,
      position,
    })),
  });
  ghl.workflows.push(
    { id: ids.uuid('workflow'), name: 'Welcome', status: 'published', locationId },
    { id: ids.uuid('workflow'), name: 'Win back', status: 'draft', locationId },
  );
  ghl.campaigns.push({ id: ids.id('campaign'), name: 'Spring letter', status: 'published', locationId });
  const email = 'owner@example.com';
  ghl.users.push({ id: ids.id('user'), name: 'Olga Owner', email, locationId });
  const groupId = ids.id('calendarGroup');
  ghl.calendars.push({ id: ids.id('calendar'), name: 'Onboarding call', groupId, locationId });
}
