import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { SandboxEnv } from '../requests.js';
import type { Token } from '../settings.js';
import type { World } from '../state.js';
import type { Contact } from './data.js';
import { badRequest, notFound, Problem, unauthorized, unprocessable, wrongLocation } from './problem.js';
import { type Body, type Shape, strictBody } from './validate.js';

/** What a HighLevel handler finds in its context. */
export interface GhlEnv {
  Bindings: SandboxEnv['Bindings'];
  Variables: SandboxEnv['Variables'] & { token: Token };
}

/** The context of a HighLevel handler. */
export type GhlContext = Context<GhlEnv>;

/** The values of the Version header that HighLevel has published (marketplace docs, "Versioning"). */
const VERSIONS = new Set(['v3', '2023-02-21', '2021-07-28', '2021-04-15', 'legacy']);
const DAY_MS = 86_400_000;

/** Counts the request, then checks token and Version. The rate headers are on every answer. */
export function guard(world: World) {
  return createMiddleware<GhlEnv>(async (c, next) => {
    const bearer = (c.req.header('authorization') ?? '').replace(/^Bearer /i, '');
    takeFromBudget(world, c, bearer);
    const { tokens } = world.settings;
    const token = Object.hasOwn(tokens, bearer) ? tokens[bearer] : world.ghl.oauth.tokens.get(bearer);
    if (!token) throw unauthorized('Invalid JWT');
    if ((token.expiresAt ?? Number.POSITIVE_INFINITY) <= world.now()) {
      throw unauthorized('Invalid token: access token is invalid');
    }
    const version = c.req.header('version');
    if (!version) throw unauthorized('version header was not found.');
    if (!VERSIONS.has(version)) throw unauthorized('version header is invalid');
    if (token.companyId !== undefined && !c.get('entry').path.startsWith('/oauth/')) {
      throw unauthorized("Token's user type mismatch!");
    }
    c.set('token', token);
    await next();
  });
}

/**
 * The limits of the OAuth page "Rate limits": a burst window and a daily quota. The window slides,
 * the strictest reading. A refused request costs nothing.
 */
function takeFromBudget(world: World, c: GhlContext, token: string): void {
  const { burstLimit, burstWindowMs, dailyLimit } = world.settings;
  const now = world.now();
  const day = new Date(now - (now % DAY_MS)).toISOString();
  const budget = world.ghl.budgets.get(token) ?? { recent: [], day, used: 0 };
  world.ghl.budgets.set(token, budget);
  if (budget.day !== day) Object.assign(budget, { day, used: 0 });
  while (budget.recent.length > 0 && (budget.recent[0] ?? now) <= now - burstWindowMs) budget.recent.shift();
  const refused = budget.recent.length >= burstLimit || budget.used >= dailyLimit;
  if (!refused) {
    budget.recent.push(now);
    budget.used += 1;
  }
  c.header('X-RateLimit-Limit-Daily', String(dailyLimit));
  c.header('X-RateLimit-Daily-Remaining', String(dailyLimit - budget.used));
  c.header('X-RateLimit-Interval-Milliseconds', String(burstWindowMs));
  c.header('X-RateLimit-Max', String(burstLimit));
  c.header('X-RateLimit-Remaining', String(burstLimit - budget.recent.length));
  if (refused) throw new Problem(429, { statusCode: 429, message: 'Too Many Requests' });
}

/** Refuses a token that lacks a scope. */
export function scope(name: string) {
  return createMiddleware<GhlEnv>(async (c, next) => {
    const { scopes } = c.get('token');
    if (scopes && !scopes.includes(name)) {
      throw unauthorized('The token is not authorized for this scope.');
    }
    await next();
  });
}

/** Refuses a token of another location, and a location that doesn't exist. */
export function enter(world: World, c: GhlContext, locationId: string): void {
  const { locations } = c.get('token');
  if (locations && !locations.includes(locationId)) throw wrongLocation();
  if (!Object.hasOwn(world.settings.locations, locationId)) throw notFound('Location', locationId);
}

/** The location of the path, which the token must have access to. */
export function pathLocation(world: World, c: GhlContext): string {
  const id = c.req.param('locationId') ?? '';
  enter(world, c, id);
  return id;
}

/** The location that the query names, which the token must have access to. */
export function queryLocation(world: World, c: GhlContext, ...names: string[]): string {
  for (const name of names) {
    const locationId = c.req.query(name);
    if (locationId) {
      enter(world, c, locationId);
      return locationId;
    }
  }
  const name = names[0] ?? 'locationId';
  throw unprocessable([`${name} should not be empty`, `${name} must be a string`]);
}

/** The JSON body, checked against the properties it may have. */
export async function readBody(c: GhlContext, shape: Shape): Promise<Body> {
  return strictBody(await readJson(c), shape);
}

/** The JSON body as it is; an absent one is an empty object. */
export async function readJson(c: GhlContext): Promise<unknown> {
  const source = await c.req.text();
  if (source === '') return {};
  try {
    return JSON.parse(source);
  } catch {
    throw badRequest('Unexpected token in JSON', { error: 'Bad Request' });
  }
}

/** The contact of the path, which the token must have access to. */
export function pathContact(world: World, c: GhlContext): Contact {
  return findContact(world, c, c.req.param('contactId') ?? '');
}

/** A living contact that the token has access to. */
export function findContact(world: World, c: GhlContext, id: string): Contact {
  const contact = world.ghl.contacts.get(id);
  if (!contact || contact.removed) throw notFound('Contact', id);
  enter(world, c, contact.locationId);
  return contact;
}
