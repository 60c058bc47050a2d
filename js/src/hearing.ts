import type { CheckLine } from './auth.js';
import type { BriefEntry, ConnectionOptions, Json, TriggerWay } from './protocol.js';

const WAYS: Partial<Record<TriggerWay, string>> = {
  'app-webhook': 'the app’s webhooks',
  'workflow-webhook': 'a workflow’s action “Webhook”',
  polling: 'polling: give what plugin.poll() finds to plugin.sync.apply()',
};

/** The ways by which events of HighLevel can reach a connection: an app has webhooks, a private token has workflows. */
export function waysOf({ highlevel }: ConnectionOptions): TriggerWay[] {
  const ways: TriggerWay[] = [];
  if (highlevel?.auth?.kind === 'oauth' || highlevel?.webhookPublicKey) ways.push('app-webhook');
  if (highlevel?.workflowToken) ways.push('workflow-webhook');
  if (highlevel) ways.push('polling');
  return ways;
}

/** Whether a trigger's events can reach a connection. */
export function isReachable(
  entry: Pick<BriefEntry, 'id' | 'arrives' | 'sources'>,
  options: ConnectionOptions,
): boolean {
  const { digistore24 } = options;
  const open = waysOf(options);
  if (digistore24?.ipnPassphrase || digistore24?.ipn?.length) open.push('ipn');
  return (entry.arrives ?? []).some((way) => {
    if (way !== 'polling') return open.includes(way);
    const asked = entry.sources ?? [entry.id];
    return asked.some((id) => (id.startsWith('ghl.') ? options.highlevel : digistore24?.apiKey) !== undefined);
  });
}

/**
 * For each event of HighLevel that a playbook begins with: by which way it comes to this connection, or that it can't.
 *
 * @param arrives how a trigger of the business level can arrive; nothing for an event of Digistore24
 */
export function hearing(options: ConnectionOptions, arrives: (event: string) => TriggerWay[] | undefined): CheckLine[] {
  const open = waysOf(options);
  return [...eventsIn(options.mapping)].flatMap((event) => {
    const ways = arrives(event);
    if (!ways) return [];
    const way = open.find((way) => ways.includes(way));
    return {
      name: `Playbooks: ${event}`,
      ok: way !== undefined,
      message: way ? `comes by ${WAYS[way] ?? way}` : 'can’t arrive: this connection has no way for it',
      help: way
        ? null
        : 'Connect an app, or set highlevel.workflowToken and send it with a workflow’s action “Webhook”.',
    };
  });
}

/** The events that playbooks begin with, here and in what the mapping extends. */
function eventsIn(mapping: Json | undefined, found = new Set<string>()): Set<string> {
  if (typeof mapping !== 'object' || mapping === null || Array.isArray(mapping)) return found;
  eventsIn(mapping.extends, found);
  const playbooks = Array.isArray(mapping.playbooks) ? mapping.playbooks : [];
  for (const book of playbooks) {
    const when = typeof book === 'object' && book !== null && !Array.isArray(book) ? book.when : undefined;
    const event = typeof when === 'object' && when !== null && !Array.isArray(when) ? when.event : undefined;
    for (const one of Array.isArray(event) ? event : [event]) if (typeof one === 'string') found.add(one);
  }
  return found;
}
