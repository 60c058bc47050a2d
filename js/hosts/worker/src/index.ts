/** The Cloudflare Worker: webhooks go through a queue into the object of their location. See docs/hosts/worker.md. */
import { createRouter, type Router } from 'ghl-digistore24';
import { deliver } from './deliver.js';
import { type Delivery, type Env, fleetOf, ledgerOf, maxRequestsOf } from './env.js';
import { remoteStore } from './ledger.js';
import { detailsOf, log } from './log.js';
import { metrics, statuses, statusPage } from './status.js';

export type { Delivery, Env } from './env.js';
export { Ledger } from './ledger.js';

/** One for each isolate: the bindings don't change within one. */
let router: Promise<Router> | undefined;

function routerFor(env: Env): Promise<Router> {
  router ??= createRouter({
    ...fleetOf(env),
    storeFor: (scope) => remoteStore(env, scope),
    log,
  });
  router.catch(() => {
    router = undefined;
  });
  return router;
}

/** All objects that there are to ask: of each location, and of each connection for what has none. */
async function scopesOf(env: Env): Promise<{ connection: string; location: string | null }[]> {
  const { places } = await routerFor(env);
  const connections = new Set(places.map(({ connection }) => connection));
  return [...places, ...Array.from(connections, (connection) => ({ connection, location: null }))];
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    try {
      if (pathname.startsWith('/webhooks/')) return await webhook(request, env);
      if (pathname === '/healthz') return await health(env);
      if (['/', '/metrics', '/retry'].includes(pathname)) return await closed(request, env);
      return text('There is nothing here. Webhooks go to /webhooks/digistore24/{connection}/{token}.', 404);
    } catch (error) {
      const details = detailsOf(error);
      const { code, message, help } = details;
      log({ level: 'error', message: 'a request failed', fields: { code, problem: message, help } });
      // Digistore24 repeats after any error, HighLevel only after a 429.
      if (pathname === '/healthz') return Response.json({ ok: false, error: details }, { status: 503 });
      const status = pathname.startsWith('/webhooks/ghl') ? 429 : 503;
      return text('Not stored: please send it again.', status, { 'retry-after': '60' });
    }
  },

  async queue(batch, env): Promise<void> {
    await deliver(batch, env);
  },

  async scheduled(_event, env): Promise<void> {
    for (const scope of await scopesOf(env)) {
      try {
        await ledgerOf(env, scope.connection, scope.location).wake(scope);
      } catch (error) {
        const { code, message, help } = detailsOf(error);
        log({
          level: 'error',
          message: 'an object could not be woken',
          fields: { ...named(scope), code, problem: message, help },
        });
      }
    }
  },
} satisfies ExportedHandler<Env, Delivery>;

/** Answered when the queue has the message, and not before. */
async function webhook(request: Request, env: Env): Promise<Response> {
  const routed = await (await routerFor(env)).route(request);
  if (!('message' in routed)) return routed.response;
  const { connection, location, service, message, trace, response } = routed;
  const { url, headers, body } = message;
  await env.EVENTS.send({ connection, location, service, url, headers, body, trace }, { contentType: 'v8' });
  return response;
}

/** Whether the deployment is whole. Says nothing of anybody's data, so it is open. */
async function health(env: Env): Promise<Response> {
  maxRequestsOf(env);
  const { places } = await routerFor(env);
  return Response.json({ ok: true, locations: places.length });
}

/** The pages for the operator. */
async function closed(request: Request, env: Env): Promise<Response> {
  const { searchParams, pathname } = new URL(request.url);
  const given = request.headers.get('authorization')?.replace(/^Bearer /i, '') ?? searchParams.get('token') ?? '';
  if (!env.STATUS_TOKEN) return text('Closed. Run: npx wrangler secret put STATUS_TOKEN', 403);
  if (!(await isSame(given, env.STATUS_TOKEN))) return text('Give the STATUS_TOKEN: ?token=… or a bearer token.', 401);
  const scopes = await scopesOf(env);
  if (pathname === '/retry') {
    if (request.method !== 'POST') return text('POST tries the dead letters again.', 405, { allow: 'POST' });
    for (const scope of scopes) await ledgerOf(env, scope.connection, scope.location).retry(scope);
    return text('The dead letters are tried again. Look at the status page in a minute.', 202);
  }
  const all = await statuses(env, scopes);
  return pathname === '/metrics' ? metrics(all) : statusPage(all);
}

/** Compares hashes: takes as long for a wrong token as for the right one. */
async function isSame(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [given, expected].map((one) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(one))),
  );
  return crypto.subtle.timingSafeEqual(a as ArrayBuffer, b as ArrayBuffer);
}

const named = ({ connection, location }: { connection: string; location: string | null }) => ({
  connection,
  ...(location !== null && { location }),
});

function text(body: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } });
}
