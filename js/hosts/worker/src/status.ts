import { createMetrics, type ErrorDetails } from 'ghl-digistore24';
import { type Env, ledgerOf } from './env.js';
import { COUNT_LIMIT, type Status } from './ledger.js';
import { detailsOf } from './log.js';

/** A location that could be asked, or why not. */
export type Told = Status | { connection: string; location: string | null; problem: string };

/** Asks all objects. One that can't answer is told as such. */
export function statuses(env: Env, scopes: { connection: string; location: string | null }[]): Promise<Told[]> {
  return Promise.all(
    scopes.map(async (scope): Promise<Told> => {
      try {
        return await ledgerOf(env, scope.connection, scope.location).status(scope);
      } catch (error) {
        return { ...scope, problem: detailsOf(error).message };
      }
    }),
  );
}

/** For Prometheus: how many messages lie where. What happened is counted by Workers Logs. */
export function metrics(all: Told[]): Response {
  const rooms = all.map((told) => ({
    connection: told.connection,
    ...(told.location !== null && { location: told.location }),
    inbox: 'problem' in told ? undefined : told.inbox,
    dead: 'problem' in told ? undefined : told.dead,
  }));
  return new Response(createMetrics().text(rooms), {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
  });
}

/** The status page: no script, nothing from elsewhere. */
export function statusPage(all: Told[]): Response {
  const isWell = all.every((told) => !needsPerson(told));
  const rows = all.filter((told) => told.location !== null || 'problem' in told || told.kept > 0).map(row);
  const next = all.flatMap(toDo);
  const letters = all.flatMap((told) =>
    'problem' in told
      ? []
      : told.letters.map(
          ({ event, order, receivedAt, error }) =>
            `<li><b>${safe(event)}</b> ${safe(order)} · ${place(told)} · ${time(receivedAt)}<br>${because(error)}</li>`,
        ),
  );
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>ghl-digistore24</title><style>${STYLE}</style></head><body>
<header><h1>Digistore24 → HighLevel</h1><p class="${isWell ? 'well' : 'ill'}">${isWell ? 'All is well' : 'A person is needed'}</p></header>
<div><table><thead><tr><th>Connection</th><th>Location</th><th>Waiting</th><th>Dead letters</th><th>Last message</th><th>Works on at</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></div>
${next.length > 0 ? `<h2>What to do</h2><ul>${next.join('')}</ul>` : ''}
${letters.length > 0 ? `<h2>Dead letters</h2><ul>${letters.join('')}</ul><p>When what they name is mended, try them again: <code>curl -X POST -H 'Authorization: Bearer …' …/retry</code></p>` : ''}
<footer>Times are UTC. <a href="/healthz">Health</a></footer></body></html>`;
  return new Response(body, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  });
}

/** What no waiting mends: a dead letter, an object that can't answer, a credential that is refused. */
function needsPerson(told: Told): boolean {
  if ('problem' in told) return true;
  const { dead, undelivered, waitsFor } = told;
  return dead > 0 || undelivered > 0 || (waitsFor !== null && !PASSING.has(waitsFor.code));
}

/** These end by themselves: the service is busy or down, or it is looked up what became of a write. */
const PASSING = new Set(['unavailable', 'timeout', 'rate_limited', 'quota_exhausted', 'outcome_unknown']);

/** What keeps a location from working, each with the next step. Dead letters tell theirs themselves. */
function toDo(told: Told): string[] {
  const say = (text: string) => `<li><b>${place(told)}</b><br>${text}</li>`;
  if ('problem' in told) return [say(`${safe(told.problem)}. Look into the Workers logs; the cron tries again.`)];
  const { waitsFor, undelivered, nextAt } = told;
  const again = nextAt === null ? '' : ` It tries again at ${time(nextAt)}.`;
  return [
    ...(waitsFor === null ? [] : [say(`${because(waitsFor)}${again} Nothing is lost.`)]),
    ...(undelivered === 0
      ? []
      : [
          say(
            `${count(undelivered)} messages could not be stored in time; the next alarm takes them in. See the Workers logs.`,
          ),
        ]),
  ];
}

function row(told: Told): string {
  const names = `<td>${safe(told.connection)}</td><td>${told.location === null ? '<i>belongs to none</i>' : safe(told.location)}</td>`;
  if ('problem' in told) return `<tr class="ill">${names}<td colspan="4">${safe(told.problem)}</td></tr>`;
  const waiting = told.location === null ? `${count(told.kept)} kept` : count(told.inbox + told.undelivered);
  return `<tr${needsPerson(told) ? ' class="ill"' : ''}>${names}<td>${waiting}</td><td>${count(told.dead)}</td><td>${time(told.lastMessageAt)}</td><td>${time(told.nextAt)}</td></tr>`;
}

const place = ({ connection, location }: Told) => safe(location === null ? connection : `${connection} / ${location}`);
const because = (error: ErrorDetails | null) => `${safe(error?.message ?? 'unknown')}. ${safe(error?.help ?? '')}`;
const count = (n: number) => (n >= COUNT_LIMIT ? `${COUNT_LIMIT} or more` : String(n));
const time = (iso: string | null) => (iso === null ? '–' : safe(iso.slice(0, 16).replace('T', ' ')));

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const safe = (text: string) => text.replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? '');

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#e3e5e8, #33373d); --soft: light-dark(#5b6270, #a0a7b4);
  --ill: light-dark(#b3261e, #ff8a80); --well: light-dark(#1b7f4b, #6fd69a); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem;
  background: light-dark(#fff, #16181c); color: light-dark(#16181c, #eceef1); }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; } header p { margin: 0; font-weight: 600; }
.well { color: var(--well); } .ill, tr.ill td { color: var(--ill); }
div { margin-top: 1.5rem; overflow-x: auto; } table { border-collapse: collapse; width: 100%; white-space: nowrap; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
th, td { padding: .5rem 1.5rem .5rem 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
ul { padding-left: 1.1rem; } li { margin-bottom: .6rem; } footer { margin-top: 2rem; color: var(--soft); font-size: .85rem; }
a { color: inherit; }`;
