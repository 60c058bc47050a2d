import type { Received } from '../plugin.js';
import type { Report } from '../protocol.js';

type Labels = Record<string, string>;

const COUNTERS = {
  ghl_ds24_webhooks_total: 'Webhooks by what became of them.',
  ghl_ds24_events_total: 'Tries to carry out an event, by what became of them.',
  ghl_ds24_calls_total: 'Calls that the sync made, by operation and result.',
};

const GAUGES = {
  ghl_ds24_inbox_messages: 'Messages that wait.',
  ghl_ds24_dead_messages: 'Messages that wait for a person.',
};

/** Counts for the operator, in the text format of Prometheus. Carries no personal value. */
export class Metrics {
  readonly #counts = new Map<string, number>();

  /** A webhook was answered. */
  received({ outcome }: Received): void {
    this.#count('ghl_ds24_webhooks_total', { outcome });
  }

  /** An event was tried. */
  reported({ outcome, calls }: Report): void {
    this.#count('ghl_ds24_events_total', { outcome });
    for (const { operation, result } of calls) this.#count('ghl_ds24_calls_total', { operation, result });
  }

  /** The text; `undefined` leaves a gauge out. */
  text(gauges: Record<keyof typeof GAUGES, number | undefined>): string {
    const lines: string[] = [];
    for (const [name, help] of Object.entries(COUNTERS)) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
      for (const [series, value] of this.#counts) if (series.startsWith(`${name}{`)) lines.push(`${series} ${value}`);
    }
    for (const [name, help] of Object.entries(GAUGES)) {
      const value = gauges[name as keyof typeof GAUGES];
      if (value !== undefined) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #count(name: keyof typeof COUNTERS, labels: Labels): void {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const series = `${name}{${pairs.join(',')}}`;
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + 1);
  }
}
