import { Core, guarded, healthy } from '../core.js';
import { type Host, writeLog } from '../drive.js';
import { asPluginError, problem, wrongField } from '../errors.js';
import { checkFunctions, type ReceiveOptions, toConsole } from '../plugin.js';
import type {
  ConnectionOptions,
  ErrorDetails,
  Header,
  HighLevelEvent,
  LogLine,
  PluginEvent,
  ServiceName,
} from '../protocol.js';
import { Listeners } from '../watch/listeners.js';
import { newTrace } from '../watch/trace.js';
import { type Addressed, addressed, checkMethod, readBody, refusal, type WebhookRequest } from '../webhook.js';
import { type FleetData, type Joined, join, PARKED } from './options.js';
import { type FleetStorage, forgetfulStore, Stores } from './stores.js';

/** A location of a fleet. */
export interface FleetPlace {
  connection: string;
  location: string;
}

/** The options of {@link createRouter}. */
export interface RouterOptions extends FleetData, FleetStorage {
  log?: (line: LogLine) => void;
  /** Milliseconds since 1970. */
  clock?: () => number;
  /** Gets an event for each webhook that is refused. */
  onEvent?: (event: PluginEvent) => void;
}

/** A webhook that is proven, as plain data: for a queue, or at once for `plugin.receive` of its location. */
export interface RoutedMessage {
  method: 'POST';
  /** As `receive` reads it; holds the token of a workflow's address. */
  url: string;
  headers: Record<string, string>;
  /** As it came. */
  body: Uint8Array;
}

/** What becomes of a webhook. */
export type Routed =
  | {
      /** It is for the location's plugin. `parked`: for the connection's store, with the option `parked`. */
      outcome: 'routed' | 'parked';
      service: ServiceName;
      connection: string;
      /** Null where it is parked. */
      location: string | null;
      message: RoutedMessage;
      trace: string;
      /** For the sender, once the message is safe and not before. */
      response: Response;
    }
  | {
      /** `checked`: the sender asked only whether the address works. */
      outcome: 'checked' | 'refused';
      service: ServiceName;
      response: Response;
      /** Why it was refused. */
      error?: ErrorDetails;
    };

/** How a webhook is to be routed. */
export type RouteOptions = Pick<ReceiveOptions, 'trace' | 'service'>;

/** Says whose a webhook is; keeps nothing but which location an order has gone to. */
export interface Router {
  /**
   * Whose a webhook is. Checked by address, token and signature: what is proven comes back as a message for the plugin of its
   * location, or as one to park. Never throws.
   */
  route(request: Request | WebhookRequest, options?: RouteOptions): Promise<Routed>;
  /** All locations, in the order of the options. */
  readonly places: readonly FleetPlace[];
  /**
   * The options of `createPlugin` for a location, plain data; null: for what is parked.
   *
   * @throws PluginError `invalid_input`: there is no such connection or location.
   */
  options(connection: string, location: string | null): ConnectionOptions;
  /** Gives memory back, and the stores. */
  close(): Promise<void>;
}

/** A router as the fleet uses it. */
export interface InnerRouter extends Router {
  /** The location of a message that was proven and parked; null: still none. */
  reroute(connection: string, body: string): Promise<string | null>;
}

/** What a router needs beside its connections. */
export interface RouterHost {
  stores: Stores;
  log: (line: LogLine) => void;
  clock: () => number;
  onEvent?: ((event: PluginEvent) => void) | undefined;
}

/**
 * Makes a router alone, for hosts that store and apply messages elsewhere: a queue, an object for each location. With a store an
 * order stays with its location when routes change; without one the routes decide each time.
 *
 * @throws PluginError `invalid_input` that names every wrong field.
 */
export async function createRouter(options: RouterOptions): Promise<Router> {
  const { store, storeFor, log = toConsole, clock = Date.now, onEvent, ...data } = options;
  checkFunctions({ storeFor, log, clock, onEvent });
  const forgetful = storeFor ? {} : { store: forgetfulStore(clock) };
  const stores = new Stores({ ...forgetful, ...(store && { store }), ...(storeFor && { storeFor }) });
  const router = routerOf(await join(data), { stores, log, clock, onEvent });
  const { route, places, options: of } = router;
  return {
    route,
    places,
    options: of,
    async close() {
      await router.close();
      await stores.close();
    },
  };
}

