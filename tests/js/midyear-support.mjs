// A sandbox with a clock of its own that stands at a day in the middle of 2026, new for each test.
import { after, beforeEach } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { pluginOn } from './support.mjs';

/** A Monday. */
export const NOW = Date.parse('2026-06-15T10:00:00Z');
/** What the clock shows, in milliseconds; a test moves it. */
export const time = { now: NOW };
export const clock = () => time.now;
export const sandbox = await startSandbox({ clock });

after(() => sandbox.close());
beforeEach(() => {
  time.now = NOW;
  sandbox.reset();
});

/** A plugin on the sandbox by the same clock, set up. */
export async function ready(more = {}) {
  const plugin = await pluginOn(sandbox, { clock, store: memoryStore({ clock }), ...more });
  await plugin.setup();
  return plugin;
}
