/**
 * OAuth 2 as HighLevel's pages "Authorization" and its specification (app `oauth`, v2) describe it: codes and refresh
 * tokens are good for one use, and for 30 seconds after it the same request gets the same answer.
 */
import { Hono } from 'hono';
import { DEFAULT_COMPANY_ID, DEFAULT_LOCATION_ID, locationSettings, type Token } from '../settings.js';
import type { World } from '../state.js';
import { type GhlContext, type GhlEnv, scope } from './context.js';
import { badRequest, Problem, unauthorized } from './problem.js';

/** Who agreed to what. */
interface Agreement {
  clientId: string;
  scopes: string[];
  userType: 'Location' | 'Company';
  companyId: string;
  /** Empty for an agency. */
  locationId: string;
}

/** A code or a refresh token. */
interface Once {
  agreement: Agreement;
  usedAt?: number;
  /** What its use brought. */
  answer?: Record<string, unknown>;
}

/** What HighLevel remembers of its apps. */
export interface OAuth {
  codes: Map<string, Once>;
  refreshTokens: Map<string, Once>;
  /** Access tokens by their text. */
  tokens: Map<string, Token>;
}

/** Nobody has agreed to anything. */
export function emptyOAuth(): OAuth {
  return { codes: new Map(), refreshTokens: new Map(), tokens: new Map() };
}

/** What needs no token: the page where a person agrees (here at once), and the exchange. */
export function tokenRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  // `locationId` or `companyId` stand for the click on the page.
  app.get('/v2/oauth/chooselocation', (c) => {
    const { client_id: clientId = '', redirect_uri: redirectUri = '', scope: asked = '', state } = c.req.query();
    const client = Object.hasOwn(world.settings.apps, clientId) ? world.settings.apps[clientId] : undefined;
    if (!client || !URL.canParse(redirectUri)) throw badRequest('Invalid parameter: client_id or redirect_uri');
    const companyId = c.req.query('companyId');
    const code = world.ids.key('code', 40);
    world.ghl.oauth.codes.set(code, {
      agreement: {
        clientId,
        scopes: asked.split(' ').filter((name) => name !== ''),
        userType: companyId ? 'Company' : 'Location',
        companyId: companyId ?? DEFAULT_COMPANY_ID,
        locationId: companyId ? '' : (c.req.query('locationId') ?? DEFAULT_LOCATION_ID),
      },
    });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    if (state) back.searchParams.set('state', state);
    return c.redirect(back.href);
  });

  app.post('/oauth/token', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const needed = (name: string) => {
      const value = form.get(name);
      if (!value) throw badRequest(`Missing parameter: ${name}`);
      return value;
    };
    const clientId = needed('client_id');
    const client = Object.hasOwn(world.settings.apps, clientId) ? world.settings.apps[clientId] : undefined;
    if (client?.secret !== needed('client_secret')) {
      throw new Problem(401, { error: 'UnAuthorized!', error_description: 'Invalid client credentials!' });
    }
    const { codes, refreshTokens } = world.ghl.oauth;
    switch (needed('grant_type')) {
      case 'authorization_code':
        return c.json(use(world, codes.get(needed('code')), clientId, 'authorization code', 0));
      case 'refresh_token': {
        const grace = world.settings.refreshGraceMs;
        return c.json(use(world, refreshTokens.get(needed('refresh_token')), clientId, 'refresh token', grace));
      }
      default:
        throw badRequest('Invalid parameter: grant_type');
    }
  });
  return app;
}

/** What an agency's token can do: make tokens of its locations. */
export function agencyRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.post('/oauth/locationToken', scope('oauth.write'), async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const companyId = form.get('companyId') ?? '';
    const locationId = form.get('locationId') ?? '';
    const { scopes = [] } = agency(c, companyId);
    if (!Object.hasOwn(world.settings.locations, locationId)) throw badRequest('Location is not installed');
    const agreement: Agreement = { clientId: '', scopes, userType: 'Location', companyId, locationId };
    return c.json(issue(world, agreement), 201);
  });

  app.get('/oauth/installedLocations', scope('oauth.readonly'), (c) => {
    agency(c, c.req.query('companyId') ?? '');
    const locations = Object.keys(world.settings.locations).map((id) => {
      const { name } = locationSettings(world.settings, id);
      return { _id: id, name, address: '', isInstalled: true };
    });
    return c.json({ locations, count: locations.length, installToFutureLocations: true });
  });
  return app;
}

function agency(c: GhlContext, companyId: string): Token {
  const token = c.get('token');
  if (token.companyId === undefined || token.companyId !== companyId) throw unauthorized("Token's user type mismatch!");
  return token;
}

/** Uses a code or a refresh token; within `graceMs` once more with the same result. */
function use(world: World, once: Once | undefined, clientId: string, name: string, graceMs: number) {
  const now = world.now();
  const isOver = once?.usedAt !== undefined && now > once.usedAt + graceMs;
  if (!once || once.agreement.clientId !== clientId || isOver) throw badRequest(`Invalid grant: ${name} is invalid`);
  const { locationId } = once.agreement;
  if (locationId && !locationSettings(world.settings, locationId).isActive) throw badRequest('Location is not active');
  once.usedAt ??= now;
  once.answer ??= pair(world, once.agreement);
  return once.answer;
}

function pair(world: World, agreement: Agreement): Record<string, unknown> {
  const refreshToken = world.ids.key('refreshToken', 40);
  world.ghl.oauth.refreshTokens.set(refreshToken, { agreement });
  return { ...issue(world, agreement), refresh_token: refreshToken };
}

/** A new access token. */
function issue(world: World, { scopes, userType, companyId, locationId }: Agreement): Record<string, unknown> {
  const accessToken = world.ids.key('accessToken', 40);
  const { tokenLifetimeSeconds } = world.settings;
  world.ghl.oauth.tokens.set(accessToken, {
    ...(scopes.length > 0 && { scopes }),
    ...(userType === 'Company' ? { companyId } : { locations: [locationId] }),
    expiresAt: world.now() + tokenLifetimeSeconds * 1000,
  });
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: tokenLifetimeSeconds,
    scope: scopes.join(' '),
    userType,
    companyId,
    ...(locationId && { locationId }),
    userId: 'sandboxUser000000001',
  };
}
