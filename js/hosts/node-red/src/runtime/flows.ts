import type { NodeAPI } from 'node-red';

/** Whether all nodes are there: while flows are started or stopped, some are and others not. */
export class Flows {
  #isRunning = false;
  #waiting: (() => void)[] = [];
  readonly #each = new Set<() => void>();

  constructor(RED: NodeAPI) {
    RED.events.on('flows:started', () => {
      this.#isRunning = true;
      for (const work of [...this.#each, ...this.#waiting.splice(0)]) work();
    });
    RED.events.on('flows:stopping', () => {
      this.#isRunning = false;
    });
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Does it now, or when they have started. */
  whenRunning(work: () => void): void {
    if (this.#isRunning) work();
    else this.#waiting.push(work);
  }

  /** Does it whenever they have started; gives the way to stop. */
  onStarted(work: () => void): () => void {
    this.#each.add(work);
    return () => void this.#each.delete(work);
  }
}
