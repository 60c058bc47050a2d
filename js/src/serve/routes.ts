import { type Context, Hono } from 'hono';
import { PluginError } from '../errors.js';
import type { Plugin, Received } from '../plugin.js';
import type { Room } from '../protocol.js';
import type { Metrics } from '../watch/metrics.js';
import type { Health } from './health.js';

/** Where Digistore24 sends its messages to. */
export const WEBHOOK_PATH = '/webhooks/digistore24';

/** All addresses of webhooks; `receive` reads connection and token from them. */
const WEBHOOK_PATHS = [
  WEBHOOK_PATH,
  `${WEBHOOK_PATH}/:connection`,
  `${WEBHOOK_PATH}/:connection/:token`,
  '/webhooks/ghl',
  '/webhooks/ghl/:connection',
  '/webhooks/ghl-workflow/:connection/:token',
];

/** A room is counted up to here. */
const COUNT_LIMIT = 1000;

/** What {@link routes} needs. */
export interface RoutesOptions {
  plugin: Plugin;
  metrics: Metrics;
  health: Health;
  /** Called when it is clear what becomes of a message, before it is answered. */
  onReceived: (received: Received, context: Context) => void;
}

/** The receiver's routes, for any host of Hono. A webhook is answered when it is stored, not when it is done. */
export function routes({ plugin, metrics, health, onReceived }: RoutesOptions): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    // Else a proxy would send its next request over the same connection.
    if (health.isStopping) c.header('connection', 'close');
  });

  app.on(['GET', 'POST'], WEBHOOK_PATHS, async (c) => {
    const received = await plugin.receive(c.req.raw);
    onReceived(received, c);
    return received.response;
  });

  // Alive: to be restarted only where this has no answer. A full disk is not mended by a restart.
  app.get('/healthz/live', (c) => c.json({ ok: true }));

  // Ready: may messages be sent here?
  app.on('GET', ['/healthz', '/healthz/ready'], async (c) => {
    const error = health.problem();
    if (error) return c.json({ ok: false, error }, 503);
    try {
      const [inbox, dead] = await Promise.all([count(plugin, 'inbox'), count(plugin, 'dead')]);
      return c.json({ ok: true, inbox, dead });
    } catch (error) {
      return c.json({ ok: false, error: error instanceof PluginError ? error.toJSON() : { code: 'storage' } }, 503);
    }
  });

  app.get('/metrics', async (c) => {
    const [inbox, dead] = await Promise.allSettled([count(plugin, 'inbox'), count(plugin, 'dead')]);
    const text = metrics.text({
      inbox: inbox.status === 'fulfilled' ? inbox.value : undefined,
      dead: dead.status === 'fulfilled' ? dead.value : undefined,
    });
    return c.text(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });

  app.notFound((c) => c.text(`There is nothing here. Webhooks go to ${WEBHOOK_PATH} and /webhooks/ghl.`, 404));
  // Hono would write the error, and perhaps values with it, to the console. HighLevel repeats only after a 429.
  app.onError((_, c) => {
    const status = c.req.path.startsWith('/webhooks/ghl') ? 429 : 503;
    return c.text('Not stored: please send it again.', status, { 'retry-after': '60' });
  });
  return app;
}

async function count(plugin: Plugin, room: Room): Promise<number> {
  return (await plugin.inbox(room, COUNT_LIMIT)).length;
}
