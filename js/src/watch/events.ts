import type { ErrorCode, HttpFailure, PlanAction, Report } from '../protocol.js';
import type { AlertKind } from './rules.js';

/** What every event has. No field carries a secret, a personal value, or an id of either service but the location's. */
interface Happened {
  /** Milliseconds since 1970. */
  at: number;
  /**
   * The same in all events of one cause: of one call, or of one webhook with all that is done for it later. 32 hexadecimal
   * digits, unless the host gave its own.
   */
  trace: string;
  /** The id of the plugin's connection. */
  connection: string;
  /** The location's id in HighLevel, where there is one. */
  location: string | null;
}

/** Either service. */
export type ServiceName = 'ghl' | 'digistore24';

/** A call has ended, all its tries included. */
export interface CallEvent extends Happened {
  kind: 'call';
  /** The catalog's id. */
  operation: string;
  method: string;
  /** As in the catalog, with names in place of ids; empty for a custom request. */
  path: string;
  code: 'ok' | ErrorCode;
  /** How many were sent; 0: it was refused before that. */
  requests: number;
  durationMs: number;
  /** Of the last answer, where there was one. */
  status?: number;
  /** Length of its body. */
  bytes?: number;
  /** What HighLevel's headers say is left: of the present window, of the day. */
  remaining?: number;
  dailyRemaining?: number;
  dailyLimit?: number;
}

/** A request will be sent again. */
export interface RetryEvent extends Happened {
  kind: 'retry';
  operation: string;
  /** The number of the try that failed, from 1. */
  attempt: number;
  waitMs: number;
  /** What it was answered with. */
  status: number | null;
  /** Why it was not answered. */
  failure: HttpFailure | null;
}

/** A call waits before it is sent. */
export interface WaitEvent extends Happened {
  kind: 'wait';
  service: ServiceName;
  /** `rate`: the window is full. `share`: the background has had its part of it. `quota`: that of the day. `circuit`: down. */
  reason: 'rate' | 'share' | 'quota' | 'circuit';
  ms: number;
}

/** A token was renewed, or could not be. */
export interface RefreshEvent extends Happened {
  kind: 'refresh';
  service: ServiceName;
  code: 'ok' | ErrorCode;
}

/** A service was found to be down (`open`: calls are refused for a while), or to be back. */
export interface CircuitEvent extends Happened {
  kind: 'circuit';
  service: ServiceName;
  state: 'open' | 'closed';
}

/** A webhook was answered. */
export interface WebhookEvent extends Happened {
  kind: 'webhook';
  service: ServiceName;
  outcome: 'queued' | 'duplicate' | 'kept' | 'checked' | 'refused';
  /** `payment`, `refund`, …; null where it was not read. */
  event: string | null;
  /** Why it was refused. */
  code: 'ok' | ErrorCode;
}

/** A message was tried. */
export interface SyncEvent extends Happened {
  kind: 'sync';
  /** Of the message, as the inbox and the dead letters list it. */
  name: string;
  /** The event's id: short, made of hashes. */
  id: string;
  /** `payment`, `refund`, … */
  event: string;
  outcome: Report['outcome'];
  code: 'ok' | ErrorCode;
  requests: number;
  durationMs: number;
}

/** One write of a message was tried. */
export interface StepEvent extends Happened {
  kind: 'step';
  /** The event's id. */
  id: string;
  action: PlanAction;
  /** `found`: an earlier try had done it. */
  outcome: 'done' | 'found' | 'failed';
  code: 'ok' | ErrorCode;
}

/** A write that ended without an answer, and was repeated when it was not to be found, took effect late: there are two. */
export interface TwinEvent extends Happened {
  kind: 'twin';
  /** The event's id. */
  id: string;
  action: PlanAction;
  /** How many there are. */
  count: number;
}

/** A scheduled reconciliation has ended. */
export interface DriftEvent extends Happened {
  kind: 'drift';
  /** What differed from Digistore24; 0: nothing. */
  found: number;
  /** Of that, what was taken in like a message that came late. The rest waits for a person. */
  repaired: number;
}

/** A list was asked for what is new. */
export interface PollEvent extends Happened {
  kind: 'poll';
  /** The catalog's id. */
  trigger: string;
  code: 'ok' | ErrorCode;
  /** How many events it brought. */
  events: number;
  requests: number;
}

/** An alert was raised. */
export interface AlertEvent extends Happened {
  kind: 'alert';
  alert: AlertKind;
  cause: string;
}

/** Something that happened, for `onEvent`. Tell them apart by `kind`; there will be further kinds and further fields. */
export type PluginEvent =
  | CallEvent
  | RetryEvent
  | WaitEvent
  | RefreshEvent
  | CircuitEvent
  | WebhookEvent
  | SyncEvent
  | StepEvent
  | TwinEvent
  | DriftEvent
  | PollEvent
  | AlertEvent;

/** An event as the core tells it. */
export type Unconnected<E> = E extends unknown ? Omit<E, 'connection' | 'location'> : never;
