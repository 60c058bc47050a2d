import { readFileSync } from 'node:fs';
import { wrongField } from '../errors.js';
import type { JsonObject } from '../protocol.js';

/**
 * The text of a file; `-` is standard input.
 *
 * @throws PluginError `invalid_input` that names the option.
 */
export function readText(path: string, option: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch {
    throw wrongField(option, 'names a file that can’t be read');
  }
}

/**
 * A JSON object given as text, as `@file` or as `-` for standard input.
 *
 * @throws PluginError `invalid_input`
 */
export function readObject(given: string, option: string): JsonObject {
  const isPath = given === '-' || given.startsWith('@');
  const text = isPath ? readText(given.replace(/^@/, ''), option) : given;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words repeat a part of the text.
    throw wrongField(option, 'is not JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw wrongField(option, 'must be a JSON object');
}

/**
 * A secret: the first line of `file:PATH` or, with `-`, of standard input. Never as it is: other users see a process's
 * arguments.
 *
 * @throws PluginError `invalid_input`
 */
export function readSecret(from: string, argument: string): string {
  if (from !== '-' && !from.startsWith('file:'))
    throw wrongField(argument, 'must be file:PATH, or - for standard input');
  const secret = readText(from.replace(/^file:/, ''), argument)
    .split('\n')[0]
    ?.trim();
  if (!secret) throw wrongField(argument, 'is empty');
  return secret;
}

/**
 * A whole number from a flag.
 *
 * @throws PluginError `invalid_input`
 */
export function wholeNumber(given: string, option: string, max: number): number {
  const number = Number(given);
  if (/^\d+$/.test(given) && number <= max) return number;
  throw wrongField(option, `must be a whole number from 0 to ${max}`);
}
