import type { ConnectionOptions, JsonObject } from 'ghl-digistore24';
import type { NodeAPI, NodeDef } from 'node-red';
import { misconfigured } from './words.js';

/** What the dialog of a connection keeps in the flow. */
export interface ConnectionConfig extends NodeDef {
  locationId?: string;
  /** JSON; empty for the default mapping. */
  mapping?: string;
  highlevelUrl?: string;
  digistore24Url?: string;
}

/** What it keeps apart from the flow, encrypted. */
export interface ConnectionCredentials {
  token?: string;
  apiKey?: string;
  ipnPassphrase?: string;
  workflowToken?: string;
}

/** For Node-RED: all of them are secrets. */
export const CREDENTIALS = {
  token: { type: 'password' },
  apiKey: { type: 'password' },
  ipnPassphrase: { type: 'password' },
  workflowToken: { type: 'password' },
} as const;

/**
 * The options of the plugin. `more` are those that `ghlDigistore24` in Node-RED's settings.js has beside them.
 *
 * @throws PluginError `misconfigured`: the mapping is no JSON.
 */
export function optionsOf(
  RED: NodeAPI,
  { locationId, mapping, highlevelUrl, digistore24Url }: Partial<ConnectionConfig>,
  { token, apiKey, ipnPassphrase, workflowToken }: ConnectionCredentials,
): ConnectionOptions {
  const { ghlDigistore24: more } = RED.settings as { ghlDigistore24?: ConnectionOptions };
  return {
    ...more,
    ...((token || locationId) && {
      highlevel: {
        auth: { kind: 'private-integration', token: token ?? '' },
        locationId: locationId ?? '',
        ...(highlevelUrl && { baseUrl: highlevelUrl }),
        ...(workflowToken && { workflowToken }),
      },
    }),
    digistore24: {
      ...(apiKey && { apiKey }),
      ...(ipnPassphrase && { ipnPassphrase }),
      ...(digistore24Url && { baseUrl: digistore24Url }),
    },
    ...(mapping?.trim() && { mapping: mappingIn(mapping) }),
  };
}

function mappingIn(text: string): JsonObject {
  try {
    return JSON.parse(text);
  } catch {
    throw misconfigured('the mapping of the connection is no JSON', 'Open the connection and correct it.');
  }
}
