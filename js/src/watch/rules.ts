import type { CallEvent, PluginEvent, ServiceName, SyncEvent, WebhookEvent } from '../protocol.js';
import { keepLatest } from './latest.js';

/** What somebody should be told at once. */
export type AlertKind =
  | 'authorization_lost'
  | 'quota_nearly_used'
  | 'background_stopped'
  | 'dead_letter'
  | 'written_twice'
  | 'webhooks_missed'
  | 'signature_failures'
  | 'circuit_open';

/** One alert, as it is posted: plain JSON without a secret or a personal value. Fields may be added, never changed. */
export interface Alert {
  version: 1;
  kind: AlertKind;
  /** ISO 8601, UTC. */
  at: string;
  /** What it is about: told once, until it is over. */
  cause: string;
  /** One sentence: what happened. */
  message: string;
  /** One sentence: what to do. */
  help: string;
  connection: string;
  location: string | null;
  /** Of the event that raised it. */
  trace: string;
  details: Record<string, string | number>;
}

/** When an alert is raised. */
export interface AlertLimits {
  /** So many webhooks with a wrong signature within five minutes. Default 10. */
  signatureFailures: number;
  /** The part of the daily quota that is used, from 0 to 1. Default 0.9. */
  quotaUsed: number;
}

const SIGNATURE_WINDOW_MS = 5 * 60_000;
/** Below this part of the quota a new day has begun. */
const NEW_DAY = 0.5;
/** Causes that are remembered, the latest. */
const MOST_CAUSES = 1000;

const NAMES: Record<ServiceName, string> = { ghl: 'HighLevel', digistore24: 'Digistore24' };

type Raised = Pick<Alert, 'kind' | 'cause' | 'message' | 'help'> & { details?: Alert['details'] };

/** Which events are alerts: each cause once, until it is over. Keeps no time of its own: that of the events counts. */
export class AlertRules {
  readonly #limits: AlertLimits;
  /** Causes that are not over. */
  readonly #standing = new Set<string>();
  #failures: number[] = [];

  constructor(limits: Partial<AlertLimits> = {}) {
    this.#limits = { signatureFailures: limits.signatureFailures ?? 10, quotaUsed: limits.quotaUsed ?? 0.9 };
  }

  /** The alerts that an event raises. */
  take(event: PluginEvent): Alert[] {
    const raised = this.#judge(event).filter(({ cause }) => this.#raise(cause));
    return raised.map(({ details = {}, ...rest }) => ({
      version: 1,
      at: new Date(event.at).toISOString(),
      ...rest,
      connection: event.connection,
      location: event.location,
      trace: event.trace,
      details,
    }));
  }

  #judge(event: PluginEvent): Raised[] {
    switch (event.kind) {
      case 'call':
        return [...this.#authorization(serviceOf(event.operation), event.code), ...this.#quota(event)];
      case 'refresh':
        return this.#authorization(event.service, event.code);
      case 'wait':
        return event.reason === 'quota' ? [BACKGROUND_STOPPED] : [];
      case 'circuit':
        if (event.state === 'open') return [circuitOpen(event.service)];
        this.#over(circuitOpen(event.service).cause);
        return [];
      case 'sync':
        if (event.outcome === 'dead') return [deadLetter(event)];
        if (event.outcome === 'done') this.#over(`dead_letter:${event.name}`);
        return [];
      case 'twin':
        return [writtenTwice(event.id, event.action, event.count)];
      case 'drift':
        if (event.found > 0) return [webhooksMissed(event.found, event.repaired)];
        this.#over(webhooksMissed(0, 0).cause);
        return [];
      case 'webhook':
        return this.#signature(event);
      default:
        return [];
    }
  }

