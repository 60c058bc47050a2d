// A consumer in TypeScript, CommonJS. Compiled only: once for each way of resolving modules.
import form = require('ghl-digistore24/form');
import bare = require('ghl-digistore24/load');
import sqlite = require('ghl-digistore24/sqlite');
import ghl = require('ghl-digistore24');

const options: ghl.Options = {
  store: Math.random() < 0.5 ? ghl.memoryStore() : sqlite.openSqliteStore('state.sqlite'),
};

export async function use(): Promise<unknown[]> {
  const plugin: ghl.Plugin = await ghl.createPlugin(options);
  const { contact } = await plugin.ghl.contacts.getContact({ contactId: 'abc' });
  const email: string | undefined = contact?.email ?? undefined;
  // @ts-expect-error: the input is typed.
  await plugin.ghl.contacts.getContact({ contactId: 7 });
  const wasm: bare.Wasm = await bare.load();
  const codeOf = (error: unknown) => error instanceof ghl.PluginError && error.code;
  return [email, wasm.version(), form.formOf, codeOf];
}
