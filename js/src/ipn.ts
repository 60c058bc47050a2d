import { wrongField } from './errors.js';
import type { RawEvent } from './protocol.js';

/**
 * Turns a recorded message into what `sync.plan` and `sync.apply` take. Reads a form as Digistore24 sends it, and JSON:
 * `{ raw: {…} }` as an event has it, `{ params: {…} }` as many log it, or the parameters themselves.
 *
 * @throws PluginError `invalid_input`
 */
export function eventFromBody(body: string): RawEvent {
  const text = body.trim();
  if (text === '') throw wrongField('ipn', 'is empty');
  return { raw: text.startsWith('{') ? fromJson(text) : fromForm(text) };
}

function fromForm(text: string): Record<string, string> {
  const raw: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    // One of two would be taken, and which one differs between programs.
    if (name in raw) throw wrongField(name.slice(0, 64), 'comes twice in the message');
    raw[name] = value;
  }
  if (!Object.values(raw).some(Boolean)) throw wrongField('ipn', 'is neither a form nor JSON');
  return raw;
}

function fromJson(text: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrongField('ipn', 'begins like JSON but can’t be read as JSON');
  }
  const message = isObject(value) ? (value['raw'] ?? value['params'] ?? value) : value;
  if (!isObject(message)) throw wrongField('ipn', 'must be an object of parameters');
  return Object.fromEntries(Object.entries(message).map(([name, field]) => [name, asText(name, field)]));
}

/** Logs often turn numbers into numbers and nothing into null; a signature then no longer fits where it matters. */
function asText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value === null) return '';
  throw wrongField(`ipn.${name.slice(0, 64)}`, 'must be a text');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
