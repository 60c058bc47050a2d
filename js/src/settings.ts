import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { problem } from './errors.js';
import type { FleetData } from './fleet/options.js';
import type { Options } from './plugin.js';
import type { HighLevelAuth, JsonObject } from './protocol.js';

/** Where a setting may come from, and what it is. */
interface Kind {
  /** Never a flag; may be `file:PATH`. */
  secret?: true;
  help: string;
}

/** All settings, by the name that they have in the environment and in the file. */
export const SETTINGS = {
  GHL_BASE_URL: { help: 'address of HighLevel’s API, for tests and proxies' },
  GHL_TOKEN: { secret: true, help: 'token of a private integration' },
  GHL_CLIENT_ID: { help: 'id of an app, in place of a private integration' },
  GHL_CLIENT_SECRET: { secret: true, help: 'secret of the app' },
  GHL_REDIRECT_URI: { help: 'where a person comes back to after agreeing, as set in the app' },
  GHL_COMPANY_ID: { help: 'id of the agency, where the app is installed there' },
  GHL_REFRESH_TOKEN: { secret: true, help: 'of an authorisation that was given elsewhere; taken once' },
  GHL_SCOPES: {
    help: 'scopes with blanks between: what is ticked for the private integration, or to ask for with the app',
  },
  GHL_LOCATION_ID: { help: 'id of the location (sub-account)' },
  GHL_WEBHOOK_PUBLIC_KEY: { help: 'key of HighLevel’s webhooks, PEM or base64, if it is not the published one' },
  GHL_WEBHOOK_MAX_AGE_SECONDS: { help: 'older events of HighLevel are refused; a month unless told otherwise' },
  GHL_WORKFLOW_TOKEN: { secret: true, help: 'ends the address that workflows send to' },
  DIGISTORE24_BASE_URL: { help: 'address of Digistore24’s API, for tests and proxies' },
  DIGISTORE24_API_KEY: { secret: true, help: 'API key' },
  DIGISTORE24_DEVELOPER_KEY: { secret: true, help: 'developer key, to ask a vendor for an API key' },
  DIGISTORE24_MERCHANT_ID: { help: 'number of your account; sales of other merchants are put aside' },
  DIGISTORE24_IPN_PASSPHRASE: { secret: true, help: 'passphrase of the IPN connection' },
  DIGISTORE24_IPN: {
    secret: true,
    help: 'several IPN connections, as JSON: [{"id": "…", "passphrases": ["…"]}]',
  },
  MAPPING: { help: 'JSON file with the mapping' },
  STATE: { help: 'SQLite file of inbox and ledger' },
  SYNC_TOKEN: { secret: true, help: 'lets workflow builders hand events to the receiver: 16 characters or more' },
  ALERT_URL: { secret: true, help: 'address that alerts are posted to' },
  SETTLE_SECONDS: { help: 'how long a write may take effect after its request ended' },
  BACKGROUND_SHARE: { help: 'the part of the rate that imports may take, from 0.01 to 1; half unless told otherwise' },
  LIVE_AFTER: { help: 'day or time before which sales are written silently' },
  KEEP_DAYS: { help: 'how many days finished messages are kept' },
  RECONCILE_EVERY_HOURS: { help: 'how often what webhooks missed is looked for; needs an API key' },
} as const satisfies Record<string, Kind>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** The settings that may be flags. */
export type FlagName = { [N in SettingName]: (typeof SETTINGS)[N] extends { secret: true } ? never : N }[SettingName];

/** The names of {@link FlagName}. */
export const FLAGS = Object.entries<Kind>(SETTINGS).flatMap(([name, kind]) => (kind.secret ? [] : [name as FlagName]));

/** The settings as they are used. */
export interface Settings {
  /** For `createPlugin`. */
  options: Omit<Options, 'id' | 'store' | 'fetch' | 'log' | 'clock' | 'onEvent'>;
  /** For `createFleet`, where the file has `connections`. */
  fleet?: FleetData;
  /** The SQLite file, absolute. */
  state: string;
  /** For `serve`. */
  syncToken?: string;
}

/** What {@link readSettings} reads from. */
export interface Sources {
  flags?: Partial<Record<FlagName, string>>;
  /** Default: the process's. */
  env?: Record<string, string | undefined>;
  /** The settings file. Default `ghl-digistore24.json` in the present folder, which may be absent. */
  file?: string;
}

/** The settings file of the present folder. */
export const DEFAULT_FILE = 'ghl-digistore24.json';
const DEFAULT_STATE = 'ghl-digistore24.sqlite';

