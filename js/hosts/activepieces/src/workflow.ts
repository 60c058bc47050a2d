import {
  createTrigger,
  type InputPropertyMap,
  Property,
  type Trigger,
  TriggerStrategy,
} from '@activepieces/pieces-framework';
import { memoryStore, PluginError } from 'ghl-digistore24';
import { auth, type Credentials } from './auth.js';
import { type Entry, nameOf, titleOf } from './entry.js';
import { isOf, jsonOf, keyed } from './payload.js';
import { withPlugin } from './plugin.js';
import { samplesOf } from './samples.js';
import { misconfigured, saying } from './words.js';

/** A trigger by the action "Webhook" of a workflow in HighLevel. */
export function workflowTrigger(entry: Entry, entries: readonly Entry[]): Trigger {
  return createTrigger({
    auth,
    name: nameOf(entry.id),
    displayName: titleOf(entry),
    description: entry.description,
    type: TriggerStrategy.WEBHOOK,
    props: { about: Property.MarkDown({ value: workflowHelp(entry) }) } as InputPropertyMap,
    sampleData: entry.sample,
    aiMetadata: { idempotent: true },
    onEnable: ({ auth: { props } }) =>
      saying(async () => {
        if ((props as Credentials).workflowToken) return;
        throw misconfigured(
          'the connection has no workflow token',
          'Fill in "HighLevel: workflow token" in the connection, and use it in the address that the workflow sends to.',
        );
      }),
    onDisable: async () => {},
    run: ({ auth: { props }, payload }) =>
      saying(async () => {
        const url = `/webhooks/ghl-workflow/default/${encodeURIComponent(payload.queryParams['token'] ?? '')}`;
        const request = { method: 'POST', url, body: jsonOf(payload) };
        const received = await withPlugin(props, memoryStore(), (plugin) => plugin.receive(request));
        if (received.error?.retryable) throw new PluginError(received.error);
        return keyed(received.events.filter((event) => isOf(entry, event)));
      }),
    test: ({ auth: { props } }) => samplesOf(entry, entries, props),
  });
}

/** What is to be set up in HighLevel: the event's own word is the catalog's. */
function workflowHelp({ sample, sources = [], id, any }: Entry): string {
  const event = typeof sample === 'object' && sample !== null && !Array.isArray(sample) ? sample['event'] : undefined;
  const name = typeof event === 'string' ? event : (sources[0] ?? id);
  return [
    'In HighLevel make a workflow with the trigger that you want and the action **Webhook**: method POST, with this address, the word at its end being the workflow token of the connection:',
    '```text\n{{webhookUrl}}?token=YOUR-WORKFLOW-TOKEN\n```',
    `Under *Custom data* add \`event\` with the value \`${name}\`${any ? ' or what it is about' : ''}. Nobody signs what a workflow sends: only ids are handed on, so read the contact by them before money moves.`,
  ].join('\n\n');
}
