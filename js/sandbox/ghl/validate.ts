import { unprocessable } from './problem.js';

/** What a property of a request body must be. */
export interface Rule {
  kind: 'string' | 'number' | 'boolean' | 'array' | 'strings' | 'object' | 'date' | 'any';
  required?: boolean;
  nullable?: boolean;
  oneOf?: readonly string[];
}

/** The properties that a request body may have. */
export type Shape = Record<string, Rule>;

/** A request body that has passed {@link strictBody}. */
export type Body = Record<string, unknown>;

/** An optional text. */
export const TEXT: Rule = { kind: 'string' };
/** An optional text that may be null. */
export const TEXT_OR_NULL: Rule = { kind: 'string', nullable: true };
/** A text that must be there and not be empty. */
export const NEEDED: Rule = { kind: 'string', required: true };
/** An optional number. */
export const NUMBER: Rule = { kind: 'number' };
/** An optional boolean. */
export const FLAG: Rule = { kind: 'boolean' };
/** An optional list of texts. */
export const TEXTS: Rule = { kind: 'strings' };
/** An optional list. */
export const LIST: Rule = { kind: 'array' };
/** An optional object. */
export const OBJECT: Rule = { kind: 'object' };

/**
 * Checks a body as HighLevel does: a property that the specification doesn't name is refused, and
 * each complaint is one message of a 422, worded as NestJS's class-validator words them.
 */
export function strictBody(input: unknown, shape: Shape): Body {
  const body = isObject(input) ? input : {};
  const messages = [
    ...Object.keys(body)
      .filter((name) => !Object.hasOwn(shape, name))
      .map((name) => `property ${name} should not exist`),
    ...Object.entries(shape).flatMap(([name, rule]) => complaints(name, body[name], rule)),
  ];
  if (messages.length > 0) throw unprocessable(messages);
  return body;
}

/** A text of a checked body; undefined when absent, null or empty. */
export function text(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts of a list of a checked body. */
export function texts(body: Body, name: string): string[] {
  const value = body[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const WORDING: Record<Rule['kind'], string> = {
  string: 'must be a string',
  number: 'must be a number conforming to the specified constraints',
  boolean: 'must be a boolean value',
  array: 'must be an array',
  strings: 'must be an array',
  object: 'must be an object',
  date: 'must be a valid ISO 8601 date string',
  any: '',
};

function complaints(name: string, value: unknown, rule: Rule): string[] {
  if (value === null && rule.nullable) return [];
  if (value === undefined || value === null || (value === '' && rule.required)) {
    const wrong = value === '' ? [] : [`${name} ${WORDING[rule.kind]}`];
    return rule.required ? [`${name} should not be empty`, ...wrong] : value === null ? wrong : [];
  }
  if (!fits(value, rule.kind)) return [`${name} ${WORDING[rule.kind]}`];
  if (rule.kind === 'strings' && !(value as unknown[]).every((item) => typeof item === 'string')) {
    return [`each value in ${name} must be a string`];
  }
  if (rule.oneOf && !rule.oneOf.includes(String(value))) {
    return [`${name} must be one of the following values: ${rule.oneOf.join(', ')}`];
  }
  return [];
}

function fits(value: unknown, kind: Rule['kind']): boolean {
  switch (kind) {
    case 'array':
    case 'strings':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value));
    case 'any':
      return true;
    default:
      return typeof value === kind;
  }
}
