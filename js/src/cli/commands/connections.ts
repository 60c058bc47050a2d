import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { problem, wrongField } from '../../errors.js';
import type { Fleet, PlaceCheck } from '../../fleet/fleet.js';
import type { FleetConnection } from '../../fleet/options.js';
import { DEFAULT_FILE, readJson, readSettings } from '../../settings.js';
import { table } from '../../text/columns.js';
import type { Paint } from '../../text/paint.js';
import { readSecret } from '../input.js';
import { EXIT, type Output } from '../output.js';
import { openFleet, outputOf, withSettings } from '../session.js';
import { ROTATIONS } from './auth.js';

interface AddFlags {
  config?: string;
  location: string;
  ghlToken: string;
  apiKey?: string;
  ipnPassphrase?: string;
  webhookToken?: string;
  merchantId?: string;
}

/** `connections`: the vendors and locations of a settings file. */
export function addConnections(program: Command): void {
  const connections = program.command('connections').description('many vendors and locations in one settings file');

  connections
    .command('add')
    .description('add a connection to the settings file; secrets by reference: file:PATH or env:NAME')
    .argument('<id>', 'stands in its addresses')
    .requiredOption('--location <id>', 'id of the location; further ones, with their routes, are written by hand')
    .requiredOption('--ghl-token <reference>', 'token of the private integration')
    .option('--ipn-passphrase <reference>', 'passphrase of the IPN connection')
    .option('--api-key <reference>', 'API key of Digistore24')
    .option('--webhook-token <reference>', 'ends its addresses; drawn, and kept in a file of its own when absent')
    .option('--merchant-id <number>', 'the vendor: others’ messages are parked')
    .option('--config <file>', `settings file (default: ${DEFAULT_FILE})`)
    .action((id: string, flags: AddFlags, command: Command) => add(id, flags, outputOf(command)));

  withSettings(connections.command('list'))
    .description('list the connections, their locations and addresses, without secrets')
    .action(async (_: unknown, command: Command) => {
      await withFleet(command, async (fleet, output) => {
        const places = fleet.places.map((place) => ({
          ...place,
          address: `/webhooks/digistore24/${place.connection}/…`,
        }));
        output.result(places, () =>
          table(places.map(({ connection, location, address }) => [connection, location, address])),
        );
      });
    });

  withSettings(connections.command('check'))
    .description('check a connection, or with --all every one; exit code 1 if anything is wrong')
    .option('--all', 'all connections')
    .action(async ({ all, connection }: { all?: true; connection?: string }, command: Command) => {
      if (all === undefined && connection === undefined) throw wrongField('--all', 'or --connection is required');
      await withFleet(command, async (fleet, output) => {
        const { places } = await fleet.check();
        const wanted = places.filter((place) => all || place.connection === connection);
        if (wanted.length === 0) throw wrongField('--connection', 'is none of the settings file');
        const ok = wanted.every((place) => place.ok);
        output.result({ ok, places: wanted }, (paint) => wanted.flatMap((place) => checkInWords(place, paint)));
        if (!ok) process.exitCode = EXIT.refused;
      });
    });

  withSettings(connections.command('rotate'))
    .description('change a credential of a connection while other processes run')
    .argument('<id>', 'the connection')
    .argument('<what>', Object.keys(ROTATIONS).join(', '))
    .argument('[secret]', 'file:PATH, or - for standard input', '-')
    .action(async (id: string, what: string, from: string, { location }: { location?: string }, command: Command) => {
      const rotation = Object.hasOwn(ROTATIONS, what) ? ROTATIONS[what] : undefined;
      if (!rotation) throw wrongField('what', `must be one of ${Object.keys(ROTATIONS).join(', ')}`);
      const change = rotation(readSecret(from, 'secret'));
      await withFleet(command, async (fleet, output) => {
        const own = fleet.places.filter(({ connection }) => connection === id);
        // The vendor's credentials are the same at all its locations.
        const place = location ?? (what === 'token' && own.length > 1 ? undefined : own[0]?.location);
        const status = await (await fleet.plugin(id, place)).auth.rotate(change);
        output.result(status, () => [`${id}: ${what} is changed`]);
      });
    });
}

