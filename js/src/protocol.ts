/**
 * The shapes that cross the boundary between the wasm core and the host, and those that the façade hands on.
 * All of them are plain JSON.
 */

import type { Reconciliation, Twin } from './history/shapes.js';
import type { PluginEvent, Unconnected } from './watch/events.js';

export type * from './history/shapes.js';
export type * from './watch/events.js';

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
  /** Whose error it is, where a fleet tells it. */
  connection?: string;
  location?: string | null;
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
  /** Goes on when the caller gives up: its answer must not get lost. */
  detached?: boolean;
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

/** Something that the core asks the host to do. All but `log` and `event` are answered. */
export type Effect =
  | HttpEffect
  | { id: number; kind: 'sleep'; ms: number }
  | { id: number; kind: 'zone'; zone: string; at: number }
  | { id: number; kind: 'get'; keys: string[] }
  | { id: number; kind: 'list'; prefix: string; after?: string | null; limit: number }
  | { id: number; kind: 'commit'; writes: StoreWrite[] }
  | ({ id: number; kind: 'log' } & LogLine)
  | { id: number; kind: 'event'; event: Unconnected<PluginEvent> };

/**
 * Why no HTTP answer came. `refused`: no connection was made, so nothing can have happened. After `timeout`, `lost`
 * and `cancelled` the request may have taken effect, after `oversize` (an answer over 16 MiB) it has.
 */
export type HttpFailure = 'timeout' | 'refused' | 'lost' | 'cancelled' | 'oversize';

/** The host's answer to the effect with the same id. */
export type Answer =
  | { id: number; kind: 'http'; status: number; headers: Header[]; body: string }
  | { id: number; kind: 'httpError'; reason: HttpFailure }
  | { id: number; kind: 'slept' }
  | { id: number; kind: 'offset'; minutes: number | null }
  | { id: number; kind: 'cancelled' }
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
  /** Words that all are in id, title or description. */
  text?: string;
  /** Without schemas and samples: for a list to choose from. */
  brief?: boolean;
  /** Of triggers only those whose events can reach this plugin, by what it is connected with. */
  reachable?: boolean;
}

/**
 * By which way a trigger's events arrive. `ipn`: Digistore24's webhook. `app-webhook`: HighLevel's, for an OAuth app.
 * `workflow-webhook`: the action "Webhook" of a HighLevel workflow, for a private token. `polling`: we ask.
 */
export type TriggerWay = 'ipn' | 'app-webhook' | 'workflow-webhook' | 'polling';

/** An entry without schemas and sample. */
export type BriefEntry = Omit<CatalogEntry, 'input' | 'output' | 'sample'>;

/** One thing that can be done, with all that a form or a call needs; or, of kind `trigger`, one that can happen. */
export interface CatalogEntry {
  /** `ghl.contacts.addTags`, `digistore24.onPayment` */
  id: string;
  service: 'ghl' | 'digistore24' | 'bridge';
  kind: 'action' | 'search' | 'trigger';
  tier: 'core' | 'all';
  resource: string;
  /** The resource as people read it. */
  resourceTitle: string;
  title: string;
  /** The title where nobody wrote more. */
  description: string;
  /** Null for triggers, actions of several calls and custom requests. */
  method: string | null;
  path: string | null;
  /** Of an action: the operations that it may call. */
  calls?: string[];
  /** GHL's `Version` header, or null. */
  version: string | null;
  /** How the body is written, if not as JSON (GHL) or as a form (Digistore24). */
  encoding?: 'json' | 'form' | 'multipart' | 'none';
  /** What a success brings, if not JSON: a text, a file as `{ name, type, base64 }`, or `{ status, body }`. */
  answer?: 'text' | 'binary' | 'whole';
  /** What the token must be allowed to do. */
  scopes: string[];
  effect: 'read' | 'create' | 'update' | 'delete';
  /** Whether a call may be repeated when its outcome is unknown. */
  retry: 'safe' | 'never' | 'verify';
  /** How a write whose answer is missing is looked up; such a call finds its own work or repeats itself once. */
  verify?: JsonObject;
  /** How to get the next page, or null. */
  paging: Json;
  /** JSON Schema 2020-12 of the input: one flat object. */
  input: JsonObject;
  /** JSON Schema 2020-12 of the output. */
  output: JsonObject;
  /**
   * A pair of input and output: a realistic one, or one made from the schemas; of a webhook's trigger, also the body that
   * arrives.
   */
  sample: { input?: JsonObject; output?: Json; payload?: JsonObject };
  deprecated: boolean;
  /** Of a trigger. */
  arrives?: TriggerWay[];
  /** Of a webhook's trigger: the service's own word for the event. */
  wireEvent?: string;
  /** False: the body doesn't name the event; its address must, by `?event=`. */
  named?: false;
  /** Of a trigger of the business level: the triggers that feed it. */
  sources?: string[];
  /** The values that it wants, by dotted path of the event; null stands for what the event doesn't say. */
  when?: Record<string, Json[]>;
  /** The values that it doesn't want. */
  unless?: Record<string, Json[]>;
}

