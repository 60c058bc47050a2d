import { type PluginError, problem, wrongField } from './errors.js';

/** Larger bodies are refused unread: a real message has about 7 kB. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** The body of a webhook as hosts have it. */
export type WebhookBody = string | Uint8Array | ArrayBuffer | ReadableStream<Uint8Array> | null | undefined;

/** A webhook of a host that has no `Request`. */
export interface WebhookRequest {
  method: string;
  url?: string;
  headers?: Headers | Record<string, string | string[] | undefined>;
  /** As it came: parsed and written again, it could not be verified. */
  body?: WebhookBody;
}

/** What address and headers of a webhook say, for the core. */
export interface Addressed {
  service: WebhookService;
  connection?: string;
  token?: string;
  event?: string;
  signature?: string;
}

/** The services that send webhooks; of HighLevel: its apps, and the action "Webhook" of its workflows. */
export type WebhookService = 'digistore24' | 'ghl' | 'ghl-workflow';

const SERVICES: ReadonlySet<string> = new Set<WebhookService>(['digistore24', 'ghl', 'ghl-workflow']);

/**
 * Whose webhook it is: as the caller says; else by the address, `…/webhooks/{service}/{connection}/{token}`; else by the
 * signature's header; else Digistore24's. Each is then checked as that service signs, so a wrong guess opens nothing.
 */
export function addressed(request: Request | WebhookRequest, service?: WebhookService): Addressed {
  const { pathname, searchParams } = addressOf(request);
  const parts = pathname.split('/').filter(Boolean);
  const [named, connection, token] = parts.slice(parts.indexOf('webhooks') + 1 || parts.length);
  const isNamed = named !== undefined && SERVICES.has(named);
  const signature = headerOf(request, 'x-ghl-signature');
  const event = searchParams.get('event');
  return {
    service: service ?? (isNamed ? (named as WebhookService) : signature === undefined ? 'digistore24' : 'ghl'),
    ...(isNamed && connection !== undefined && { connection }),
    ...(isNamed && token !== undefined && { token }),
    ...(event !== null && { event }),
    ...(signature !== undefined && { signature }),
  };
}

/** A sale that came in the address of a GET: answered with `OK` it would be lost, and addresses end up in logs. */
export function checkMethod(request: Request | WebhookRequest): void {
  const { searchParams } = addressOf(request);
  if (!['sha_sign', 'SHASIGN', 'order_id'].some((name) => searchParams.has(name))) return;
  throw problem(
    'invalid_input',
    'the message came by GET',
    'Set the method of the IPN connection in Digistore24 to POST.',
    { status: 405 },
  );
}

/** The answer to what nobody judged: too large, or the plugin itself failed. HighLevel repeats only after a 429. */
export function refusal(service: 'digistore24' | 'ghl', { code, message, status }: PluginError): Response {
  const isSendersFault = code === 'invalid_input' || code === 'not_found';
  const own = code === 'not_found' ? 404 : (status ?? 400);
  const answered = isSendersFault ? own : service === 'ghl' ? 429 : 503;
  const text = isSendersFault ? `Not accepted: ${message}.` : 'Not stored: please send it again.';
  const headers = new Headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  if (answered === 429) headers.set('retry-after', '60');
  return new Response(text, { status: answered, headers });
}

/** Some hosts have only the path. */
function addressOf({ url = '/' }: Request | WebhookRequest): URL {
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : new URL('http://localhost');
}

function headerOf({ headers = {} }: Request | WebhookRequest, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const [, value] = Object.entries(headers).find(([key]) => key.toLowerCase() === name) ?? [];
  return typeof value === 'string' ? value : value?.[0];
}

/**
 * The body's bytes, at most {@link MAX_BODY_BYTES}. A longer one is not read to its end.
 *
 * @throws PluginError `invalid_input`: too large, of a wrong type, or broken off.
 */
export async function readBody(request: Request | WebhookRequest): Promise<Uint8Array> {
  const { body } = request;
  if (body == null) return new Uint8Array();
  if (typeof body === 'string') return limited(new TextEncoder().encode(body));
  if (body instanceof Uint8Array) return limited(body);
  if (body instanceof ArrayBuffer) return limited(new Uint8Array(body));
  if (!(body instanceof ReadableStream)) throw wrongField('body', 'must be the text or the bytes as they came');
  return readStream(body);
}

function limited(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength > MAX_BODY_BYTES) throw tooLarge();
  return bytes;
}

async function readStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw problem('invalid_input', 'the body broke off', 'Send the message again.');
    });
    if (done) break;
    chunks.push(value);
    size += value.byteLength;
    if (size > MAX_BODY_BYTES) {
      // Not awaited: some streams end their cancelling only when the sender stops.
      reader.cancel().catch(() => {});
      throw tooLarge();
    }
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function tooLarge(): PluginError {
  return problem(
    'invalid_input',
    'the body is larger than 1 MiB',
    'A real message has about 7 kB: look who sends this.',
    {
      status: 413,
      fields: [{ path: 'body', problem: 'is larger than 1 MiB' }],
    },
  );
}
