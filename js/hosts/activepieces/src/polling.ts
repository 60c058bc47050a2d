import {
  createTrigger,
  DEDUPE_KEY_PROPERTY,
  type InputPropertyMap,
  type Trigger,
  TriggerStrategy,
} from '@activepieces/pieces-framework';
import type { JsonObject, PollCursor } from 'ghl-digistore24';
import { formOf, inputOf } from 'ghl-digistore24/form';
import { auth } from './auth.js';
import { type Entry, nameOf, titleOf } from './entry.js';
import { pluginFor } from './plugin.js';
import { propsOf, valuesOf } from './props.js';
import { samplesOf } from './samples.js';
import { saying } from './words.js';

/** Where a flow keeps how far its events are told. */
const CURSOR = 'cursor';
/** One run reads on at most so often where there is more; the next one goes on there. */
const ROUNDS = 5;

/** A trigger that asks every few minutes what is new. */
export function pollingTrigger(entry: Entry, entries: readonly Entry[]): Trigger {
  const fields = formOf(entry);
  const inputIn = (values: object) => inputOf(fields, valuesOf(fields, values as Record<string, unknown>));
  return createTrigger({
    auth,
    name: nameOf(entry.id),
    displayName: `${titleOf(entry)} (polling)`,
    description: `${entry.description} Asked for every few minutes.`,
    type: TriggerStrategy.POLLING,
    props: propsOf(fields) as InputPropertyMap,
    sampleData: entry.sample,
    aiMetadata: { idempotent: true },
    onEnable: ({ auth: { props }, propsValue, store, ...context }) =>
      saying(async () => {
        // A flow that is published again goes on where it was; one that was off begins anew.
        if ('isRepublish' in context && context.isRepublish && (await store.get(CURSOR))) return;
        await store.delete(CURSOR);
        const input = inputIn(propsValue);
        // From a day on: the first run tells what there is since then. Else from this moment on.
        if (input['from'] !== undefined && input['from'] !== 'now') return;
        const { cursor } = await (await pluginFor(props)).poll(entry.id, null, { input });
        await store.put(CURSOR, cursor);
      }),
    onDisable: async () => {},
    run: ({ auth: { props }, propsValue, store }) =>
      saying(async () => {
        const plugin = await pluginFor(props);
        const input = inputIn(propsValue);
        let cursor = await store.get<PollCursor>(CURSOR);
        const events: JsonObject[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const polled = await plugin.poll(entry.id, cursor, { input });
          cursor = polled.cursor;
          events.push(...(polled.events as unknown as JsonObject[]));
          if (polled.done) break;
        }
        await store.put(CURSOR, cursor);
        return events.map((event) => ({ ...event, [DEDUPE_KEY_PROPERTY]: event['dedupeKey'] }));
      }),
    test: ({ auth: { props } }) => samplesOf(entry, entries, props),
  });
}
