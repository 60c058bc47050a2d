/**
 * The types of `plugin.run` and of the namespaces. They come from one table, {@link Operations}: an operation that is
 * in it is typed, any other takes and gives plain JSON.
 */
import type {} from './generated/catalog.js';
import type { ItemOf, Listed, ListInputOf, Listing, ListOptions } from './lists.js';
import type { JsonObject } from './protocol.js';

/**
 * Input and output of each operation by its catalog id. `generated/catalog.ts`, which the build makes from the
 * catalog, merges into this interface.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Operations {}

/** The input of an operation. */
export type InputOf<Id extends string> = Id extends keyof Operations
  ? Operations[Id] extends { input: infer Input }
    ? Input
    : never
  : JsonObject;

/** The output of an operation. */
export type OutputOf<Id extends string> = Id extends keyof Operations
  ? Operations[Id] extends { output: infer Output }
    ? Output
    : never
  : unknown;

/** What every call takes beside its input. */
export interface CallOptions {
  /** Ends waiting. A request that was sent may still take effect. */
  signal?: AbortSignal | undefined;
  /** Stands in all events of the call: at most 64 letters, digits and `._:-`. Default: a new one. */
  trace?: string | undefined;
}

/** One operation as a function. Throws PluginError. The input may be left out where nothing in it is required. */
export type Operation<Id extends string> = (Record<string, never> extends InputOf<Id>
  ? (input?: InputOf<Id>, options?: CallOptions) => Promise<OutputOf<Id>>
  : (input: InputOf<Id>, options?: CallOptions) => Promise<OutputOf<Id>>) &
  (Id extends Listed ? ListFunction<Id> : unknown);

/** What an operation that lists something has, too. */
export interface ListFunction<Id extends string> {
  /** All items over all pages, each once. */
  list(input?: ListInputOf<Id>, options?: ListOptions): Listing<ItemOf<Id>>;
}

type ResourceOf<Id> = Id extends `ghl.${infer Resource}.${string}` ? Resource : never;

/** `ad-manager` -> `adManager` */
type Camel<Name extends string> = Name extends `${infer Word}-${infer Rest}`
  ? `${Word}${Capitalize<Camel<Rest>>}`
  : Name;

type Known<Prefix extends string> = {
  [Id in keyof Operations & string as Id extends `${Prefix}.${infer Name}` ? Name : never]: Operation<Id>;
};

/** `plugin.ghl.contacts.addTags(input)`, `plugin.ghl.adManager.fbGetPages(input)`: HighLevel's operations by resource. */
export type HighLevelOperations = {
  [Resource in ResourceOf<keyof Operations> as Camel<Resource>]: Known<`ghl.${Resource}`>;
} & { [resource: string]: { [name: string]: Operation<string> } };

/** `plugin.digistore24.getPurchase(input)`: Digistore24's functions. */
export type Digistore24Operations = Known<'digistore24'> & { [name: string]: Operation<string> };

/** `plugin.bridge.addTag(input)`: actions for people, each of several calls. */
export type BridgeActions = Known<'bridge'> & { [name: string]: Operation<string> };

/** How operations are carried out. */
interface Ways {
  run(id: string, input?: JsonObject, options?: CallOptions): Promise<unknown>;
  list(id: string, input?: JsonObject, options?: ListOptions): Listing<unknown>;
}

/** The namespace `plugin.ghl`. A name that the catalog lacks ends in the error `invalid_input` of the call. */
export function highLevelOperations(ways: Ways): HighLevelOperations {
  return named((resource) => {
    const kebab = resource.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return named((name) => operation(ways, `ghl.${kebab}.${name}`));
  }) as HighLevelOperations;
}

/** The namespace `plugin.bridge`. */
export function bridgeActions(ways: Ways): BridgeActions {
  return named((name) => operation(ways, `bridge.${name}`)) as BridgeActions;
}

/** The namespace `plugin.digistore24`. */
export function digistore24Operations(ways: Ways): Digistore24Operations {
  return named((name) => operation(ways, `digistore24.${name}`)) as Digistore24Operations;
}

function operation({ run, list }: Ways, id: string): Operation<string> {
  return Object.assign((input?: JsonObject, options?: CallOptions) => run(id, input, options), {
    list: (input?: JsonObject, options?: ListOptions) => list(id, input, options),
  });
}

/** An object whose properties are made when they are asked for, and kept. */
function named<T>(make: (name: string) => T): Record<string, T> {
  return new Proxy<Record<string, T>>(Object.create(null), {
    get(made, name) {
      // Not a promise, and nothing that a debugger or a serializer asks for.
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
      made[name] ??= make(name);
      return made[name];
    },
  });
}
