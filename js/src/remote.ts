import { isDetails, PluginError, problem, wrongField } from './errors.js';
import type { CallOptions } from './operations.js';
import type { SyncMethods } from './plugin.js';
import type { Report } from './protocol.js';

/** The receiver that {@link remoteSync} hands events to. */
export interface RemoteSyncOptions {
  /** Its root, `https://sync.example.com`; of many connections `https://sync.example.com/sync/{connection}/{location}`. */
  url: string;
  /** Its `SYNC_TOKEN`. */
  token: string;
  /** Default: the global fetch. */
  fetch?: typeof globalThis.fetch;
}

/** A step of the sync that takes longer is broken off; the receiver goes on with it. Milliseconds. */
const PATIENCE_MS = 90_000;

/**
 * The sync of a receiver (`serve` with a `syncToken`), for hosts without a place where a ledger could lie: the receiver has it,
 * works on what must wait, and takes webhooks of its own beside. The same event again does nothing, so any failure may be
 * answered by another try.
 *
 * @throws PluginError `invalid_input`: the address is none.
 */
export function remoteSync({ url, token, fetch = globalThis.fetch }: RemoteSyncOptions): Pick<SyncMethods, 'apply'> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw wrongField('url', 'must be an http or https address');
  const root = url.replace(/\/+$/, '');
  const address = /\/sync(\/|$)/.test(new URL(root).pathname) ? root : `${root}/sync`;
  return {
    async apply(event, { signal }: CallOptions = {}) {
      const patience = AbortSignal.timeout(PATIENCE_MS);
      let response: Response;
      let answer: unknown;
      try {
        response = await fetch(address, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(event),
          redirect: 'error',
          signal: signal ? AbortSignal.any([signal, patience]) : patience,
        });
        answer = await response.json().catch(() => null);
      } catch {
        if (signal?.aborted) throw problem('cancelled', 'the call was ended', 'Hand the event over again.');
        throw problem(
          patience.aborted ? 'timeout' : 'unavailable',
          'the receiver of the sync has no answer',
          'See that it runs and can be reached from here, then try again: nothing is done twice.',
        );
      }
      const told = (typeof answer === 'object' ? answer : null) as (Partial<Report> & { error?: unknown }) | null;
      if (response.ok && told?.outcome) return told as Report;
      if (isDetails(told?.error)) throw new PluginError(told.error);
      throw problem(
        response.status >= 500 ? 'unavailable' : 'misconfigured',
        'there is no sync at this address',
        'Give the address of a receiver that was started with SYNC_TOKEN.',
        { status: response.status },
      );
    },
  };
}
