import type { PluginEvent } from '../protocol.js';

type Labels = Record<string, string | number>;

const COUNTERS = {
  ghl_ds24_calls_total: 'Calls, by operation and result.',
  ghl_ds24_requests_total: 'Requests that were sent, repetitions included.',
  ghl_ds24_retries_total: 'Requests that had to be sent again, by the reason.',
  ghl_ds24_wait_seconds_total: 'Time that calls waited before they were sent, by the reason.',
  ghl_ds24_refreshes_total: 'Renewals of a token, by result.',
  ghl_ds24_webhooks_total: 'Webhooks, by what became of them.',
  ghl_ds24_events_total: 'Tries to carry out an event, by what became of them.',
  ghl_ds24_steps_total: 'Writes of events, by what became of them.',
  ghl_ds24_twins_total: 'What is there twice because of a late write.',
  ghl_ds24_drift_total: 'What scheduled reconciliations found missing or different.',
  ghl_ds24_polls_total: 'Polls, by trigger and result.',
  ghl_ds24_polled_events_total: 'Events that polls brought.',
  ghl_ds24_alerts_total: 'Alerts.',
} as const;

const GAUGES = {
  ghl_ds24_inbox_messages: 'Messages that wait.',
  ghl_ds24_dead_messages: 'Messages that wait for a person.',
  ghl_ds24_requests_remaining: 'Requests that HighLevel still allows, by its headers: in the present window, today.',
  ghl_ds24_requests_daily_limit: 'Requests that HighLevel allows in a day.',
  ghl_ds24_circuit_open: '1: the service was found to be down.',
} as const;

const DURATION = 'ghl_ds24_call_duration_seconds';
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface Histogram {
  labels: Labels;
  /** How many took no longer, by bucket. */
  counts: number[];
  sum: number;
  count: number;
}

/** How many messages lie where; what is not known is left out. */
export interface Rooms {
  inbox?: number | undefined;
  dead?: number | undefined;
  /** Whose rooms they are, where there are several. */
  connection?: string;
  location?: string;
}

/** Counts of what happened, in the text format of Prometheus. No label carries a secret, a personal value or an id of a thing. */
export interface Metrics {
  /** For the option `onEvent`, or a plugin's `observe`; several plugins may share it. */
  onEvent: (event: PluginEvent) => void;
  /** The text, version 0.0.4. */
  text(rooms?: Rooms | Rooms[]): string;
}

/** Makes an empty set of counts. */
export function createMetrics(): Metrics {
  const series = new Map<keyof typeof COUNTERS | keyof typeof GAUGES, Map<string, number>>();
  const durations = new Map<string, Histogram>();

  const of = (name: keyof typeof COUNTERS | keyof typeof GAUGES) => {
    const values = series.get(name) ?? new Map<string, number>();
    series.set(name, values);
    return values;
  };
  const count = (name: keyof typeof COUNTERS, labels: Labels, by = 1) => {
    const values = of(name);
    values.set(written(labels), (values.get(written(labels)) ?? 0) + by);
  };
  const set = (name: keyof typeof GAUGES, labels: Labels, value: number | null | undefined) => {
    if (value != null) of(name).set(written(labels), value);
  };
  const time = (labels: Labels, seconds: number) => {
    const histogram = durations.get(written(labels)) ?? { labels, counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
    durations.set(written(labels), histogram);
    BUCKETS.forEach((bound, i) => {
      if (seconds <= bound) histogram.counts[i] = (histogram.counts[i] ?? 0) + 1;
    });
    histogram.sum += seconds;
    histogram.count += 1;
  };

  function onEvent(event: PluginEvent): void {
    const { connection, location } = event;
    const whose = { connection, ...(location !== null && { location }) };
    switch (event.kind) {
      case 'call': {
        const { operation, code, requests, durationMs } = event;
        const service = operation.split('.', 1)[0] ?? '';
        count('ghl_ds24_calls_total', { ...whose, operation, code });
        count('ghl_ds24_requests_total', { ...whose, service }, requests);
        time({ ...whose, service }, durationMs / 1000);
        set('ghl_ds24_requests_remaining', { ...whose, window: 'burst' }, event.remaining);
        set('ghl_ds24_requests_remaining', { ...whose, window: 'day' }, event.dailyRemaining);
        set('ghl_ds24_requests_daily_limit', whose, event.dailyLimit);
        break;
      }
      case 'retry':
        count('ghl_ds24_retries_total', {
          ...whose,
          operation: event.operation,
          reason: event.status ?? event.failure ?? '',
        });
        break;
      case 'wait':
        count(
          'ghl_ds24_wait_seconds_total',
          { ...whose, service: event.service, reason: event.reason },
          event.ms / 1000,
        );
        break;
      case 'refresh':
        count('ghl_ds24_refreshes_total', { ...whose, service: event.service, code: event.code });
        break;
      case 'circuit':
        set('ghl_ds24_circuit_open', { ...whose, service: event.service }, event.state === 'open' ? 1 : 0);
        break;
      case 'webhook':
        count('ghl_ds24_webhooks_total', { ...whose, service: event.service, outcome: event.outcome });
        break;
      case 'sync':
        count('ghl_ds24_events_total', { ...whose, event: event.event, outcome: event.outcome });
        break;
      case 'step':
        count('ghl_ds24_steps_total', { ...whose, action: event.action, outcome: event.outcome });
        break;
      case 'twin':
        count('ghl_ds24_twins_total', { ...whose, action: event.action });
        break;
      case 'drift':
        count('ghl_ds24_drift_total', { ...whose, outcome: 'repaired' }, event.repaired);
        count('ghl_ds24_drift_total', { ...whose, outcome: 'open' }, event.found - event.repaired);
        break;
      case 'poll':
        count('ghl_ds24_polls_total', { ...whose, trigger: event.trigger, code: event.code });
        count('ghl_ds24_polled_events_total', { ...whose, trigger: event.trigger }, event.events);
        break;
      case 'alert':
        count('ghl_ds24_alerts_total', { ...whose, alert: event.alert });
        break;
    }
  }

  function text(rooms: Rooms | Rooms[] = []): string {
    for (const { inbox, dead, ...whose } of [rooms].flat()) {
      set('ghl_ds24_inbox_messages', whose, inbox);
      set('ghl_ds24_dead_messages', whose, dead);
    }
    const lines: string[] = [];
    const family = (name: string, type: string, help: string) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [type, families] of [
      ['counter', COUNTERS],
      ['gauge', GAUGES],
    ] as const) {
      for (const [name, help] of Object.entries(families)) {
        const values = series.get(name as keyof typeof families);
        if (!values) continue;
        family(name, type, help);
        for (const [labels, value] of values) lines.push(`${name}${labels} ${value}`);
      }
    }
    if (durations.size > 0) family(DURATION, 'histogram', 'Time of calls, all their tries and waits included.');
    for (const { labels, counts, sum, count } of durations.values()) {
      BUCKETS.forEach((le, i) => {
        lines.push(`${DURATION}_bucket${written({ ...labels, le })} ${counts[i]}`);
      });
      lines.push(`${DURATION}_bucket${written({ ...labels, le: '+Inf' })} ${count}`);
      lines.push(`${DURATION}_sum${written(labels)} ${sum}`, `${DURATION}_count${written(labels)} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }

  return { onEvent, text };
}

/** `{a="1",b="2"}`; nothing without labels. */
function written(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
