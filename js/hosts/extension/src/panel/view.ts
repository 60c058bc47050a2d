import type { JsonObject, Timeline, TimelineEntry, TimelineOrder } from 'ghl-digistore24';
import type { Entry } from '../messages.js';
import { el } from '../ui/dom.js';
import { amount, day, word } from '../ui/words.js';

/** What a person can begin in the view. */
export interface Doing {
  addTag(): void;
  note(): void;
  buyLink(): void;
  completeTask(taskId: string, title: string): void;
  stopRebilling(order: TimelineOrder): void;
  dismiss(entry: Entry): void;
  again(entry: Entry): void;
}

type Tone = 'good' | 'warn' | 'bad' | '';
const TONES: Record<string, Tone> = {
  active: 'good',
  completed: 'good',
  cancelling: 'warn',
  paused: 'warn',
  ended: '',
  upgraded: '',
  refunded: 'bad',
  chargeback: 'bad',
};
/** States in which payments go on. */
const RUNNING = new Set(['active', 'paused']);
const SHOWN_TAGS = 12;

const chip = (state: string) => el('span', { className: `chip ${TONES[state] ?? ''}` }, word(`state_${state}`));

/** A contact's name, or what is nearest to one. */
export function nameOf(contact: JsonObject): string {
  const text = (name: string) => (typeof contact[name] === 'string' ? String(contact[name]) : '');
  const whole = `${text('firstName')} ${text('lastName')}`.trim();
  return whole || text('contactName') || text('email') || word('nameless');
}

/** A customer: who it is, what was bought, what happened, what can be done. */
export function drawPerson(view: Timeline, journal: Entry[], hasDigistore24: boolean, doing: Doing): HTMLElement[] {
  const { contact, status, lifetime, orders, timeline, missing } = view;
  const text = (name: string) => (typeof contact[name] === 'string' ? String(contact[name]) : '');
  const name = nameOf(contact);
  const tags = Array.isArray(contact['tags']) ? contact['tags'].map(String) : [];
  const sums = Object.entries(lifetime).map(([currency, value]) => amount(value, currency));
  return [
    ...journal.map((entry) => drawEntry(entry, doing)),
    el(
      'section',
      { className: 'card', 'aria-label': name },
      el('div', { className: 'person' }, el('h1', {}, name), status ? chip(status) : null),
      el('div', { className: 'soft' }, [text('email'), text('phone')].filter(Boolean).join(' · ')),
      el(
        'div',
        { className: 'facts' },
        el(
          'div',
          {},
          el('div', { className: 'soft' }, word('lifetime')),
          el('div', { className: 'money' }, sums.join(' + ') || '–'),
        ),
      ),
      tags.length > 0
        ? el(
            'div',
            { className: 'tags' },
            tags.slice(0, SHOWN_TAGS).map((tag) => el('span', { className: 'chip' }, tag)),
            tags.length > SHOWN_TAGS ? el('span', { className: 'soft' }, `+${tags.length - SHOWN_TAGS}`) : null,
          )
        : null,
      el(
        'div',
        { className: 'actions' },
        el('button', { type: 'button', onclick: doing.addTag }, word('addTag')),
        el('button', { type: 'button', onclick: doing.note }, word('addNote')),
        hasDigistore24 ? el('button', { type: 'button', onclick: doing.buyLink }, word('buyLink')) : null,
      ),
    ),
    el('h2', {}, word('orders')),
    el(
      'section',
      { className: 'card' },
      orders.length > 0
        ? [...orders].reverse().map((order) => drawOrder(order, hasDigistore24, doing))
        : el('span', { className: 'soft' }, word(hasDigistore24 ? 'noOrders' : 'noKey')),
    ),
    el('h2', {}, word('timeline')),
    el(
      'ul',
      { className: 'timeline card' },
      timeline
        .filter((entry) => !isOwnNote(entry))
        .reverse()
        .map((entry) => drawLine(entry, doing)),
    ),
    ...missing.map(({ operation, help }) =>
      el(
        'div',
        { className: 'card notice' },
        el('strong', {}, word('missing', operation)),
        el('p', { className: 'help' }, help),
      ),
    ),
  ];
}

function drawOrder(order: TimelineOrder, hasDigistore24: boolean, doing: Doing): HTMLElement {
  const { id, items, balance, currency, nextPaymentAt, paidUntil, test } = order;
  const state = items[0]?.state ?? '';
  const facts = [
    id,
    amount(balance, currency),
    nextPaymentAt ? word('nextPayment', day(nextPaymentAt)) : '',
    paidUntil ? word('paidUntil', day(paidUntil)) : '',
  ];
  return el(
    'div',
    { className: 'order' },
    el('strong', {}, items.map(({ product }) => product ?? word('unknownProduct')).join(', ') || id),
    test ? el('span', { className: 'chip warn' }, word('test')) : null,
    state ? chip(state) : null,
    el('span', { className: 'soft' }, facts.filter(Boolean).join(' · ')),
    hasDigistore24 && nextPaymentAt && items.some((item) => RUNNING.has(item.state))
      ? el(
          'button',
          { type: 'button', className: 'danger', onclick: () => doing.stopRebilling(order) },
          word('stopRebilling'),
        )
      : null,
  );
}

