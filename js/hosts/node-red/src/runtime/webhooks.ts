import type { Request, Response as ExpressResponse } from 'express';
import type { NodeAPI } from 'node-red';
import { notStored, type WebhookCall } from './connection.js';
import { connectionOf } from './nodes.js';

/** Where a connection's webhooks come in, below Node-RED's own root for HTTP. */
export const WEBHOOK_ROOT = '/ghl-digistore24';
/** More is refused: a real message has about 7 kB. The plugin itself judges up to this. */
const MAX_BODY_BYTES = 1024 * 1024;

/** One address for all connections: `/ghl-digistore24/{connection}/webhooks/…`. It stays while flows are made anew. */
export function serveWebhooks(RED: NodeAPI): void {
  RED.httpNode.all(`${WEBHOOK_ROOT}/:connection/webhooks/*`, async (request: Request, response: ExpressResponse) => {
    const { connection = '' } = request.params as Record<string, string>;
    const url = request.originalUrl.slice(request.originalUrl.indexOf('/webhooks/'));
    const answer = await answered(RED, connection, request, url);
    response.status(answer.status);
    answer.headers.forEach((value, name) => void response.setHeader(name, value));
    response.end(await answer.text());
  });
}

async function answered(RED: NodeAPI, id: string, request: Request, url: string): Promise<Response> {
  try {
    const { method, headers } = request;
    const call: WebhookCall = { method, url, headers, body: await bodyOf(request) };
    return await connectionOf(RED, id).receive(call);
  } catch {
    // No such connection, or it is being made anew at this moment.
    return notStored(url.startsWith('/webhooks/ghl'));
  }
}

async function bodyOf(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Uint8Array).length;
    if (size <= MAX_BODY_BYTES + 1) chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}
