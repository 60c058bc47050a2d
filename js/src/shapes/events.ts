/** What happened at either service: by webhook, as a message, by polling. All of it plain JSON. */

import type { HighLevelTold } from '../generated/events.js';
import type { Json, JsonObject } from '../protocol.js';
import type { TriggerWay } from './catalog.js';

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

/** HighLevel's words for its events: `ContactCreate`, `TaskComplete`, … */
export type HighLevelWord = keyof HighLevelTold['data'];

/**
 * One event of HighLevel of which the word is known, and so what its `data` may hold. A workflow's webhook has only ids: all fields
 * may be missing.
 */
export type HighLevelEventOf<Word extends HighLevelWord> = HighLevelEvent & {
  event: Word;
  data: Partial<HighLevelTold['data'][Word]>;
};

/** The event of a trigger that arrives by polling, by the trigger's id. */
export type PolledEvent<Id extends string> = Id extends keyof HighLevelTold['triggers']
  ? HighLevelEventOf<HighLevelTold['triggers'][Id]>
  : Id extends `ghl.${string}`
    ? HighLevelEvent
    : Event;

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
