import { PluginError } from '../errors.js';
import type { LogLine, Tick } from '../protocol.js';
import { nextRun, pauseRuns, REQUESTS_PER_STEP, reconcile } from './reconcile.js';
import type { Desk } from './shelf.js';

/**
 * After the inbox, when nothing is left there: a run of the reconciliation, where one is due and requests are left:
 * `maxRequests`.
 */
export async function reconcileWhenDue(
  desk: Desk,
  tick: Tick,
  { everyMs, maxRequests, log }: { everyMs: number; maxRequests: number; log: (line: LogLine) => void },
): Promise<Tick> {
  if (!tick.done) return tick;
  let due = await nextRun(desk, everyMs);
  let reconciliation = {};
  if (due <= desk.now() && maxRequests > REQUESTS_PER_STEP) {
    try {
      reconciliation = { reconciliation: await reconcile(desk, undefined, maxRequests) };
    } catch (error) {
      if (!(error instanceof PluginError) || error.code === 'cancelled') throw error;
      // The inbox goes on all the same.
      const { code, message, help } = error;
      log({
        level: 'warn',
        message: 'the reconciliation stopped and will go on',
        fields: { code, problem: message, help },
      });
      await pauseRuns(desk);
    }
    due = await nextRun(desk, everyMs);
  }
  const nextAt = tick.nextAt === null ? due : Math.min(tick.nextAt, due);
  return { ...tick, done: due > desk.now(), nextAt, ...reconciliation };
}
