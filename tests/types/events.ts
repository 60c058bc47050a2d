// Events are told apart by their kind, and every kind is named. It is compiled only, never run.
import { type Alert, createMetrics, createPlugin, type PluginEvent } from '../../pkg/dist/src/index.js';

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
