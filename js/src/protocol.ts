/**
 * The shapes that cross the boundary between the wasm core and the host, and those that the façade hands on.
 * All of them are plain JSON.
 */

import type { PluginEvent, Unconnected } from './watch/events.js';

export type * from './history/shapes.js';
export type * from './shapes/catalog.js';
export type * from './shapes/events.js';
export type * from './shapes/options.js';
export type * from './shapes/reports.js';
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
