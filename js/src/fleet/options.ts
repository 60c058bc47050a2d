import { Core, guarded, healthy } from '../core.js';
import { PluginError, problem } from '../errors.js';
import type { ConnectionOptions, FieldProblem, JsonObject } from '../protocol.js';
import { FLEET_SCHEMA } from './schema.js';

/** One, or several of which one is enough. Numbers may be written as numbers. */
export type OneOrMore = string | number | (string | number)[];

/** What a route asks of an order: all of these, of one of its items. */
export interface RouteWhen {
  product_ids?: OneOrMore;
  /** The vendor, where messages of several come through one connection. */
  merchant_id?: OneOrMore;
  /** As Digistore24 writes it: `de`, `en`. */
  language?: OneOrMore;
  /** A tag that the vendor gave the product in Digistore24. */
  tag?: OneOrMore;
}

/** Which orders belong to a location. */
export interface Route {
  when?: RouteWhen;
  /** A condition on the event as in a mapping (docs/mapping.md). Holds beside `when`; without both, all that comes to it. */
  if?: JsonObject | JsonObject[];
  location: string;
  /** One of the fleet's mappings by name, or a mapping. All routes to one location have the same. */
  mapping?: string | JsonObject;
}

/** One vendor, and the locations that its orders go to. */
export interface FleetConnection {
  /** Stands in addresses and at the start of every store key. */
  id: string;
  /**
   * Ends the addresses of its webhooks, `/webhooks/digistore24/{id}/{token}`: 16 letters, digits, `-` and `_` or more. A secret.
   * Needed where there is more than one connection.
   */
  token?: string;
  digistore24?: ConnectionOptions['digistore24'];
  /** Each location belongs to one connection: its ledger alone decides what a contact has earned. */
  highlevel: Omit<NonNullable<ConnectionOptions['highlevel']>, 'workflowToken'>[];
  /** In order; the first that holds. Needed where there is more than one location. What no route takes is parked. */
  routes?: Route[];
}

/** The plain data of a fleet. */
export interface FleetData
  extends Pick<
    ConnectionOptions,
    'exclusive' | 'settleSeconds' | 'backgroundShare' | 'liveAfter' | 'keepDays' | 'reconcileEveryHours'
  > {
  connections: FleetConnection[];
  /** Mappings by name; one may `extends` another by its name. */
  mappings?: Record<string, JsonObject>;
  /** Of all locations whose routes name no other. */
  mapping?: string | JsonObject;
}

/** A connection with the options of `createPlugin` for each of its locations. */
export interface Joined {
  id: string;
  token: string | undefined;
  /** By location. */
  locations: Map<string, ConnectionOptions>;
  /** For what belongs to none of them: read, kept, never sent on. */
  parking: ConnectionOptions;
}

/** Where the store keeps what no route takes: in place of a location. */
export const PARKED = 'parked';
/** What stands in the place of a location in the store's keys and is none. */
const RESERVED: ReadonlySet<string> = new Set([PARKED, 'digistore24']);
/** How many mappings may stand on each other; the core allows as many. */
const MAX_DEPTH = 8;

/** Collects what is wrong, each once. */
class Problems {
  readonly all: FieldProblem[] = [];

  add(path: string, what: string): void {
    if (!this.all.some((known) => known.path === path && known.problem === what))
      this.all.push({ path, problem: what });
  }

  /** @throws PluginError `invalid_input` where there is any. */
  end(): void {
    const count = this.all.length;
    if (count === 0) return;
    throw problem(
      'invalid_input',
      `the options of the fleet have ${count} wrong ${count === 1 ? 'field' : 'fields'}`,
      'Correct the named fields; nothing was started.',
      { fields: this.all },
    );
  }
}

/**
 * Checks a fleet's data and joins it.
 *
 * @throws PluginError `invalid_input` with every wrong field by path.
 */
export async function join(data: FleetData): Promise<Joined[]> {
  const problems = await problemsOf(data);
  const joined = data.connections.map((connection) => joinOne(data, connection, problems));
  for (const [i, connection] of data.connections.entries()) {
    for (const [j, { locationId }] of connection.highlevel.entries()) {
      const options = joined[i]?.locations.get(locationId);
      if (options) await checkOptions(data, options, { i, j, locationId }, problems);
    }
  }
  problems.end();
  return joined;
}