  #authorization(service: ServiceName, code: string): Raised[] {
    const cause = `authorization_lost:${service}`;
    if (code === 'ok') this.#over(cause);
    if (code !== 'unauthenticated') return [];
    const message = `${NAMES[service]} no longer accepts the credential`;
    return [
      {
        kind: 'authorization_lost',
        cause,
        message,
        help: 'Connect again, or set a new token; what waits goes on then.',
      },
    ];
  }

  #quota({ code, dailyRemaining: remaining, dailyLimit: limit }: CallEvent): Raised[] {
    const used = remaining != null && limit != null && limit > 0 ? 1 - remaining / limit : undefined;
    if (used !== undefined && used < NEW_DAY) this.#over(BACKGROUND_STOPPED.cause);
    if (code !== 'quota_exhausted') {
      if (used === undefined) return [];
      if (used < this.#limits.quotaUsed) {
        this.#over('quota_nearly_used');
        return [];
      }
    }
    const percent = Math.floor((used ?? 1) * 100);
    return [
      {
        kind: 'quota_nearly_used',
        cause: 'quota_nearly_used',
        message: `${percent} % of the day's requests to HighLevel are used`,
        help: 'Find what uses them up, or wait with what is not urgent until the quota starts anew.',
        details: { percent, ...(remaining != null && { remaining }), ...(limit != null && { limit }) },
      },
    ];
  }

  #signature({ at, code }: WebhookEvent): Raised[] {
    this.#failures = this.#failures.filter((failure) => failure > at - SIGNATURE_WINDOW_MS);
    if (code === 'signature_invalid') this.#failures.push(at);
    const count = this.#failures.length;
    if (count < this.#limits.signatureFailures) {
      this.#over('signature_failures');
      return [];
    }
    return [
      {
        kind: 'signature_failures',
        cause: 'signature_failures',
        message: `${count} webhooks within five minutes had a wrong signature`,
        help: 'Compare the passphrase of the connection with the settings; if it is right, somebody forges messages.',
        details: { count },
      },
    ];
  }

  /** Whether it is to be told: it doesn't stand yet. */
  #raise(cause: string): boolean {
    if (this.#standing.has(cause)) return false;
    this.#standing.add(cause);
    keepLatest(this.#standing, MOST_CAUSES);
    return true;
  }

  #over(cause: string): void {
    this.#standing.delete(cause);
  }
}

const BACKGROUND_STOPPED: Raised = {
  kind: 'background_stopped',
  cause: 'background_stopped',
  message: 'work in the background has stopped: the rest of the day’s requests is for live events',
  help: 'Nothing to do: it goes on when the quota starts anew.',
};

function circuitOpen(service: ServiceName): Raised {
  return {
    kind: 'circuit_open',
    cause: `circuit_open:${service}`,
    message: `${NAMES[service]} is down: calls are refused for a while`,
    help: 'Look at the service’s status page; what waits goes on by itself.',
    details: { service },
  };
}

function deadLetter({ name, id, event, code }: SyncEvent): Raised {
  return {
    kind: 'dead_letter',
    cause: `dead_letter:${name}`,
    message: 'a message could not be carried out and waits for a person',
    help: 'See `deadletters` for the reason; after mending it, carry the event out again.',
    details: { name, id, event, code },
  };
}

function writtenTwice(id: string, action: string, count: number): Raised {
  return {
    kind: 'written_twice',
    cause: `written_twice:${id}:${action}`,
    message: `what a message made is there ${count} times: a write took effect long after it had failed`,
    help: 'Delete all but the oldest in HighLevel; the log and the tick’s answer say which message it was.',
    details: { id, action, count },
  };
}

function webhooksMissed(found: number, repaired: number): Raised {
  return {
    kind: 'webhooks_missed',
    cause: 'webhooks_missed',
    message: `the reconciliation found ${found} differences that no webhook had told; ${repaired} are repaired`,
    help: 'Look whether the IPN connection in Digistore24 is active and its log without errors; the tick’s answer lists the orders.',
    details: { found, repaired },
  };
}

function serviceOf(operation: string): ServiceName {
  return operation.startsWith('ghl.') ? 'ghl' : 'digistore24';
}
