import type { HttpBindings } from '@hono/node-server';
import { createMiddleware } from 'hono/factory';
import type { World } from './state.js';

/** The two services. */
export type Service = 'ghl' | 'digistore24';

/** One request that a service got. */
export interface RequestEntry {
  seq: number;
  at: number;
  service: Service;
  method: string;
  /** The path as the service sees it, without the sandbox's prefix. */
  path: string;
  query: Record<string, string>;
  /** Header values; secrets are replaced by `***`. */
  headers: Record<string, string>;
  /** JSON or form as an object, other text as it is, undefined when there is none. */
  body: unknown;
  /** Null while it is under way, and when the connection was closed without an answer. */
  status: number | null;
  /** The kind of the fault that was in play. */
  fault?: string;
}

/** What the sandbox's middleware hands on from one to the next. */
export interface SandboxEnv {
  Bindings: HttpBindings;
  Variables: { entry: RequestEntry };
}

const SECRET_HEADERS = new Set(['authorization', 'x-ds-api-key', 'cookie']);
const SECRET_FIELDS = new Set(['sha_passphrase', 'client_secret', 'refresh_token', 'code', 'token']);

/** Logs each request of a service, without its secrets. */
export function logRequests(world: World, service: Service, prefix: string) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const entry: RequestEntry = {
      seq: world.requests.length + 1,
      at: world.now(),
      service,
      method: c.req.method,
      path: new URL(c.req.url).pathname.slice(prefix.length) || '/',
      query: hidden(c.req.query(), SECRET_FIELDS),
      headers: hidden(c.req.header(), SECRET_HEADERS),
      body: readBody(await c.req.text(), c.req.header('content-type') ?? ''),
      status: null,
    };
    world.requests.push(entry);
    c.set('entry', entry);
    await next();
    if (!c.env.incoming.socket.destroyed) entry.status = c.res.status;
  });
}

function readBody(text: string, type: string): unknown {
  if (text === '') return undefined;
  if (type.includes('x-www-form-urlencoded')) {
    return hidden(Object.fromEntries(new URLSearchParams(text)), SECRET_FIELDS);
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function hidden(values: Record<string, string>, secret: Set<string>): Record<string, string> {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([name, value]) => [name, secret.has(name) ? '***' : value]));
}
