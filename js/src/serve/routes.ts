import { type Context, Hono } from 'hono';
import { PluginError } from '../errors.js';
import type { Received } from '../plugin.js';
import type { Room, RoomEntry } from '../protocol.js';
import type { Metrics, Rooms } from '../watch/metrics.js';
import type { WebhookRequest } from '../webhook.js';
import type { Health } from './health.js';
import { type SyncRoutesOptions, syncRoutes } from './sync.js';

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

/** What takes webhooks: a plugin, or a fleet. */
export interface Taker<R extends Received = Received> {
  receive(request: Request | WebhookRequest): Promise<R>;
  /** A fleet's locations. */
  readonly places?: readonly { connection: string; location: string }[];
  /** At most `limit` of each location. */
  inbox(room: Room, limit: number): Promise<(RoomEntry & Whose)[]>;
}

/** Of a fleet's message. */
interface Whose {
  connection?: string;
  location?: string | null;
}

/** What {@link routes} needs. */
export interface RoutesOptions<R extends Received> {
  taker: Taker<R>;
  metrics: Metrics;
  health: Health;
  /** Called when it is clear what becomes of a message, before it is answered. */
  onReceived: (received: R, context: Context) => void;
  /** Who hands events over in another way; absent: nobody. */
  sync?: SyncRoutesOptions;
}

/** The receiver's routes, for any host of Hono. A webhook is answered when it is stored, not when it is done. */
export function routes<R extends Received>({ taker, metrics, health, onReceived, sync }: RoutesOptions<R>): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    // Else a proxy would send its next request over the same connection.
    if (health.isStopping) c.header('connection', 'close');
  });

  app.on(['GET', 'POST'], WEBHOOK_PATHS, async (c) => {
    const received = await taker.receive(c.req.raw);
    onReceived(received, c);
    return received.response;
  });

  if (sync) app.route('/sync', syncRoutes(sync));

  // Alive: to be restarted only where this has no answer. A full disk is not mended by a restart.
  app.get('/healthz/live', (c) => c.json({ ok: true }));

  // Ready: may messages be sent here?
  app.on('GET', ['/healthz', '/healthz/ready'], async (c) => {
    const error = health.problem();
    if (error) return c.json({ ok: false, error }, 503);
    try {
      const [inbox, dead] = await Promise.all([taker.inbox('inbox', COUNT_LIMIT), taker.inbox('dead', COUNT_LIMIT)]);
      return c.json({ ok: true, inbox: inbox.length, dead: dead.length });
    } catch (error) {
      return c.json({ ok: false, error: error instanceof PluginError ? error.toJSON() : { code: 'storage' } }, 503);
    }
  });

  app.get('/metrics', async (c) => {
    const [inbox, dead] = await Promise.allSettled([counts(taker, 'inbox'), counts(taker, 'dead')]);
    const known = [inbox, dead].flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    return c.text(metrics.text(known), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });

  app.notFound((c) => c.text(`There is nothing here. Webhooks go to ${WEBHOOK_PATH} and /webhooks/ghl.`, 404));
  // Hono would write the error, and perhaps values with it, to the console. HighLevel repeats only after a 429.
  app.onError((_, c) => {
    const status = c.req.path.startsWith('/webhooks/ghl') ? 429 : 503;
    return c.text('Not stored: please send it again.', status, { 'retry-after': '60' });
  });
  return app;
}

/** How many messages lie there: of a plugin in all, of a fleet for each location. */
async function counts(taker: Taker, room: 'inbox' | 'dead'): Promise<Rooms[]> {
  const all = new Map<string, Rooms>();
  const places = taker.places?.map(({ connection, location }) => ({ connection, location })) ?? [{}];
  for (const place of places) all.set(JSON.stringify(place), { ...place, [room]: 0 });
  for (const { connection, location } of await taker.inbox(room, COUNT_LIMIT)) {
    const place = connection !== undefined && location ? { connection, location } : {};
    const rooms: Rooms = all.get(JSON.stringify(place)) ?? place;
    all.set(JSON.stringify(place), { ...rooms, [room]: (rooms[room] ?? 0) + 1 });
  }
  return [...all.values()];
}