const SIGNS: Record<TimelineEntry['kind'], string> = {
  contact: '◆',
  purchase: '€',
  eticket: '🎟',
  note: '✎',
  task: '☐',
  appointment: '◷',
  message: '✉',
  deal: '★',
};

function toneOf({ kind, title = '', completed }: TimelineEntry): Tone {
  if (kind === 'task') return completed ? 'good' : 'warn';
  if (kind !== 'purchase') return '';
  if (/^(refund|chargeback)/.test(title)) return 'bad';
  if (/^payment (missed|denial)/.test(title)) return 'warn';
  return title.startsWith('payment') ? 'good' : '';
}

/** What the core writes about an order, longest first: `payment 2 · 47.00 EUR · transaction 3990002`. */
const EVENTS = [
  ...['payment missed', 'payment denial', 'payment', 'refund request', 'refund', 'chargeback', 'rebill cancelled'],
  ...['rebill resumed', 'last paid day', 'custom form', 'service proof request', 'delivery', 'eticket'],
];

/** A line about a purchase, its event in the user's language. */
function purchase(title: string): string {
  const event = EVENTS.find((name) => title.startsWith(name));
  return event ? word(`event_${event.replaceAll(' ', '_')}`) + title.slice(event.length) : title;
}

/** A text without the lines by which the sync finds its things again. */
const withoutMarks = (body: string) =>
  body
    .split('\n')
    .filter((line) => !/^ds24:|^Order \w+$/.test(line))
    .join('\n')
    .trim();

/** The sync's own notes repeat what the purchases say. */
const isOwnNote = ({ kind, ours, title = '' }: TimelineEntry) =>
  kind === 'note' && (ours === true || title.startsWith('DS24 '));

function drawLine(entry: TimelineEntry, doing: Doing): HTMLElement {
  const { at, kind, title, body, completed, order } = entry;
  const id = typeof entry['id'] === 'string' ? entry['id'] : '';
  const text = withoutMarks(body ?? '');
  const head =
    (kind === 'purchase' ? purchase(title ?? '') : title) ||
    (kind === 'deal' ? String(entry['name'] ?? '') : '') ||
    word(`kind_${kind}`);
  const isDone = kind === 'task' && completed;
  return el(
    'li',
    {},
    el('span', { className: `sign ${toneOf(entry)}`, 'aria-hidden': 'true' }, isDone ? '☑' : SIGNS[kind]),
    el(
      'div',
      { className: 'what' },
      el('span', { className: 'visually-hidden' }, `${word(`kind_${kind}`)}: `),
      el('span', {}, head),
      order ? el('span', { className: 'soft' }, ` · ${order}`) : null,
      entry.test ? el('span', { className: 'chip warn' }, word('test')) : null,
      el(
        'time',
        { dateTime: at ?? '' },
        [day(at), kind === 'task' ? word(isDone ? 'taskDone' : 'taskDue') : ''].filter(Boolean).join(' · '),
      ),
      text ? el('div', { className: 'body' }, text) : null,
      kind === 'task' && !completed && id
        ? el('button', { type: 'button', onclick: () => doing.completeTask(id, head) }, word('completeTask'))
        : null,
    ),
  );
}

/** What became of an action that ended with the worker. */
function drawEntry(entry: Entry, doing: Doing): HTMLElement {
  const isDone = entry.state === 'done';
  const isOpen = entry.state === 'started';
  const isLink = !isDone && !isOpen && entry.action.kind === 'buyLink';
  const text = isDone ? 'cutOffDone' : isOpen ? 'cutOffOpen' : isLink ? 'cutOffLink' : 'cutOffUndone';
  const again = () => doing.again(entry);
  return el(
    'div',
    { className: `card ${isDone ? 'done' : 'notice'}`, role: 'status' },
    el('strong', {}, word(text, word(`action_${entry.action.kind}`))),
    el('p', { className: 'help' }, word(`${text}Help`)),
    el(
      'div',
      { className: 'buttons' },
      isDone || isOpen ? null : el('button', { type: 'button', className: 'main', onclick: again }, word('again')),
      el('button', { type: 'button', onclick: () => doing.dismiss(entry) }, word('dismiss')),
    ),
  );
}

/** While the answers come. */
export function drawWaiting(): HTMLElement[] {
  const bar = (width: string) => {
    const line = el('div', { className: 'skeleton' });
    line.style.width = width;
    return line;
  };
  return [
    el('span', { className: 'visually-hidden', role: 'status' }, word('loading')),
    el('section', { className: 'card', 'aria-hidden': 'true' }, ['55%', '80%', '35%', '100%'].map(bar)),
    el('section', { className: 'card', 'aria-hidden': 'true' }, ['70%', '90%', '60%', '75%', '50%'].map(bar)),
  ];
}

/** A page without a person on it. */
export function drawEmpty(title: string, text: string, ...more: HTMLElement[]): HTMLElement[] {
  return [el('div', { className: 'empty' }, el('h1', {}, title), el('p', {}, text), ...more)];
}
