import { type CatalogEntry, type JsonObject, type Plugin, PluginError, remoteSync } from 'ghl-digistore24';
import { type Field, formOf, inputOf } from 'ghl-digistore24/form';
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Entry } from './entry.js';
import { itemError, misconfigured, nodeError } from './errors.js';
import { fetchBy } from './http.js';
import { ANY, SYNC } from './operations.js';
import { credentialOf, RECEIVER, withPlugin } from './plugin.js';
import { parameterOf, standsAlone } from './properties.js';
import { valuesOf } from './values.js';

/** Runs the node for all its items: one plugin, so that the rate and what a list said last from item to item. */
export async function execute(context: IExecuteFunctions, entries: readonly Entry[]): Promise<INodeExecutionData[][]> {
  const results: INodeExecutionData[] = [];
  const items = context.getInputData();
  try {
    await withPlugin(context, async (plugin) => {
      for (let item = 0; item < items.length; item++) {
        try {
          for (const json of await runItem(context, plugin, entries, item)) {
            results.push({ json, pairedItem: { item } });
          }
        } catch (thrown) {
          if (!context.continueOnFail()) throw nodeError(context.getNode(), thrown, item);
          results.push({ json: itemError(thrown) as IDataObject, pairedItem: { item } });
        }
      }
    });
  } catch (thrown) {
    throw thrown instanceof PluginError ? nodeError(context.getNode(), thrown) : thrown;
  }
  return [results];
}

async function runItem(
  context: IExecuteFunctions,
  plugin: Plugin,
  entries: readonly Entry[],
  item: number,
): Promise<IDataObject[]> {
  if (context.getNodeParameter('resource', item) === ANY) {
    const entry = entryOf(plugin, String(context.getNodeParameter('anyOperation', item)));
    const { value } = context.getNodeParameter('input', item) as { value?: Record<string, unknown> | null };
    return called(context, plugin, entry, inputOf(formOf(entry), valuesOf(formOf(entry), value ?? {})), item);
  }
  const id = String(context.getNodeParameter('operation', item));
  if (id === SYNC) return [await sync(context, item)];
  const entry = entries.find((one) => one.id === id) ?? entryOf(plugin, id);
  const fields = formOf(entry);
  return called(
    context,
    plugin,
    entry,
    inputOf(fields, valuesOf(fields, parametersOf(context, fields, id, item))),
    item,
  );
}

/** Some fields stand alone, the others in a collection. */
function parametersOf(
  context: IExecuteFunctions,
  fields: readonly Field[],
  id: string,
  item: number,
): Record<string, unknown> {
  const parameters = { ...(context.getNodeParameter('additional', item, {}) as Record<string, unknown>) };
  for (const field of fields.filter((one) => standsAlone(one, id))) {
    const name = parameterOf(field.name);
    parameters[name] = context.getNodeParameter(name, item, undefined);
  }
  return parameters;
}

/** An item for each of a list; else the whole answer as one. */
async function called(
  context: IExecuteFunctions,
  plugin: Plugin,
  { id, paging }: Pick<Entry, 'id' | 'paging'>,
  input: JsonObject,
  item: number,
): Promise<IDataObject[]> {
  const signal = context.getExecutionCancelSignal();
  const options = signal ? { signal } : {};
  if (paging === null) return [asItem(await plugin.run(id, input, options))];
  const limit = context.getNodeParameter('returnAll', item, false)
    ? {}
    : { limit: Number(context.getNodeParameter('limit', item, 50)) };
  const rows: IDataObject[] = [];
  for await (const row of plugin.list(id, input, { ...options, ...limit })) rows.push(asItem(row));
  return rows;
}

/** n8n's items are objects. */
const asItem = (value: unknown): IDataObject =>
  (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value }) as IDataObject;

function entryOf(plugin: Plugin, id: string): CatalogEntry {
  const [entry] = plugin.catalog.list({ id });
  if (entry) return entry;
  throw misconfigured(`there is no operation ${id}`, 'Choose one from the list of operations.');
}

/** The receiver has the ledger: n8n's own data can't compare and set. */
async function sync(context: IExecuteFunctions, item: number): Promise<IDataObject> {
  const credential = await credentialOf(context, RECEIVER);
  if (!credential) {
    throw misconfigured(
      'the sync has no receiver',
      'Start a receiver with SYNC_TOKEN and choose its credential here: it keeps the ledger that makes each event count once.',
    );
  }
  const { url, token } = credential as { url: string; token: string };
  const given = context.getNodeParameter('event', item);
  const event = typeof given === 'string' ? eventOf(given) : given;
  const receiver = remoteSync({ url, token, fetch: fetchBy(context, () => RECEIVER) });
  const report = await receiver.apply(event as Parameters<typeof receiver.apply>[0]);
  if (report.outcome === 'dead' && report.error) throw new PluginError(report.error);
  return asItem(report);
}

function eventOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw misconfigured('the event is no JSON', 'Give the whole output of a trigger: {{ $json }}.');
  }
}
