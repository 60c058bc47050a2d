import type { LogLine } from '../protocol.js';

/** How long a line is not repeated. Milliseconds. */
const PAUSE_MS = 60_000;
/** So many lines are remembered, the latest. */
const REMEMBERED = 200;

/**
 * A log that doesn't flood: a warning or error that is the same in every field is written once a minute, and then says in
 * `times` how often it came. A full disk or somebody who sends forged messages would fill it otherwise.
 */
export function calm(log: (line: LogLine) => void, clock: () => number = Date.now): (line: LogLine) => void {
  const told = new Map<string, { until: number; times: number }>();
  return (line) => {
    if (line.level !== 'warn' && line.level !== 'error') return log(line);
    const key = JSON.stringify(line);
    const now = clock();
    const before = told.get(key);
    if (before && now < before.until) {
      before.times++;
      return;
    }
    told.delete(key);
    told.set(key, { until: now + PAUSE_MS, times: 1 });
    const [oldest] = told.keys();
    if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
    const times = before && before.times > 1 ? { times: String(before.times) } : {};
    log({ ...line, fields: { ...line.fields, ...times } });
  };
}
