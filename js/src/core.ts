import { giveFace, load, reload, type Wasm } from '#loader';
import { type Task as Driven, drive, type Host, Trap } from './drive.js';
import { isDetails, PluginError } from './errors.js';
import type { Step } from './protocol.js';

type WasmPlugin = InstanceType<Wasm['Plugin']>;
type WasmTask = ReturnType<WasmPlugin['start']>;

/** What a call is made of. */
type Call = [
  method: string,
  args: string,
  body: Uint8Array | undefined,
  host: Host,
  options?: { signal?: AbortSignal | undefined; trace?: string | undefined },
];

/** Instances that have trapped. Shared by all plugins, as the instances are. */
const broken = new WeakSet<Wasm>();

/**
 * An instance that works.
 *
 * @throws PluginError as the loader says.
 */
export async function healthy(): Promise<Wasm> {
  try {
    const wasm = await load();
    return broken.has(wasm) ? await reload() : wasm;
  } catch (thrown) {
    throw isDetails(thrown) ? new PluginError(thrown) : thrown;
  }
}

/** The wasm side of one plugin. After a trap the next call gets a new instance. */
export class Core {
  #wasm: Wasm;
  #plugin: WasmPlugin;
  readonly #options: object;

  private constructor(wasm: Wasm, options: object) {
    this.#wasm = wasm;
    this.#options = options;
    this.#plugin = construct(wasm, options);
  }

  /** @throws PluginError `invalid_input` with every wrong option. */
  static async create(options: object): Promise<Core> {
    return new Core(await healthy(), options);
  }

  /**
   * One call; gives its result as JSON text. Where it takes the face of the catalog, the core says so before it does
   * anything; the call is made again with the face.
   *
   * @throws PluginError as the core says; `outcome_unknown` after a trap.
   */
  async call(...call: Call): Promise<string> {
    try {
      return await this.#attempt(...call);
    } catch (error) {
      if (!(error instanceof PluginError && error.cause === 'catalog face')) throw error;
    }
    await this.#heal();
    guarded(this.#wasm, () => giveFace(this.#wasm));
    return this.#attempt(...call);
  }

  async #attempt(...[method, args, body, host, { signal, trace } = {}]: Call): Promise<string> {
    await this.#heal();
    const wasm = this.#wasm;
    const task = guarded(wasm, () => this.#plugin.start(method, args, body, trace, host.isHeard()));
    try {
      return await drive(watched(task, wasm), host, signal);
    } catch (error) {
      if (error instanceof Trap) broken.add(wasm);
      throw error;
    } finally {
      release(wasm, task);
    }
  }

  /** Takes a new instance where this one has trapped. */
  async #heal(): Promise<void> {
    if (!broken.has(this.#wasm)) return;
    const wasm = await healthy();
    // Another call may have been faster.
    if (!broken.has(this.#wasm)) return;
    release(this.#wasm, this.#plugin);
    this.#wasm = wasm;
    this.#plugin = construct(wasm, this.#options);
  }

  /** Whether a request may go to this address: only to the base addresses of the options. */
  allows(url: string): boolean {
    return !broken.has(this.#wasm) && this.#plugin.allows(url);
  }

  /** Gives the memory back. */
  free(): void {
    release(this.#wasm, this.#plugin);
  }
}

/** A task whose instance may be broken by another one between two steps. */
function watched(task: WasmTask, wasm: Wasm): Driven {
  return {
    step(input) {
      if (broken.has(wasm)) throw new Error('the instance has trapped');
      return JSON.parse(task.step(JSON.stringify(input))) as Step;
    },
  };
}

function construct(wasm: Wasm, options: object): WasmPlugin {
  return guarded(wasm, () => new wasm.Plugin(options));
}

/** What the core throws as details is an error of the caller; all else is a trap. */
export function guarded<T>(wasm: Wasm, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (isDetails(thrown)) throw new PluginError(thrown);
    broken.add(wasm);
    throw new Trap(thrown);
  }
}

/** Frees an object; in a broken instance it is only forgotten, by us and by the finalizer that would call into it. */
function release(wasm: Wasm, object: { free(): void }): void {
  if (broken.has(wasm)) (object as unknown as { __destroy_into_raw(): number }).__destroy_into_raw();
  else object.free();
}
