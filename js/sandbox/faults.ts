import { setTimeout as sleep } from 'node:timers/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { SandboxEnv, Service } from './requests.js';
import type { World } from './state.js';

/**
 * What goes wrong:
 * - `status` answers with `status`, `body` and `headers`, and does nothing;
 * - `timeout` never answers;
 * - `reset` closes the connection before anything is done;
 * - `reset_after` does the work, then closes the connection without an answer; with `delayMs` it
 *   closes at once and does the work that much later;
 * - `slow` waits `delayMs` (default 2000) first;
 * - `malformed`, `truncated`, `huge`, `wrong_type` do the work and spoil the answer;
 * - `create_then_422` does the work and answers 422;
 * - `rate_limited` answers as the service does when there were too many requests.
 */
export type FaultKind =
  | 'status'
  | 'timeout'
  | 'reset'
  | 'reset_after'
  | 'slow'
  | 'malformed'
  | 'truncated'
  | 'huge'
  | 'wrong_type'
  | 'create_then_422'
  | 'rate_limited';

/** A fault on demand. */
export interface FaultRule {
  service: Service;
  kind: FaultKind;
  method?: string;
  /** A prefix of the service's path, or a glob: `*` within one segment, `**` across segments. */
  path?: string;
  /** Leaves the first so many matching requests alone. */
  after?: number;
  /** Applies so many times, then never again. Default: always. */
  times?: number;
  /** From 0 to 1, drawn from the seeded generator. Default 1. */
  probability?: number;
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
  delayMs?: number;
}

interface Armed {
  rule: FaultRule;
  skip: number;
  left: number;
}

const HUGE_BYTES = 16 * 1024 * 1024;

/** The faults that are armed at present. */
export class Faults {
  #armed: Armed[] = [];

  constructor(readonly world: World) {}

  /** Arms a fault. Of several that match a request, the oldest applies. */
  add(rule: FaultRule): void {
    this.#armed.push({ rule, skip: rule.after ?? 0, left: rule.times ?? Number.POSITIVE_INFINITY });
  }

  /** Disarms all faults. */
  clear(): void {
    this.#armed = [];
  }

  /** The rules that can still apply. */
  list(): FaultRule[] {
    return this.#armed.map(({ rule, left }) => (Number.isFinite(left) ? { ...rule, times: left } : rule));
  }

  /** The middleware that lets the faults of a service happen. */
  middleware(service: Service) {
    return createMiddleware<SandboxEnv>(async (c, next) => {
      const entry = c.get('entry');
      const rule = this.#draw(service, c.req.method, entry.path);
      if (!rule) return next();
      entry.fault = rule.kind;
      return happen(rule, c, next);
    });
  }

  #draw(service: Service, method: string, path: string): FaultRule | undefined {
    for (const armed of this.#armed) {
      const { rule } = armed;
      if (rule.service !== service) continue;
      if (rule.method && rule.method.toUpperCase() !== method) continue;
      if (rule.path && !pathMatches(rule.path, path)) continue;
      if (rule.probability !== undefined && this.world.ids.chance('fault') >= rule.probability) {
        continue;
      }
      if (armed.skip > 0) {
        armed.skip -= 1;
        continue;
      }
      armed.left -= 1;
      this.#armed = this.#armed.filter(({ left }) => left > 0);
      return rule;
    }
    return undefined;
  }
}

/** Whether a path starts with a prefix or fits a glob. */
export function pathMatches(pattern: string, path: string): boolean {
  if (!pattern.includes('*')) return `${path}/`.startsWith(pattern);
  const source = pattern
    .split('**')
    .map((part) => part.split('*').map(literal).join('[^/]*'))
    .join('.*');
  return new RegExp(`^${source}/?$`).test(path);
}

function literal(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}

type FaultContext = Context<SandboxEnv>;
type Next = () => Promise<void>;

async function happen(rule: FaultRule, c: FaultContext, next: Next): Promise<Response | undefined> {
  switch (rule.kind) {
    case 'status':
      return plain(rule.status ?? 500, rule.body ?? { message: 'Internal Server Error' }, rule);
    case 'rate_limited':
      return rateLimited(c.get('entry').service, rule);
    case 'timeout':
      return silence(c);
    case 'reset':
      return cut(c);
    case 'slow':
      await sleep(rule.delayMs ?? 2000);
      await next();
      return undefined;
    case 'reset_after':
      if (rule.delayMs) cut(c);
      await sleep(rule.delayMs ?? 0);
      await next();
      return replace(c, cut(c));
    default:
      await next();
      return replace(c, await spoiled(rule, c));
  }
}

async function spoiled(rule: FaultRule, c: FaultContext): Promise<Response> {
  const { status } = c.res;
  const text = await c.res.text();
  switch (rule.kind) {
    case 'malformed':
      return plain(status, rule.body ?? '<html><body>Bad gateway {', rule);
    case 'huge':
      return plain(status, JSON.stringify({ filler: 'x'.repeat(HUGE_BYTES) }), rule);
    case 'wrong_type':
      return plain(status, wrongTypes(JSON.parse(text || 'null')), rule);
    case 'create_then_422':
      return plain(422, rule.body ?? UNPROCESSABLE, rule);
    default:
      return half(c, status, text);
  }
}

const UNPROCESSABLE = {
  statusCode: 422,
  message: ['Unprocessable Entity'],
  error: 'Unprocessable Entity',
};

/** HighLevel answers 429; Digistore24 answers 200 with error 12. */
function rateLimited(service: Service, rule: FaultRule): Response {
  if (service === 'ghl') {
    return plain(429, rule.body ?? { statusCode: 429, message: 'Too Many Requests' }, rule);
  }
  return plain(200, rule.body ?? { result: 'error', message: 'Too many requests', code: 12 }, rule);
}

/** Each text becomes a number, each number and boolean a text, each list an object. */
function wrongTypes(value: unknown): unknown {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return Object.fromEntries(value.map((item, i) => [i, wrongTypes(item)]));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wrongTypes(item)]));
}

function plain(status: number, body: unknown, rule: FaultRule): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json; charset=utf-8', ...rule.headers };
  return new Response(text, { status, headers });
}

function replace(c: FaultContext, response: Response): undefined {
  c.res = undefined;
  c.res = response;
  return undefined;
}

/** Closes the connection without an answer. */
function cut(c: FaultContext): Response {
  c.env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Announces the whole answer, sends half of it, closes the connection. */
function half(c: FaultContext, status: number, text: string): Response {
  const bytes = Buffer.from(text);
  const { outgoing } = c.env;
  outgoing.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
  });
  outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => outgoing.destroy());
  return RESPONSE_ALREADY_SENT;
}

/** Holds the request until the caller (or the sandbox) closes the connection. */
async function silence(c: FaultContext): Promise<Response> {
  const { socket } = c.env.incoming;
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
  return RESPONSE_ALREADY_SENT;
}
