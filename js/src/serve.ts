import { createAdaptorServer } from '@hono/node-server';
import { problem } from './errors.js';
import type { Fleet, FleetReceived } from './fleet/fleet.js';
import type { Plugin, Received } from './plugin.js';
import type { HighLevelEvent, LogLine, Report } from './protocol.js';
import { routes, WEBHOOK_PATH } from './serve/routes.js';
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
  /** Told what became of each message. */
  onReport?: (report: Report) => void;
  /**
   * Deals with each event of HighLevel, in order. What it throws leaves the event for a later try; the same event comes again
   * after a crash. Without it the events wait for `plugin.events.take`.
   */
  onHighLevelEvent?: (event: HighLevelEvent) => unknown;
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
  /** Takes nothing new, finishes the present event, closes the plugin. What is left stays in the store. */
  close(): Promise<void>;
}

/**
 * Starts the receiver: takes the webhooks of both services, works on them in the background, and tells how it is.
 *
 * @throws PluginError `misconfigured` where the port is taken or may not be used.
 */
export async function serve(options: ServeOptions): Promise<Receiver> {
  const { plugin, fleet, log, port = 0, host = '127.0.0.1', onReport, onHighLevelEvent, clock } = options;
  const taker = fleet ?? plugin;
  const metrics = createMetrics();
  taker.observe(metrics.onEvent);
  const worker = startWorkers(taker, {
    log,
    ...(onReport && { onReport }),
    ...(onHighLevelEvent && { onHighLevelEvent }),
    ...(clock && { clock }),
  });
  const app = routes({
    taker,
    metrics,
    onReceived: (received: Received | FleetReceived) => {
      if (received.outcome === 'queued') worker.kick(received);
    },
  });

  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
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
      const finished = new Promise<void>((resolve) => server.close(() => resolve()));
      // Connections without a request would keep it open; those with one get their answer.
      if ('closeIdleConnections' in server) server.closeIdleConnections();
      await finished;
      await worker.stop();
      await taker.close();
    },
  };
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
