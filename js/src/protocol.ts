/**
 * The shapes that cross the boundary between the wasm core and the host, and those that the façade hands on.
 * All of them are plain JSON.
 */

/** Anything that JSON can say. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** A JSON object. */
export type JsonObject = { [name: string]: Json };

/** What kind of error it is. The list is closed, so that a host can branch on it. */
export type ErrorCode =
  | 'invalid_input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'duplicate'
  | 'conflict'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'unavailable'
  | 'timeout'
  | 'outcome_unknown'
  | 'malformed_response'
  | 'signature_invalid'
  | 'misconfigured'
  | 'storage'
  | 'cancelled';

/** One wrong field of an input. Never carries the value. */
export interface FieldProblem {
  /** Where: `customFields[0].id`. */
  path: string;
  /** What is wrong and what was expected. */
  problem: string;
}

/** An error as data. Never carries a secret or a personal value. */
export interface ErrorDetails {
  code: ErrorCode;
  /** One sentence: what happened. */
  message: string;
  /** One sentence: what to do. */
  help: string;
  /** Whether the same call may succeed later without a change. */
  retryable: boolean;
  /** How long to wait before that, in milliseconds. */
  retryAfterMs?: number;
  /** The catalog id of the operation. */
  operation?: string;
  /** The HTTP status, where there was one. */
  status?: number;
  /** Every wrong field. */
  fields?: FieldProblem[];
  /** The scopes that the token lacks. */
  missingScopes?: string[];
  /** The id of the thing that exists already. */
  existingId?: string;
  /** A technical word about the cause. */
  cause?: string;
  /** What an action of several calls had done before it failed. */
  notes?: string[];
}

/** What the host brings to a step. */
export interface StepInput {
  /** Milliseconds since 1970. */
  now: number;
  /** Any 32-bit number; makes pauses and lease ids differ. */
  seed: number;
  /** Answers to earlier effects, in any order. */
  answers: Answer[];
}

/** What a step brings back: effects to perform, the result as JSON text, or the error. */
export type Step = { effects: Effect[] } | { done: string } | { failed: ErrorDetails };

/** A header's name and value. */
export type Header = [name: string, value: string];

/** A request for the host's fetch. Redirects are not followed. */
export interface HttpEffect {
  id: number;
  kind: 'http';
  method: string;
  /** Absolute. */
  url: string;
  headers: Header[];
  body?: string | null;
  /** In place of a body: the parts of a multipart body. The host writes it, with its content type. */
  parts?: Part[];
  /** The body of a success comes back in base64. */
  binary?: boolean;
  timeoutMs: number;
}

/** A part of a multipart body: a text or a file. */
export type Part = { name: string; value: string } | { name: string; filename: string; type: string; base64: string };

/** How much a log line matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Something for the operator: a constant sentence, with names and values that are neither secret nor personal. */
export interface LogLine {
  level: LogLevel;
  message: string;
  fields: Record<string, string>;
}

/** Something that the core asks the host to do. All but `log` are answered. */
export type Effect =
  | HttpEffect
  | { id: number; kind: 'sleep'; ms: number }
  | { id: number; kind: 'get'; keys: string[] }
  | { id: number; kind: 'list'; prefix: string; after?: string | null; limit: number }
  | { id: number; kind: 'commit'; writes: StoreWrite[] }
  | ({ id: number; kind: 'log' } & LogLine);

/**
 * Why no HTTP answer came. `refused`: no connection was made, so nothing can have happened. After `timeout`, `lost`
 * and `cancelled` the request may have taken effect.
 */
export type HttpFailure = 'timeout' | 'refused' | 'lost' | 'cancelled';

/** The host's answer to the effect with the same id. */
export type Answer =
  | { id: number; kind: 'http'; status: number; headers: Header[]; body: string }
  | { id: number; kind: 'httpError'; reason: HttpFailure }
  | { id: number; kind: 'slept' }
  | ({ id: number; kind: 'values' } & StoreValues)
  | ({ id: number; kind: 'committed' } & StoreCommit)
  | { id: number; kind: 'storeError'; message: string };

/** A value of the store. */
export interface StoreEntry {
  key: string;
  /** JSON text. */
  value: string;
  /** The number of the commit that wrote it: 1 or more, growing over the whole store. */
  version: number;
}

/** One compare-and-set of a commit. */
export interface StoreWrite {
  key: string;
  /** 0: the key must be absent. n: it must have this version. null: any. */
  expect: number | null;
  /** The new value, or null to delete. */
  value: string | null;
}

/** Entries (of a range: in the order of their keys' bytes) and the store's own time (milliseconds since 1970). */
export interface StoreValues {
  entries: StoreEntry[];
  now: number;
}

/** Whether all expectations held, the number of the store's last commit, and the store's own time. */
export interface StoreCommit {
  ok: boolean;
  version: number;
  now: number;
}

/** Which part of a store is asked for. */
export interface StoreRange {
  /** Only keys that start so. */
  prefix: string;
  /** Only keys after this one. */
  after?: string | null;
  /** At most so many. */
  limit: number;
}

/** Which catalog entries are asked for; all conditions must hold. */
export interface CatalogFilter {
  id?: string;
  service?: 'ghl' | 'digistore24' | 'bridge';
  resource?: string;
  kind?: 'action' | 'search' | 'trigger';
  /** `all` includes `core`. */
  tier?: 'core' | 'all';
  /** A word in id, title or description. */
  text?: string;
}

