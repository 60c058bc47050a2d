// Events are told apart by their kind, and every kind is named. It is compiled only, never run.
import {
  type Alert,
  createMetrics,
  createPlugin,
  type HighLevelEvent,
  isEvent,
  type PluginEvent,
} from '../../pkg/dist/src/index.js';

export function told(event: PluginEvent): string {
  switch (event.kind) {
    case 'call':
      return `${event.operation} ${event.code} ${event.status?.toFixed()}`;
    case 'retry':
      return `${event.attempt} ${event.failure ?? event.status}`;
    case 'wait':
      return event.reason;
    case 'refresh':
      return event.code;
    case 'circuit':
      return event.state;
    case 'webhook':
      return event.outcome;
    case 'sync':
      return event.outcome;
    case 'step':
    case 'twin':
      return event.action;
    case 'drift':
      return `${event.repaired} of ${event.found}`;
    case 'poll':
      return event.trigger;
    case 'alert':
      return event.cause;
    default: {
      const nothing: never = event;
      return nothing;
    }
  }
}

export async function watched() {
  const alerts: Alert[] = [];
  const metrics = createMetrics();
  const plugin = await createPlugin({
    onEvent: metrics.onEvent,
    alerts: { url: 'https://example.com/hook', onAlert: (alert) => alerts.push(alert), quotaUsed: 0.8 },
  });
  const stop = plugin.observe(told);
  await plugin.digistore24.ping({}, { trace: 'mine' });
  stop();
  // @ts-expect-error no such kind
  plugin.observe((event) => event.kind === 'nothing');
  return metrics.text({ inbox: 1 });
}

/** What an event of HighLevel holds is known by its word, or by the trigger that polls for it. */
export async function heard(event: HighLevelEvent): Promise<string> {
  if (isEvent(event, 'TaskComplete')) return event.data.title?.toLowerCase() ?? '';
  if (isEvent(event, 'ContactTagUpdate')) return event.data.tags?.join() ?? '';
  // @ts-expect-error: no such word
  if (isEvent(event, 'TaskCompleted')) return '';
  const plugin = await createPlugin();
  const { events } = await plugin.poll('ghl.completedTask');
  const [first] = events;
  // @ts-expect-error: a task has no amount
  if (first?.data.title === undefined) return `${first?.data.amount.toFixed()}`;
  return first.data.title.toUpperCase();
}
