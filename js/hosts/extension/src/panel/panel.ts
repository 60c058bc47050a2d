/*
 * The panel beside a contact's page. It has no credentials and calls nobody: it asks the service worker, and draws the answer.
 */
import type { Timeline, Whom } from 'ghl-digistore24';
import { isApp, placeOf } from '../address.js';
import { type Action, ask, type Done, type Entry } from '../messages.js';
import { at, el } from '../ui/dom.js';
import { troubleCard } from '../ui/trouble.js';
import { fillWords, word } from '../ui/words.js';
import { askNote, askProduct, askTag, confirmed } from './ask-user.js';
import { type Doing, drawEmpty, drawPerson, drawWaiting, nameOf } from './view.js';

const view = at<HTMLElement>('view');
/** Whose panel it is now; what comes late for another one is dropped. */
let whom: Whom | null = null;
let hasDigistore24 = false;
let domains: string[] = [];
let locationId: string | null = null;

/** While the end of something that was cut off isn't known. */
const LOOK_AGAIN_MS = 5_000;

const show = (...content: HTMLElement[]) => view.replaceChildren(...content);
const isSame = (one: Whom | null, other: Whom | null) => JSON.stringify(one) === JSON.stringify(other);

/** Draws whoever is meant, from the start. */
async function open(next: Whom | null): Promise<void> {
  whom = next;
  const status = await ask('status', {});
  if (!status.ok) return show(troubleCard(status.trouble, () => void open(whom)));
  ({ hasDigistore24, domains, locationId } = status.value);
  if (!status.value.isSet) {
    const settings = el(
      'button',
      { type: 'button', className: 'main', onclick: () => void chrome.runtime.openOptionsPage() },
      word('openSettings'),
    );
    const text = word(status.value.wasForgotten ? 'forgottenHelp' : 'welcomeHelp');
    return show(...drawEmpty(word(status.value.wasForgotten ? 'forgotten' : 'welcome'), text, settings));
  }
  if (next === null) return show(...drawEmpty(word('nobody'), word('nobodyHelp')));
  show(...drawWaiting());
  await refresh();
}

/** Reads and draws the same person again; what is there stays until the answer comes. */
async function refresh(...notices: HTMLElement[]): Promise<void> {
  const asked = whom;
  if (asked === null) return;
  view.setAttribute('aria-busy', 'true');
  const answer = await ask('timeline', { whom: asked });
  if (!isSame(asked, whom)) return;
  view.setAttribute('aria-busy', 'false');
  if (!answer.ok)
    return show(
      ...notices,
      troubleCard(answer.trouble, () => void open(asked)),
    );
  const contactId = String(answer.value.contact['id'] ?? '');
  draw(answer.value, [], notices);
  // What was cut off is looked up after the person is there.
  const journal = await ask('journal', { contactId });
  if (!isSame(asked, whom) || !journal.ok || journal.value.length === 0) return;
  draw(answer.value, journal.value, notices);
  if (journal.value.some(({ state }) => state === 'started')) {
    setTimeout(() => isSame(asked, whom) && void refresh(), LOOK_AGAIN_MS);
  }
}

function draw(person: Timeline, journal: Entry[], notices: HTMLElement[]): void {
  const begin = performance.now();
  show(...notices, ...drawPerson(person, journal, hasDigistore24, doings(person)));
  performance.measure('timeline drawn', { start: begin, end: performance.now() });
}

