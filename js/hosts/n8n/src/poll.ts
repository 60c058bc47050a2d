import type { PollCursor } from 'ghl-digistore24';
import type { INodeExecutionData, IPollFunctions } from 'n8n-workflow';
import type { Entry } from './entry.js';
import { misconfigured, nodeError } from './errors.js';
import { withPlugin } from './plugin.js';
import { askedOf, itemsOf } from './trigger.js';

/** One run reads on at most so often where there is more; the next one goes on there. */
const ROUNDS = 5;
const SAMPLE_DAYS = 90;
const DAY_MS = 86_400_000;

/** What is new since the last time; in the editor the newest real event, or the catalog's sample. */
export async function poll(context: IPollFunctions, entries: readonly Entry[]): Promise<INodeExecutionData[][] | null> {
  try {
    const { entry, input } = askedOf((name, otherwise) => context.getNodeParameter(name, otherwise as never), entries);
    if (!entry) throw misconfigured('no event is chosen', 'Choose the event of this trigger.');
    const events = await withPlugin(context, async (plugin) => {
      const ask = (cursor: PollCursor | null, more = {}) =>
        plugin.poll(entry.id, cursor, { input: { ...input, ...more } });
      if (context.getMode() === 'manual') {
        // Some lists tell only what is new from now on: those take no day.
        const from = new Date(Date.now() - SAMPLE_DAYS * DAY_MS).toISOString().slice(0, 10);
        const newest = hasDay(entry) ? (await ask(null, { from })).events.at(-1) : undefined;
        return [newest ?? (entry.sample as object)];
      }
      const state = context.getWorkflowStaticData('node') as { cursor?: PollCursor; of?: string };
      const of = JSON.stringify([entry.id, input]);
      let cursor = state.of === of ? (state.cursor ?? null) : null;
      const isFirst = cursor === null && (input['from'] === undefined || input['from'] === 'now');
      const found: object[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const polled = await ask(cursor);
        cursor = polled.cursor;
        // From this moment on, unless a day is given.
        if (isFirst) break;
        found.push(...polled.events);
        if (polled.done) break;
      }
      Object.assign(state, { cursor, of });
      return found;
    });
    return events.length > 0 ? [itemsOf(events)] : null;
  } catch (thrown) {
    throw nodeError(context.getNode(), thrown);
  }
}

function hasDay({ input }: Entry): boolean {
  const { from } = (input['properties'] ?? {}) as { from?: { enum?: unknown } };
  return from !== undefined && from.enum === undefined;
}
