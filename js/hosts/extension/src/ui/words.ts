import english from '../../_locales/en/messages.json';

/**
 * A text in the browser's language; its name where there is none, so that a gap shows. While the browser still starts it may know
 * no text of the extension at all: then it is English.
 */
export function word(name: string, ...values: (string | number)[]): string {
  const texts = values.map(String);
  const known: Record<string, { message: string } | undefined> = english;
  const spare = () => known[name]?.message.replace(/\$(\d)/g, (_, no: string) => texts[Number(no) - 1] ?? '');
  return chrome.i18n.getMessage(name, texts) || (spare() ?? name);
}

/** Fills a page's own texts: `data-word` names the text, `data-word-label` that of an `aria-label`, `-hint` of a placeholder. */
export function fillWords(root: ParentNode = document): void {
  for (const element of root.querySelectorAll<HTMLElement>('[data-word]')) {
    element.textContent = word(element.dataset['word'] ?? '');
  }
  for (const element of root.querySelectorAll<HTMLElement>('[data-word-label]')) {
    element.setAttribute('aria-label', word(element.dataset['wordLabel'] ?? ''));
  }
  for (const element of root.querySelectorAll<HTMLInputElement>('[data-word-hint]')) {
    element.placeholder = word(element.dataset['wordHint'] ?? '');
  }
  document.documentElement.lang = language();
}

/** That of the texts: dates and amounts go with it. */
const language = () => word('languageCode');

/** A day in words, in the machine's zone: `23. Nov. 2026`. A day without an hour stays that day in any zone. */
export function day(at: string | null): string {
  if (!at) return '';
  const isDay = at.length === 10;
  const date = new Date(isDay ? `${at}T00:00:00Z` : at.replace(' ', 'T'));
  if (Number.isNaN(date.getTime())) return at;
  return date.toLocaleDateString(language(), { dateStyle: 'medium', ...(isDay && { timeZone: 'UTC' }) });
}

/** An amount: `47,00 €`. */
export function amount(value: unknown, currency: string | null): string {
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value ?? '');
  if (!currency) return number.toLocaleString(language(), { minimumFractionDigits: 2 });
  try {
    return number.toLocaleString(language(), { style: 'currency', currency });
  } catch {
    return `${number.toFixed(2)} ${currency}`;
  }
}
