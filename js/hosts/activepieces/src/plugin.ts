import { createPlugin, memoryStore, type Plugin, type Store } from 'ghl-digistore24';
import { type Credentials, optionsOf } from './auth.js';

/** The plugin that was asked for last: a process of the engine mostly serves one connection. */
let last: { key: string; plugin: Promise<Plugin> } | undefined;

/** The plugin for calls: it keeps the rate and what the service said of the token from one step to the next. */
export function pluginFor(credentials: Credentials): Promise<Plugin> {
  const key = JSON.stringify(credentials);
  if (last?.key === key) return last.plugin;
  // Its calls under way end by themselves.
  last?.plugin.then((plugin) => plugin.close()).catch(() => {});
  const plugin = createPlugin({ ...optionsOf(credentials), store: memoryStore() });
  last = { key, plugin };
  plugin.catch(() => {
    if (last?.plugin === plugin) last = undefined;
  });
  return plugin;
}

/**
 * A plugin on a store of its own, for as long as the work takes: for webhooks and their connection. Either service may be missing in
 * the options, of Digistore24 the passphrase may be in the store alone.
 */
export async function withPlugin<T>(
  credentials: Credentials,
  store: Store,
  work: (plugin: Plugin) => Promise<T>,
): Promise<T> {
  const { digistore24, ...rest } = optionsOf(credentials);
  const plugin = await createPlugin({ ...rest, digistore24: { ...digistore24 }, store });
  try {
    return await work(plugin);
  } finally {
    await plugin.close();
  }
}
