// A consumer in TypeScript, ESM. Compiled only: once for each way of resolving modules.
import { createPlugin, memoryStore, type Options, type Plugin, PluginError } from 'ghl-digistore24';
import { formOf } from 'ghl-digistore24/form';
import { load, type Wasm } from 'ghl-digistore24/load';
import { openSqliteStore } from 'ghl-digistore24/sqlite';
import { translate } from 'ghl-digistore24/words';
import { de } from 'ghl-digistore24/words/de';

const options: Options = { store: Math.random() < 0.5 ? memoryStore() : openSqliteStore('state.sqlite') };
const plugin: Plugin = await createPlugin(options);
const { contact } = await plugin.ghl.contacts.getContact({ contactId: 'abc' });
const email: string | undefined = contact?.email ?? undefined;
// @ts-expect-error: the input is typed.
await plugin.ghl.contacts.getContact({ contactId: 7 });
const titles: string[] = plugin.catalog.list().map((entry) => translate(entry, de).title);
const wasm: Wasm = await load();

export const used = [
  email,
  titles,
  wasm.version(),
  formOf,
  (error: unknown) => error instanceof PluginError && error.code,
];
