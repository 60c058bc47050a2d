import { createHash } from 'node:crypto';

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const UNMISTAKABLE = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/**
 * A seeded generator of ids. Each kind of id has its own sequence, so that one more task does not
 * change the id of the next contact and the output of a demo stays stable.
 */
export class Ids {
  readonly #counts = new Map<string, number>();

  constructor(readonly seed: number) {}

  /** 20 letters and digits, the shape of most HighLevel ids. */
  id(kind: string): string {
    return this.#letters(kind, ALPHANUMERIC, 20);
  }

  /** Capital letters and digits that nobody confuses, the shape of a Digistore24 order id. */
  key(kind: string, length = 8): string {
    return this.#letters(kind, UNMISTAKABLE, length);
  }

  /** A UUID, the shape of HighLevel's pipeline stage ids, workflow ids and trace ids. */
  uuid(kind: string): string {
    const hex = this.#digest(kind).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  /** `first`, then one more each time. */
  number(kind: string, first: number): number {
    return first + this.#next(kind);
  }

  /** A number from 0 up to but not including 1. */
  chance(kind: string): number {
    return this.#digest(kind).readUInt32BE(0) / 2 ** 32;
  }

  #letters(kind: string, alphabet: string, length: number): string {
    const bytes = this.#digest(kind).subarray(0, length);
    return Array.from(bytes, (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  }

  #digest(kind: string): Buffer {
    return createHash('sha256')
      .update(`${this.seed}:${kind}:${this.#next(kind)}`)
      .digest();
  }

  #next(kind: string): number {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    return count;
  }
}
