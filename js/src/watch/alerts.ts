import { wrongField } from '../errors.js';
import type { LogLine, PluginEvent } from '../protocol.js';
import { keepLatest } from './latest.js';
import { type Alert, type AlertLimits, AlertRules } from './rules.js';

/** Who is told of alerts, and when. */
export interface AlertOptions extends Partial<AlertLimits> {
  /** Each alert is posted here as JSON. https, or this machine. */
  url?: string;
  /** Gets each alert. What it throws is ignored. */
  onAlert?: (alert: Alert) => void;
}

/** What {@link Alerts} needs of the host. */
export interface AlertHost {
  fetch: typeof globalThis.fetch;
  log: (line: LogLine) => void;
  /** Told of each alert, for metrics. */
  onRaised: (alert: Alert) => void;
}

const PATIENCE_MS = 10_000;
/** What could not be delivered is posted again so much later, at the next event or tick; each time twice as late. */
const AGAIN_MS = 60_000;
const LATEST_MS = 3_600_000;
/** So many wait for that, the latest. */
const MOST_WAITING = 100;

/** Tells alerts to a callback and to an address. Neither holds up a call or makes one fail. */
export class Alerts {
  readonly #rules: AlertRules;
  readonly #posting = new Set<Promise<void>>();
  /** What could not be delivered, and when it is tried again. */
  readonly #waiting = new Map<Alert, { at: number; pause: number }>();

  /** @throws PluginError `invalid_input`: an option is wrong. */
  constructor(
    readonly options: AlertOptions,
    readonly host: AlertHost,
  ) {
    check(options);
    this.#rules = new AlertRules(options);
  }

  /** For a plugin's `observe`. */
  readonly onEvent = (event: PluginEvent): void => {
    this.again(event.at);
    for (const alert of this.#rules.take(event)) {
      this.host.onRaised(alert);
      try {
        this.options.onAlert?.(alert);
      } catch {
        // As with a log: whoever can't bear to hear of it must not end a call.
      }
      this.#start(alert, event.at, AGAIN_MS);
    }
  };

  /** Posts again what could not be delivered, where its time has come. `now` in milliseconds since 1970. */
  again(now: number): void {
    for (const [alert, { at, pause }] of this.#waiting) {
      if (at > now) continue;
      this.#waiting.delete(alert);
      this.#start(alert, now, Math.min(2 * pause, LATEST_MS));
    }
  }

  /** Resolves when nothing is being posted. */
  async idle(): Promise<void> {
    await Promise.all(this.#posting);
  }

  #start(alert: Alert, now: number, pause: number): void {
    const { url } = this.options;
    if (url === undefined) return;
    const work = this.#post(alert, url).then((isDelivered) => {
      this.#posting.delete(work);
      if (isDelivered) return;
      this.#waiting.set(alert, { at: now + pause, pause });
      keepLatest(this.#waiting, MOST_WAITING);
    });
    this.#posting.add(work);
  }

  /** Whether it was delivered. Never rejects. */
  async #post(alert: Alert, url: string): Promise<boolean> {
    let problem = 'the address can’t be reached';
    try {
      const response = await this.host.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alert),
        redirect: 'manual',
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      await response.body?.cancel();
      if (response.ok) return true;
      problem = `the address answers with ${response.status}`;
    } catch {
      // Its words could repeat the address, which can be a secret.
    }
    const fields = { alert: alert.kind, problem, help: 'check alerts.url (ALERT_URL)' };
    this.host.log({ level: 'warn', message: 'an alert could not be delivered', fields });
    return false;
  }
}

function check({ url, onAlert, signatureFailures, quotaUsed, ...rest }: AlertOptions): void {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw wrongField('alerts', 'has a field that is not known here');
  if (url !== undefined && !isSafe(url))
    throw wrongField('alerts.url', 'must begin with https://; http is for this machine only');
  if (onAlert !== undefined && typeof onAlert !== 'function') throw wrongField('alerts.onAlert', 'must be a function');
  if (signatureFailures !== undefined && !(signatureFailures >= 1)) {
    throw wrongField('alerts.signatureFailures', 'must be a number from 1');
  }
  if (quotaUsed !== undefined && !(quotaUsed > 0 && quotaUsed <= 1)) {
    throw wrongField('alerts.quotaUsed', 'must be a number over 0, at most 1');
  }
}

/** Whether what is posted there is encrypted, or stays on this machine. */
function isSafe(address: unknown): boolean {
  if (typeof address !== 'string' || !URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  if (username || password) return false;
  const isLoopback = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback);
}
