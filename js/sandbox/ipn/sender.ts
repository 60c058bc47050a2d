import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../state.js';
import { type IpnMessage, signed } from './sign.js';

/** One attempt to deliver a message. */
export interface Attempt {
  at: number;
  /** Null when there was no answer. */
  status: number | null;
  /** What the receiver answered, or why it did not. */
  reply: string;
  ok: boolean;
}

/** A message and the attempts to deliver it. */
export interface Delivery {
  seq: number;
  to: string;
  event: string;
  orderId: string;
  /** Why the address was not usable; empty when it was. */
  refused: string;
  attempts: Attempt[];
  ok: boolean;
}

/** Where a message goes and how. */
export interface SendOptions {
  to: string;
  /** Empty: the message carries the sentinel of a connection without a passphrase. */
  passphrase: string;
  /** First asks the address with a GET, as `ipnSetup` does. Default true. */
  check?: boolean;
  /** Default: the setting `maxAttempts`. */
  maxAttempts?: number;
}

const FIRST_WAIT_MINUTES = 3;
const LONGEST_WAIT_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;
const REPLY_LENGTH = 500;
/** A receiver may have started anew since the last message: each comes by a connection of its own. */
const CLOSE = { connection: 'close' };

/** The wait before retry n (from 0): 3 minutes, doubling, a day from the tenth on. Milliseconds. */
export function retryWait(n: number): number {
  return Math.min(FIRST_WAIT_MINUTES * 2 ** n, LONGEST_WAIT_MINUTES) * MINUTE_MS;
}

/**
 * Delivers a message as Digistore24 does (developer article "Generic IPN"): a form-encoded POST,
 * repeated until the answer is a 200 that says `OK` in capitals.
 */
export async function deliver(
  world: World,
  message: IpnMessage,
  options: SendOptions,
  signal: AbortSignal,
): Promise<Delivery> {
  const { replyTimeoutMs, retryScale } = world.settings;
  const delivery: Delivery = {
    seq: world.deliveries.length + 1,
    to: options.to,
    event: message.event ?? '',
    orderId: message.order_id ?? '',
    refused: '',
    attempts: [],
    ok: false,
  };
  world.deliveries.push(delivery);
  if (options.check !== false) delivery.refused = await checkIpnUrl(options.to, replyTimeoutMs);
  if (delivery.refused) return delivery;

  const body = new URLSearchParams(signed(message, options.passphrase)).toString();
  const maxAttempts = options.maxAttempts ?? world.settings.maxAttempts;
  for (let n = 0; n < maxAttempts && !signal.aborted; n += 1) {
    if (n > 0) await sleep(retryWait(n - 1) * retryScale, undefined, { signal }).catch(() => {});
    const attempt = await post(options.to, body, replyTimeoutMs, world.now());
    delivery.attempts.push(attempt);
    delivery.ok = attempt.ok;
    if (attempt.ok) break;
  }
  return delivery;
}

/** Asks an address with a GET: it must answer 200 and not redirect. Says what is wrong, or ''. */
export async function checkIpnUrl(url: string, timeoutMs: number): Promise<string> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { redirect: 'manual', signal, headers: CLOSE });
    await response.body?.cancel();
    return response.status === 200 ? '' : `GET answered with status ${response.status}`;
  } catch (error) {
    return reason(error);
  }
}

async function post(to: string, body: string, timeoutMs: number, at: number): Promise<Attempt> {
  try {
    const response = await fetch(to, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...CLOSE },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const reply = await response.text();
    const ok = response.status === 200 && reply.includes('OK');
    return { at, status: response.status, reply: reply.slice(0, REPLY_LENGTH), ok };
  } catch (error) {
    return { at, status: null, reply: reason(error), ok: false };
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
