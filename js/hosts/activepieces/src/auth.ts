import { PieceAuth, Property } from '@activepieces/pieces-framework';
import { type ConnectionOptions, createPlugin, memoryStore, PluginError } from 'ghl-digistore24';
import { words } from './words.js';

/** The connection as Activepieces keeps it. */
export interface Credentials {
  highlevelToken?: string | undefined;
  locationId?: string | undefined;
  digistore24ApiKey?: string | undefined;
  ipnPassphrase?: string | undefined;
  workflowToken?: string | undefined;
  receiverUrl?: string | undefined;
  receiverToken?: string | undefined;
  highlevelUrl?: string | undefined;
  digistore24Url?: string | undefined;
}

const secret = (displayName: string, description: string) =>
  PieceAuth.SecretText({ displayName, description, required: false });
const text = (displayName: string, description: string) =>
  Property.ShortText({ displayName, description, required: false });

/** One connection for both services; either may be left out. */
export const auth = PieceAuth.CustomAuth({
  required: true,
  description: [
    'Fill in **HighLevel**, **Digistore24**, or both.',
    '**HighLevel**: in the sub-account Settings → Private Integrations → Create. The location ID stands in the address bar: `/location/<ID>/`.',
    '**Digistore24**: Settings → Account access → API keys. With full access the triggers make their IPN connection by themselves.',
    '**Receiver**: only for "Sync this event to HighLevel", which needs a place for its ledger.',
  ].join('\n\n'),
  props: {
    highlevelToken: secret('HighLevel: token', 'Of a private integration; it begins with pit-.'),
    locationId: text('HighLevel: location ID', 'The sub-account.'),
    digistore24ApiKey: secret('Digistore24: API key', 'With full access, if it is to change something.'),
    ipnPassphrase: secret('Digistore24: IPN passphrase', 'Only of an IPN connection that you made by hand.'),
    workflowToken: secret(
      'HighLevel: workflow token',
      'For triggers by a workflow’s webhook: a long random word of your own, 16 letters and digits or more.',
    ),
    receiverUrl: text('Receiver: address', 'Of your ghl-digistore24 receiver, such as https://sync.example.com.'),
    receiverToken: secret('Receiver: token', 'Its setting SYNC_TOKEN.'),
    highlevelUrl: text('HighLevel: other address', 'Leave empty; only for tests and proxies.'),
    digistore24Url: text('Digistore24: other address', 'Leave empty; only for tests and proxies.'),
  },
  validate: async ({ auth: credentials }) => {
    try {
      const problem = await problemOf(credentials);
      return problem === undefined ? { valid: true } : { valid: false, error: problem };
    } catch (thrown) {
      if (!(thrown instanceof PluginError)) throw thrown;
      return { valid: false, error: words(thrown.toJSON()) };
    }
  },
});

/** The plugin's options. What is empty is not there. */
export function optionsOf(credentials: Credentials): ConnectionOptions {
  const { highlevelToken, locationId, digistore24ApiKey, ipnPassphrase, workflowToken } = credentials;
  const { highlevelUrl, digistore24Url } = credentials;
  return {
    ...((highlevelToken || locationId) && {
      highlevel: {
        auth: { kind: 'private-integration', token: highlevelToken ?? '' },
        locationId: locationId ?? '',
        ...(highlevelUrl && { baseUrl: highlevelUrl }),
        ...(workflowToken && { workflowToken }),
      },
    }),
    ...((digistore24ApiKey || ipnPassphrase) && {
      digistore24: {
        ...(digistore24ApiKey && { apiKey: digistore24ApiKey }),
        ...(ipnPassphrase && { ipnPassphrase }),
        ...(digistore24Url && { baseUrl: digistore24Url }),
      },
    }),
  };
}

/** The sync is the receiver's, and a trigger makes its own IPN connection: a connection is good without them. */
const OF_THE_SYNC: ReadonlySet<string> = new Set(['HighLevel: custom fields', 'Digistore24: IPN passphrase']);

/** What is wrong with a connection, in words. */
async function problemOf(credentials: Credentials): Promise<string | undefined> {
  const options = optionsOf(credentials);
  if (!options.highlevel && !options.digistore24) return 'Fill in HighLevel, Digistore24, or both.';
  const plugin = await createPlugin({ ...options, store: memoryStore() });
  try {
    const { checks } = await plugin.check();
    const wrong = checks.filter(({ ok, name }) => !ok && !OF_THE_SYNC.has(name));
    return wrong.length === 0
      ? undefined
      : wrong.map(({ name, message, help }) => `${name}: ${message}${help === null ? '' : ` → ${help}`}`).join('\n');
  } finally {
    await plugin.close();
  }
}
