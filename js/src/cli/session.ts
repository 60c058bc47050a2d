import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { createPlugin, type Plugin } from '../plugin.js';
import { FLAGS, type FlagName, readSettings, SETTINGS, type Settings } from '../settings.js';
import { memoryStore } from '../store/memory.js';
import { Output } from './output.js';

/**
 * Which store a command gets: `needed` makes the file, `present` uses it where it is there (reading commands leave
 * nothing behind). An app's tokens always need it.
 */
export type StateUse = 'needed' | 'present';

/** Adds the flags of the settings to a command. Secrets have none: other users see the flags of a process. */
export function withSettings(command: Command): Command {
  command.option('--config <file>', 'settings file (default: ghl-digistore24.json, where it is there)');
  for (const name of FLAGS) command.addOption(new Option(`${flagOf(name)} <value>`, SETTINGS[name].help));
  return command;
}

/** The output of a command, by its flag `--json`. */
export function outputOf(command: Command): Output {
  return new Output(command.optsWithGlobals()['json'] === true);
}

/**
 * Does something with a plugin made of the settings, and closes it.
 *
 * @throws PluginError `misconfigured`, `storage`, and what `work` throws.
 */
export async function withPlugin<T>(
  command: Command,
  use: StateUse,
  work: (plugin: Plugin, output: Output) => Promise<T>,
): Promise<T> {
  const output = outputOf(command);
  const plugin = await openPlugin(command, use, output);
  try {
    return await work(plugin, output);
  } finally {
    await plugin.close();
  }
}

/** The settings as this command has them. */
export function settingsOf(command: Command): Settings {
  const given = command.optsWithGlobals() as Record<string, string | undefined>;
  const flags: Partial<Record<FlagName, string>> = {};
  for (const name of FLAGS) {
    const value = given[camelCase(name)];
    if (value !== undefined) flags[name] = value;
  }
  const { config } = given;
  return readSettings({ flags, ...(config !== undefined && { file: config }) });
}

/** A plugin made of the settings. */
export async function openPlugin(command: Command, use: StateUse, { log }: Pick<Output, 'log'>): Promise<Plugin> {
  const { options, state } = settingsOf(command);
  const isKept = use === 'needed' || options.highlevel?.auth.kind === 'oauth' || existsSync(state);
  // Loaded only where it is used: it brings a native library along.
  const store = isKept ? (await import('../store/sqlite.js')).openSqliteStore(state) : memoryStore();
  try {
    return await createPlugin({ ...options, store, log });
  } catch (error) {
    await store.close?.();
    throw error;
  }
}

/** `GHL_BASE_URL` -> `--ghl-base-url`. */
function flagOf(name: FlagName): string {
  return `--${name.toLowerCase().replaceAll('_', '-')}`;
}

/** `GHL_BASE_URL` -> `ghlBaseUrl`, as commander names it. */
function camelCase(name: FlagName): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