async function withFleet(command: Command, work: (fleet: Fleet, output: Output) => Promise<void>): Promise<void> {
  const output = outputOf(command);
  const fleet = await openFleet(command, 'present', output);
  if (!fleet) {
    throw problem(
      'misconfigured',
      'the settings have no connections',
      `Add one with connections add, or write connections into ${DEFAULT_FILE}.`,
    );
  }
  try {
    await work(fleet, output);
  } finally {
    await fleet.close();
  }
}

/** Writes the file only when the whole of it is right. */
function add(id: string, flags: AddFlags, output: Output): void {
  const file = resolve(flags.config ?? DEFAULT_FILE);
  const folder = dirname(file);
  const whole = existsSync(file) ? readJson(file, 'the settings file') : {};
  const before = (whole['connections'] ?? []) as FleetConnection[];
  if (!/^[\w.-]+$/.test(id)) throw wrongField('id', 'must be letters, digits and the marks . _ -');
  if (!Array.isArray(before)) throw wrongField('connections', 'of the settings file must be a list');
  if (before.some((one) => one.id === id)) throw wrongField('id', 'is the id of another connection');
  const secretFile = join(folder, `${id}.webhook-token`);
  const token =
    flags.webhookToken === undefined ? `file:${id}.webhook-token` : reference('--webhook-token', flags.webhookToken);
  const passphrase = flags.ipnPassphrase && reference('--ipn-passphrase', flags.ipnPassphrase);
  const digistore24 = {
    ...(flags.merchantId !== undefined && { merchantId: flags.merchantId }),
    ...(flags.apiKey !== undefined && { apiKey: reference('--api-key', flags.apiKey) }),
    ...(passphrase && { ipn: [{ id: 'ipn', passphrases: [passphrase] }] }),
  };
  const auth = { kind: 'private-integration', token: reference('--ghl-token', flags.ghlToken) };
  const connection = { id, token, digistore24, highlevel: [{ locationId: flags.location, auth }] };
  if (flags.webhookToken === undefined && !existsSync(secretFile))
    write(secretFile, `${randomBytes(24).toString('base64url')}\n`);
  write(`${file}.new`, `${JSON.stringify({ ...whole, connections: [...before, connection] }, null, 2)}\n`);
  try {
    // A reference that leads nowhere is told before the file counts.
    readSettings({ file: `${file}.new` });
    renameSync(`${file}.new`, file);
  } finally {
    rmSync(`${file}.new`, { force: true });
  }
  output.result({ id, location: flags.location, token }, () => [
    `added: ${id}`,
    `address for Digistore24: /webhooks/digistore24/${id}/ and the text that ${token} holds`,
  ]);
}

/** Where a secret stands; never the secret: other users see a process's arguments. */
function reference(option: string, given: string): string {
  if (/^(file|env):./.test(given)) return given;
  throw wrongField(option, 'must be file:PATH or env:NAME');
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 });
  } catch {
    throw problem(
      'misconfigured',
      'the settings file can’t be written',
      'Give this user the right to write its folder.',
    );
  }
}

function checkInWords({ connection, location, checks, error }: PlaceCheck, paint: Paint): string[] {
  const lines = checks
    .filter(({ ok }) => !ok)
    .flatMap(({ name, message, help }) => [
      `  ${paint.bad('WRONG')} ${name}: ${message}`,
      ...(help ? [`        ${help}`] : []),
    ]);
  if (error) lines.push(`  ${paint.bad('WRONG')} ${error.message}`, `        ${error.help}`);
  return [`${lines.length === 0 ? paint.good('ok  ') : ''}${connection} ${location}`, ...lines];
}