function doings(person: Timeline): Doing {
  const contactId = String(person.contact['id'] ?? '');
  const name = nameOf(person.contact);
  const tags = Array.isArray(person.contact['tags']) ? person.contact['tags'].map(String) : [];
  return {
    addTag: async () => {
      const tag = await askTag(tags);
      if (tag) await act({ kind: 'addTag', contactId, tag }, name);
    },
    note: async () => {
      const body = await askNote();
      if (body) await act({ kind: 'note', contactId, body }, name);
    },
    buyLink: async () => {
      const answer = await ask('products', {});
      if (!answer.ok) return notify(troubleCard(answer.trouble));
      const chosen = await askProduct(answer.value);
      if (chosen) await act({ kind: 'buyLink', contactId, ...chosen }, name);
    },
    completeTask: (taskId, title) => void act({ kind: 'completeTask', contactId, taskId, title }, name),
    stopRebilling: async ({ id, items }) => {
      const product = items.map((item) => item.product ?? '').join(', ');
      const isMeant = await confirmed(
        word('stopRebilling'),
        word('stopRebillingAsk', product, id),
        word('stopRebillingYes'),
      );
      if (isMeant) await act({ kind: 'stopRebilling', contactId, orderId: id }, name);
    },
    dismiss: async ({ id }) => {
      await ask('dismiss', { id });
      await refresh();
    },
    again: async ({ id, action }) => {
      await ask('dismiss', { id });
      await act(action, name);
    },
  };
}

const notify = (card: HTMLElement) => {
  view.prepend(card);
  card.scrollIntoView({ block: 'nearest' });
};

/** Carries an action out and shows how it ended, above what is true now; whose it was, where another person shows by then. */
async function act(action: Action, person: string): Promise<void> {
  const asked = whom;
  for (const button of view.querySelectorAll('button')) button.disabled = true;
  view.setAttribute('aria-busy', 'true');
  const answer = await ask('act', { action });
  const notice = answer.ok ? doneCard(action, answer.value) : troubleCard(answer.trouble);
  if (isSame(asked, whom)) return refresh(notice);
  notice.prepend(el('p', {}, person));
  notify(notice);
}

function doneCard({ kind }: Action, { url, noteTrouble }: Done): HTMLElement {
  const card = el('div', { className: 'card done', role: 'status' }, el('strong', {}, word(`done_${kind}`)));
  if (!url) return card;
  const copy = el('button', { type: 'button', className: 'main' }, word('copy'));
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(url);
    copy.textContent = word('copied');
  });
  card.append(el('p', {}, url), el('div', { className: 'buttons' }, copy));
  if (noteTrouble) card.append(troubleCard(noteTrouble));
  return card;
}

/** The contact whose page the active tab shows. On HighLevel's other pages there is nobody; other sites leave the panel alone. */
async function followTab(): Promise<void> {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  const place = placeOf(tab?.url, domains);
  if (!place) {
    if (whom !== null && isApp(tab?.url, domains)) await open(null);
    return;
  }
  if (place.locationId !== null && locationId !== null && place.locationId !== locationId) {
    whom = null;
    return show(...drawEmpty(word('elsewhere'), word('elsewhereHelp')));
  }
  if (!isSame(whom, { contactId: place.contactId })) await open({ contactId: place.contactId });
}

/** A panel that was opened as a page of its own names its contact: `panel.html#contact=…`. */
function named(): Whom | null {
  const contactId = new URLSearchParams(location.hash.slice(1)).get('contact');
  return contactId ? { contactId } : null;
}

fillWords();
at('reload').addEventListener('click', () => void (whom ? refresh() : open(null).then(followTab)));
at('settings').addEventListener('click', () => void chrome.runtime.openOptionsPage());
at<HTMLFormElement>('search').addEventListener('submit', (event) => {
  event.preventDefault();
  const email = at<HTMLInputElement>('email').value.trim();
  if (email) void open({ email });
});
window.addEventListener('hashchange', () => void open(named()));
chrome.tabs.onActivated.addListener(() => void followTab());
chrome.tabs.onUpdated.addListener((_, { url }, { active }) => {
  if (url && active) void followTab();
});
// New credentials: start over.
chrome.storage.onChanged.addListener((changes) => {
  if ('settings' in changes) void open(whom).then(followTab);
});

await open(named());
if (whom === null) await followTab();
