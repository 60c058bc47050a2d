import type { Answer, Header, HttpEffect, HttpFailure } from './protocol.js';

/** Larger answers are cut off: no operation has a use for them. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Errors that certainly came before the request was sent, by the codes of Node, Bun and OpenSSL. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ConnectionRefused',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What fetch itself refuses, without a code. */
const NEVER_SENT = new Set(['bad port', 'unknown scheme']);

/**
 * Performs a request once and reads its answer as text, both within `timeoutMs`. Never throws: a failure is an answer
 * too. The body of a request that the caller gave up may still take effect.
 */
export async function performHttp(
  effect: HttpEffect,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { id, method, url, headers, body, timeoutMs } = effect;
  const failed = (reason: HttpFailure): Answer => ({ id, kind: 'httpError', reason });
  if (signal?.aborted) return failed('cancelled');

  const control = new AbortController();
  const giveUp = () => control.abort();
  let isTimeout = false;
  const timer = setTimeout(() => {
    isTimeout = true;
    control.abort();
  }, timeoutMs);
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: control.signal,
      ...(body != null && { body }),
    });
    const text = await readText(response);
    if (text === undefined) return failed('lost');
    const received: Header[] = [];
    response.headers.forEach((value, name) => {
      received.push([name, value]);
    });
    return { id, kind: 'http', status: response.status, headers: received, body: text };
  } catch (error) {
    if (isTimeout) return failed('timeout');
    if (signal?.aborted) return failed('cancelled');
    return failed(wasSent(error) ? 'lost' : 'refused');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/** The body as text, or undefined where it is too large. */
async function readText(response: Response): Promise<string | undefined> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  if (length > MAX_ANSWER_BYTES) {
    await response.body?.cancel();
    return undefined;
  }
  // The length is that of the packed body.
  if (length <= MAX_ANSWER_BYTES && !response.headers.has('content-encoding')) return response.text();
  if (!response.body) return '';

  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let [text, size] = ['', 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function wasSent(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (('code' in e && NOT_SENT.has(String(e.code))) || NEVER_SENT.has(e.message)) return false;
  }
  return true;
}
