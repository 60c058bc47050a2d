/** What a HighLevel token may do. A list that is absent means everything. */
export interface Token {
  scopes?: string[];
  locations?: string[];
  /** Of an agency: it enters no location. */
  companyId?: string;
  /** Milliseconds since the epoch. */
  expiresAt?: number;
}

/** The settings of a HighLevel location ("sub-account") that change what the API does. */
export interface LocationSettings {
  name: string;
  timezone: string;
  /** ISO country code; numbers without a country code are read as numbers of this country. */
  country: string;
  currency: string;
  allowDuplicateContact: boolean;
  /** Which of two matching contacts an upsert updates. */
  duplicatePriority: 'email' | 'phone';
  allowDuplicateOpportunity: boolean;
  /** HighLevel gives no tokens for a location that is not. */
  isActive: boolean;
  /** The automation that makes and links a business for a contact's company name. */
  createCompanies: boolean;
}

/**
 * The settings of the sandbox. The location settings at the top are the default of each location;
 * `locations` names further locations (and the default one) with their differences.
 */
export interface Settings extends LocationSettings {
  /** HighLevel tokens by their text. */
  tokens: Record<string, Token>;
  /** Apps of the marketplace by their client id. */
  apps: Record<string, { secret: string }>;
  /** How long the access token of an app is good for. */
  tokenLifetimeSeconds: number;
  /** How long a used refresh token brings the same answer again. */
  refreshGraceMs: number;
  locations: Record<string, Partial<LocationSettings>>;
  /** Milliseconds until a write shows in POST /contacts/search. */
  searchLagMs: number;
  /** Requests in one burst window, for each token. */
  burstLimit: number;
  burstWindowMs: number;
  dailyLimit: number;
  /** How a phone number that is none is refused. */
  invalidPhoneStatus: 422 | 400;

  /** Digistore24 API keys by their text. */
  apiKeys: Record<string, 'full' | 'readonly' | 'developer'>;
  /** The official connector of 2022 numbers "permission denied" 8, that of 2025 numbers it 5. */
  permissionErrorCode: 5 | 8;
  merchantId: string;
  merchantName: string;

  /** Factor on the waiting times between the attempts to deliver an IPN message. */
  retryScale: number;
  /** Attempts to deliver one IPN message. */
  maxAttempts: number;
  /** Milliseconds that a receiver has for its reply. */
  replyTimeoutMs: number;
}

/** A change of settings; tables are merged entry by entry. */
export type SettingsPatch = Partial<Settings>;

/** The id of the location that is always there. */
export const DEFAULT_LOCATION_ID = 'sandboxLocation00001';
/** The token that may do everything in every location. */
export const DEFAULT_TOKEN = 'pit-sandbox-token';
/** The app of HighLevel's marketplace, with its secret. */
export const DEFAULT_CLIENT_ID = 'sandbox-app';
export const DEFAULT_CLIENT_SECRET = 'sandbox-app-secret';
/** The agency of all locations. */
export const DEFAULT_COMPANY_ID = 'sandboxCompany000001';
/** The Digistore24 key with full access. */
export const DEFAULT_API_KEY = '12345-sandboxKey';
/** The Digistore24 key that can only read. */
export const READONLY_API_KEY = '12346-readonlyKey';

/** The Digistore24 key that only asks vendors for keys. */
export const DEVELOPER_API_KEY = '12347-developerKey';

/** The settings of a sandbox that nobody has changed. */
export function defaultSettings(): Settings {
  return {
    name: 'Sandbox Academy',
    timezone: 'Europe/Berlin',
    country: 'DE',
    currency: 'EUR',
    allowDuplicateContact: false,
    duplicatePriority: 'email',
    allowDuplicateOpportunity: false,
    createCompanies: false,
    isActive: true,
    tokens: { [DEFAULT_TOKEN]: {} },
    apps: { [DEFAULT_CLIENT_ID]: { secret: DEFAULT_CLIENT_SECRET } },
    tokenLifetimeSeconds: 86_399,
    refreshGraceMs: 30_000,
    locations: { [DEFAULT_LOCATION_ID]: {} },
    searchLagMs: 3000,
    burstLimit: 100,
    burstWindowMs: 10_000,
    dailyLimit: 200_000,
    invalidPhoneStatus: 422,
    apiKeys: { [DEFAULT_API_KEY]: 'full', [READONLY_API_KEY]: 'readonly', [DEVELOPER_API_KEY]: 'developer' },
    permissionErrorCode: 5,
    merchantId: '39400001',
    merchantName: 'sandboxacademy',
    retryScale: 1 / 180_000,
    maxAttempts: 21,
    replyTimeoutMs: 10_000,
  };
}

/** The settings after a change. */
export function patched(settings: Settings, patch: SettingsPatch): Settings {
  return {
    ...settings,
    ...patch,
    tokens: { ...settings.tokens, ...patch.tokens },
    apps: { ...settings.apps, ...patch.apps },
    locations: { ...settings.locations, ...patch.locations },
    apiKeys: { ...settings.apiKeys, ...patch.apiKeys },
  };
}

/** The settings of one location: the defaults and its own differences. */
export function locationSettings(settings: Settings, locationId: string): LocationSettings {
  return { ...settings, ...settings.locations[locationId] };
}