/** What the core says of a webhook. */
type Found =
  | { outcome: 'routed'; location: string | null }
  | { outcome: 'refused'; error: ErrorDetails; response: { status: number; headers: Header[]; body: string } };

/** A router over connections that are checked. Its stores are the caller's to close. */
export function routerOf(joined: Joined[], { stores, log, clock, onEvent }: RouterHost): InnerRouter {
  const connections = new Map(joined.map((one) => [one.id, one]));
  const places = joined.flatMap(({ id, locations }) =>
    Array.from(locations.keys(), (location) => ({ connection: id, location })),
  );
  /** Locations are in one connection each. */
  const owners = new Map(places.map(({ connection, location }) => [location, connection]));
  const judges = new Map<string, Promise<Judge>>();
  let isOpen = true;

  function options(connection: string, location: string | null): ConnectionOptions {
    const joined = connections.get(connection);
    if (!joined) throw wrongField('connection', 'is none of the fleet');
    const found = location === null ? joined.parking : joined.locations.get(location);
    if (!found) throw wrongField('location', 'is none of the connection');
    return found;
  }

  /** What reads webhooks with the keys of a connection, or of one of its locations. */
  function judge(connection: string, location: string | null): Promise<Judge> {
    const name = JSON.stringify([connection, location]);
    const known = judges.get(name);
    if (known) return known;
    const made = makeJudge(options(connection, location), { stores, log, clock, onEvent });
    judges.set(name, made);
    made.catch(() => judges.delete(name));
    return made;
  }

  /** The connection that an address names, if its token is right; of the bare address the only one. */
  function admitted({ service, connection, token }: Addressed): Joined | undefined {
    if (connection === undefined) {
      // A workflow's body is signed by nobody: only the token says that it may.
      return service === 'digistore24' && joined.length === 1 ? joined[0] : undefined;
    }
    const found = connections.get(connection);
    // The same work for a connection that doesn't exist: nobody learns which ones do.
    const isRight = equal(token ?? '', found?.token ?? '');
    const isOpenAddress = service === 'digistore24' && found?.token === undefined && token === undefined;
    return found && isRight && (found.token !== undefined || isOpenAddress) ? found : undefined;
  }

  /** Whose location an app's event says that it is about. Not proven yet. */
  async function claimed(body: Uint8Array): Promise<string | null> {
    const wasm = await healthy();
    try {
      const read = guarded(wasm, () => wasm.readEvents('-', 'ghl', body, '{}', clock()));
      return (JSON.parse(read) as HighLevelEvent[])[0]?.locationId ?? null;
    } catch {
      return null;
    }
  }

  async function route(
    request: Request | WebhookRequest,
    { trace = newTrace(), service: said }: RouteOptions = {},
  ): Promise<Routed> {
    const address = addressed(request, said);
    const service: ServiceName = address.service === 'digistore24' ? 'digistore24' : 'ghl';
    try {
      if (!isOpen) throw problem('cancelled', 'the router is closed', 'Make a new one with createRouter.');
      const named = address.service === 'ghl' ? undefined : admitted(address);
      if (address.service !== 'ghl' && !named) throw NO_ADDRESS;
      if (/^(GET|HEAD)$/i.test(request.method)) {
        if (service === 'digistore24') checkMethod(request);
        return { outcome: 'checked', service, response: ok() };
      }
      const body = await readBody(request);
      const location = named ? null : await claimed(body);
      const connection = named?.id ?? owners.get(location ?? '') ?? joined[0]?.id ?? '';
      const { core, host } = await judge(connection, named ? null : location && owners.has(location) ? location : null);
      const { event, signature } = address;
      const token = address.service === 'ghl-workflow' ? address.token : undefined;
      const incoming = { method: 'POST', service: address.service, event, signature, token };
      const found = JSON.parse(await core.call('route', JSON.stringify([incoming]), body, host, { trace })) as Found;
      if (found.outcome === 'refused') {
        const { status, headers, body: text } = found.response;
        return { outcome: 'refused', service, response: new Response(text, { status, headers }), error: found.error };
      }
      const only = named?.locations.size === 1 ? named.locations.keys().next().value : undefined;
      const place = found.location ?? (address.service === 'ghl-workflow' ? (only ?? null) : null);
      // An app may be installed where no connection is, and a workflow copied to another location.
      if (service === 'ghl' && owners.get(place ?? '') !== connection) throw NO_LOCATION;
      return {
        outcome: place === null ? 'parked' : 'routed',
        service,
        connection,
        location: place,
        message: messageOf(address, connection, body),
        trace,
        response: ok(),
      };
    } catch (thrown) {
      const error = asPluginError(thrown);
      writeLog({ log }, notAccepted(error));
      // Anybody may write anything into an address: only names that exist are told.
      const whose = { connection: connections.get(address.connection ?? '')?.id ?? '', location: null };
      onEvent?.({
        kind: 'webhook',
        at: clock(),
        trace,
        service,
        outcome: 'refused',
        event: null,
        code: error.code,
        ...whose,
      });
      return { outcome: 'refused', service, response: refusal(service, error), error: error.toJSON() };
    }
  }

  async function reroute(connection: string, body: string): Promise<string | null> {
    const { core, host } = await judge(connection, null);
    const incoming = { method: 'POST', service: 'digistore24', parked: true };
    const found = await core.call('route', JSON.stringify([incoming]), new TextEncoder().encode(body), host);
    const { outcome, ...rest } = JSON.parse(found) as Found;
    return outcome === 'routed' && 'location' in rest ? rest.location : null;
  }

  return {
    route,
    reroute,
    places,
    options,
    async close() {
      isOpen = false;
      for (const made of await Promise.allSettled(judges.values())) {
        if (made.status === 'fulfilled') made.value.core.free();
      }
      judges.clear();
    },
  };
}

