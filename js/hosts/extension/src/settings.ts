/*
 * What the user has set. Only the extension's own pages and its service worker can read it: there is no content script, and
 * both areas are closed to them. It is never sent anywhere but to the two services, in the headers of calls.
 */

/** Where credentials are kept: until the browser closes, or on the disk. */
export type Keep = 'session' | 'local';

/** All settings; a text that is empty was not given. */
export interface Settings {
  token: string;
  locationId: string;
  apiKey: string;
  ipnPassphrase: string;
  /** Hosts of an agency under which HighLevel runs. */
  domains: string[];
  /** Other addresses of the services: a sandbox. */
  highlevelUrl: string;
  digistore24Url: string;
  keep: Keep;
}

export const EMPTY: Settings = {
  token: '',
  locationId: '',
  apiKey: '',
  ipnPassphrase: '',
  domains: [],
  highlevelUrl: '',
  digistore24Url: '',
  keep: 'session',
};

const KEY = 'settings';
/** Says on the disk, without a secret, that there were settings: else a closed browser would look like a new installation. */
const HINT = 'hint';

/** Closes both areas to content scripts. */
export async function closeStorage(): Promise<void> {
  for (const area of [chrome.storage.local, chrome.storage.session]) {
    await area.setAccessLevel?.({ accessLevel: 'TRUSTED_CONTEXTS' });
  }
}

/** The settings; undefined where nothing is set. */
export async function loadSettings(): Promise<Settings | undefined> {
  for (const keep of ['session', 'local'] as const) {
    const { [KEY]: found } = await chrome.storage[keep].get(KEY);
    if (found) return { ...EMPTY, ...(found as Partial<Settings>), keep };
  }
  return undefined;
}

/** Whether credentials were set that ended with the browser. */
export async function wereForgotten(): Promise<boolean> {
  return (await chrome.storage.local.get(HINT))[HINT] === true;
}

/** Keeps settings in the area that they name, and nowhere else. */
export async function saveSettings(settings: Settings): Promise<void> {
  const { keep, ...rest } = settings;
  await chrome.storage[keep].set({ [KEY]: rest });
  await chrome.storage[keep === 'local' ? 'session' : 'local'].remove(KEY);
  await chrome.storage.local.set({ [HINT]: true });
}

/** Removes all of it. */
export async function forgetSettings(): Promise<void> {
  // The hint first: who looks in between must not be told that they ended with the browser.
  await chrome.storage.local.remove([KEY, HINT]);
  await chrome.storage.session.remove(KEY);
}
