import { isDetails, PluginError } from './errors.js';
import { type HttpHost, performHttp } from './http.js';
import type { Answer, Effect, LogLine, PluginEvent, Step, StepInput, Unconnected } from './protocol.js';
import type { Store } from './store/types.js';
import { offsetMinutes } from './zone.js';

/** What the host lends to the core. */
export interface Host extends HttpHost {
  store: Store;
  /** Gets each line for the operator. What it throws is ignored. */
  log: (line: LogLine) => void;
  /** Whether somebody listens to events. */
  isHeard: () => boolean;
  /** Gets each event. Never throws. */
  tell: (event: Unconnected<PluginEvent>) => void;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/** One call of the wasm core under way. */
export interface Task {
  step(input: StepInput): Step;
}

/** The instance of the wasm has trapped: nothing in it may be called any more. */
export class Trap extends PluginError {
  constructor(thrown: unknown) {
    super({
      code: 'outcome_unknown',
      message: 'the plugin stopped in the middle of the call',
      help: 'Look whether the change was made before you repeat it; the sync does this by itself. Please report this as a bug.',
      retryable: false,
      cause: thrown instanceof Error ? thrown.name : typeof thrown,
    });
  }
}

/** A pause between two looks at the clock is never longer: timers of 25 days and more fire at once. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * Drives a task to its end: performs its effects, all that are outstanding at the same time, and hands back the
 * answers as they come. Gives the result as JSON text.
 *
 * @throws PluginError with what the core says, or {@link Trap}.
 */
export async function drive(task: Task, host: Host, signal?: AbortSignal): Promise<string> {
  const arrived: Answer[] = [];
  let outstanding = 0;
  let wake = () => {};
  const arrive = (answer: Answer) => {
    outstanding--;
    arrived.push(answer);
    wake();
  };

  for (;;) {
    const step = advance(task, { now: host.clock(), seed: random(), answers: arrived.splice(0) });
    if ('done' in step) return step.done;
    if ('failed' in step) throw new PluginError(step.failed);
    for (const effect of step.effects) {
      if (effect.kind === 'log') {
        writeLog(host, effect);
        continue;
      }
      if (effect.kind === 'event') {
        host.tell(effect.event);
        continue;
      }
      outstanding++;
      perform(effect, host, signal).then(arrive);
    }
    if (outstanding > 0 && arrived.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else if (step.effects.length === 0) {
      throw new Trap(new Error('the core waits for nothing'));
    }
  }
}

function advance(task: Task, input: StepInput): Step {
  try {
    return task.step(input);
  } catch (thrown) {
    throw isDetails(thrown) ? new PluginError(thrown) : new Trap(thrown);
  }
}

/** A number for pauses and lease ids; the core asks for no secret. */
function random(): number {
  return (Math.random() * 2 ** 32) >>> 0;
}

/** Tells the operator. Never throws. */
export function writeLog(host: Pick<Host, 'log'>, { level, message, fields }: LogLine): void {
  try {
    host.log({ level, message, fields });
  } catch {
    // A log that fails must not end a call that may have written something.
  }
}

/** Never rejects. */
async function perform(
  effect: Exclude<Effect, { kind: 'log' | 'event' }>,
  host: Host,
  signal?: AbortSignal,
): Promise<Answer> {
  const { id } = effect;
  switch (effect.kind) {
    case 'http':
      return performHttp(effect, host, effect.detached ? undefined : signal);
    case 'sleep':
      await sleep(effect.ms, signal);
      return { id, kind: signal?.aborted ? 'cancelled' : 'slept' };
    case 'zone':
      return { id, kind: 'offset', minutes: offsetMinutes(effect.zone, effect.at * 1000) };
    case 'get':
      return asked(id, async () => ({ id, kind: 'values', ...(await host.store.get(effect.keys)) }));
    case 'list': {
      const { prefix, after, limit } = effect;
      return asked(id, async () => ({
        id,
        kind: 'values',
        ...(await host.store.list({ prefix, after: after ?? null, limit })),
      }));
    }
    case 'commit':
      return asked(id, async () => ({ id, kind: 'committed', ...(await host.store.commit(effect.writes)) }));
  }
}

/** Errors of a store can repeat what was to be written: only our own go on, of others the name. */
async function asked(id: number, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const message = error instanceof PluginError ? error.message : 'the host’s store failed';
    return { id, kind: 'storeError', message };
  }
}

/** Ends early when the caller gives up. */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, LONGEST_SLEEP_MS));
    signal?.addEventListener('abort', end, { once: true });
  });
}
