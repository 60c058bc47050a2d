import { fromBase64 } from './bytes.js';
import type { Answer, Header, HttpEffect, HttpFailure, Part } from './protocol.js';

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

/** What fetch itself refuses, and Deno's words for no connection: without a code. Pages and workers never say why. */
const NEVER_SENT = /^(bad port|unknown scheme)$|client error \(Connect\)/;

/** What {@link performHttp} needs of the host. */
export interface HttpHost {
  fetch: typeof globalThis.fetch;
  /** Whether a request may go to this address. */
  allows: (url: string) => boolean;
}

/**
 * Performs a request once and reads its answer as text (or as base64), both within `timeoutMs`. Never throws: a failure is an answer
 * too. The body of a request that the caller gave up may still take effect.
 */
export async function performHttp(
  effect: HttpEffect,
  { fetch, allows }: HttpHost,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { id, method, url, headers, timeoutMs } = effect;
  const failed = (reason: HttpFailure): Answer => ({ id, kind: 'httpError', reason });
  if (signal?.aborted) return failed('cancelled');
  // The core builds addresses under the base addresses only; should it ever not, nothing leaves.
  if (!allows(url)) return failed('refused');

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
      ...bodyOf(effect),
    });
    // Browsers hide a redirect that is not followed; a fetch of the host's own may have followed it all the same.
    if (response.type === 'opaqueredirect' || response.redirected) {
      await response.body?.cancel();
      return { id, kind: 'http', status: 302, headers: [], body: '' };
    }
    const bytes = await readBytes(response);
    if (bytes === undefined) return failed('oversize');
    const text = effect.binary && response.ok ? toBase64(bytes) : new TextDecoder().decode(bytes);
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

function bodyOf({ body, parts }: HttpEffect): { body?: BodyInit } {
  if (parts) return { body: multipart(parts) };
  return body == null ? {} : { body };
}

function multipart(parts: Part[]): FormData {
  const form = new FormData();
  for (const part of parts) {
    if ('base64' in part)
      form.append(part.name, new Blob([fromBase64(part.base64)], { type: part.type }), part.filename);
    else form.append(part.name, part.value);
  }
  return form;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  // In pieces: a call has room for some ten thousand arguments only.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** The body, or undefined where it is too large. */
async function readBytes(response: Response): Promise<Uint8Array | undefined> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  if (length > MAX_ANSWER_BYTES) {
    await response.body?.cancel();
    return undefined;
  }
  // The length is that of the packed body.
  if (length <= MAX_ANSWER_BYTES && !response.headers.has('content-encoding')) {
    return new Uint8Array(await response.arrayBuffer());
  }
  if (!response.body) return new Uint8Array();

  const reader = response.body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    size += value.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
}

function wasSent(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (('code' in e && NOT_SENT.has(String(e.code))) || NEVER_SENT.test(e.message)) return false;
  }
  return true;
}
