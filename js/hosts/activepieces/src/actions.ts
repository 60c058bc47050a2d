import { type Action, createAction, type InputPropertyMap, Property } from '@activepieces/pieces-framework';
import { type CatalogEntry, type Plugin, PluginError, remoteSync } from 'ghl-digistore24';
import { type Field, formOf, inputOf } from 'ghl-digistore24/form';
import { auth, type Credentials } from './auth.js';
import { type Entry, nameOf, titleOf } from './entry.js';
import { pluginFor } from './plugin.js';
import { innerPropsOf, propsOf, valuesOf } from './props.js';
import { misconfigured, saying } from './words.js';

/** What may be repeated after any failure is repeated if the person doesn't say otherwise. */
const repeating = (isSafe: boolean) => ({
  retryOnFailure: { defaultValue: isSafe },
  continueOnFailure: { defaultValue: false },
});

/** The action for an entry of the catalog. */
export function actionOf(entry: Entry): Action {
  if (entry.id === 'bridge.syncEvent') return syncAction(entry);
  const fields = formOf(entry);
  return createAction({
    auth,
    name: nameOf(entry.id),
    displayName: titleOf(entry),
    description: entry.description,
    props: { ...propsOf(fields), ...listPropsOf(entry) },
    errorHandlingOptions: repeating(entry.retry === 'safe'),
    aiMetadata: { idempotent: entry.retry === 'safe' },
    run: ({ auth: { props }, propsValue }) =>
      saying(async () => {
        return called(await pluginFor(props), entry.id, fields, propsValue);
      }),
  });
}

/** Any operation of the whole catalog: chosen by name, its form comes when it is chosen. */
export const anyOperation: Action = createAction({
  auth,
  name: 'any_operation',
  displayName: 'Any operation',
  description:
    'Every operation of HighLevel and every function of Digistore24, also those that are no action of their own.',
  props: {
    operation: Property.Dropdown<string, true, typeof auth>({
      auth,
      displayName: 'Operation',
      description: 'Type to search.',
      required: true,
      refreshers: [],
      async options({ auth: connection }) {
        const plugin = await pluginFor((connection?.props ?? {}) as Credentials);
        return { disabled: false, options: operationsOf(plugin) };
      },
    }),
    input: Property.DynamicProperties<true, typeof auth>({
      auth,
      displayName: 'Input',
      required: true,
      refreshers: ['operation'],
      async props({ auth: connection, operation }) {
        if (typeof operation !== 'string' || operation === '') return {};
        const plugin = await pluginFor((connection?.props ?? {}) as Credentials);
        const entry = entryOf(plugin, operation);
        return { ...(await innerPropsOf(formOf(entry), plugin)), ...listPropsOf(entry) } as never;
      },
    }),
  },
  errorHandlingOptions: repeating(false),
  run: ({ auth: { props }, propsValue: { operation, input } }) =>
    saying(async () => {
      const plugin = await pluginFor(props);
      return called(plugin, operation, formOf(entryOf(plugin, operation)), input);
    }),
});

/** All but triggers, and the sync, which has a ledger elsewhere. */
function operationsOf(plugin: Plugin) {
  return plugin.catalog
    .list({ brief: true })
    .filter(({ kind, id, deprecated }) => kind !== 'trigger' && id !== 'bridge.syncEvent' && !deprecated)
    .map((entry) => ({ label: titleOf(entry), value: entry.id }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

function entryOf(plugin: Plugin, id: string): CatalogEntry {
  const [entry] = plugin.catalog.list({ id });
  if (entry) return entry;
  throw misconfigured(`there is no operation ${id}`, 'Choose one from the list of operations.');
}

/** How many items of a list; no field of the service has this name. */
const ITEMS = 'items_of_all_pages';

/** What a list asks for beside its form. */
function listPropsOf({ paging }: Pick<Entry, 'paging'>): InputPropertyMap {
  if (paging === null) return {};
  const description =
    'At most so many items, from as many pages as that takes. Empty: one page, as the service gives it.';
  return { [ITEMS]: Property.Number({ displayName: 'Items of all pages', description, required: false }) };
}

/** Calls an operation; a list that is asked for so many items gives `{ items }`. */
async function called(plugin: Plugin, id: string, fields: readonly Field[], given: Record<string, unknown>) {
  const input = inputOf(fields, valuesOf(fields, given));
  const { [ITEMS]: limit } = given;
  if (limit === undefined || limit === null || limit === '') return plugin.run(id, input);
  const items: unknown[] = [];
  for await (const item of plugin.list(id, input, { limit: Number(limit) })) items.push(item);
  return { items };
}

/** The sync, with its ledger at a receiver: here is no place for one. */
function syncAction(entry: Entry): Action {
  return createAction({
    auth,
    name: nameOf(entry.id),
    displayName: entry.title,
    description: `${entry.description} Done by your receiver, which keeps the ledger: name it in the connection.`,
    props: {
      event: Property.Json({
        displayName: 'Event',
        description: 'The whole output of a trigger of Digistore24 or HighLevel.',
        required: true,
      }),
    },
    errorHandlingOptions: repeating(true),
    aiMetadata: { idempotent: true },
    run: ({ auth: { props }, propsValue: { event } }) =>
      saying(async () => {
        const { receiverUrl: url, receiverToken: token } = props as Credentials;
        if (!url || !token) {
          throw misconfigured(
            'the connection names no receiver',
            'The sync needs a ledger that compares and sets, which Activepieces’ storage can’t do. Start a receiver with SYNC_TOKEN and put its address and the token into the connection; or use the single actions.',
          );
        }
        const report = await remoteSync({ url, token }).apply(parsed(event) as never);
        if (report.outcome === 'dead' && report.error) throw new PluginError(report.error);
        return report;
      }),
  });
}

/** A reference to another step comes as an object, typed JSON as a text. */
function parsed(event: unknown): unknown {
  if (typeof event !== 'string') return event;
  try {
    return JSON.parse(event);
  } catch {
    return { raw: event };
  }
}
