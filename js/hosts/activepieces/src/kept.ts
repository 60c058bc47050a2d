import type { Store as ContextStore } from '@activepieces/pieces-framework';
import { memoryStore, type Store, type StoreEntry } from 'ghl-digistore24';

/** Where a flow keeps the IPN connection that its trigger made. */
const KEY = 'ipn-connection';
/** More entries than one connection can have. */
const ALL = 1000;

/**
 * The plugin's store of one trigger: its IPN connection with the passphrases, and nothing that two could write at a time.
 * Activepieces' store puts and gets; it can't compare and set, so no ledger lies in it.
 */
export async function keptStore(context: ContextStore): Promise<Store> {
  const store = await readStore(context);
  return {
    ...store,
    // At once: Digistore24 must not hear of a passphrase that could get lost.
    async commit(writes) {
      const result = await store.commit(writes);
      if (result.ok) await context.put(KEY, (await store.list({ prefix: '', limit: ALL })).entries);
      return result;
    },
  };
}

/** The same to read from: what is written into it is forgotten. */
export async function readStore(context: ContextStore): Promise<Store> {
  const store = memoryStore();
  const entries = (await context.get<StoreEntry[]>(KEY)) ?? [];
  if (entries.length > 0) await store.commit(entries.map(({ key, value }) => ({ key, value, expect: null })));
  return store;
}
