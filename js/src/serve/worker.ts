import { PluginError } from '../errors.js';
import type { Plugin } from '../plugin.js';
import type { ErrorDetails, HighLevelEvent, LogLine, Report } from '../protocol.js';

/** What {@link startWorker} needs. */
export interface WorkerOptions {
  plugin: { tick: Plugin['tick']; events: Pick<Plugin['events'], 'take' | 'done'> };
  log: (line: LogLine) => void;
  /** Told of a failure of the store, for which nothing could be worked on. */
  onStoreFailure?: (error: ErrorDetails) => void;
  /** Told what became of each message. */
  onReport?: (report: Report) => void;
  /** Deals with an event of HighLevel. What it throws leaves the event for a later try. */
  onHighLevelEvent?: (event: HighLevelEvent) => unknown;
  /** Milliseconds since 1970, as the plugin's. */
  clock?: () => number;
}

/** Works on inbox and events in the background, one tick at a time. */
export interface Worker {
  /** There is something new. */
  kick(): void;
  /** Resolves when nothing is under way and nothing was asked for. */
  idle(): Promise<void>;
  /** Finishes the present event, then does no more. */
  stop(): Promise<void>;
  /** Gives the present event up: its request ends now, and what it did is looked up at the next start. */
  abort(): void;
}

/** One tick ends after about one event, so that stopping is quick. */
const REQUESTS_PER_TICK = 30;
/** Events of HighLevel that are handed on before the inbox has its turn again. */
const EVENTS_PER_TICK = 100;
/** Looks into the inbox at least so often: another process may have put something there. Milliseconds. */
const LONGEST_PAUSE_MS = 30_000;
/** After a failure of the store, and where a tick did nothing though it was not done. Milliseconds. */
const BREATH_MS = 1_000;

/** Starts working: at once, when kicked, at the time that the last tick named, and every 30 seconds. */
export function startWorker(options: WorkerOptions): Worker {
  const { plugin, log, onStoreFailure, onReport, onHighLevelEvent, clock = Date.now } = options;
  const patience = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isStopped = false;

  function kick(): void {
    isWanted = true;
    if (running || isStopped) return;
    clearTimeout(timer);
    running = work().finally(() => {
      running = undefined;
    });
  }

  async function work(): Promise<void> {
    let pause = LONGEST_PAUSE_MS;
    while (isWanted && !isStopped) {
      isWanted = false;
      pause = await once();
    }
    if (!isStopped) timer = setTimeout(kick, pause);
  }

  /** One tick; gives the time until the next one. */
  async function once(): Promise<number> {
    try {
      const { done, nextAt, events } = await plugin.tick({
        maxRequests: REQUESTS_PER_TICK,
        signal: patience.signal,
      });
      for (const report of events) onReport?.(report);
      if (!done && events.length > 0) isWanted = true;
      if (onHighLevelEvent) await handOn(onHighLevelEvent);
      const wait = nextAt == null ? LONGEST_PAUSE_MS : nextAt - clock();
      return Math.min(Math.max(wait, done ? 0 : BREATH_MS), LONGEST_PAUSE_MS);
    } catch (error) {
      if (patience.signal.aborted) return BREATH_MS;
      if (error instanceof PluginError && error.code === 'storage') onStoreFailure?.(error.toJSON());
      const { code, message, help } = error instanceof PluginError ? error : UNKNOWN;
      log({ level: 'error', message: 'the inbox could not be worked on', fields: { code, problem: message, help } });
      return BREATH_MS;
    }
  }

  /** Each event until one can't be dealt with: it and those after it keep their order. */
  async function handOn(deal: (event: HighLevelEvent) => unknown): Promise<void> {
    for (const event of await plugin.events.take({ limit: EVENTS_PER_TICK })) {
      if (isStopped) return;
      try {
        await deal(event);
      } catch {
        // What a handler throws may tell what is in the event.
        log({ level: 'error', message: 'an event of HighLevel could not be dealt with', fields: { id: event.id } });
        return;
      }
      await plugin.events.done([event.dedupeKey]);
      isWanted = true;
    }
  }

  kick();
  return {
    kick,
    async idle() {
      while (running) await running;
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
    abort: () => patience.abort(),
  };
}

const UNKNOWN = { code: 'outcome_unknown', message: 'the plugin failed', help: 'Please report this as a bug.' };
