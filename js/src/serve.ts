import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { problem, wrongField } from './errors.js';
import type { Fleet, FleetReceived } from './fleet/fleet.js';
import type { Plugin, Received } from './plugin.js';
import type { HighLevelEvent, LogLine, Report } from './protocol.js';
import { calm } from './serve/calm.js';
import { Health } from './serve/health.js';
import { routes, WEBHOOK_PATH } from './serve/routes.js';
import { senderOf } from './serve/sender.js';
import { startWorkers } from './serve/workers.js';
import { createMetrics } from './watch/metrics.js';

/** What {@link serve} needs. */
export type ServeOptions = ServeHost & ({ plugin: Plugin; fleet?: never } | { fleet: Fleet; plugin?: never });

/** What {@link serve} needs beside what it serves, a plugin or a fleet: that is closed together with the receiver. */
export interface ServeHost {
  log: (line: LogLine) => void;
  /** Default 0: any free port. */
  port?: number;
  /** Default 127.0.0.1: only this machine, as behind a reverse proxy. */
  host?: string;
  /**
   * How many reverse proxies are in front, each of which adds to `X-Forwarded-For`. Default 0: the header is not believed.
   * It only serves the log: where refused messages come from.
   */
  proxies?: number;
  /** A request that has not arrived whole by then is ended. Milliseconds, default 30,000. */
  requestTimeoutMs?: number;
  /**
   * How long {@link Receiver.close} waits for open requests and the present event. Milliseconds, default 8,000: less than the
   * ten seconds that Docker gives.
   */
  stopTimeoutMs?: number;
  /** Told what became of each message. */
  onReport?: (report: Report) => void;
  /**
   * Deals with each event of HighLevel, in order. What it throws leaves the event for a later try; the same event comes again
   * after a crash. Without it the events wait for `plugin.events.take`.
   */
  onHighLevelEvent?: (event: HighLevelEvent) => unknown;
  /**
   * Whoever has this token may hand events over by `POST /sync` (of a fleet `/sync/{connection}/{location}`) and gets the
   * report: the other end of `remoteSync`. Default: nobody may.
   */
  syncToken?: string;
  /** Milliseconds since 1970, as the plugin's. */
  clock?: () => number;
}

/** A receiver that is listening. */
export interface Receiver {
  /** The root, without a slash at the end. */
  readonly url: string;
  /** Where Digistore24 sends its messages to. */
  readonly webhookUrl: string;
  /** Resolves when all that came has been worked on, or waits for a later time. */
  idle(): Promise<void>;
  /**
   * Takes nothing new, answers open requests, finishes the present event, closes the plugin. What takes longer than
   * `stopTimeoutMs` is broken off. What is left stays in the store, and goes on at the next start.
   */
  close(): Promise<void>;
}

/** The headers of a request must be there by then. Milliseconds. */
const HEADERS_MS = 10_000;
/** Longer than proxies keep an idle connection: they must be the ones to end it, or a request gets lost on its way. */
const IDLE_MS = 75_000;
/** How often connections are looked at. Milliseconds. */
const LOOK_MS = 1_000;
/** More are not taken at a time: whoever opens many should not use up the process's files. */
const CONNECTIONS = 1_000;
/** What a connection has sent may not be read yet when the stop begins. Milliseconds. */
const UNREAD_MS = 100;
/** What was broken off may still write down how far it came. Milliseconds. */
const LAST_WORDS_MS = 1_000;

/**
 * Starts the receiver: takes the webhooks of both services, works on them in the background, and tells how it is.
 *
 * @throws PluginError `misconfigured` where the port is taken or may not be used.
 */
export async function serve(options: ServeOptions): Promise<Receiver> {
  const {
    plugin,
    fleet,
    port = 0,
    host = '127.0.0.1',
    proxies = 0,
    onReport,
    onHighLevelEvent,
    syncToken,
    clock = Date.now,
  } = options;
  const { requestTimeoutMs = 30_000, stopTimeoutMs = 8_000 } = options;
  const log = calm(options.log, clock);
  const taker = fleet ?? plugin;
  const metrics = createMetrics();
  taker.observe(metrics.onEvent);
  const health = new Health(log, clock);
  const worker = startWorkers(taker, {
    log,
    clock,
    onStoreFailure: (error) => health.failed(error),
    ...(onReport && { onReport }),
    ...(onHighLevelEvent && { onHighLevelEvent }),
  });
  const app = routes({
    taker,
    metrics,
    health,
    onReceived: (received: Received | FleetReceived, c) => {
      const { outcome, error } = received;
      if (outcome === 'queued' || outcome === 'kept') health.worked();
      if (outcome === 'queued') worker.kick(received);
      if (error?.code === 'storage') health.failed(error);
      else if (error) {
        const from = senderOf(getConnInfo(c).remote.address, c.req.header('x-forwarded-for'), proxies);
        log({ level: 'warn', message: 'a refused message came from', fields: { from, code: error.code } });
      }
    },
    ...(syncToken !== undefined && {
      sync: {
        token: syncToken,
        pluginFor: async (connection, location) => {
          if (fleet) return fleet.plugin(connection ?? '', location);
          if (connection === undefined) return plugin;
          throw wrongField('address', 'names a connection, and there is only one: use /sync');
        },
        onReport: (report, connection, location) => {
          onReport?.(report);
          // What waits is the worker's from now on.
          worker.kick(connection === undefined ? {} : { connection, location: location ?? null });
        },
      },
    }),
  });

  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    serverOptions: {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(HEADERS_MS, requestTimeoutMs),
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: Math.min(LOOK_MS, requestTimeoutMs),
    },
  }) as Server;
  server.maxConnections = CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    await worker.stop();
    throw notListening(error, port, host);
  }
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;

  return {
    url,
    webhookUrl: url + WEBHOOK_PATH,
    idle: () => worker.idle(),
    async close() {
      health.isStopping = true;
      const answered = new Promise<void>((resolve) => server.close(() => resolve()));
      // Connections without a request would keep it open; those with one get their answer. Node counts one that never said
      // anything among the latter.
      server.closeIdleConnections();
      const silent = setTimeout(() => {
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      }, UNREAD_MS);
      const finished = Promise.all([answered, worker.stop()]);
      if (await isLate(finished, stopTimeoutMs)) {
        log({ level: 'warn', message: 'what was under way is broken off; the next start goes on with it', fields: {} });
        server.closeAllConnections();
        worker.abort();
        await isLate(finished, LAST_WORDS_MS);
      }
      clearTimeout(silent);
      await taker.close();
    },
  };
}

/** Waits for some work, but not longer. */
async function isLate(work: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, true, { signal: timer.signal }).catch(() => true);
  try {
    return await Promise.race([work.then(() => false), late]);
  } finally {
    timer.abort();
  }
}

function notListening(error: unknown, port: number, host: string): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') {
    return problem('misconfigured', `port ${port} is taken`, 'Stop what uses it, or choose another with --port.');
  }
  if (code === 'EACCES') {
    return problem(
      'misconfigured',
      `port ${port} may not be used by this user`,
      'Choose one from 1024 on with --port.',
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return problem('misconfigured', `this machine doesn’t have the address ${host}`, 'Choose another with --host.');
  }
  return problem('misconfigured', `the receiver can’t listen on port ${port}`, 'Choose another with --port.', {
    cause: code,
  });
}
