import type { Command } from 'commander';
import { wrongField } from '../../errors.js';
import type { Room, RoomEntry } from '../../protocol.js';
import { table } from '../../text/columns.js';
import { wholeNumber } from '../input.js';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';

/** `inbox`: messages that wait. */
export function addInbox(program: Command): void {
  withSettings(program.command('inbox'))
    .description('list the messages that wait')
    .option('--limit <number>', 'at most so many', '100')
    .action(async ({ limit }: { limit: string }, command: Command) => list(command, 'inbox', limit));
}

/** `deadletters`: messages that can't be carried out without a person. */
export function addDeadLetters(program: Command): void {
  withSettings(program.command('deadletters'))
    .description('list the messages that wait for a person; try them again, or give one up')
    .argument('[what]', 'list, retry or drop', 'list')
    .argument('[name]', 'the letter’s name; retry without one tries all')
    .option('--limit <number>', 'at most so many', '100')
    .action(async (what: string, name: string | undefined, { limit }: { limit: string }, command: Command) => {
      if (what === 'list') return list(command, 'dead', limit);
      if (what === 'retry') return retry(command, name);
      if (what === 'drop' && name !== undefined) return drop(command, name);
      throw what === 'drop' ? wrongField('name', 'is required') : wrongField('what', 'must be list, retry or drop');
    });
}

async function list(command: Command, room: Room, limit: string): Promise<void> {
  const most = wholeNumber(limit, '--limit', 100_000);
  await withPlugin(command, 'present', async (plugin, output) => {
    const entries = await plugin.inbox(room, most);
    output.result(entries, () => (entries.length === 0 ? ['none'] : entries.flatMap(inWords)));
  });
}

async function retry(command: Command, name?: string): Promise<void> {
  await withPlugin(command, 'needed', async (plugin, output) => {
    const reports = await plugin.deadLetters.retry(name);
    output.result(reports, () => {
      const rows = reports.map(({ event, order, outcome, error }) => [event, order, outcome, error?.message ?? '']);
      return rows.length === 0 ? ['nothing to do'] : table(rows);
    });
    if (reports.some(({ outcome }) => outcome !== 'done')) process.exitCode = EXIT.refused;
  });
}

async function drop(command: Command, name: string): Promise<void> {
  await withPlugin(command, 'needed', async (plugin, output) => {
    await plugin.deadLetters.drop(name);
    output.result({ dropped: name }, () => [`given up: ${name}`]);
  });
}

function inWords({ name, event, order, attempts, error, reason }: RoomEntry): string[] {
  const line = [name, event, `order ${order}`, `${attempts ?? 0} tries`, error?.message ?? reason ?? ''];
  return [line.filter(Boolean).join('  '), ...(error ? [`    ${error.help}`] : [])];
}
