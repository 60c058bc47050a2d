import type { Trouble } from '../messages.js';
import { el } from './dom.js';
import { word } from './words.js';

/** Codes after which the settings are the place to go. */
const SETTINGS = new Set(['misconfigured', 'unauthenticated', 'forbidden']);

/** An error as a card: what happened, what to do, and the way there. */
export function troubleCard(trouble: Trouble, again?: () => void): HTMLElement {
  const { code, message, help } = trouble;
  const title = word(`trouble_${code}`);
  return el(
    'div',
    { className: 'card trouble', role: 'alert' },
    el('strong', {}, title === `trouble_${code}` ? word('trouble') : title),
    el('p', {}, message),
    help ? el('p', { className: 'help' }, help) : null,
    el(
      'div',
      { className: 'buttons' },
      again ? el('button', { type: 'button', onclick: again }, word('again')) : null,
      SETTINGS.has(code)
        ? el('button', { type: 'button', onclick: () => void chrome.runtime.openOptionsPage() }, word('openSettings'))
        : null,
    ),
  );
}
