/** Many calls, each with its own result. */
import { PluginError, problem, wrongField } from './errors.js';
import type { OutputOf, RunOptions } from './operations.js';
import type { JsonObject } from './protocol.js';

/** One call of a batch. */
export interface BatchCall {
  /** `ghl.contacts.addTags`, … */
  id: string;
  input?: JsonObject;
}

/** Beside the calls of a batch; all else goes to each call. */
export interface BatchOptions extends RunOptions {
  /** So many calls are under way at a time (default 4). */
  concurrency?: number;
}

/** What became of one call. */
export type BatchResult<Value = unknown> = { ok: true; value: Value } | { ok: false; error: PluginError };

/** The results of a batch, in the order of its calls. */
export type BatchResults<Calls extends readonly BatchCall[]> = {
  -readonly [At in keyof Calls]: BatchResult<OutputOf<Calls[At]['id']>>;
};

/** Makes all calls. Never stops at a failure, and never rejects because of one. */
export async function batch(
  run: (id: string, input?: JsonObject, options?: RunOptions) => Promise<unknown>,
  calls: readonly BatchCall[],
  { concurrency = 4, ...options }: BatchOptions,
): Promise<BatchResult[]> {
  const isRight = Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 100;
  if (!isRight) throw wrongField('concurrency', 'must be a whole number from 1 to 100');
  const results: BatchResult[] = [];
  // All workers share it: each takes the next call.
  const waiting = calls.entries();
  async function work() {
    for (const [at, { id, input }] of waiting) results[at] = await settled(() => run(id, input, options));
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, calls.length) }, work));
  return results;
}

async function settled(call: () => Promise<unknown>): Promise<BatchResult> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    if (error instanceof PluginError) return { ok: false, error };
    return { ok: false, error: problem('outcome_unknown', 'the call failed', 'Please report this as a bug.') };
  }
}
