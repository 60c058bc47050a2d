import type { World } from '../state.js';
import type { Args } from './args.js';

/** Who calls. */
export interface Caller {
  /** The number before the dash of the API key. */
  keyId: string;
  key: string;
  permission: 'full' | 'readonly' | 'developer';
  /** The key came out of the dialogue. */
  isGranted: boolean;
  /** Where Digistore24 is. */
  baseUrl: string;
}

/** A function of the Digistore24 API. */
export interface ApiFunction {
  /** A read-only key is refused. */
  writes?: boolean;
  /** Only for developer keys, which can do nothing else. */
  developer?: boolean;
  /** Gives the `data` of the answer; throws a CallError to refuse. */
  run(world: World, args: Args, caller: Caller): unknown;
}

/** Functions by name. */
export type Functions = Record<string, ApiFunction>;
