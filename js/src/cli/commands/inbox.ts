import type { Command } from 'commander';
import type { Room, RoomEntry } from '../../protocol.js';
import { table } from '../../text/columns.js';
import { wholeNumber } from '../input.js';
import { withPlugin, withSettings } from '../session.js';

/** `inbox` and `deadletters`: messages that wait, by themselves or for a person. */
export function addInbox(program: Command): void {
  add('inbox', 'inbox', 'list the messages that wait');
  add('deadletters', 'dead', 'list the messages that wait for a person');

  function add(name: string, room: Room, description: string): void {
    withSettings(program.command(name))
      .description(description)
      .option('--limit <number>', 'at most so many', '100')
      .action(async ({ limit }: { limit: string }, command: Command) => {
        const most = wholeNumber(limit, '--limit', 100_000);
        await withPlugin(command, 'present', async (plugin, output) => {
          const entries = await plugin.inbox(room, most);
          output.result(entries, () => (entries.length === 0 ? ['none'] : table(entries.map(row))));
        });
      });
  }
}

function row({ name, event, attempts, error, reason }: RoomEntry): string[] {
  return [name, event, `${attempts ?? 0} tries`, error?.message ?? reason ?? ''];
}
