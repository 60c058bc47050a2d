/*
 * The service worker: the only place with credentials, the plugin and the network. It may be stopped after half a minute and
 * started again by the next message; so it keeps nothing in memory that it couldn't make anew.
 */
import { createPlugin, type Options, type Plugin, PluginError, type Report } from 'ghl-digistore24';
import { openIndexedDbStore } from 'ghl-digistore24/indexeddb';
import { perform, products } from './actions.js';
import { begin, cross, entries, settle } from './journal.js';
import type { Answer, Ask, Exchange, Kind, Trouble } from './messages.js';
import { closeStorage, loadSettings, type Settings, wereForgotten } from './settings.js';
import { word } from './ui/words.js';

const STORE = 'ghl-digistore24';
const TICK = 'tick';

let current: { key: string; plugin: Promise<Plugin> } | undefined;
/** Actions that this worker has begun. */
const own = new Set<string>();

function optionsOf(settings: Settings): Options {
  const { token, locationId, apiKey, ipnPassphrase, highlevelUrl, digistore24Url } = settings;
  return {
    highlevel: {
      auth: { kind: 'private-integration', token },
      locationId,
      ...(highlevelUrl && { baseUrl: highlevelUrl }),
    },
    digistore24: {
      ...(apiKey && { apiKey }),
      ...(ipnPassphrase && { ipnPassphrase }),
      ...(digistore24Url && { baseUrl: digistore24Url }),
    },
    // The service worker's console is nobody's; what matters comes as an answer.
    log() {},
  };
}

/** The plugin for the present settings: made once, anew when they change. */
async function pluginNow(): Promise<Plugin> {
  const settings = await loadSettings();
  if (!settings?.token || !settings.locationId) {
    throw trouble('misconfigured', 'notSet');
  }
  const key = JSON.stringify(settings);
  if (current?.key !== key) {
    const before = current?.plugin;
    current = { key, plugin: start(settings, before) };
  }
  const { plugin } = current;
  try {
    return await plugin;
  } catch (error) {
    // The next message tries again.
    if (current?.plugin === plugin) current = undefined;
    throw error;
  }
}

async function start(settings: Settings, before: Promise<Plugin> | undefined): Promise<Plugin> {
  await before?.then((plugin) => plugin.close()).catch(() => {});
  return await createPlugin({ ...optionsOf(settings), store: await openIndexedDbStore(STORE) });
}

type Handlers = { [K in Kind]: (asked: { kind: K } & Exchange[K]['ask']) => Promise<Exchange[K]['answer']> };

const handlers: Handlers = {
  async status() {
    const settings = await loadSettings();
    return {
      isSet: Boolean(settings?.token && settings.locationId),
      wasForgotten: settings === undefined && (await wereForgotten()),
      domains: settings?.domains ?? [],
      locationId: settings?.locationId ?? null,
      hasDigistore24: Boolean(settings?.apiKey),
    };
  },
  timeline: async ({ whom }) => (await pluginNow()).timeline(whom),
  products: async () => products(await pluginNow()),
  async act({ action }) {
    const plugin = await pluginNow();
    const { id } = await written(() => begin(action));
    own.add(id);
    let isOpen = false;
    try {
      return await perform(plugin, action);
    } catch (error) {
      // What may have been done is looked up like what was cut off.
      isOpen = error instanceof PluginError && error.code === 'outcome_unknown';
      throw error;
    } finally {
      // Done or refused: either way the user is told now.
      if (!isOpen) await cross(id).catch(() => {});
      own.delete(id);
    }
  },
  async journal({ contactId }) {
    await settle(await pluginNow(), own);
    return (await entries()).filter(({ id, action }) => !own.has(id) && action.contactId === contactId);
  },
  async dismiss({ id }) {
    await cross(id);
    return null;
  },
  check: async () => (await pluginNow()).check(),
  async receive({ body }) {
    const plugin = await pluginNow();
    const { response, outcome } = await plugin.receive({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    if (response.status !== 200 || outcome === 'refused') {
      throw trouble('signature_invalid', 'refused');
    }
    // The fields that the note's neighbours go into; a repeated message needs none.
    if (outcome === 'queued') await plugin.setup();
    return { outcome, reports: await work(plugin) };
  },
};

/** Works on the messages that wait; what must wait on is looked at again at its time, also when the worker was stopped. */
async function work(plugin: Plugin): Promise<Report[]> {
  const { events, nextAt } = await plugin.tick();
  if (nextAt !== null) await chrome.alarms.create(TICK, { when: nextAt });
  return events;
}

/** Goes on with what an earlier worker had begun. */
async function goOn(): Promise<void> {
  const settings = await loadSettings();
  if (settings?.token && settings.locationId) await work(await pluginNow());
}

/** What can't be written down isn't begun. */
async function written<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw trouble('storage', 'storageFull', error instanceof Error ? error.name : '');
  }
}

/** An error of the extension itself, in the user's language: a message and its `…Help`. */
function trouble(code: Trouble['code'], name: string, ...words: string[]): PluginError {
  const message = word(name, ...words);
  return new PluginError({ code, message, help: word(`${name}Help`), retryable: false });
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof PluginError) {
    const { code, message, help } = error;
    return { code, message, help };
  }
  const { code, message, help } = trouble(
    'unavailable',
    'broken',
    error instanceof Error ? error.message : String(error),
  );
  return { code, message, help };
}

async function answer<K extends Kind>(asked: Ask<K>): Promise<Answer<K>> {
  try {
    const handle = handlers[asked.kind as K] as (asked: Ask<K>) => Promise<Exchange[K]['answer']>;
    return { ok: true, value: await handle(asked) };
  } catch (error) {
    return { ok: false, trouble: troubleOf(error) };
  }
}

const isAsk = (message: unknown): message is Ask =>
  typeof message === 'object' && message !== null && Object.hasOwn(handlers, (message as { kind?: string }).kind ?? '');

// Listeners must be there in the first turn: the browser starts the worker for them.
chrome.runtime.onMessage.addListener((message, sender, reply) => {
  // Only pages of this extension: a web page can't send anything, and nothing else is answered.
  if (sender.id !== chrome.runtime.id || !isAsk(message)) return undefined;
  void answer(message).then(reply);
  return true;
});

chrome.runtime.onInstalled.addListener(({ reason }) => {
  void closeStorage();
  if (reason === 'install') void chrome.runtime.openOptionsPage();
});
chrome.runtime.onStartup.addListener(() => void closeStorage());
chrome.alarms.onAlarm.addListener(({ name }) => void (name === TICK && goOn().catch(() => {})));
// Failures wait for the next alarm, or for a message that is told of them.
void goOn().catch(() => {});
if (typeof chrome.sidePanel !== 'undefined') void chrome.sidePanel.setPanelBehavior({ openPanelOnActionClick: true });
else chrome.action.onClicked.addListener(() => void chrome.sidebarAction?.open());
