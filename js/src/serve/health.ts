import type { ErrorDetails, LogLine } from '../protocol.js';

/** After so long without a new failure of the store the next message may try again. Milliseconds. */
const RETRY_MS = 30_000;

/** Whether messages can be taken, as the last attempts have shown. A disk that is full can still be read. */
export class Health {
  readonly #log: (line: LogLine) => void;
  readonly #clock: () => number;
  #failure: { error: ErrorDetails; at: number; times: number } | undefined;
  /** It is on its way out: nothing new, please. */
  isStopping = false;

  constructor(log: (line: LogLine) => void, clock: () => number) {
    this.#log = log;
    this.#clock = clock;
  }

  /** The store refused something. */
  failed(error: ErrorDetails): void {
    this.#failure = { error, at: this.#clock(), times: (this.#failure?.times ?? 0) + 1 };
  }

  /** The store took something. */
  worked(): void {
    if (!this.#failure) return;
    const fields = { failures: String(this.#failure.times) };
    this.#failure = undefined;
    this.#log({ level: 'info', message: 'the store works again', fields });
  }

  /**
   * Why nothing should be sent here; undefined where all is well. An old failure doesn't count for ever: a balancer that sends
   * nothing here would never see it mended.
   */
  problem(): ErrorDetails | undefined {
    if (this.isStopping) return STOPPING;
    const { error, at } = this.#failure ?? {};
    return at !== undefined && this.#clock() - at < RETRY_MS ? error : undefined;
  }
}

const STOPPING: ErrorDetails = {
  code: 'cancelled',
  message: 'the receiver is stopping',
  help: 'Send to another one, or again when it has started.',
  retryable: true,
};
