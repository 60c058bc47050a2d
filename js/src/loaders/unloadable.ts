import type { ErrorDetails } from '../protocol.js';

/** A file of the package can't be had. Only where it didn't come through may the same call succeed later. */
export function unloadable(message: string, help: string, code: ErrorDetails['code'] = 'misconfigured'): ErrorDetails {
  return { code, message, help, retryable: code === 'unavailable' };
}
