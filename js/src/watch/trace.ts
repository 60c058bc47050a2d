/** Whether a text can stand as a trace in events, metrics' exemplars and logs: nothing that needs quoting. */
export function isTrace(text: unknown): text is string {
  return typeof text === 'string' && /^[\w.:-]{1,64}$/.test(text);
}

/** 32 hexadecimal digits, as the core makes them. Not for secrets. */
export function newTrace(): string {
  return Array.from({ length: 4 }, () => ((Math.random() * 2 ** 32) >>> 0).toString(16).padStart(8, '0')).join('');
}
