import { createMetrics } from 'ghl-digistore24';
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
  const isWell = all.every((told) => !('problem' in told) && told.dead === 0 && told.undelivered === 0);
  const rows = all.filter((told) => told.location !== null || 'problem' in told || told.kept > 0).map(row);
  const letters = all.flatMap((told) =>
    'problem' in told
      ? []
      : told.letters.map(
          ({ event, order, receivedAt, error }) =>
            `<li><b>${safe(event)}</b> ${safe(order)} · ${safe(told.connection)}${told.location ? ` / ${safe(told.location)}` : ''} · ${time(receivedAt)}<br>${safe(error?.message ?? 'unknown')}. ${safe(error?.help ?? '')}</li>`,
        ),
  );
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>ghl-digistore24</title><style>${STYLE}</style></head><body>
<header><h1>Digistore24 → HighLevel</h1><p class="${isWell ? 'well' : 'ill'}">${isWell ? 'All is well' : 'A person is needed'}</p></header>
<table><thead><tr><th>Connection</th><th>Location</th><th>Waiting</th><th>Dead letters</th><th>Last message</th><th>Works on at</th></tr></thead>
<tbody>${rows.join('')}</tbody></table>
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

function row(told: Told): string {
  const place = `<td>${safe(told.connection)}</td><td>${told.location === null ? '<i>belongs to none</i>' : safe(told.location)}</td>`;
  if ('problem' in told) return `<tr class="ill">${place}<td colspan="4">${safe(told.problem)}</td></tr>`;
  const waiting = told.location === null ? `${count(told.kept)} kept` : count(told.inbox + told.undelivered);
  const isIll = told.dead > 0 || told.undelivered > 0;
  return `<tr${isIll ? ' class="ill"' : ''}>${place}<td>${waiting}</td><td>${count(told.dead)}</td><td>${time(told.lastMessageAt)}</td><td>${time(told.nextAt)}</td></tr>`;
}

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
table { border-collapse: collapse; width: 100%; margin-top: 1.5rem; display: block; overflow-x: auto; white-space: nowrap; }
thead, tbody { width: 100%; } th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
th, td { padding: .5rem 1.5rem .5rem 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
ul { padding-left: 1.1rem; } li { margin-bottom: .6rem; } footer { margin-top: 2rem; color: var(--soft); font-size: .85rem; }
a { color: inherit; }`;
