import { readTime } from '../berlin.js';
import type { World } from '../state.js';
import { badParameter } from './errors.js';

/** Named arguments; brackets (`search[role]`, `data[custom]`) make nested ones. */
export type Args = { [name: string]: string | Args };

/** Reads named arguments in PHP's bracket notation. Later values win, as in PHP. */
export function readArgs(parameters: Iterable<[string, string]>): Args {
  const args: Args = {};
  for (const [name, value] of parameters) {
    const path = name.split('[').map((part) => part.replace(/\]$/, ''));
    if (!path.includes('__proto__')) assign(args, path, value);
  }
  return args;
}

function assign(args: Args, [head = '', ...rest]: string[], value: string): void {
  const key = head === '' ? String(Object.keys(args).length) : head;
  if (rest.length === 0) {
    args[key] = value;
    return;
  }
  const inner = args[key];
  const next: Args = typeof inner === 'object' ? inner : {};
  args[key] = next;
  assign(next, rest, value);
}

/** A text argument; empty when absent. */
export function text(args: Args, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value.trim() : '';
}

/** A text argument that must be there. */
export function needed(args: Args, name: string): string {
  const value = text(args, name);
  if (value === '') throw badParameter(`Missing parameter: ${name}`);
  return value;
}

/** A nested argument; empty when absent. */
export function nested(args: Args, name: string): Args {
  const value = args[name];
  return typeof value === 'object' ? value : {};
}

/** A boolean argument: 1, Y, yes, T, true. */
export function flag(args: Args, name: string): boolean {
  return ['1', 'y', 'yes', 't', 'true'].includes(text(args, name).toLowerCase());
}

/** The values of a comma-separated argument; undefined when it is absent. */
export function list(args: Args, name: string): string[] | undefined {
  const value = text(args, name);
  return value === '' ? undefined : value.split(',').map((part) => part.trim());
}

/** `from` and `to` as Berlin wall clock; default the last 24 hours. */
export function period(world: World, args: Args): { from: string; to: string } {
  const read = (name: string, otherwise: string) => {
    const time = readTime(text(args, name) || otherwise, world.now());
    if (!time) throw badParameter(`Invalid date: ${name}`);
    return time;
  };
  return { from: read('from', '-24h'), to: read('to', 'now') };
}

/** One page of rows, with the numbers that the answers carry. */
export function paged<Row>(args: Args, rows: Row[], defaultSize: number, maxSize = 1000) {
  const number = Math.max(1, Number(text(args, 'page_no') || 1));
  const asked = Number(text(args, 'page_size') || defaultSize);
  if (!Number.isInteger(number) || !Number.isInteger(asked)) {
    throw badParameter('page_no and page_size must be integers');
  }
  const size = Math.min(Math.max(1, asked), maxSize);
  return {
    rows: rows.slice((number - 1) * size, number * size),
    numbers: {
      page_no: number,
      page_size: size,
      page_count: Math.ceil(rows.length / size),
      item_count: rows.length,
    },
  };
}

/** Sorts rows by `sort_by` date, earning or amount and `sort_order` asc or desc. */
export function sorted<Row>(
  args: Args,
  rows: Row[],
  keys: { date: (row: Row) => string; amount: (row: Row) => number; earning: (row: Row) => number },
): Row[] {
  const by = text(args, 'sort_by') || text(args, 'sort') || 'date';
  if (by !== 'date' && by !== 'amount' && by !== 'earning') {
    throw badParameter('sort_by must be one of: date, earning, amount');
  }
  const key: (row: Row) => string | number = keys[by];
  const sign = text(args, 'sort_order') === 'desc' ? -1 : 1;
  return [...rows].sort((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : 0));
}
