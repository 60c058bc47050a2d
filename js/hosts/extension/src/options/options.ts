/*
 * The page for credentials. They go into the extension's own storage and are never shown again: a field that is left empty
 * keeps what was there.
 */
import type { CheckReport } from 'ghl-digistore24';
import { domainOf } from '../address.js';
import { ask } from '../messages.js';
import { EMPTY, forgetSettings, loadSettings, type Settings, saveSettings } from '../settings.js';
import { at, el } from '../ui/dom.js';
import { troubleCard } from '../ui/trouble.js';
import { fillWords, word } from '../ui/words.js';

const SECRETS = ['token', 'apiKey', 'ipnPassphrase'] as const;
const PLAIN = ['locationId', 'highlevelUrl', 'digistore24Url'] as const;

const input = (name: string) => at<HTMLInputElement>(name);
const result = at('result');

/** Shows what is set; of secrets only that there is one. */
async function fill(): Promise<void> {
  const settings = (await loadSettings()) ?? EMPTY;
  for (const name of SECRETS) {
    input(name).value = '';
    input(name).placeholder = settings[name] ? word('secretIsSet') : '';
  }
  for (const name of PLAIN) input(name).value = settings[name];
  input('domains').value = settings.domains.join(', ');
  for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=keep]'))
    radio.checked = radio.value === settings.keep;
}

/** What stands in the form, on top of what was there. */
async function typed(): Promise<Settings> {
  const settings: Settings = { ...((await loadSettings()) ?? EMPTY) };
  for (const name of SECRETS) settings[name] = input(name).value.trim() || settings[name];
  for (const name of PLAIN) settings[name] = input(name).value.trim();
  settings.domains = domains();
  const keep = document.querySelector<HTMLInputElement>('input[name=keep]:checked')?.value;
  return { ...settings, keep: keep === 'local' ? 'local' : 'session' };
}

/** Names fields that must be given; the first one gets the focus. */
function complain(names: string[]): boolean {
  for (const one of document.querySelectorAll('.invalid')) {
    one.classList.remove('invalid');
    one.removeAttribute('aria-invalid');
  }
  for (const name of names) {
    input(name).classList.add('invalid');
    input(name).setAttribute('aria-invalid', 'true');
  }
  const [first] = names;
  if (first === undefined) return false;
  input(first).focus();
  result.replaceChildren(
    el(
      'div',
      { className: 'card trouble', role: 'alert' },
      el('strong', {}, word('fieldsMissing')),
      el('p', {}, names.map((name) => word(name)).join(', ')),
    ),
  );
  return true;
}

/** The origins that a setting needs and that the manifest doesn't have. */
function origins(): string[] {
  const urls = ['highlevelUrl', 'digistore24Url'].map((name) => input(name).value.trim()).filter(Boolean);
  const own = urls.flatMap((url) => (URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).hostname}/*` : []));
  return [...domains().map((domain) => `https://${domain}/*`), ...own];
}

const domains = () =>
  input('domains')
    .value.split(',')
    .flatMap((one) => domainOf(one) ?? []);

/** Asks the browser for them. Nothing may be awaited before: the browser allows that only in answer to the click itself. */
async function allowed(): Promise<boolean> {
  const wanted = origins();
  try {
    return wanted.length === 0 || (await chrome.permissions.request({ origins: wanted }));
  } catch {
    return false;
  }
}

async function save(): Promise<void> {
  if (!(await allowed())) {
    result.replaceChildren(
      el(
        'div',
        { className: 'card notice', role: 'alert' },
        el('strong', {}, word('domainRefused')),
        el('p', {}, word('domainRefusedHelp')),
      ),
    );
    return;
  }
  const settings = await typed();
  if (complain((['token', 'locationId'] as const).filter((name) => settings[name] === ''))) return;
  try {
    await saveSettings(settings);
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    result.replaceChildren(
      troubleCard({ code: 'storage', message: word('storageFull', name), help: word('storageFullHelp') }),
    );
    return;
  }
  await fill();
  await test();
}

async function test(): Promise<void> {
  result.replaceChildren(el('div', { className: 'card', 'aria-busy': 'true' }, word('testing')));
  const answer = await ask('check', {});
  result.replaceChildren(answer.ok ? report(answer.value) : troubleCard(answer.trouble));
  result.focus();
}

function report({ ok, checks }: CheckReport): HTMLElement {
  return el(
    'div',
    { className: `card ${ok ? 'done' : ''}` },
    el('h2', {}, word(ok ? 'allRight' : 'notAllRight')),
    checks.map(({ name, ok: isRight, message, help }) =>
      el(
        'div',
        { className: 'check' },
        el(
          'span',
          {
            className: `sign ${isRight ? 'good' : 'bad'}`,
            'aria-label': word(isRight ? 'right' : 'wrong'),
            role: 'img',
          },
          isRight ? '✓' : '✗',
        ),
        el('span', {}, el('strong', {}, name), `: ${message}`),
        help ? el('p', { className: 'help' }, help) : null,
      ),
    ),
  );
}

/** Tries one signed message, as Digistore24 sends them. */
async function apply(): Promise<void> {
  const body = at<HTMLTextAreaElement>('message').value.trim();
  const place = at('applied');
  if (!body) return;
  place.replaceChildren(el('p', { className: 'soft' }, word('loading')));
  const answer = await ask('receive', { body });
  if (!answer.ok) return place.replaceChildren(troubleCard(answer.trouble));
  const { outcome, reports } = answer.value;
  const calls = reports.reduce((sum, report) => sum + report.calls.length, 0);
  const failed = reports.find(({ error }) => error)?.error;
  if (failed) return place.replaceChildren(troubleCard(failed));
  const isDone = reports.length > 0 && reports.every((one) => one.outcome === 'done');
  const [tone, text] =
    outcome === 'duplicate'
      ? ['done', word('messageKnown')]
      : isDone
        ? ['done', word('messageDone', calls)]
        : ['notice', word('messageWaits')];
  place.replaceChildren(el('div', { className: `card ${tone}`, role: 'status' }, text));
}

fillWords();
document.title = word('optionsTitle');
at('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void save();
});
at('forget').addEventListener('click', async () => {
  await forgetSettings();
  await fill();
  result.replaceChildren(el('div', { className: 'card done', role: 'status' }, word('forgottenNow')));
});
at('apply').addEventListener('click', () => void apply());
await fill();