/** Amounts in `currency`, without sign: the event says which way the money went. */
export interface EventMoney {
  gross: number;
  net: number | null;
  vat: number | null;
  /** The vendor's share. */
  earnings: number | null;
  currency: string;
}

/** One item of an order. */
export interface EventItem {
  id: string | null;
  productId: string | null;
  name: string | null;
  quantity: number;
  /** The vendor's own tags of the product. */
  tags: string[];
  /** The item's part of the transaction, where the message says it. */
  money: EventMoney | null;
  /** A secret of the buyer. */
  licenseKey: string | null;
  /** The same for a repeated message. */
  dedupeKey: string;
}

/**
 * One event of Digistore24, in the shape that every host gets, by webhook and by polling. `null` stands for what is
 * empty. The ten fields that are used most stand at the top, too.
 */
export interface Event {
  /** Short and stable: the same for a repeated message. */
  id: string;
  /** The same for a repeated message; one for each item where items are split. */
  dedupeKey: string;
  /** The catalog ids of all triggers that it fires, the service's own first: `digistore24.onPayment`, `bridge.newSale`. */
  triggers: string[];
  /** `payment`, `payment_missed`, `refund`, … */
  event: string;
  /** ISO 8601 with offset, where the message says when it happened. */
  occurredAt: string | null;
  /** ISO 8601, UTC. */
  receivedAt: string;
  /** A test order. */
  test: boolean;
  merchant: { id: string | null; name: string | null };
  /** Who bought: id, email, salutation, firstName, lastName, company, phone, street, zipcode, city, state, country, language. */
  buyer: Record<string, string | null>;
  /** id, baseId, upsellNo, kind, createdAt, upgradedOrderId, upgradeType, deliveryDate, custom, voucher. */
  order: { id: string; baseId: string; upsellNo: number; [name: string]: Json };
  /** The first item, or the only one where items are split. */
  item: EventItem | null;
  items: EventItem[];
  transaction: { id: string; parentId: string | null; payMethod: string | null } | null;
  /** Of the transaction; where items are split, of the item, and null where the message doesn't say it. */
  money: EventMoney | null;
  subscription: JsonObject | null;
  consent: JsonObject;
  /** Who brought the buyer; of an approved affiliation, the new partner: id, name, email, link, campaignKey, trackingKey. */
  affiliate: Record<string, string | null> | null;
  /** The ticket that the event is about. */
  eticket: JsonObject | null;
  /** The form that was filled in; its answers stand in `raw`. */
  form: JsonObject | null;
  /** Addresses for the buyer. They carry keys: treat as secrets. */
  links: Record<string, string | null>;
  /** Every parameter as it came, the signature left out. */
  raw: Record<string, string>;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  orderId: string | null;
  productId: string | null;
  productName: string | null;
  amount: number | null;
  currency: string | null;
  transactionId: string | null;
  nextPaymentAt: string | null;
}

/** One event of HighLevel, whatever way it came. */
export interface HighLevelEvent {
  /** HighLevel's `webhookId`, or made from the content. */
  id: string;
  /** The same when the event is sent again. */
  dedupeKey: string;
  /**
   * The same for two events that tell the same state of the same thing, such as `OpportunityUpdate` beside
   * `OpportunityStageUpdate`: of those that come within minutes, one is enough.
   */
  changeKey: string;
  /** The catalog ids of all triggers that it fires: `ghl.contactCreate`, `bridge.newContact`. */
  triggers: string[];
  /** HighLevel's word for it: `ContactCreate`. */
  event: string | null;
  /** `workflow-webhook`: nobody signed it, and `data` has only ids. */
  via: TriggerWay;
  /**
   * True: HighLevel signed it. False: it came from a workflow; anybody who knows the address could have sent it, so read its
   * ids again by the API before money moves. Null: nobody looked (`events.read`, polling).
   */
  verified: boolean | null;
  occurredAt: string | null;
  /** ISO 8601, UTC. */
  receivedAt: string;
  appId: string | null;
  companyId: string | null;
  locationId: string | null;
  contactId: string | null;
  objectId: string | null;
  /** Of an event without a known name: what it seems to be about. */
  looksLike: string | null;
  /** The content, without what belongs to the delivery. */
  data: JsonObject;
  /** The body as it came. */
  raw: JsonObject;
}

