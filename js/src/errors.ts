import type { ErrorCode, ErrorDetails, FieldProblem } from './protocol.js';

/** Codes that time may heal. */
const HEALING: ReadonlySet<ErrorCode> = new Set([
  'rate_limited',
  'quota_exhausted',
  'unavailable',
  'timeout',
  'conflict',
  'storage',
]);

/**
 * The one error of this package: {@link ErrorDetails} that can be thrown. `JSON.stringify` gives the details.
 * Neither the message nor any other field carries a secret or a personal value.
 */
export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly code: ErrorCode;
  /** One sentence: what to do. */
  readonly help: string;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** Milliseconds to wait before that. */
  readonly retryAfterMs?: number;
  /** The catalog id of the operation. */
  readonly operation?: string;
  /** The HTTP status, where there was one. */
  readonly status?: number;
  /** Every wrong field. */
  readonly fields?: FieldProblem[];
  /** The scopes that the token lacks. */
  readonly missingScopes?: string[];
  /** The id of the thing that exists already. */
  readonly existingId?: string;
  /** What an action of several calls had done before it failed. */
  readonly notes?: string[];
  readonly #details: ErrorDetails;

  constructor(details: ErrorDetails) {
    super(details.message);
    this.#details = details;
    this.code = details.code;
    this.help = details.help;
    this.retryable = details.retryable;
    const { retryAfterMs, operation, status, fields, missingScopes, existingId, cause, notes } = details;
    Object.assign(this, { retryAfterMs, operation, status, fields, missingScopes, existingId, notes });
    if (cause !== undefined) this.cause = cause;
  }

  /** The details, for logs and other processes. */
  toJSON(): ErrorDetails {
    return { ...this.#details };
  }
}

/** A new error; retryable where its code says that time may heal it. */
export function problem(code: ErrorCode, message: string, help: string, more: Partial<ErrorDetails> = {}): PluginError {
  return new PluginError({ code, message, help, retryable: HEALING.has(code), ...more });
}

/** An input with one wrong field. */
export function wrongField(path: string, what: string): PluginError {
  return problem('invalid_input', `${path} ${what}`, 'Correct the named field and call again; nothing was sent.', {
    fields: [{ path, problem: what }],
  });
}

/** What was thrown, as our own error; of a foreign one nothing is told. */
export function asPluginError(thrown: unknown): PluginError {
  if (thrown instanceof PluginError) return thrown;
  return problem('outcome_unknown', 'the plugin failed', 'Please report this as a bug.');
}

/** Whether something thrown has the shape of {@link ErrorDetails}: so the core throws. */
export function isDetails(thrown: unknown): thrown is ErrorDetails {
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof Error) return false;
  return 'code' in thrown && 'message' in thrown && 'help' in thrown;
}