/** One thing that can be done, with all that a form or a call needs. */
export interface CatalogEntry {
  /** `ghl.contacts.addTags` */
  id: string;
  service: 'ghl' | 'digistore24' | 'bridge';
  kind: 'action' | 'search' | 'trigger';
  tier: 'core' | 'all';
  resource: string;
  title: string;
  /** The title where nobody wrote more. */
  description: string;
  /** Absent for actions of several calls and for custom requests. */
  method?: string;
  path?: string;
  /** Of an action: the operations that it may call. */
  calls?: string[];
  /** GHL's `Version` header; none is sent where it is empty. */
  version?: string;
  /** How the body is written, if not as JSON (GHL) or as a form (Digistore24). */
  encoding?: 'json' | 'form' | 'multipart' | 'none';
  /** What a success brings, if not JSON: a text, a file as `{ name, type, base64 }`, or `{ status, body }`. */
  answer?: 'text' | 'binary' | 'whole';
  /** What the token must be allowed to do. */
  scopes: string[];
  effect: 'read' | 'create' | 'update' | 'delete';
  /** Whether a call may be repeated when its outcome is unknown. */
  retry: 'safe' | 'never' | 'verify';
  /** How to get the next page, or null. */
  paging: Json;
  /** JSON Schema 2020-12 of the input: one flat object. */
  input: JsonObject;
  /** JSON Schema 2020-12 of the output. */
  output: JsonObject;
  /** A pair of input and output: a realistic one, or one made from the schemas. */
  sample: { input?: JsonObject; output?: Json };
  deprecated?: boolean;
}

/** One item of an order. */
export interface EventItem {
  id: string | null;
  productId: string | null;
  name: string | null;
  quantity: number;
  /** The vendor's own tags of the product. */
  tags: string[];
  /** The same for a repeated message. */
  dedupeKey: string;
}

/** One Digistore24 message, in the shape that every host gets. `null` stands for what is empty. */
export interface Event {
  /** Short and stable: the same for a repeated message. */
  id: string;
  /** The trigger's catalog id: `digistore24.onPayment`. */
  trigger: string;
  /** `payment`, `payment_missed`, `refund`, … */
  event: string;
  /** ISO 8601 with offset, where the message says when it happened. */
  occurredAt: string | null;
  /** ISO 8601, UTC. */
  receivedAt: string;
  /** A test order. */
  test: boolean;
  merchant: { id: string | null; name: string | null };
  /** Who bought: id, email, firstName, lastName, company, phone, street, zipcode, city, state, country, language. */
  buyer: Record<string, string | null>;
  /** id, baseId, upsellNo, kind, createdAt, upgradedOrderId, deliveryDate, custom. */
  order: { id: string; baseId: string; upsellNo: number; [name: string]: Json };
  items: EventItem[];
  transaction: JsonObject | null;
  /** Amounts of the transaction: gross, vat, earnings, currency. */
  money: JsonObject | null;
  subscription: JsonObject | null;
  consent: JsonObject;
  affiliate: string | null;
  /** Addresses for the buyer. They carry keys: treat as secrets. */
  links: Record<string, string>;
  /** Every parameter as it came, the signature left out. */
  raw: Record<string, string>;
}

/** What `sync.plan` and `sync.apply` need of an event: the parameters as they came. */
export interface RawEvent {
  raw: Record<string, string>;
}

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
  | 'addTags';

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
  /** Why something is not done. */
  remarks: string[];
}

/** The plan of a dry run. No call was made for it. */
export interface DryRun extends Plan {
  event: Event;
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
}

/** One line of a timeline. */
export interface TimelineEntry {
  /** ISO 8601, a date or a time. */
  at: string | null;
  kind: 'contact' | 'purchase' | 'note' | 'task' | 'appointment';
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
  items: { product: string | null; productId: string | null; state: string }[];
  /** What was paid and not returned. */
  balance: Json;
  currency: string | null;
  nextPaymentAt: string | null;
  paidUntil: string | null;
}

/** One customer in one view. */
export interface Timeline {
  /** The contact as GHL shows it. */
  contact: JsonObject;
  /** The best state of all items. */
  status: string | null;
  orders: TimelineOrder[];
  /** In order of time. */
  timeline: TimelineEntry[];
}

/** What `setup` found and made: keys of custom fields. */
export interface Setup {
  present: string[];
  created: string[];
  /** Fields of another type: left alone, a person must decide. */
  wrongType: string[];
}

/** A room of the store: waiting, given up, kept without being worked on, done. */
export type Room = 'inbox' | 'dead' | 'kept' | 'done';

/** One message in a room, without its content. */
export interface RoomEntry {
  name: string;
  event: string;
  attempts: number | null;
  error: ErrorDetails | null;
  /** Why it is kept. */
  reason: string | null;
}

/** How the calls to HighLevel are signed. `host`: the host's own fetch does it. */
export type HighLevelAuth = { kind: 'private-integration'; token: string } | { kind: 'host' };

/** The part of the options that the core reads: plain data. */
export interface ConnectionOptions {
  /** Names the connection in every store key. Default `default`. */
  id?: string;
  highlevel?: { auth: HighLevelAuth; locationId: string; baseUrl?: string };
  digistore24?: {
    apiKey?: string;
    /** Up to four at a time, during a rotation. */
    ipnPassphrase?: string | string[];
    /** Messages of another merchant are kept and not worked on. */
    merchantId?: string;
    /** Two letters: the language of the texts in answers. Default: the account's. */
    language?: string;
    /** Who does it, for Digistore24's log of refunds and cancellations. */
    operator?: string;
    baseUrl?: string;
  };
  /** The mapping; empty or absent means the default mapping. */
  mapping?: JsonObject;
  /** How long a write may take effect after its request ended. Seconds, default 60. */
  settleSeconds?: number;
}
