/** What the sync plans, does and knows: plans, reports, ticks, rooms, timelines. All of it plain JSON. */

import type { Reconciliation, Twin } from '../history/shapes.js';
import type { ErrorCode, ErrorDetails, Json, JsonObject } from '../protocol.js';
import type { Event } from './events.js';

/** One write of a plan: the key of `do` names the action. */
export interface PlanStep {
  /** For people. */
  why: string;
  do: Partial<Record<PlanAction, JsonObject>>;
}

/** What the sync can do, in the order in which it does it. */
export type PlanAction =
  | 'createContact'
  | 'updateContact'
  | 'createNote'
  | 'updateNote'
  | 'createTask'
  | 'completeTask'
  | 'removeTags'
  | 'addTags'
  | 'run';

/** A step of a playbook that comes later. */
export interface PlanLater {
  /** When. Milliseconds since 1970. */
  at: number;
  playbook: string;
  /** Which of its steps, from 0. */
  step: number;
  /** Stands for the step as it is; null for the end of an order that is replaced. */
  mark: string | null;
}

/** What is wrong with a mapping. */
export interface MappingCheck {
  ok: boolean;
  problems: { path: string; problem: string }[];
}

/** What becomes of one item. */
export interface PlanChange {
  /** Order and item. */
  item: string;
  product: string | null;
  /** The state before; null for a new item. */
  from: string | null;
  /** The state after; null where the message creates nothing. */
  to: string | null;
}

/** What will be done in HighLevel, in order, and why. */
export interface Plan {
  /** The contact in GHL, where it is known. */
  contactId: string | null;
  changes: PlanChange[];
  steps: PlanStep[];
  /** Steps of playbooks that come later; `tick` carries them out. */
  later: PlanLater[];
  /** Why something is not done. */
  remarks: string[];
}

/** The plan of a dry run. No call was made for it. */
export interface DryRun<E = Event> extends Plan {
  event: E;
  /** The same message came before: carrying it out would do nothing. */
  repeated: boolean;
  /** Whether the message's signature fits the passphrase. */
  signature: 'valid' | 'missing' | 'wrong' | 'not checked';
  /** What would be looked up first. */
  lookUp: string;
}

/** One call that was made. */
export interface Call {
  /** Catalog id. */
  operation: string;
  /** `ok` or the error's code. */
  result: string;
}

/** What became of one message. */
export interface Report {
  /** The event's id. */
  id: string;
  /** `payment`, `refund`, … */
  event: string;
  /** The order as sent. */
  order: string;
  /** `waiting` is tried again by itself, `dead` waits for a person, `busy` is with another worker. */
  outcome: 'done' | 'waiting' | 'dead' | 'busy' | 'duplicate' | 'kept';
  contactId: string | null;
  /** The plan that was carried out. */
  plan: Plan | null;
  /** The calls of this try, in order. */
  calls: Call[];
  /** Requests of this try, repetitions included. */
  requests: number;
  /** Why it waits. */
  error?: ErrorDetails;
  /** When it is tried again. ISO 8601. */
  nextAt?: string;
}

/** What a tick did. */
export interface Tick {
  /** Nothing is left that could be done now. */
  done: boolean;
  /** When to come again: milliseconds since 1970. */
  nextAt: number | null;
  events: Report[];
  /** What a scheduled comparison with Digistore24 found, or has found so far. */
  reconciliation?: Reconciliation;
  /** What late writes left twice; only where there is any. */
  twins?: Twin[];
}

/** One line of a timeline. */
export interface TimelineEntry {
  /** ISO 8601, a date or a time. */
  at: string | null;
  kind: 'contact' | 'purchase' | 'eticket' | 'note' | 'task' | 'appointment' | 'message' | 'deal';
  title?: string;
  body?: string;
  order?: string;
  /** A note of this plugin. */
  ours?: boolean;
  completed?: boolean;
  test?: boolean;
  [name: string]: Json | undefined;
}

/** One order of a timeline. */
export interface TimelineOrder {
  id: string;
  test: boolean;
  /** `order`: the id under which it was bought: an upsell has one of its own. */
  items: { product: string | null; productId: string | null; state: string; order: string }[];
  /** What was paid and not returned. */
  balance: Json;
  currency: string | null;
  nextPaymentAt: string | null;
  paidUntil: string | null;
}

/** What a buyer chose about newsletters. */
export interface NewsletterChoice {
  choice: 'optin' | 'optout';
  /** The words shown. */
  text: string | null;
  /** Merchant and order: `777:C74PNZH5`. */
  order: string;
  /** Berlin time, ISO 8601. */
  at: string;
  product: string | null;
  /** Whether the buyer's country has the GDPR. */
  gdprCountry: boolean | null;
}

/** One customer in one view. */
export interface Timeline {
  /** The contact as GHL shows it. */
  contact: JsonObject;
  /** The best state of all items. */
  status: string | null;
  /** What was paid less what went back, by currency. */
  lifetime: JsonObject;
  orders: TimelineOrder[];
  /** What the buyer chose about newsletters, the oldest first: evidence, never a consent by itself. */
  choices: NewsletterChoice[];
  /** In order of time. */
  timeline: TimelineEntry[];
  /** Lists that could not be read; `cut`: that are longer than what is shown. */
  missing: { operation: string; code: ErrorCode | 'cut'; help: string }[];
}

/** Whose timeline. */
export type Whom = { email: string } | { contactId: string } | { buyerId: string } | { orderId: string };

/** What `setup` found and made: keys of custom fields. */
export interface Setup {
  present: string[];
  created: string[];
  /** Fields of another type: left alone, a person must decide. */
  wrongType: string[];
}

/** The IPN connection as it is. */
export interface IpnState {
  /** Its domain id in Digistore24. */
  id: string | null;
  url: string | null;
  installed: boolean;
  /** How it differs from what was wanted. Of passphrases neither one is told. */
  differences: { field: string; expected: Json; found: Json }[];
}

/**
 * A room of the store: waiting, given up, kept without being worked on, done, and the events of HighLevel that the host has
 * not dealt with.
 */
export type Room = 'inbox' | 'dead' | 'kept' | 'done' | 'events';

/** One message in a room, without its content. */
export interface RoomEntry {
  name: string;
  event: string;
  /** The order's number. */
  order: string;
  /** ISO 8601, UTC. */
  receivedAt: string | null;
  attempts: number | null;
  error: ErrorDetails | null;
  /** Why it is kept. */
  reason: string | null;
}
