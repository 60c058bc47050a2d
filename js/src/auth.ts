/** Authorisations and keys: the part `auth` of a plugin. No method gives a secret back. */
import type { CallOptions } from './operations.js';
import type { JsonObject } from './protocol.js';

/** Where a person agrees, see {@link AuthMethods.authorizeUrl}. */
export interface AuthorizeOptions {
  /** A random text that comes back with the code: check that it is the same. */
  state: string;
  /** Where the person comes back to; default: that of the options. */
  redirectUri?: string;
  /** Default: those of the options, else what the mapping needs. */
  scopes?: string[];
  /** The address of a white-label marketplace; default `https://marketplace.gohighlevel.com`. */
  host?: string;
}

/** How the connection's credentials stand. */
export interface AuthStatus {
  highlevel?: {
    kind: 'private-integration' | 'oauth' | 'host';
    /** `lost`: HighLevel has ended the authorisation, connect again. `inactive`: the location is paused. */
    state: 'connected' | 'not_connected' | 'lost' | 'inactive';
    /** Whether the options or the store have what counts. */
    source?: 'options' | 'store';
    /** Empty where they are not known. */
    scopes?: string[];
    /** When the access token ends and is renewed; ISO 8601. */
    expiresAt?: string | null;
  };
  digistore24?: {
    /** Whether there is one. */
    apiKey: boolean;
    source: 'options' | 'store';
    /** Known once `digistore24.getUserInfo` was called: writes are refused before they are sent. */
    readOnly: boolean;
    developerKey: boolean;
    /** How many passphrases are accepted. */
    ipnPassphrases: number;
  };
}

/** A new credential, one at a time. */
export type Rotation = { token: string } | { apiKey: string } | { ipnPassphrase: string };

/** What a vendor is asked for. */
export interface KeyRequest {
  permissions: 'read-only' | 'writable';
  /** https only. */
  return_url: string;
  cancel_url?: string;
  site_url?: string;
  comment?: string;
}

/** The part `auth` of a plugin. */
export interface AuthMethods {
  /** The address where a person chooses the location (or the agency) and agrees; and the scopes that it asks for. */
  authorizeUrl(options: AuthorizeOptions, call?: CallOptions): Promise<{ url: string; scopes: string[] }>;
  /**
   * Exchanges the code that came back for tokens, and stores them.
   *
   * @throws PluginError `misconfigured`: the authorisation is for another location or agency; nothing was stored.
   */
  exchange(code: { code: string; redirectUri?: string }, call?: CallOptions): Promise<AuthStatus>;
  /** Reads the store, makes no call. */
  status(call?: CallOptions): Promise<AuthStatus>;
  /**
   * Changes a credential without a restart. Durable in the store: this plugin uses it from the next call on, others that
   * share the store when the service refuses the old one, at the latest after a minute. Of the webhook's passphrases the
   * last one stays valid beside the new one.
   */
  rotate(change: Rotation, call?: CallOptions): Promise<AuthStatus>;
  /** Begins the dialogue in which a vendor grants a key. Send the person to `request_url`. Needs `developerKey`. */
  requestApiKey(request: KeyRequest, call?: CallOptions): Promise<{ request_url: string; request_token: string }>;
  /** Asks whether it was granted, and stores the key then. Ask again while it is pending, every two seconds or so. */
  retrieveApiKey(
    request: { token: string },
    call?: CallOptions,
  ): Promise<{ status: 'pending' | 'aborted' | 'completed' }>;
}

/** One line of {@link CheckReport}. */
export interface CheckLine {
  name: string;
  ok: boolean;
  message: string;
  /** What to do where it is not. */
  help: string | null;
}

/** What `check` has found. */
export interface CheckReport {
  /** Whether all lines are. */
  ok: boolean;
  checks: CheckLine[];
}

/** The methods over the way to the core. */
export function authMethods(
  call: <T>(method: string, args: unknown[], options?: CallOptions) => Promise<T>,
): AuthMethods {
  const method =
    (name: string) =>
    <T>(input: object | undefined, options?: CallOptions) =>
      call<T>(`auth.${name}`, [input ?? {}], options) as Promise<T>;
  return {
    authorizeUrl: method('authorizeUrl'),
    exchange: method('exchange'),
    status: (options) => call('auth.status', [{} satisfies JsonObject], options),
    rotate: method('rotate'),
    requestApiKey: method('requestApiKey'),
    retrieveApiKey: method('retrieveApiKey'),
  };
}