/**
 * What is wrong with the names in a fleet's data.
 *
 * @throws PluginError `invalid_input` where its shape is wrong, on which all else relies.
 */
async function problemsOf(data: FleetData): Promise<Problems> {
  const problems = new Problems();
  const wasm = await healthy();
  const found = guarded(wasm, () => wasm.validate(JSON.stringify(FLEET_SCHEMA), JSON.stringify(data ?? null)));
  for (const { path, problem } of JSON.parse(found) as FieldProblem[]) problems.add(path, problem);
  problems.end();
  checkNames(data, problems);
  return problems;
}

/** What belongs together, and what must be there once. */
function checkNames({ connections, mappings = {}, mapping }: FleetData, problems: Problems): void {
  const owners = new Map<string, string>();
  const ids = new Set<string>();
  const isKnown = (name: unknown) => typeof name !== 'string' || Object.hasOwn(mappings, name);
  if (!isKnown(mapping)) problems.add('mapping', 'names no mapping of the fleet');
  for (const [i, { id, token, highlevel, routes }] of connections.entries()) {
    const at = `connections[${i}]`;
    if (!/^[\w.-]+$/.test(id))
      problems.add(`${at}.id`, 'must be letters, digits and the marks . _ -: it stands in addresses');
    if (ids.has(id)) problems.add(`${at}.id`, 'is the id of another connection');
    ids.add(id);
    if (token === undefined && connections.length > 1) {
      problems.add(`${at}.token`, 'is required where there is more than one connection');
    }
    for (const [j, location] of highlevel.entries()) {
      const { locationId } = location;
      const owner = owners.get(locationId);
      if (owner !== undefined) {
        problems.add(`${at}.highlevel[${j}].locationId`, `belongs to the connection ${owner} already`);
      }
      owners.set(locationId, owner ?? id);
      if (RESERVED.has(locationId)) problems.add(`${at}.highlevel[${j}].locationId`, 'is not an id of a location');
      if ('workflowToken' in location) {
        problems.add(`${at}.highlevel[${j}].workflowToken`, 'is the connection’s token: set that one');
      }
      if (routes?.every(({ location }) => location !== locationId)) {
        problems.add(`${at}.routes`, `lead nowhere to the location ${locationId}`);
      }
    }
    if (!routes && highlevel.length > 1) {
      problems.add(`${at}.routes`, 'is required where there is more than one location');
    }
    const mapped = new Map<string, string>();
    for (const [r, route] of (routes ?? []).entries()) {
      if (highlevel.every(({ locationId }) => locationId !== route.location)) {
        problems.add(`${at}.routes[${r}].location`, 'is no location of this connection');
      }
      if (!isKnown(route.mapping)) problems.add(`${at}.routes[${r}].mapping`, 'names no mapping of the fleet');
      const written = JSON.stringify(route.mapping ?? null);
      if ((mapped.get(route.location) ?? written) !== written) {
        problems.add(`${at}.routes[${r}].mapping`, 'differs from that of another route to this location');
      }
      mapped.set(route.location, written);
    }
  }
}

function joinOne(data: FleetData, connection: FleetConnection, problems: Problems): Joined {
  const { connections: _, mappings = {}, mapping, reconcileEveryHours, ...shared } = data;
  const { id, token, digistore24, highlevel } = connection;
  const routes = conditions(connection);
  const common = { ...shared, id, ...(digistore24 && { digistore24 }), routes };
  const workflow = token === undefined ? {} : { workflowToken: token };
  const locations = new Map<string, ConnectionOptions>();
  for (const account of highlevel) {
    const own = connection.routes?.find(({ location }) => location === account.locationId)?.mapping ?? mapping;
    const whole = own === undefined ? undefined : resolved(own, mappings, problems);
    locations.set(account.locationId, {
      ...common,
      highlevel: { ...account, ...workflow },
      ...(whole && { mapping: whole }),
      ...(reconcileEveryHours !== undefined && { reconcileEveryHours }),
    });
  }
  const parking = { ...common, highlevel: { auth: { kind: 'host' } as const, locationId: PARKED, ...workflow } };
  return { id, token, locations, parking };
}

