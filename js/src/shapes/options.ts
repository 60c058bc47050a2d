/** Whose accounts a plugin works with, and how. All of it plain JSON. */

import type { JsonObject } from '../protocol.js';

/** How the calls to HighLevel are signed. `host`: the host's own fetch does it. */
export type HighLevelAuth =
  | {
      kind: 'private-integration';
      token: string;
      /** What is ticked. A call that needs another scope is then refused before it is sent. */
      scopes?: string[];
    }
  | OAuthApp
  | { kind: 'host' };

/** An app of HighLevel's marketplace. Its tokens live in the store: give one that lasts. */
export interface OAuthApp {
  kind: 'oauth';
  clientId: string;
  clientSecret: string;
  /** Where a person comes back to after agreeing, as set in the app. */
  redirectUri?: string;
  /** What to ask for; default: what the mapping needs. */
  scopes?: string[];
  /** `Company`: installed by an agency; the location's token is made from the agency's. Needs `companyId`. */
  userType?: 'Location' | 'Company';
  companyId?: string;
  /** An authorisation that was given elsewhere; taken once, then the store has its successor. */
  refreshToken?: string;
  accessToken?: string;
  /** When `accessToken` ends, milliseconds since 1970. */
  expiresAt?: number;
}

/** The part of the options that the core reads: plain data. */
export interface ConnectionOptions {
  /** Names the connection in every store key. Default `default`. */
  id?: string;
  highlevel?: {
    auth: HighLevelAuth;
    locationId: string;
    baseUrl?: string;
    /** HighLevel's Ed25519 key, PEM or base64; two during a rotation. Default: the one that HighLevel publishes. */
    webhookPublicKey?: string | string[];
    /** Older events are refused. HighLevel itself tries again for 70 minutes. Default: a month. */
    webhookMaxAgeSeconds?: number;
    /** Ends the address that workflows send to: 16 letters, digits, `-` and `_` or more. A secret. */
    workflowToken?: string;
  };
  digistore24?: {
    apiKey?: string;
    /** Asks a vendor for a key: `auth.requestApiKey`. */
    developerKey?: string;
    /** Up to four at a time, during a rotation. */
    ipnPassphrase?: string | string[];
    /** Several IPN connections, each with its own passphrases: two during a rotation. */
    ipn?: { id: string; passphrases: string[] }[];
    /** Messages of another merchant are kept and not worked on. */
    merchantId?: string;
    /** Two letters: the language of the texts in answers. Default: the account's. */
    language?: string;
    /** Who does it, for Digistore24's log of refunds and cancellations. */
    operator?: string;
    baseUrl?: string;
  };
  /** The mapping; empty or absent means the default mapping. */
  mapping?: JsonObject;
  /** How long a write may take effect after its request ended. Seconds, default 60. */
  settleSeconds?: number;
  /** The part of the rate that calls in the background may take. Default 0.5. */
  backgroundShare?: number;
  /**
   * No other process uses the same token through this store: the rate is counted in memory, not in the store. Default:
   * whether the store is the one in memory.
   */
  exclusive?: boolean;
  /** Sales before this day or time are written silently. Default: two days before the first message. */
  liveAfter?: string;
  /** How long finished messages are kept. Days, default 30. */
  keepDays?: number;
  /** How often a tick looks for what webhooks missed; needs an API key. Hours; never when absent. */
  reconcileEveryHours?: number;
  /**
   * Which of the vendor's orders belong to which location, where there are several: the first route whose condition (as in a
   * mapping) holds. Imports and comparisons leave the others alone. A fleet sets this by its own routes.
   */
  routes?: { when?: JsonObject | JsonObject[]; location: string }[];
}
