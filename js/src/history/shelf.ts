import { problem } from '../errors.js';
import type { Store } from '../store/types.js';

/** What the history's parts need: the core, and the store beside it. */
export interface Desk {
  /** A method of the core. */
  call<T>(method: string, args: unknown[]): Promise<T>;
  shelf: Shelf;
  /** Milliseconds since 1970. */
  now(): number;
  /** The part of the rate that the background may take. */
  backgroundShare: number;
  /** Ends the work between two steps. */
  signal?: AbortSignal | undefined;
}

/** A part of the store, under the names of one connection and location: JSON values by name. */
export class Shelf {
  constructor(
    readonly store: Store,
    readonly scope: string,
  ) {}

  /** A value with its version; version 0 where there is none. */
  async read<T>(name: string): Promise<{ value: T | undefined; version: number }> {
    const { entries } = await this.store.get([this.key(name)]);
    const [entry] = entries;
    return entry ? { value: JSON.parse(entry.value) as T, version: entry.version } : { value: undefined, version: 0 };
  }

  /** Entries in order of their names, as `[name, value]`. */
  async list<T>(prefix: string, after: string | null, limit: number): Promise<[string, T][]> {
    const from = after === null ? null : this.key(after);
    const { entries } = await this.store.list({ prefix: this.key(prefix), after: from, limit });
    return entries.map(({ key, value }) => [key.slice(this.scope.length + 1), JSON.parse(value) as T]);
  }

  /** Writes values by name, undefined to delete; together with a checkpoint that nobody else may have moved. */
  async write(values: Record<string, unknown>, checkpoint?: { name: string; value: unknown; version: number }) {
    const writes = Object.entries(values).map(([name, value]) => this.#write(name, value, null));
    if (checkpoint) writes.push(this.#write(checkpoint.name, checkpoint.value, checkpoint.version));
    if (writes.length === 0) return 0;
    const { ok, version } = await this.store.commit(writes);
    if (!ok)
      throw problem('conflict', 'another process does the same', 'Let one of them go on; nothing is done twice.');
    return version;
  }

  key(name: string): string {
    return `${this.scope}/${name}`;
  }

  #write(name: string, value: unknown, expect: number | null) {
    return { key: this.key(name), expect, value: value === undefined ? null : JSON.stringify(value) };
  }
}

/** 16 hex digits that stand for a text, as in the core's names. */
export async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-512', new TextEncoder().encode(`${text}\0`));
  return Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
