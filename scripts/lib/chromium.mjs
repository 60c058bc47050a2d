// A Chromium for tests of pages and extensions: the one on this machine, or Debian's package.
import { existsSync } from 'node:fs';
import { run, step, which } from './shell.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Its path: CHROMIUM, or what is on PATH. Undefined where there is none. */
export function findChromium() {
  const given = process.env.CHROMIUM;
  if (given) return existsSync(given) ? given : undefined;
  return NAMES.map(which).find(Boolean);
}

/** Installs it where that is possible. Gives undefined when it is there, else why tests with pages can't run. */
export async function ensureChromium() {
  if (findChromium()) return undefined;
  const byHand = 'install Chromium (Debian: `sudo apt-get install chromium`), or say where it is with CHROMIUM';
  if (!which('apt-get') || process.getuid?.() !== 0) return `there is no Chromium: ${byHand}`;
  const install = ['install', '-y', '--no-install-recommends', '--no-remove', 'chromium'];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await step("installing Debian's package chromium", async () => {
      await run('apt-get', ['update'], { env, timeout: 300_000 });
      await run('apt-get', install, { env, timeout: 600_000 });
    });
  } catch (error) {
    return `Debian's Chromium could not be installed (${error.message}): ${byHand}`;
  }
  return findChromium() ? undefined : `Debian's package brought no Chromium: ${byHand}`;
}
