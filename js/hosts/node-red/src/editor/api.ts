import type { ErrorDetails, Json } from 'ghl-digistore24';
import type { FlatField, Form, Line } from '../runtime/catalog.js';

export type { FlatField, Form, Line };

/** An error as the admin's addresses tell it. */
export interface Failure {
  error?: ErrorDetails;
  /** In words. */
  text: string;
}

const ROOT = 'ghl-digistore24';

/** Asks Node-RED; the editor adds the token of whoever is logged in. */
export async function ask<T>(path: string, body?: Json | object): Promise<T> {
  const request =
    body === undefined ? {} : { method: 'POST', contentType: 'application/json', data: JSON.stringify(body) };
  try {
    return (await $.ajax({ url: `${ROOT}/${path}`, dataType: 'json', ...request })) as T;
  } catch (thrown) {
    const { responseJSON } = thrown as { responseJSON?: Failure };
    throw responseJSON ?? { text: 'Node-RED has no answer. See that it runs, and that you may do this.' };
  }
}

/** What a person reads of a failure. */
export const textOf = (thrown: unknown): string => (thrown as Failure).text ?? String(thrown);
