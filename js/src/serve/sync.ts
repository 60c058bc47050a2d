import { Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';
import { asPluginError, problem, wrongField } from '../errors.js';
import type { Plugin } from '../plugin.js';
import type { Report } from '../protocol.js';
import { readBody } from '../webhook.js';

/** What {@link syncRoutes} needs. */
export interface SyncRoutesOptions {
  /** Who may hand events over. */
  token: string;
  /** Whose ledger it is; the names only where many connections are served. */
  pluginFor(connection: string | undefined, location: string | undefined): Promise<Plugin>;
  /** Told of each event that was handed over. */
  onReport(report: Report, connection: string | undefined, location: string | undefined): void;
}

/**
 * `POST /sync`, of many connections `POST /sync/{connection}/{location}`: carries out an event, and answers with the report. For
 * workflow builders, which have no place for a ledger of their own: `remoteSync` is the other end.
 */
export function syncRoutes({ token, pluginFor, onReport }: SyncRoutesOptions): Hono {
  const app = new Hono();
  const message = { error: REFUSED.toJSON() };
  app.use(
    '*',
    bearerAuth({
      token,
      noAuthenticationHeader: { message },
      invalidAuthenticationHeader: { message },
      invalidToken: { message },
    }),
  );
  for (const path of ['/', '/:connection/:location'] as const) {
    app.post(path, async (c) => {
      const { connection, location } = c.req.param() as { connection?: string; location?: string };
      const plugin = await pluginFor(connection, location);
      const event = eventIn(await readBody(c.req.raw));
      const report = await plugin.sync.apply(event as Parameters<Plugin['sync']['apply']>[0]);
      onReport(report, connection, location);
      return c.json(report);
    });
  }
  app.onError((thrown, c) => {
    if (thrown instanceof HTTPException) return thrown.getResponse();
    const error = asPluginError(thrown);
    return c.json({ error: error.toJSON() }, error.retryable ? 503 : 422);
  });
  return app;
}

const REFUSED = problem(
  'unauthenticated',
  'the receiver doesn’t know this token',
  'Use the receiver’s own SYNC_TOKEN, as it stands in its settings.',
);

/** What the core needs of it, it checks itself. */
function eventIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw wrongField('body', 'must be an event as JSON');
  }
}
