import type { Fleet, FleetReceived } from '../fleet/fleet.js';
import { Turns } from '../fleet/turns.js';
import type { Plugin, Received } from '../plugin.js';
import { startWorker, type Worker, type WorkerOptions } from './worker.js';

/** The workers of all that is served. */
export interface Workers extends Omit<Worker, 'kick'> {
  /** There is something new: this. */
  kick(whose: Whose | Received | FleetReceived): void;
}

/** So many locations are worked on at the same time. A call that waits keeps its place, at most for its deadline. */
const AT_ONCE = 16;

/** Starts a worker for a plugin; for a fleet one for each location, so that none waits for another's end. */
export function startWorkers(served: Plugin | Fleet, options: Omit<WorkerOptions, 'plugin'>): Workers {
  const workers = new Map<string, Worker>();
  if ('plugin' in served) {
    const turns = new Turns(AT_ONCE);
    for (const { connection, location } of served.places) {
      const plugin = () => served.plugin(connection, location);
      const log: WorkerOptions['log'] = ({ fields, ...line }) =>
        options.log({ ...line, fields: { ...fields, connection, location } });
      const worker = startWorker({
        ...options,
        log,
        plugin: {
          tick: (control) => turns.take(async () => (await plugin()).tick(control)),
          events: {
            take: async (limits) => (await plugin()).events.take(limits),
            done: async (keys) => (await plugin()).events.done(keys),
          },
        },
      });
      workers.set(nameOf({ connection, location }), worker);
    }
    const { log, onStoreFailure } = options;
    workers.set(nameOf({}), startWorker({ log, plugin: tidier(served), ...(onStoreFailure && { onStoreFailure }) }));
  } else {
    workers.set(nameOf({}), startWorker({ ...options, plugin: served }));
  }
  const all = [...workers.values()];
  return {
    kick: (whose) => workers.get(nameOf('connection' in whose ? whose : {}))?.kick(),
    async idle() {
      await Promise.all(all.map((worker) => worker.idle()));
    },
    async stop() {
      await Promise.all(all.map((worker) => worker.stop()));
    },
    abort() {
      for (const worker of all) worker.abort();
    },
  };
}

/** A location of a fleet; nothing of a plugin. */
interface Whose {
  connection?: string | null;
  location?: string | null;
}

/** Whose worker it is; a plugin's own for what names no location. */
function nameOf(whose: Whose): string {
  return JSON.stringify([whose.connection ?? null, whose.location ?? null]);
}

/** What is parked is worked on by nobody, only tidied up. */
function tidier({ parked }: Fleet): WorkerOptions['plugin'] {
  return {
    async tick(options) {
      await parked.sweep(options);
      return { done: true, nextAt: null, events: [] };
    },
    events: { take: async () => [], done: async () => {} },
  };
}
