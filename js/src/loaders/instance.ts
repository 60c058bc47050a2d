import { create } from '../../../wasm/ghl_digistore24_glue.js';
import type { ErrorDetails } from '../protocol.js';

/** The exports of one instance of the plugin's wasm. */
export type Wasm = ReturnType<typeof create>;

/** What each loader offers. */
export interface Loader {
  /** The shared instance; the first call makes it. */
  load(): Promise<Wasm>;
  /**
   * A new instance, which `load` returns from now on: the way on after a trap. Objects of the old one keep pointing
   * into the old one: drop them, don't call them.
   */
  reload(): Promise<Wasm>;
}

/**
 * Builds a loader from a host's ways to a compiled module and to the face of the catalog. Compiled once, instantiated as
 * often as wanted.
 */
export function loaderFrom(
  compile: () => WebAssembly.Module | Promise<WebAssembly.Module>,
  face: () => Uint8Array,
): Loader {
  let module: Promise<WebAssembly.Module> | undefined;
  let current: Promise<Wasm> | undefined;

  async function instantiate(): Promise<Wasm> {
    module ??= Promise.resolve(compile());
    const compiled = await module;
    const glue = create();
    // The asynchronous way: browsers refuse a synchronous instance of a large module on the main thread.
    const instance = await WebAssembly.instantiate(compiled, { './ghl_digistore24_bg.js': { ...glue } });
    glue.__wbg_set_wasm(instance.exports);
    (instance.exports['__wbindgen_start'] as (() => void) | undefined)?.();
    return withFace(glue, face);
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
function withFace(wasm: Wasm, face: () => Uint8Array): Wasm {
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
