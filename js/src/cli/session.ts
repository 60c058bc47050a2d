import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { wrongField } from '../errors.js';
import { createFleet, type Fleet } from '../fleet/fleet.js';
import { createPlugin, type Plugin } from '../plugin.js';
import { FLAGS, type FlagName, readSettings, SETTINGS, type Settings } from '../settings.js';
import { memoryStore } from '../store/memory.js';
import type { Store } from '../store/types.js';
import { Output } from './output.js';

/**
 * Which store a command gets: `needed` makes the file, `present` uses it where it is there (reading commands leave
 * nothing behind). An app's tokens always need it.
 */
export type StateUse = 'needed' | 'present';

type Logging = Pick<Output, 'log'>;

/** Adds the flags of the settings to a command. Secrets have none: other users see the flags of a process. */
export function withSettings(command: Command): Command {
  command.option('--config <file>', 'settings file (default: ghl-digistore24.json, where it is there)');
  command.option('--connection <id>', 'of several connections: which one');
  command.option('--location <id>', 'of several locations: which one');
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

/**
 * A plugin made of the settings: of several connections the one that `--connection` and `--location` name. Closing it closes all.
 *
 * @throws PluginError `invalid_input` where they name none; `misconfigured`, `storage`.
 */
export async function openPlugin(command: Command, use: StateUse, output: Logging): Promise<Plugin> {
  const { connection, location } = command.optsWithGlobals() as { connection?: string; location?: string };
  const settings = settingsOf(command);
  if (!settings.fleet) {
    if (connection !== undefined) throw wrongField('--connection', 'is only for a settings file with connections');
    const store = await storeOf(settings, use);
    return closing(store, () => createPlugin({ ...settings.options, store, log: output.log }));
  }
  const fleet = await fleetOf(settings, use, output);
  return closing(fleet, async () => {
    const id = connection ?? only(fleet);
    const plugin = await fleet.plugin(id, location);
    return { ...plugin, close: () => fleet.close() };
  });
}

/**
 * The fleet of the settings' connections; undefined where they have none.
 *
 * @throws PluginError `invalid_input`, `misconfigured`, `storage`.
 */
export async function openFleet(command: Command, use: StateUse, output: Logging): Promise<Fleet | undefined> {
  const settings = settingsOf(command);
  return settings.fleet && fleetOf(settings, use, output);
}

async function fleetOf(settings: Settings, use: StateUse, { log }: Logging): Promise<Fleet> {
  const { fleet } = settings;
  const { alerts } = settings.options;
  const store = await storeOf(settings, use);
  return closing(store, () =>
    createFleet({ ...(fleet ?? { connections: [] }), store, log, ...(alerts && { alerts }) }),
  );
}

/** The id of the single connection. */
function only({ places }: Fleet): string {
  const ids = [...new Set(places.map(({ connection }) => connection))];
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return id;
  throw wrongField('--connection', `is required: there are ${ids.length} connections`);
}

/** Makes something, and closes what it is made of where that fails. */
async function closing<T>(held: { close?: () => unknown }, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await held.close?.();
    throw error;
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

/** The state file, or memory where it is not there and need not be. */
async function storeOf({ options, fleet, state }: Settings, use: StateUse): Promise<Store> {
  const isApp = options.highlevel?.auth.kind === 'oauth' || fleet !== undefined;
  const isKept = use === 'needed' || isApp || existsSync(state);
  // Loaded only where it is used: it brings a native library along.
  return isKept ? (await import('../store/sqlite.js')).openSqliteStore(state) : memoryStore();
}

/** `GHL_BASE_URL` -> `--ghl-base-url`. */
function flagOf(name: FlagName): string {
  return `--${name.toLowerCase().replaceAll('_', '-')}`;
}

/** `GHL_BASE_URL` -> `ghlBaseUrl`, as commander names it. */
function camelCase(name: FlagName): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
