import { Hono } from 'hono';
import type { World } from '../state.js';
import { calendarRoutes, workflowRoutes } from './automation.js';
import { businessRoutes } from './businesses.js';
import { contactRoutes } from './contacts.js';
import { type GhlEnv, guard } from './context.js';
import { campaignRoutes, conversationRoutes } from './conversations.js';
import { locationRoutes } from './locations.js';
import { noteRoutes } from './notes.js';
import { agencyRoutes, tokenRoutes } from './oauth.js';
import { opportunityRoutes } from './opportunities.js';
import { Problem } from './problem.js';
import { searchRoutes } from './search.js';
import { tagRoutes } from './tags.js';
import { taskRoutes } from './tasks.js';

/** The simulated HighLevel. */
export function highlevel(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();
  app.route('/', tokenRoutes(world));
  app.use('*', guard(world));
  for (const routes of [
    searchRoutes,
    tagRoutes,
    taskRoutes,
    noteRoutes,
    workflowRoutes,
    calendarRoutes,
    conversationRoutes,
    campaignRoutes,
    contactRoutes,
    businessRoutes,
    locationRoutes,
    opportunityRoutes,
    agencyRoutes,
  ]) {
    app.route('/', routes(world));
  }
  app.all('*', (c) => {
    const message = `Cannot ${c.req.method} ${c.get('entry').path}`;
    return c.json({ statusCode: 404, message, error: 'Not Found' }, 404);
  });
  app.onError((error, c) => {
    const traceId = world.ids.uuid('trace');
    if (error instanceof Problem) return c.json({ ...error.body, traceId }, error.status);
    const message = `Internal server error: ${error.message}`;
    return c.json({ statusCode: 500, message, traceId }, 500);
  });
  return app;
}
