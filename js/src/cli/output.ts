import { once } from 'node:events';
import { PluginError, problem } from '../errors.js';
import type { ErrorDetails, LogLine } from '../protocol.js';
import { type Paint, paintFor } from '../text/paint.js';

/** Done, the service or the sync said no, the input is wrong. */
export const EXIT = { done: 0, refused: 1, wrongInput: 2 } as const;

/** Where a command's results, errors and logs go. Results on stdout, all else on stderr. */
export class Output {
  readonly isJson: boolean;
  readonly paint: Paint;

  constructor(isJson: boolean) {
    this.isJson = isJson;
    this.paint = paintFor(process.stdout);
  }

  /** A result: as JSON, or in words. */
  result(value: unknown, words: (paint: Paint) => string[]): void {
    const text = this.isJson ? JSON.stringify(value, null, 2) : words(this.paint).join('\n');
    if (text !== '') process.stdout.write(`${text}\n`);
  }

  /** A result that is one of many, as a line of JSON. Waits where the reader is slow. */
  async line(value: unknown): Promise<void> {
    if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, 'drain');
  }

  /** An error, with the exit code that belongs to it. */
  failed(thrown: unknown): void {
    const error = asDetails(thrown);
    process.stderr.write(`${this.isJson ? JSON.stringify(error) : errorInWords(error, paintFor(process.stderr))}\n`);
    process.exitCode = exitCodeOf(error);
  }

  /** A line for the operator. */
  readonly log = ({ level, message, fields }: LogLine): void => {
    if (this.isJson) {
      process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, message, ...fields })}\n`);
      return;
    }
    const rest = Object.entries(fields).filter(([, value]) => value !== '');
    const words = rest.map(([name, value]) => ` ${name}=${/[\s"]/.test(value) ? JSON.stringify(value) : value}`);
    process.stderr.write(`${new Date().toISOString()} ${level.padEnd(5)} ${message}${words.join('')}\n`);
  };
}

/** The exit code of an error. */
export function exitCodeOf({ code }: ErrorDetails): number {
  return code === 'invalid_input' || code === 'misconfigured' ? EXIT.wrongInput : EXIT.refused;
}

function asDetails(thrown: unknown): ErrorDetails {
  if (thrown instanceof PluginError) return thrown.toJSON();
  // The words of foreign errors can repeat anything; a bug is found by its name and place.
  const cause =
    thrown instanceof Error ? `${thrown.name} ${thrown.stack?.split('\n')[1]?.trim() ?? ''}` : typeof thrown;
  return problem('outcome_unknown', 'the command failed', 'Please report this as a bug.', { cause }).toJSON();
}

function errorInWords(error: ErrorDetails, paint: Paint): string {
  const lines = [`${paint.bad('error')}: ${error.message} (${error.code})`];
  for (const { path, problem } of error.fields ?? []) lines.push(`  ${path}: ${problem}`);
  lines.push(`  ${error.help}`);
  return lines.join('\n');
}
