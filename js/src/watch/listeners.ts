import type { PluginEvent, Unconnected } from '../protocol.js';

/** Gets events. What it throws is ignored. */
export type Listener = (event: PluginEvent) => void;

/** Who listens to a plugin. */
export class Listeners {
  readonly #all = new Set<Listener>();

  constructor(readonly whose: Pick<PluginEvent, 'connection' | 'location'>) {}

  /** False: nothing needs to be told. */
  readonly isHeard = (): boolean => this.#all.size > 0;

  /** Tells everybody. Never throws: what happened has happened, whoever can't bear to hear of it. */
  readonly tell = (event: Unconnected<PluginEvent>): void => {
    const told = { ...event, ...this.whose } as PluginEvent;
    for (const listener of this.#all) {
      try {
        listener(told);
      } catch {
        // As with a log: it must not end a call that may have written something.
      }
    }
  };

  /** Listens from now on; gives the way to stop. */
  add(listener: Listener): () => void {
    // One listener may be added twice, by two who don't know of each other.
    const own: Listener = (event) => listener(event);
    this.#all.add(own);
    return () => this.#all.delete(own);
  }
}