/**
 * The settings: flags before environment before file. Paths in the file count from the file's folder.
 *
 * @throws PluginError `misconfigured` that names the setting, never its value.
 */
export function readSettings({ flags = {}, env = process.env, file }: Sources = {}): Settings {
  const path = resolve(file ?? DEFAULT_FILE);
  const inFile = file !== undefined || existsSync(path) ? readFile(path) : {};
  const folder = dirname(path);

  /** The value, and the folder that its paths count from. */
  const find = (name: SettingName): { value: unknown; folder: string } | undefined => {
    const given = (flags as Partial<Record<SettingName, string>>)[name] ?? env[name];
    if (given !== undefined && given !== '') return { value: given, folder: process.cwd() };
    const value = inFile[name];
    return value === undefined || value === '' ? undefined : { value, folder };
  };
  const text = (name: SettingName): string | undefined => {
    const found = find(name);
    if (found === undefined) return undefined;
    if (typeof found.value !== 'string') throw wrong(name, 'must be a text');
    return (SETTINGS[name] as Kind).secret ? secret(name, found.value, found.folder) : found.value;
  };

  const auth = highLevelAuth(text);
  const locationId = text('GHL_LOCATION_ID');
  if ((auth === undefined) !== (locationId === undefined)) {
    throw wrong(auth === undefined ? 'GHL_TOKEN' : 'GHL_LOCATION_ID', 'is not set');
  }
  const webhookPublicKey = text('GHL_WEBHOOK_PUBLIC_KEY');
  const maxAge = numberOf('GHL_WEBHOOK_MAX_AGE_SECONDS', find('GHL_WEBHOOK_MAX_AGE_SECONDS')?.value, 1, 31 * 86_400);
  const workflowToken = text('GHL_WORKFLOW_TOKEN');
  const apiKey = text('DIGISTORE24_API_KEY');
  const developerKey = text('DIGISTORE24_DEVELOPER_KEY');
  const merchantId = text('DIGISTORE24_MERCHANT_ID');
  const ipnPassphrase = passphrases(find('DIGISTORE24_IPN_PASSPHRASE'));
  const ipn = ipnConnections(find('DIGISTORE24_IPN'));
  const digistore24 = {
    ...(apiKey !== undefined && { apiKey }),
    ...(developerKey !== undefined && { developerKey }),
    ...(merchantId !== undefined && { merchantId }),
    ...(ipnPassphrase !== undefined && { ipnPassphrase }),
    ...(ipn && { ipn }),
    ...address('DIGISTORE24_BASE_URL', text('DIGISTORE24_BASE_URL')),
  };
  const mapping = readMapping(find('MAPPING'));
  const settleSeconds = numberOf('SETTLE_SECONDS', find('SETTLE_SECONDS')?.value, 0, 3600);
  const backgroundShare = numberOf('BACKGROUND_SHARE', find('BACKGROUND_SHARE')?.value, 0.01, 1);
  const keepDays = numberOf('KEEP_DAYS', find('KEEP_DAYS')?.value, 1, 3650);
  const reconcileEveryHours = numberOf('RECONCILE_EVERY_HOURS', find('RECONCILE_EVERY_HOURS')?.value, 1, 720);
  const liveAfter = text('LIVE_AFTER');
  const alertUrl = text('ALERT_URL');
  const syncToken = text('SYNC_TOKEN');
  if (syncToken !== undefined && !/^[\w.~+/-]{16,}=*$/.test(syncToken)) {
    throw wrong('SYNC_TOKEN', 'must be 16 or more letters, digits and the marks ._~+/-');
  }
  const state = find('STATE');
  if (state && typeof state.value !== 'string') throw wrong('STATE', 'must be a text');

  const shared = {
    ...(settleSeconds !== undefined && { settleSeconds }),
    ...(backgroundShare !== undefined && { backgroundShare }),
    ...(keepDays !== undefined && { keepDays }),
    ...(reconcileEveryHours !== undefined && { reconcileEveryHours }),
    ...(liveAfter !== undefined && { liveAfter }),
  };
  if (inFile['connections'] !== undefined && (auth ?? apiKey ?? merchantId ?? ipnPassphrase ?? ipn) !== undefined) {
    throw wrong(
      'GHL_TOKEN',
      'or another account’s setting stands beside `connections`: each belongs into its connection',
    );
  }

  return {
    ...(inFile['connections'] !== undefined && {
      fleet: { ...shared, ...(mapping && { mapping }), ...connectionsIn(inFile, folder) },
    }),
    options: {
      ...(auth !== undefined &&
        locationId !== undefined && {
          highlevel: {
            auth,
            locationId,
            ...address('GHL_BASE_URL', text('GHL_BASE_URL')),
            ...(webhookPublicKey !== undefined && { webhookPublicKey }),
            ...(maxAge !== undefined && { webhookMaxAgeSeconds: maxAge }),
            ...(workflowToken !== undefined && { workflowToken }),
          },
        }),
      ...((apiKey ?? developerKey ?? ipnPassphrase ?? ipn) !== undefined && { digistore24 }),
      ...(mapping && { mapping }),
      ...shared,
      ...(alertUrl !== undefined && { alerts: { url: alertUrl } }),
    },
    ...(syncToken !== undefined && { syncToken }),
    state: state ? resolve(state.folder, state.value as string) : resolve(DEFAULT_STATE),
  };
}

