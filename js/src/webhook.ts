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