interface Judge {
  core: Core;
  host: Host;
}

/** The core with the keys of a place. It reads and remembers, and sends nothing. */
async function makeJudge(options: ConnectionOptions, { stores, log, clock, onEvent }: RouterHost): Promise<Judge> {
  const { id: connection = '', highlevel } = options;
  const location = highlevel?.locationId ?? PARKED;
  const listeners = new Listeners({ connection, location: location === PARKED ? null : location });
  if (onEvent) listeners.add(onEvent);
  const host: Host = {
    store: await stores.of(connection, location),
    fetch: () => Promise.reject(new TypeError('nothing is sent from here')),
    allows: () => false,
    log: named(log, { connection, location: location === PARKED ? null : location }),
    isHeard: listeners.isHeard,
    tell: listeners.tell,
    clock,
  };
  return { core: await Core.create(options), host };
}

/** A log whose lines say whose they are. */
export function named(
  log: (line: LogLine) => void,
  { connection, location }: { connection: string; location: string | null },
): (line: LogLine) => void {
  const whose = { connection, ...(location !== null && { location }) };
  return ({ level, message, fields }) => log({ level, message, fields: { ...fields, ...whose } });
}

/** The message with an address that the plugin of its location takes. */
function messageOf(
  { service, token, event, signature }: Addressed,
  connection: string,
  body: Uint8Array,
): RoutedMessage {
  const address = {
    digistore24: `/webhooks/digistore24/${connection}`,
    ghl: '/webhooks/ghl',
    'ghl-workflow': `/webhooks/ghl-workflow/${connection}/${token}`,
  }[service];
  const query = event === undefined ? '' : `?${new URLSearchParams({ event })}`;
  const headers = signature === undefined ? {} : { 'x-ghl-signature': signature };
  return { method: 'POST', url: address + query, headers, body };
}

/** Whether two texts are the same, in a time that doesn't tell where they differ. */
function equal(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let i = 0; i < given.length; i++)
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(i % (expected.length || 1));
  return difference === 0;
}

function ok(): Response {
  return new Response('OK', { headers: PLAIN });
}

function notAccepted({ message, help }: { message: string; help: string }): LogLine {
  return { level: 'error', message: 'a message was not accepted', fields: { problem: message, help } };
}

/** The same for a wrong token and for a connection that doesn't exist. */
const NO_ADDRESS = problem(
  'not_found',
  'there is no such address',
  'Compare the end of the address with the connection’s id and token.',
);
const NO_LOCATION = problem(
  'not_found',
  'no connection has this location',
  'Add the location to a connection, or uninstall the app there.',
);

const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