/** An app where its id is set, else a private integration where its token is. */
function highLevelAuth(text: (name: SettingName) => string | undefined): HighLevelAuth | undefined {
  const token = text('GHL_TOKEN');
  const clientId = text('GHL_CLIENT_ID');
  const scopes = text('GHL_SCOPES')
    ?.split(/[\s,]+/)
    .filter((scope) => scope !== '');
  if (clientId === undefined) {
    return token === undefined ? undefined : { kind: 'private-integration', token, ...(scopes && { scopes }) };
  }
  if (token !== undefined) throw wrong('GHL_TOKEN', 'is set beside GHL_CLIENT_ID: choose one of the two');
  const clientSecret = text('GHL_CLIENT_SECRET');
  if (clientSecret === undefined) throw wrong('GHL_CLIENT_SECRET', 'is not set');
  const redirectUri = text('GHL_REDIRECT_URI');
  const companyId = text('GHL_COMPANY_ID');
  const refreshToken = text('GHL_REFRESH_TOKEN');
  return {
    kind: 'oauth',
    clientId,
    clientSecret,
    ...(redirectUri !== undefined && { redirectUri }),
    ...(companyId !== undefined && { userType: 'Company', companyId }),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(scopes && { scopes }),
  };
}

/** What a settings file may hold beside the settings: the parts of a fleet. */
const FLEET_PARTS: ReadonlySet<string> = new Set(['$schema', 'connections', 'mappings']);

/** The connections with their secrets, and the mappings with the files that they extend. The fleet itself checks them. */
function connectionsIn(inFile: Record<string, unknown>, folder: string): Pick<FleetData, 'connections' | 'mappings'> {
  const { connections, mappings } = inFile;
  const isObject = typeof mappings === 'object' && mappings !== null;
  const whole = isObject
    ? Object.entries(mappings).map(([name, mapping]) => [
        name,
        isPlain(mapping) ? withBase(mapping, folder, []) : mapping,
      ])
    : undefined;
  return {
    connections: revealedIn(connections, 'connections', folder) as FleetData['connections'],
    ...(mappings !== undefined && {
      mappings: (whole ? Object.fromEntries(whole) : mappings) as NonNullable<FleetData['mappings']>,
    }),
  };
}

/** Every text that is `file:PATH` or `env:NAME` is what stands there; routes hold none. */
function revealedIn(value: unknown, path: string, folder: string): unknown {
  if (typeof value === 'string') return reference(value, path, folder);
  if (Array.isArray(value)) return value.map((one, i) => revealedIn(one, `${path}[${i}]`, folder));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === 'routes' ? one : revealedIn(one, `${path}.${name}`, folder),
    ]),
  );
}

function reference(value: string, path: string, folder: string): string {
  const found = value.startsWith('env:') ? process.env[value.slice(4)] : revealed(value, folder);
  if (found) return found;
  const what = value.startsWith('env:')
    ? 'names a variable that is not set'
    : 'names a file that is empty or can’t be read';
  throw problem('misconfigured', `${path} ${what}`, `Set it, or correct ${path} in ${DEFAULT_FILE}.`, {
    fields: [{ path, problem: what }],
  });
}