/** The routes as the core reads them. */
function conditions({ routes, highlevel }: FleetConnection): NonNullable<ConnectionOptions['routes']> {
  if (!routes) return highlevel.slice(0, 1).map(({ locationId: location }) => ({ location }));
  return routes.map(({ when = {}, if: also, location }) => {
    const all: JsonObject[] = [];
    for (const [name, field] of Object.entries(FIELDS) as [keyof RouteWhen, string][]) {
      const wanted = when[name];
      if (wanted !== undefined) all.push({ field, in: [wanted].flat() });
    }
    if (also !== undefined) all.push({ all: [also].flat() });
    return { location, ...(all.length > 0 && { when: { all } }) };
  });
}

/** What the short conditions of a route are about. */
const FIELDS: Record<keyof RouteWhen, string> = {
  product_ids: 'item.productId',
  merchant_id: 'merchant.id',
  language: 'raw.language',
  tag: 'item.tags',
};

/** A mapping with those in it that it extends by name. Other names are the core's ready ones. */
function resolved(
  mapping: string | JsonObject,
  mappings: Record<string, JsonObject>,
  problems: Problems,
  depth = MAX_DEPTH,
): JsonObject | undefined {
  const whole = typeof mapping === 'string' ? mappings[mapping] : mapping;
  const base = whole?.['extends'];
  if (whole === undefined || typeof base !== 'string' || !Object.hasOwn(mappings, base)) return whole;
  if (depth === 0) {
    problems.add(`mappings.${base}.extends`, 'goes too deep, or in a circle');
    return undefined;
  }
  const under = resolved(base, mappings, problems, depth - 1);
  return under && { ...whole, extends: under };
}

/** A mapping, and where it stands. */
export interface Mapped {
  path: string;
  mapping: JsonObject;
}

/**
 * Every mapping of a fleet's data, with those that it extends.
 *
 * @throws PluginError `invalid_input` where its shape or a name is wrong, or some extend each other in a circle.
 */
export async function mappingsIn(data: FleetData): Promise<Mapped[]> {
  const problems = await problemsOf(data);
  const { connections, mappings = {}, mapping } = data;
  const routes = connections.flatMap(({ routes = [] }, i) =>
    routes.map((route, r) => ({ path: `connections[${i}].routes[${r}].mapping`, mapping: route.mapping })),
  );
  const named = Object.entries(mappings).map(([name, mapping]) => ({ path: `mappings.${name}`, mapping }));
  const found = [...named, { path: 'mapping', mapping }, ...routes].flatMap(({ path, mapping: one }) => {
    const whole = typeof one === 'object' ? resolved(one, mappings, problems) : undefined;
    return whole ? [{ path, mapping: whole }] : [];
  });
  problems.end();
  return found;
}

/** The core's own check, told by the paths of the fleet. */
async function checkOptions(
  data: FleetData,
  options: ConnectionOptions,
  where: { i: number; j: number; locationId: string },
  problems: Problems,
): Promise<void> {
  try {
    (await Core.create(options)).free();
  } catch (error) {
    if (!(error instanceof PluginError && error.fields)) throw error;
    for (const { path, problem } of error.fields) problems.add(fleetPath(path, data, where), problem);
  }
}

/** Where a plugin's option stands in the fleet's. */
function fleetPath(path: string, data: FleetData, where: { i: number; j: number; locationId: string }): string {
  const at = `connections[${where.i}]`;
  const rest = path.replace(/^[^.[]+\.?/, '');
  const under = (base: string) => (rest ? `${base}.${rest}` : base);
  if (path === 'highlevel.workflowToken') return `${at}.token`;
  if (/^highlevel\b/.test(path)) return under(`${at}.highlevel[${where.j}]`);
  if (/^(id|digistore24)\b/.test(path)) return `${at}.${path}`;
  if (/^routes\b/.test(path)) return `${at}.${path.replace(/\.when\.all\[\d+\]\.all/, '.if')}`;
  if (!/^mapping\b/.test(path)) return path;
  const routes = data.connections[where.i]?.routes ?? [];
  const r = routes.findIndex(({ location, mapping }) => location === where.locationId && mapping !== undefined);
  const named = routes[r]?.mapping ?? data.mapping;
  if (typeof named === 'string') return under(`mappings.${named}`);
  return under(r < 0 ? 'mapping' : `${at}.routes[${r}].mapping`);
}
