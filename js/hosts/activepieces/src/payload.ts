import { DEDUPE_KEY_PROPERTY } from '@activepieces/pieces-framework';
import type { TriggerPayload } from '@activepieces/shared';
import type { Entry } from './entry.js';

/** A webhook as Activepieces hands it on. */
export interface Payload extends TriggerPayload {
  method?: string;
}

/** The message as it came. A form that Activepieces has read is written again: the signature is one of names and values. */
export function bodyOf({ rawBody, body }: Payload): string {
  if (typeof rawBody === 'string') return rawBody;
  if (typeof body === 'string') return body;
  return new URLSearchParams(pairsOf(body)).toString();
}

/** Names and values; of what was read as an object in an object by the brackets in its name, with them. */
function pairsOf(value: unknown, name = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return name === '' ? [] : [[name, String(value ?? '')]];
  return Object.entries(value).flatMap(([key, inner]) => pairsOf(inner, name === '' ? key : `${name}[${key}]`));
}

/** The same of JSON. */
export const jsonOf = ({ rawBody, body }: Payload) =>
  typeof rawBody === 'string' ? rawBody : JSON.stringify(body ?? {});

/** Whether an event is one of a trigger. */
export const isOf = ({ id, any }: Entry, { triggers }: { triggers: string[] }) => any ?? triggers.includes(id);

/** Events with the key by which Activepieces leaves out what comes twice within seconds. */
export const keyed = (events: readonly { dedupeKey: string }[]) =>
  events.map((event) => ({ ...event, [DEDUPE_KEY_PROPERTY]: event.dedupeKey }));
