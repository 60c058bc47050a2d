import type { Command } from 'commander';
import { wholeNumber } from '../input.js';
import { withPlugin, withSettings } from '../session.js';

/** `events`: what HighLevel told and nobody has dealt with. */
export function addEvents(program: Command): void {
  withSettings(program.command('events'))
    .description('print the events of HighLevel that nobody has dealt with')
    .option('--limit <number>', 'at most so many', '100')
    .option('--done', 'they count as dealt with once they are printed')
    .action(async ({ limit, done }: { limit: string; done?: true }, command: Command) => {
      const count = wholeNumber(limit, '--limit', 1000);
      await withPlugin(command, 'present', async (plugin, output) => {
        const events = await plugin.events.take({ limit: count });
        output.result(events, () => events.map(({ receivedAt, event, id }) => `${receivedAt} ${event ?? '?'} ${id}`));
        if (done) await plugin.events.done(events.map(({ dedupeKey }) => dedupeKey));
      });
    });
}
