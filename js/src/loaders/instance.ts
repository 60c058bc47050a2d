import { isDetails } from '../errors.js';
import { unloadable } from './unloadable.js';

const INSTALL_HELP = 'Install and deploy the package anew, all of its files from one version.';
const COMPILE_HELP = `A Manifest V3 extension or a page with a strict content security policy must allow 'wasm-unsafe-eval'; a bundle for Cloudflare Workers needs the condition workerd; Vite's development server needs optimizeDeps: { exclude: ['ghl-digistore24'] }. Otherwise the file is damaged: install the package anew.`;

/** The glue of one build. */
interface Glue<Wasm> {
  create(): Wasm;
  importedAs: string;
}

/** What a loader needs of an instance, whichever build it is of. */
interface Instance {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
  catalogFace(face: Uint8Array): void;
  catalogList(filter: string): string;
}

/** What each loader offers. `Wasm` are the exports of one instance. */
export interface Loader<Wasm> {
  /**
   * The shared instance; the first call makes it.
   *
   * @throws ErrorDetails `misconfigured`: the wasm is missing, damaged, of another version, or the host forbids to compile it;
   * `unavailable`: it could not be fetched now. The next call tries again.
   */
  load(): Promise<Wasm>;
  /**
   * A new instance, which `load` returns from now on: the way on after a trap. Objects of the old one keep pointing
   * into the old one: drop them, don't call them.
   */
  reload(): Promise<Wasm>;
  /**
   * Gives an instance its face: after an error with the cause `catalog face`, before the same call again. `catalogList` does
   * it by itself.
   *
   * @throws ErrorDetails `misconfigured`: it could not be read.
   */
  giveFace(wasm: Wasm): void;
}

/**
 * Builds a loader from the glue of a build and from a host's ways to its compiled module and to the face of the catalog.
 * Compiled once, instantiated as often as wanted.
 */
export function loaderFrom<Wasm extends Instance>(
  { create, importedAs }: Glue<Wasm>,
  compile: () => WebAssembly.Module | Promise<WebAssembly.Module>,
  face: () => Uint8Array,
): Loader<Wasm> {
  let module: Promise<WebAssembly.Module> | undefined;
  let current: Promise<Wasm> | undefined;
  const faced = new WeakSet<Wasm>();

  async function instantiate(): Promise<Wasm> {
    module ??= explained(compile, 'could not be compiled', COMPILE_HELP);
    const compiled = await module;
    const wasm = create();
    const { exports } = await explained(
      // The asynchronous way: browsers refuse a synchronous instance of a large module on the main thread.
      () => WebAssembly.instantiate(compiled, { [importedAs]: { ...(wasm as Instance) } }),
      "doesn't belong to this code",
      INSTALL_HELP,
    );
    wasm.__wbg_set_wasm(exports);
    (exports['__wbindgen_start'] as (() => void) | undefined)?.();
    return withFace(wasm);
  }

  function reload(): Promise<Wasm> {
    const fresh = instantiate();
    current = fresh;
    fresh.catch(() => {
      // A failure (a broken download) is not kept: the next call tries again.
      module = undefined;
      if (current === fresh) current = undefined;
    });
    return fresh;
  }

  function giveFace(wasm: Wasm): void {
    if (!faced.has(wasm)) wasm.catalogFace(face());
    faced.add(wasm);
  }

  /** The first listing gives the instance its face: most calls need none, so they don't wait for it. */
  function withFace(wasm: Wasm): Wasm {
    const { catalogList } = wasm;
    function list(filter: string): string {
      giveFace(wasm);
      return catalogList(filter);
    }
    return Object.assign(wasm, { catalogList: list });
  }

  return { load: () => current ?? reload(), reload, giveFace };
}

/** Says what to do where the engine only says what it met. Whoever knows better has said so already. */
async function explained<T>(work: () => T | Promise<T>, what: string, help: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDetails(error) ? error : unloadable(`the wasm ${what} (${(error as Error)?.name})`, help);
  }
}