function isPlain(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readFile(path: string): Record<string, unknown> {
  const settings = readJson(path, 'the settings file');
  const unknown = Object.keys(settings).filter((name) => !FLEET_PARTS.has(name) && !Object.hasOwn(SETTINGS, name));
  if (unknown.length === 0) return settings;
  // A name could be a secret that landed on the wrong side of a colon.
  const shown = unknown.map((name) => (/^[A-Z][A-Z0-9_]{0,40}$/.test(name) ? name : '(not a name)'));
  throw problem(
    'misconfigured',
    `the settings file has unknown settings: ${shown.join(', ')}`,
    `Known are ${Object.keys(SETTINGS).join(', ')}, connections and mappings.`,
  );
}

/**
 * A JSON object in a file.
 *
 * @throws PluginError `misconfigured`
 */
export function readJson(path: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // The parser's own words repeat a part of the file.
    const reason = error instanceof SyntaxError ? 'is not JSON' : 'can’t be read';
    throw problem(
      'misconfigured',
      `${what} ${reason}`,
      'Check that it exists, that it is JSON and that you may read it.',
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw problem('misconfigured', `${what} is not a JSON object`, 'It must be an object: { … }.');
}

/** A text, or what the file holds that it names; undefined where that is empty or can't be read. */
function revealed(value: string, folder: string): string | undefined {
  if (!value.startsWith('file:')) return value;
  try {
    return readFileSync(resolve(folder, value.slice('file:'.length)), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** A setting's secret, or what the file holds that it names. */
function secret(name: SettingName, value: string, folder: string): string {
  const found = revealed(value, folder);
  if (found === undefined) throw wrong(name, 'names a file that is empty or can’t be read');
  return found;
}

/** One passphrase or, in the settings file, a list: two are valid during a rotation. */
function passphrases(found: { value: unknown; folder: string } | undefined): string | string[] | undefined {
  const name = 'DIGISTORE24_IPN_PASSPHRASE';
  if (found === undefined) return undefined;
  const all: unknown[] = Array.isArray(found.value) ? found.value : [found.value];
  const texts = all.map((value) => {
    if (typeof value !== 'string' || value === '') throw wrong(name, 'must be a text or a list of texts');
    return secret(name, value, found.folder);
  });
  return texts.length === 1 ? texts[0] : texts;
}

/** Text, a file that is named, or in the settings file the list itself. What is in it the plugin checks. */
function ipnConnections(found: { value: unknown; folder: string } | undefined) {
  const name = 'DIGISTORE24_IPN';
  if (found === undefined) return undefined;
  let { value } = found;
  if (typeof value === 'string') {
    const json = secret(name, value, found.folder);
    try {
      value = JSON.parse(json);
    } catch {
      // The parser's own words repeat a part of the text.
      throw wrong(name, 'is not JSON');
    }
  }
  if (!Array.isArray(value)) throw wrong(name, 'must be a list');
  return value as { id: string; passphrases: string[] }[];
}

/** A file's path, or in the settings file the mapping itself. */
function readMapping(found: { value: unknown; folder: string } | undefined): JsonObject | undefined {
  if (found === undefined) return undefined;
  if (typeof found.value === 'string') return readMappingFile(resolve(found.folder, found.value));
  if (typeof found.value === 'object' && found.value !== null) {
    return withBase(found.value as JsonObject, found.folder, []);
  }
  throw wrong('MAPPING', 'must be the path of a file or an object');
}

/**
 * A mapping file with the files that it extends in it.
 *
 * @throws PluginError `misconfigured`
 */
export function readMappingFile(path: string, seen: string[] = []): JsonObject {
  const full = resolve(path);
  if (seen.includes(full)) {
    throw problem('misconfigured', 'mapping files extend each other in a circle', 'Take one of the `extends` out.');
  }
  const what = seen.length === 0 ? 'the file MAPPING' : 'a file that MAPPING extends';
  return withBase(readJson(full, what) as JsonObject, dirname(full), [...seen, full]);
}

/** A name without `.json` is a ready mapping's: the core knows those. */
function withBase(mapping: JsonObject, folder: string, seen: string[]): JsonObject {
  const base = mapping['extends'];
  if (typeof base !== 'string' || !base.endsWith('.json')) return mapping;
  return { ...mapping, extends: readMappingFile(resolve(folder, base), seen) };
}

function address(name: SettingName, value: string | undefined): { baseUrl?: string } {
  if (value === undefined) return {};
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) throw wrong(name, 'must be an http or https address');
  return { baseUrl: value };
}

function numberOf(name: SettingName, value: unknown, least: number, most: number): number | undefined {
  if (value === undefined) return undefined;
  const number = typeof value === 'number' ? value : Number(value);
  if (!(number >= least && number <= most)) throw wrong(name, `must be a number from ${least} to ${most}`);
  return number;
}

function wrong(name: SettingName, what: string): Error {
  const { help } = SETTINGS[name];
  return problem(
    'misconfigured',
    `the setting ${name} ${what}`,
    `${name}: ${help}. Set it in the environment or in ${DEFAULT_FILE}.`,
    {
      fields: [{ path: name, problem: what }],
    },
  );
}
