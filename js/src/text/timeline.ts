import type { Json, Timeline, TimelineEntry } from '../protocol.js';
import { fit, pad, WIDTH } from './columns.js';
import type { Paint } from './paint.js';

const GLYPHS: Record<TimelineEntry['kind'], string> = {
  contact: '◆',
  purchase: '●',
  note: '✎',
  task: '☐',
  appointment: '◷',
  deal: '$',
  eticket: '▣',
  message: '✉',
};
const DONE = '☑';
const INDENT = 2;
const DATE_WIDTH = 10;

/** One customer as lines for a terminal: who, the orders, and a dated line for all that happened. */
export function drawTimeline(timeline: Timeline, paint: Paint): string[] {
  const { contact, status, orders, lifetime, missing } = timeline;
  const who = [said(contact['contactName']) || said(contact['name']), said(contact['email'])]
    .filter(Boolean)
    .join(', ');
  const tags = Array.isArray(contact['tags']) ? contact['tags'].join(', ') : '';
  const lines = [paint.bold(fit(`${who}${status ? `: ${status}` : ''}`, WIDTH))];
  if (tags) lines.push(paint.dim(fit(`tags: ${tags}`, WIDTH)));
  for (const { id, items, balance, currency, nextPaymentAt, paidUntil, test } of orders) {
    const what = items.map(({ product, state }) => `${product ?? 'product unknown'} (${state})`).join(', ');
    const money = `${amount(balance)} ${currency ?? ''}`.trim();
    const when = nextPaymentAt ? `, next payment ${nextPaymentAt}` : paidUntil ? `, paid until ${paidUntil}` : '';
    lines.push(fit(`order ${id}${test ? ' [TEST]' : ''}: ${what}, ${money}${when}`, WIDTH));
  }
  const sums = Object.entries(lifetime).map(([currency, sum]) => `${amount(sum)} ${currency}`);
  if (sums.length > 0) lines.push(`lifetime: ${sums.join(', ')}`);
  for (const { operation, code, help } of missing) {
    lines.push(paint.warn(fit(`${code === 'cut' ? 'cut' : 'not read'}: ${operation}. ${help}`, WIDTH)));
  }
  lines.push('');

  let day = '';
  for (const entry of timeline.timeline) {
    const date = (entry.at ?? '').slice(0, DATE_WIDTH);
    const shown = date === day ? '' : date || 'no date';
    const bar = day === '' ? '┌' : '│';
    day = date;
    const glyph = entry.kind === 'task' && entry.completed ? DONE : GLYPHS[entry.kind];
    const start = `${' '.repeat(INDENT)}${pad(shown, DATE_WIDTH)} ${bar} ${glyph} `;
    lines.push(start + mood(entry, paint)(fit(words(entry), WIDTH - Array.from(start).length)));
  }
  return lines;
}

function words({ kind, title = '', order, completed, at, ...rest }: TimelineEntry): string {
  switch (kind) {
    case 'contact':
      return `contact created${rest['source'] ? `, source ${said(rest['source'])}` : ''}`;
    case 'purchase':
      return `${title}${order ? ` · order ${order}` : ''}`;
    case 'note':
      return `note: ${title || said(rest.body).split('\n')[0]}`;
    case 'task':
      return `task ${completed ? 'done' : 'open'}: ${title}`;
    case 'appointment':
      return `appointment ${(at ?? '').slice(11, 16)} ${title}`;
    case 'deal':
      return `deal ${said(rest['status'])}: ${said(rest['name'])}`;
    case 'eticket':
      return `e-ticket ${said(rest['id'])}${rest['used_at'] ? `, used ${said(rest['used_at'])}` : ''}`;
    case 'message':
      return `${said(rest['direction']) || 'a'} message: ${said(rest.body).split('\n')[0]}`;
  }
}

function mood({ kind, title = '' }: TimelineEntry, paint: Paint): (text: string) => string {
  if (kind !== 'purchase') return paint.dim;
  if (/missed|denial/.test(title)) return paint.warn;
  return /refund|chargeback/.test(title) ? paint.bad : paint.good;
}

function amount(value: Json): string {
  return typeof value === 'number' ? value.toFixed(2) : said(value);
}

function said(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
