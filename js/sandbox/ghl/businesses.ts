import { Hono } from 'hono';
import type { World } from '../state.js';
import { addBusiness } from './business-store.js';
import { enter, type GhlContext, type GhlEnv, queryLocation, readBody, scope } from './context.js';
import type { Business } from './data.js';
import { notFound } from './problem.js';
import { type Body, NEEDED, type Shape, TEXT, text } from './validate.js';

const READ = 'businesses.readonly';
const WRITE = 'businesses.write';

const DETAILS = ['phone', 'email', 'website', 'address', 'city', 'postalCode', 'state', 'country', 'description'];
const UPDATE: Shape = { name: TEXT, ...Object.fromEntries(DETAILS.map((name) => [name, TEXT])) };
const CREATE: Shape = { ...UPDATE, name: NEEDED, locationId: NEEDED };

/** Businesses (apps/businesses.json; the answers do spell `buiseness`). */
export function businessRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.get('/businesses', scope(READ), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    const skip = Number(c.req.query('skip') ?? 0);
    const limit = Number(c.req.query('limit') ?? 100);
    const businesses = [...world.ghl.businesses.values()]
      .filter((business) => business.locationId === locationId)
      .slice(skip, skip + limit)
      .map(view);
    return c.json({ businesses });
  });

  app.post('/businesses', scope(WRITE), async (c) => {
    const body = await readBody(c, CREATE);
    const locationId = text(body, 'locationId') ?? '';
    enter(world, c, locationId);
    const business = addBusiness(world, locationId, text(body, 'name') ?? '', details(body));
    return c.json({ success: true, buiseness: view(business) }, 201);
  });

  app.get('/businesses/:businessId', scope(READ), (c) => c.json({ business: view(pathBusiness(world, c)) }));

  app.put('/businesses/:businessId', scope(WRITE), async (c) => {
    const business = pathBusiness(world, c);
    const body = await readBody(c, UPDATE);
    business.name = text(body, 'name') ?? business.name;
    Object.assign(business.details, details(body));
    business.updatedAt = world.isoNow();
    return c.json({ success: true, buiseness: view(business) });
  });

  return app;
}

function pathBusiness(world: World, c: GhlContext): Business {
  const id = c.req.param('businessId') ?? '';
  const business = world.ghl.businesses.get(id);
  if (!business) throw notFound('Business', id);
  enter(world, c, business.locationId);
  return business;
}

function details(body: Body): Record<string, string> {
  const entries = DETAILS.map((name) => [name, text(body, name)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function view({ details, ...business }: Business): Record<string, unknown> {
  return { ...business, ...details };
}
