/**
 * Digistore24 writes times as wall-clock text without a zone ("2026-08-18 08:41:48"), by all
 * evidence that of Berlin. Inside the sandbox such texts are the times: they sort as they are.
 */

const FORMAT = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Berlin',
  dateStyle: 'short',
  timeStyle: 'medium',
});

const DAY_MS = 86_400_000;

/** The Berlin wall clock at an instant: `YYYY-MM-DD HH:MM:SS`. */
export function berlinTime(ms: number): string {
  return FORMAT.format(ms);
}

/** Adds an interval such as `1_month`, `12_month`, `14_day` or `1_year` to a wall-clock text. */
export function addInterval(time: string, interval: string, times = 1): string {
  const [count, unit] = interval.split('_');
  const amount = Number(count) * times;
  const date = asUtc(time);
  if (unit === 'day') return asText(date.getTime() + amount * DAY_MS);
  const months = amount * (unit === 'year' ? 12 : 1);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return asText(date.getTime());
}

/** The date part of a wall-clock text. */
export function dateOf(time: string): string {
  return time.slice(0, 10);
}

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };

/**
 * Reads a time as the Digistore24 functions take it: `now`, `today`, `start`, `-24h`, `3d`, `6M`,
 * `2Y`, `YYYY-MM-DD[ HH:MM:SS]`, or ISO 8601 with an offset. Undefined when it is none of these.
 */
export function readTime(text: string, nowMs: number): string | undefined {
  const now = berlinTime(nowMs);
  if (text === 'now') return now;
  if (text === 'today') return `${dateOf(now)} 00:00:00`;
  if (text === 'start') return '2000-01-01 00:00:00';
  const relative = /^([-+]?\d+)([smhdMY])$/.exec(text);
  if (relative?.[1] && relative[2]) return shifted(now, nowMs, Number(relative[1]), relative[2]);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return `${text} 00:00:00`;
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return text;
  const instant = /T.*(Z|[-+]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(instant) ? undefined : berlinTime(instant);
}

function shifted(now: string, nowMs: number, count: number, unit: string): string {
  if (unit === 'M') return addInterval(now, `${count}_month`);
  if (unit === 'Y') return addInterval(now, `${count}_year`);
  return berlinTime(nowMs + count * (UNIT_MS[unit] ?? 0));
}

function asUtc(time: string): Date {
  return new Date(`${time.replace(' ', 'T')}Z`);
}

function asText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
