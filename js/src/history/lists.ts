import type { JsonObject } from '../protocol.js';
import type { Desk } from './shelf.js';

/** An order as Digistore24's API tells it. */
export interface Order extends JsonObject {
  id: string;
}

/** So many orders are read whole by one call. */
export const ORDERS_AT_ONCE = 50;

/** Reads for which nobody waits: they leave the rate to those that somebody does wait for. */
export function read<T>(desk: Desk, operation: string, input: JsonObject): Promise<T> {
  return desk.call('run', [operation, input, { background: true }]);
}

/** Whole orders by their ids, at most {@link ORDERS_AT_ONCE}. */
export async function wholeOrders(desk: Desk, ids: string[]): Promise<Order[]> {
  return ordersIn(await read<JsonObject>(desk, 'digistore24.getPurchase', { purchase_id: ids.join(',') }), ids);
}

/** What `getPurchase` answers: one order comes as itself, several as an object by id. */
export function ordersIn(answer: JsonObject, ids: string[]): Order[] {
  return ids.length === 1 ? [answer as Order] : (Object.values(answer) as Order[]);
}

/** In parts of at most `size`. */
export function chunks<T>(list: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

/** A number that may come as a text. */
export function numberIn(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The day that a text begins with, if there is such a day. */
export function dayIn(text: string): string | undefined {
  const [day] = /^\d{4}-\d\d-\d\d(?![^ T])/.exec(text) ?? [];
  const ms = Date.parse(`${day}T00:00:00Z`);
  // The thirtieth of February is read as a day of March.
  return day && !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day) ? day : undefined;
}

const BERLIN = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'medium' });

/** A moment as Digistore24 writes it: `2026-11-23 09:30:00`, Berlin time. */
export function wallClock(ms: number): string {
  return BERLIN.format(ms);
}
