import { Hono } from 'hono';
import { PluginError } from '../errors.js';
import type { Plugin, Received } from '../plugin.js';
import type { Room } from '../protocol.js';
import type { Metrics } from '../watch/metrics.js';

/** Where Digistore24 sends its messages to. */
export const WEBHOOK_PATH = '/webhooks/digistore24';

/** A room is counted up to here. */
const COUNT_LIMIT = 1000;

/** What {@link routes} needs. */
export interface RoutesOptions {
  plugin: Plugin;
  metrics: Metrics;
  /** Called after a message was stored and before it is answered. */
  onReceived: (received: Received) => void;
}

/** The receiver's routes, for any host of Hono. A webhook is answered when it is stored, not when it is done. */
export function routes({ plugin, metrics, onReceived }: RoutesOptions): Hono {
  const app = new Hono();

  app.on(['GET', 'POST'], WEBHOOK_PATH, async (c) => {
    const received = await plugin.receive(c.req.raw);
    onReceived(received);
    return received.response;
  });

  app.get('/healthz', async (c) => {
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

  app.notFound((c) => c.text(`There is nothing here. Webhooks go to ${WEBHOOK_PATH}.`, 404));
  // Hono would write the error, and perhaps values with it, to the console.
  app.onError((_, c) => c.text('Not stored: please send it again.', 503));
  return app;
}

async function count(plugin: Plugin, room: Room): Promise<number> {
  return (await plugin.inbox(room, COUNT_LIMIT)).length;
}
