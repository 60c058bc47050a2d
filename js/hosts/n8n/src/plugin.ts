import { type ConnectionOptions, createPlugin, memoryStore, type Plugin, type Store } from 'ghl-digistore24';
import type {
  ICredentialDataDecryptedObject,
  IExecuteFunctions,
  IHookFunctions,
  ILoadOptionsFunctions,
  IPollFunctions,
  IWebhookFunctions,
} from 'n8n-workflow';
import { fetchBy } from './http.js';

/** Where a node is asked for something. */
export type Context = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions | IPollFunctions | IWebhookFunctions;

/** The credentials' names in n8n. */
export const HIGHLEVEL = 'highLevelPrivateIntegrationApi';
export const DIGISTORE24 = 'digistore24Api';
export const RECEIVER = 'ghlDigistore24ReceiverApi';

/** What the plugin takes where a credential says nothing else. */
const HIGHLEVEL_URL = 'https://services.leadconnectorhq.com';
const DIGISTORE24_URL = 'https://www.digistore24.com';

export type Credential = ICredentialDataDecryptedObject | undefined;

/** A credential that the node has and somebody has filled in. */
export async function credentialOf(context: Context, name: string): Promise<Credential> {
  if (!context.getNode().credentials?.[name]) return undefined;
  return context.getCredentials(name);
}

/** Does something with a plugin on a store of its own. Either service may be missing in the node's credentials. */
export async function withPlugin<T>(
  context: Context,
  work: (plugin: Plugin) => Promise<T>,
  store: Store = memoryStore(),
): Promise<T> {
  const highlevel = await credentialOf(context, HIGHLEVEL);
  const digistore24 = await credentialOf(context, DIGISTORE24);
  const addresses: [string, string][] = [
    [String(highlevel?.['baseUrl'] || HIGHLEVEL_URL), HIGHLEVEL],
    [String(digistore24?.['baseUrl'] || DIGISTORE24_URL), DIGISTORE24],
  ];
  const plugin = await createPlugin({
    ...(highlevel && { highlevel: highlevelOf(highlevel) }),
    digistore24: digistore24 ? digistore24Of(digistore24) : {},
    store,
    log: ({ level, message, fields }) => context.logger[level](message, fields),
    fetch: fetchBy(context, (url) => signerOf(url, addresses)),
  });
  try {
    return await work(plugin);
  } finally {
    await plugin.close();
  }
}

/** One service's secret never goes to the other. */
function signerOf(url: string, addresses: [string, string][]): string {
  const signer = addresses.find(([base]) => url.startsWith(`${base.replace(/\/+$/, '')}/`));
  if (!signer) throw new Error('no credential is for this address');
  return signer[1];
}

function highlevelOf(credential: ICredentialDataDecryptedObject): NonNullable<ConnectionOptions['highlevel']> {
  const { locationId, baseUrl, workflowToken } = credential as Record<string, string>;
  return {
    // n8n puts the token in.
    auth: { kind: 'host' },
    locationId: locationId ?? '',
    ...(baseUrl && { baseUrl }),
    ...(workflowToken && { workflowToken }),
  };
}

function digistore24Of(credential: ICredentialDataDecryptedObject): NonNullable<ConnectionOptions['digistore24']> {
  const { apiKey, ipnPassphrase, baseUrl } = credential as Record<string, string>;
  return { ...(apiKey && { apiKey }), ...(ipnPassphrase && { ipnPassphrase }), ...(baseUrl && { baseUrl }) };
}
