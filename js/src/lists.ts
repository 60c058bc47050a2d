/** Lists that come page by page, as one. The core decides what the next page is; here is only the loop. */
import { wrongField } from './errors.js';
import type { InputOf, Operations, OutputOf, RunOptions } from './operations.js';
import type { JsonObject } from './protocol.js';

/** Where the next page of a list begins. Plain JSON: another process may go on with it. */
export type ListCursor = JsonObject;

/** Beside the input of a list. */
export interface ListOptions extends RunOptions {
  /** At most so many items; no more are asked for than that takes. Default: all. */
  limit?: number;
  /** Where to begin: the cursor of a page of the same list. */
  cursor?: ListCursor | null;
}

/** One page of a list. */
export interface Page<Item> {
  /** What was not told before. */
  items: Item[];
  /** Of the next page; null after the last one. */
  cursor: ListCursor | null;
  done: boolean;
}

/** A list: its items one after the other, or page by page. The next page is asked for when it is needed. */
export interface Listing<Item> extends AsyncIterable<Item> {
  pages(): AsyncIterableIterator<Page<Item>>;
}

/** The operations that list something page by page. */
export type Listed = {
  [Id in keyof Operations & string]: Operations[Id] extends { items: string } ? Id : never;
}[keyof Operations & string];

/** The type at a dotted path; a point is the thing itself. */
type At<Whole, Path> = Path extends '.'
  ? Whole
  : Path extends `${infer First}.${infer Rest}`
    ? At<Field<Whole, First>, Rest>
    : Field<Whole, Path>;
type Field<Whole, Name> = Name extends keyof NonNullable<Whole> ? NonNullable<Whole>[Name] : unknown;
type Element<List> = NonNullable<List> extends readonly (infer Item)[] ? Item : unknown;

/** An item of a list. */
export type ItemOf<Id extends string> = Id extends Listed
  ? Element<At<OutputOf<Id>, Operations[Id] extends { items: infer Path } ? Path : never>>
  : unknown;

type Paged<Id extends Listed> = Operations[Id] extends { paged: infer Names } ? Names : never;

/** The input of a list: which page, and how many items on it, may be left to the plugin. */
export type ListInputOf<Id extends string> = Id extends Listed
  ? Omit<InputOf<Id>, Paged<Id> & string> & Partial<Pick<InputOf<Id>, Paged<Id> & keyof InputOf<Id>>>
  : JsonObject;

/** Reads one page: at most `limit` items from a cursor on. */
export type ReadPage = (cursor: ListCursor | null, options: { limit?: number }) => Promise<Page<unknown>>;

/** A list that is read page by page. Makes no call by itself. */
export function listing(read: ReadPage, { limit, cursor = null }: ListOptions): Listing<unknown> {
  async function* pages() {
    if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) throw wrongField('limit', 'must be at least 1');
    let left = limit ?? Number.POSITIVE_INFINITY;
    let next = cursor;
    do {
      const page = await read(next, limit === undefined ? {} : { limit: left });
      left -= page.items.length;
      next = page.cursor;
      yield page;
    } while (next !== null && left > 0);
  }
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { items } of pages()) yield* items;
    },
  };
}
