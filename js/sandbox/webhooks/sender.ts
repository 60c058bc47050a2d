import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../state.js';

/** A webhook of HighLevel and the answers to it. */
export interface WebhookDelivery {
  seq: number;
  to: string;
  /** The event's name, or `workflow`. */
  event: string;
  /** One for each try; null where there was no answer. */
  statuses: (number | null)[];
  ok: boolean;
}

/** How a webhook is sent. */
export interface WebhookOptions {
  to: string;
  /** What stands in the header `X-GHL-Signature`. Default: the signature; null leaves the header out. */
  signature?: string | null;
}

/** HighLevel's guide: only after a 429 it tries again, six times, ten minutes apart. */
const RETRIES = 6;
const PAUSE_MS = 10 * 60_000;

// An Ed25519 key from a seed, wrapped as RFC 8410 says: no secret, it is the same everywhere.
const seed = createHash('sha256').update('the sandbox signs webhooks').digest();
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
});

/** The key to check the sandbox's webhooks with, as PEM. */
export const WEBHOOK_PUBLIC_KEY = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString();

/** The signature of a body: Ed25519 over its bytes, in base64. */
export function webhookSignature(body: string | Uint8Array): string {
  return sign(null, Buffer.from(body), privateKey).toString('base64');
}

/** Sends an app's webhook as HighLevel does. */
export function sendWebhook(
  world: World,
  body: Record<string, unknown>,
  { to, signature }: WebhookOptions,
  signal: AbortSignal,
): Promise<WebhookDelivery> {
  const text = JSON.stringify(body);
  const header = signature === undefined ? webhookSignature(text) : signature;
  const headers = header === null ? {} : { 'x-ghl-signature': header };
  return send(world, { to, event: String(body['type'] ?? ''), text, headers }, signal);
}

/** Sends what a workflow's action "Webhook" sends: unsigned. */
export function sendWorkflowWebhook(
  world: World,
  body: Record<string, unknown>,
  to: string,
  signal: AbortSignal,
): Promise<WebhookDelivery> {
  return send(world, { to, event: 'workflow', text: JSON.stringify(body), headers: {} }, signal);
}

async function send(
  world: World,
  { to, event, text, headers }: { to: string; event: string; text: string; headers: Record<string, string> },
  signal: AbortSignal,
): Promise<WebhookDelivery> {
  const { replyTimeoutMs, retryScale } = world.settings;
  const delivery: WebhookDelivery = { seq: world.webhooks.length + 1, to, event, statuses: [], ok: false };
  world.webhooks.push(delivery);
  for (let n = 0; n <= RETRIES && !signal.aborted; n += 1) {
    if (n > 0) await sleep(PAUSE_MS * retryScale, undefined, { signal }).catch(() => {});
    const status = await post(to, text, headers, replyTimeoutMs);
    delivery.statuses.push(status);
    delivery.ok = status !== null && status >= 200 && status < 300;
    if (status !== 429) break;
  }
  return delivery;
}

async function post(
  to: string,
  body: string,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<number | null> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const init = { method: 'POST', body, redirect: 'manual', signal } as const;
    const response = await fetch(to, { ...init, headers: { 'content-type': 'application/json', ...headers } });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}
