import { type Plugin, PluginError } from 'ghl-digistore24';
import { formOf } from 'ghl-digistore24/form';
import type { Credentials } from './auth.js';
import type { Entry } from './entry.js';
import { pluginFor } from './plugin.js';
import { saying } from './words.js';

const SAMPLES = 5;
const SAMPLE_DAYS = 90;
const DAY_MS = 86_400_000;

/**
 * The newest real events of a trigger, asked for by polling, whatever way its own events come; the catalog's sample where there
 * is none, or nobody may ask.
 */
export function samplesOf(entry: Entry, entries: readonly Entry[], credentials: Credentials): Promise<unknown[]> {
  return saying(async () => {
    const plugin = await pluginFor(credentials);
    for (const { lists, fires } of sourcesOf(entry, entries)) {
      for (const list of lists) {
        const events = await newest(plugin, list);
        const fitting = events.filter(({ triggers }) => triggers.some((id) => fires.has(id)));
        if (fitting.length > 0) return fitting.slice(-SAMPLES).reverse();
      }
    }
    return [entry.sample];
  });
}

/** The lists in which such events are, and the triggers that those fire: by the business triggers that both ways feed. */
function sourcesOf(entry: Entry, entries: readonly Entry[]): { lists: Entry[]; fires: ReadonlySet<string> }[] {
  const isPolled = ({ arrives = [] }: Entry) => arrives.length === 1 && arrives[0] === 'polling';
  if (isPolled(entry)) return [{ lists: [entry], fires: new Set([entry.id]) }];
  return entries
    .filter(({ id, sources = [] }) => id === entry.id || sources.includes(entry.id))
    .map(({ id, sources = [] }) => ({
      lists: entries.filter((one) => sources.includes(one.id) && isPolled(one)),
      fires: new Set([id]),
    }));
}

async function newest(plugin: Plugin, list: Entry): Promise<{ triggers: string[] }[]> {
  // Some lists tell only what is new from now on.
  if (formOf(list).some(({ name, options }) => name === 'from' && options)) return [];
  const from = new Date(Date.now() - SAMPLE_DAYS * DAY_MS).toISOString().slice(0, 10);
  try {
    return (await plugin.poll(list.id, null, { input: { from } })).events;
  } catch (thrown) {
    // Without a key of that service there is the catalog's sample.
    if (thrown instanceof PluginError && thrown.code === 'misconfigured') return [];
    throw thrown;
  }
}
