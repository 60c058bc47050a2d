import { memoryStore, type Store, type StoreEntry } from 'ghl-digistore24';
import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

/** More entries than one connection can have. */
const ALL = 1000;

/** Connections that are being made: Digistore24 calls their address before n8n keeps what `create` wrote. */
const made = new Map<string, StoreEntry[]>();

/**
 * The plugin's store of one trigger: its IPN connection with the passphrases, in the workflow's static data. No ledger lies there:
 * static data can't compare and set.
 */
export async function keptStore(context: IHookFunctions): Promise<Store> {
  const store = await readStore(context);
  return {
    ...store,
    async commit(writes) {
      const result = await store.commit(writes);
      if (!result.ok) return result;
      const { entries } = await store.list({ prefix: '', limit: ALL });
      context.getWorkflowStaticData('node')['ipn'] = entries;
      made.set(keyOf(context), entries);
      return result;
    },
  };
}

/** The same to read from: what is written into it is forgotten. */
export async function readStore(context: IHookFunctions | IWebhookFunctions): Promise<Store> {
  const store = memoryStore();
  const kept = context.getWorkflowStaticData('node')['ipn'] as StoreEntry[] | undefined;
  const entries = made.get(keyOf(context)) ?? kept ?? [];
  if (entries.length > 0) await store.commit(entries.map(({ key, value }) => ({ key, value, expect: null })));
  return store;
}

const keyOf = (context: IHookFunctions | IWebhookFunctions) =>
  `${context.getWorkflow().id}/${context.getNode().id}/${context.getMode() === 'manual'}`;
