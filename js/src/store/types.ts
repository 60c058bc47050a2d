import type { StoreCommit, StoreRange, StoreValues, StoreWrite } from '../protocol.js';

/** A result that may come at once or later. */
export type Awaitable<T> = T | PromiseLike<T>;

/**
 * Where everything durable lives: inbox, ledger, leases. A commit is atomic, versions grow over the whole store, keys
 * are in the order of their UTF-8 bytes. A method that throws means that nothing was changed or that it is unknown;
 * the core then answers with the error `storage`.
 */
export interface Store {
  /** The entries that exist among `keys`. */
  get(keys: string[]): Awaitable<StoreValues>;
  /** A range, in order. */
  list(range: StoreRange): Awaitable<StoreValues>;
  /** Writes all or nothing. `ok: false` where an expectation didn't hold. */
  commit(writes: StoreWrite[]): Awaitable<StoreCommit>;
  /** Gives back what the store holds open. */
  close?(): Awaitable<void>;
}
