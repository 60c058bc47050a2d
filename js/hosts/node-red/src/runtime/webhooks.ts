import type { Express, Response as ExpressResponse, NextFunction, Request } from 'express';
import type { NodeAPI } from 'node-red';
import { notStored } from './connection.js';
import type { Flows } from './flows.js';
import { connectionOf } from './nodes.js';

/** Where a connection's webhooks come in, below Node-RED's own root for HTTP. */
const WEBHOOKS = '/ghl-digistore24/:connection/webhooks/*';
const IS_WEBHOOK = /^[^?]*\/ghl-digistore24\/[^/?]+\/webhooks\//;
/** Of more than this the plugin is told only that it is too much. A real message has about 7 kB. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Bodies as they came: what is parsed can't be verified. */
const bodies = new WeakMap<Request, Buffer>();

/** One address for all connections: `/ghl-digistore24/{connection}/webhooks/…`. It stays while flows are made anew. */
export function serveWebhooks(RED: NodeAPI, flows: Flows): void {
  // Node-RED can be set to have no HTTP for nodes.
  if (typeof RED.httpNode !== 'function') return;
  beforeAll(rootOf(RED.httpNode), capture);
  RED.httpNode.all(WEBHOOKS, async (request: Request, response: ExpressResponse) => {
    const { connection = '' } = request.params as Record<string, string>;
    const url = request.originalUrl.slice(request.originalUrl.indexOf('/webhooks/'));
    // An event would miss the nodes that aren't there yet.
    const answer = flows.isRunning ? await answered(RED, connection, request, url) : refused(url);
    response.status(answer.status);
    answer.headers.forEach((value, name) => void response.setHeader(name, value));
    response.end(await answer.text());
  });
}

async function answered(RED: NodeAPI, id: string, request: Request, url: string): Promise<Response> {
  try {
    const { method, headers } = request;
    return await connectionOf(RED, id).receive({ method, url, headers, body: bodies.get(request) ?? Buffer.alloc(0) });
  } catch {
    // No such connection, or it is being made anew at this moment.
    return refused(url);
  }
}

const refused = (url: string): Response => notStored(url.startsWith('/webhooks/ghl'));

const rootOf = (app: Express): Express => ('parent' in app && app.parent ? rootOf(app.parent as Express) : app);

/** The editor's parsers stand at the root before any node's: as Node-RED's own "http in" does, this goes before them. */
function beforeAll(app: Express, handler: typeof capture): void {
  app.use(handler);
  const { stack } = (app as unknown as { _router: { stack: { handle: unknown }[] } })._router;
  const at = stack.findIndex(({ handle }) => handle === handler);
  stack.unshift(...stack.splice(at, 1));
}

function capture(request: Request, _response: ExpressResponse, next: NextFunction): void {
  // Before Express has made more of it than Node's own request.
  if (!IS_WEBHOOK.test(request.url)) {
    next();
    return;
  }
  bodyOf(request).then((body) => {
    bodies.set(request, body);
    // The mark of body-parser for a body that is read.
    Object.assign(request, { _body: true });
    next();
  }, next);
}

async function bodyOf(request: Request): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return Buffer.alloc(MAX_BODY_BYTES + 1);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
