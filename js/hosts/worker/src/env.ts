import { type FleetData, PluginError } from 'ghl-digistore24';
import type { Ledger } from './ledger.js';

/** A proven message on its way to the object of its location. */
export interface Delivery {
  connection: string;
  /** Null: it belongs to none, and is kept with its connection. */
  location: string | null;
  service: 'ghl' | 'digistore24';
  url: string;
  headers: Record<string, string>;
  /** As it came: the object checks the signature once more. */
  body: Uint8Array;
  trace: string;
}

/** The bindings of `wrangler.jsonc`, and one for each secret that `CONNECTIONS` names. */
export interface Env {
  EVENTS: Queue<Delivery>;
  LEDGERS: DurableObjectNamespace<Ledger>;
  /** The options of `createFleet` (docs/connections.md), as an object or as JSON text. */
  CONNECTIONS: unknown;
  /** `eu`, `fedramp`, or empty. */
  JURISDICTION?: string;
  /** How many requests one step may make. */
  MAX_REQUESTS?: number | string;
  /** Opens the status page and the metrics: a secret. Without it both are closed. */
  STATUS_TOKEN?: string;
}

/** What is wrong with the deployment: the same words on `/healthz` and in the log. */
function misconfigured(message: string, help: string): PluginError {
  return new PluginError({ code: 'misconfigured', message, help, retryable: false });
}

/**
 * The fleet's options from the bindings, with the secrets in their places.
 *
 * @throws PluginError `misconfigured` that names the binding that is missing or wrong.
 */
export function fleetOf(env: Env): FleetData {
  const bindings: [keyof Env, string][] = [
    ['EVENTS', 'Add the queue to "queues.producers" in wrangler.jsonc and deploy again.'],
    ['LEDGERS', 'Add the class Ledger to "durable_objects" and "migrations" in wrangler.jsonc and deploy again.'],
    ['CONNECTIONS', 'Add it to "vars" in wrangler.jsonc (docs/connections.md) and deploy again.'],
  ];
  for (const [name, help] of bindings) {
    if (env[name] === undefined) throw misconfigured(`the binding ${name} is missing`, help);
  }
  let data = env.CONNECTIONS;
  if (typeof data === 'string') {
    try {
      data = JSON.parse(data);
    } catch {
      throw misconfigured('the variable CONNECTIONS is no JSON', 'Correct it in wrangler.jsonc and deploy again.');
    }
  }
  if (typeof data !== 'object' || data === null) {
    throw misconfigured('the variable CONNECTIONS is no object', 'Correct it in wrangler.jsonc and deploy again.');
  }
  return withSecrets(data, env as unknown as Record<string, unknown>) as FleetData;
}

const SECRET = 'env:';

function withSecrets(value: unknown, env: Record<string, unknown>): unknown {
  if (typeof value === 'string' && value.startsWith(SECRET)) {
    const name = value.slice(SECRET.length);
    const secret = env[name];
    if (typeof secret === 'string' && secret !== '') return secret;
    throw misconfigured(`the secret ${name} is missing`, `Run: npx wrangler secret put ${name}`);
  }
  if (Array.isArray(value)) return value.map((one) => withSecrets(one, env));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withSecrets(one, env)]));
}

/** Below this a step could not work on a single message. */
const LEAST_REQUESTS = 30;

/** How many requests one step may make. */
export function maxRequestsOf({ MAX_REQUESTS = 45 }: Env): number {
  const number = Number(MAX_REQUESTS);
  if (Number.isInteger(number) && number >= LEAST_REQUESTS) return number;
  throw misconfigured(
    `the variable MAX_REQUESTS is no whole number from ${LEAST_REQUESTS} on`,
    'Correct it in wrangler.jsonc and deploy again.',
  );
}

/** The object of a location, or of a connection where `location` is null; of the whole fleet where both are. */
export function ledgerOf(env: Env, connection: string | null, location: string | null): DurableObjectStub<Ledger> {
  const { JURISDICTION: jurisdiction } = env;
  const ledgers = jurisdiction ? env.LEDGERS.jurisdiction(jurisdiction as DurableObjectJurisdiction) : env.LEDGERS;
  return ledgers.get(ledgers.idFromName(JSON.stringify([connection, location])));
}