/** How the body of a webhook is to be read. */
export interface Reading {
  /** Only events that fire this trigger. */
  trigger?: string;
  /** What the user chose for that trigger: its `input` in the catalog. */
  input?: JsonObject;
  /** HighLevel: the event's name as the address tells it (`?event=InvoicePaid`); some bodies don't. */
  event?: string;
  /** Digistore24: one event for each item of the order. */
  splitItems?: boolean;
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
  | 'addTags'
  | 'run';

/** A step of a playbook that comes later. */
export interface PlanLater {
  /** When. Milliseconds since 1970. */
  at: number;
  playbook: string;
  /** Which of its steps, from 0. */
  step: number;
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

/** How far a trigger's items are told: plain JSON for the host to keep, and nothing to read in. */
export type PollCursor = JsonObject;

/** The options of a poll. */
export interface PollOptions {
  /** What the user chose: the trigger's input in the catalog. `from` counts only without a cursor. */
  input?: JsonObject;
  /** The poll ends after so many requests (2 or more, default 30); the next one goes on there. */
  maxRequests?: number;
}

/** What a poll brought. */
export interface Polled<E = Event | HighLevelEvent> {
  /** The oldest first, as far as the list gives times. */
  events: E[];
  cursor: PollCursor;
  /** False: there is more to read at once. */
  done: boolean;
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
  items: { product: string | null; productId: string | null; state: string }[];
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

/** How the calls to HighLevel are signed. `host`: the host's own fetch does it. */
export type HighLevelAuth =
  | {
      kind: 'private-integration';
      token: string;
      /** What is ticked. A call that needs another scope is then refused before it is sent. */
      scopes?: string[];
    }
  | OAuthApp
  | { kind: 'host' };

/** An app of HighLevel's marketplace. Its tokens live in the store: give one that lasts. */
export interface OAuthApp {
  kind: 'oauth';
  clientId: string;
  clientSecret: string;
  /** Where a person comes back to after agreeing, as set in the app. */
  redirectUri?: string;
  /** What to ask for; default: what the mapping needs. */
  scopes?: string[];
  /** `Company`: installed by an agency; the location's token is made from the agency's. Needs `companyId`. */
  userType?: 'Location' | 'Company';
  companyId?: string;
  /** An authorisation that was given elsewhere; taken once, then the store has its successor. */
  refreshToken?: string;
  accessToken?: string;
  /** When `accessToken` ends, milliseconds since 1970. */
  expiresAt?: number;
}

/** The part of the options that the core reads: plain data. */
export interface ConnectionOptions {
  /** Names the connection in every store key. Default `default`. */
  id?: string;
  highlevel?: {
    auth: HighLevelAuth;
    locationId: string;
    baseUrl?: string;
    /** HighLevel's Ed25519 key, PEM or base64; two during a rotation. Default: the one that HighLevel publishes. */
    webhookPublicKey?: string | string[];
    /** Older events are refused. HighLevel itself tries again for 70 minutes. Default: a month. */
    webhookMaxAgeSeconds?: number;
    /** Ends the address that workflows send to: 16 letters, digits, `-` and `_` or more. A secret. */
    workflowToken?: string;
  };
  digistore24?: {
    apiKey?: string;
    /** Asks a vendor for a key: `auth.requestApiKey`. */
    developerKey?: string;
    /** Up to four at a time, during a rotation. */
    ipnPassphrase?: string | string[];
    /** Several IPN connections, each with its own passphrases: two during a rotation. */
    ipn?: { id: string; passphrases: string[] }[];
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
  /** The part of the rate that calls in the background may take. Default 0.5. */
  backgroundShare?: number;
  /**
   * No other process uses the same token through this store: the rate is counted in memory, not in the store. Default:
   * whether the store is the one in memory.
   */
  exclusive?: boolean;
  /** Sales before this day or time are written silently. Default: two days before the first message. */
  liveAfter?: string;
  /** How long finished messages are kept. Days, default 30. */
  keepDays?: number;
  /** How often a tick looks for what webhooks missed; needs an API key. Hours; never when absent. */
  reconcileEveryHours?: number;
  /**
   * Which of the vendor's orders belong to which location, where there are several: the first route whose condition (as in a
   * mapping) holds. Imports and comparisons leave the others alone. A fleet sets this by its own routes.
   */
  routes?: { when?: JsonObject | JsonObject[]; location: string }[];
}
