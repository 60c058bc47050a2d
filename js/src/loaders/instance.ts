import type { ErrorDetails } from '../protocol.js';

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
  /** The shared instance; the first call makes it. */
  load(): Promise<Wasm>;
  /**
   * A new instance, which `load` returns from now on: the way on after a trap. Objects of the old one keep pointing
   * into the old one: drop them, don't call them.
   */
  reload(): Promise<Wasm>;
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

  async function instantiate(): Promise<Wasm> {
    module ??= Promise.resolve(compile());
    const compiled = await module;
    const wasm = create();
    // The asynchronous way: browsers refuse a synchronous instance of a large module on the main thread.
    const { exports } = await WebAssembly.instantiate(compiled, { [importedAs]: { ...(wasm as Instance) } });
    wasm.__wbg_set_wasm(exports);
    (exports['__wbindgen_start'] as (() => void) | undefined)?.();
    return withFace(wasm, face);
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

  return { load: () => current ?? reload(), reload };
}

/** The first listing gives the instance its face: calls need none, so they don't wait for it. */
function withFace<Wasm extends Instance>(wasm: Wasm, face: () => Uint8Array): Wasm {
  const { catalogList } = wasm;
  let given = false;
  function list(filter: string): string {
    if (!given) wasm.catalogFace(read(face));
    given = true;
    return catalogList(filter);
  }
  return Object.assign(wasm, { catalogList: list });
}

function read(face: () => Uint8Array): Uint8Array {
  try {
    return face();
  } catch {
    const details: ErrorDetails = {
      code: 'misconfigured',
      message: 'the face of the catalog could not be read',
      help: 'Bring ghl_digistore24_face.bin along with the wasm, or load the plugin with ghl-digistore24/load/base64.',
      retryable: false,
    };
    throw details;
  }
}
