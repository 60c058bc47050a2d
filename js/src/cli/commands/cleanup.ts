import type { Command } from 'commander';
import { wrongField } from '../../errors.js';
import { table } from '../../text/columns.js';
import { withPlugin, withSettings } from '../session.js';

/** `cleanup --test`: what test orders left goes before production begins. */
export function addCleanup(program: Command): void {
  withSettings(program.command('cleanup'))
    .description('take out what test orders left: notes, tasks, deals, tags; needs --test')
    .option('--test', 'of test orders: the only thing that is cleaned up')
    .option('--delete-contacts', 'also delete contacts that the plugin made and that have only test orders')
    .option('--dry-run', 'only tell what would go')
    .action(async (asked: { test?: boolean; deleteContacts?: boolean; dryRun?: boolean }, command: Command) => {
      if (!asked.test) throw wrongField('--test', 'is required: it says what to clean up');
      await withPlugin(command, 'needed', async (plugin, output) => {
        const { test: _, ...options } = asked;
        const cleanup = await plugin.sync.cleanup(options);
        output.result(cleanup, () => [
          ...(cleanup.people.length === 0 ? ['there are no test orders'] : []),
          ...table(
            cleanup.people.map(({ contactId, outcome, orders, notes, tasks, deals }) => [
              contactId,
              outcome,
              `orders ${orders.join(', ')}`,
              `${notes} notes, ${tasks} tasks, ${deals} deals`,
            ]),
          ),
          ...cleanup.people
            .filter(({ outcome }) => outcome === 'gone')
            .map(
              ({ contactId, orders, tags }) =>
                `${contactId} is not there. If it was merged into another contact, take off there: notes ${orders.map((id) => `"DS24 ${id} ·"`).join(', ')}, tags ${tags.join(', ')}`,
            ),
          ...(cleanup.done ? [] : ['Events are being worked on, or it was stopped: run it again.']),
        ]);
      });
    });
}
