import { type ErrorDetails, type LogLine, PluginError } from 'ghl-digistore24';

/** Warnings and errors as one line of JSON, as Workers Logs reads it. */
export function log({ level, message, fields }: LogLine): void {
  if (level === 'warn' || level === 'error') console[level](JSON.stringify({ message, ...fields }));
}

/** What was thrown, as data. A message of the platform could repeat values, so only its kind is told. */
export function detailsOf(error: unknown): ErrorDetails {
  if (error instanceof PluginError) return error.toJSON();
  // Errors lose their class between objects.
  const isRetryable = error instanceof Error && 'retryable' in error && error.retryable === true;
  return {
    code: 'unavailable',
    message: 'the object of the location could not be reached',
    help: 'Nothing is lost: the queue brings the message again. See the Workers logs if it goes on.',
    retryable: true,
    cause: isRetryable ? 'retryable' : error instanceof Error ? error.name : 'unknown',
  };
}
