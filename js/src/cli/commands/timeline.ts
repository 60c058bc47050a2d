import type { Command } from 'commander';
import { drawTimeline } from '../../text/timeline.js';
import { withPlugin, withSettings } from '../session.js';

/** `timeline`: one customer in one view. */
export function addTimeline(program: Command): void {
  withSettings(program.command('timeline'))
    .description('show a customer’s purchases, notes, tasks and appointments')
    .argument('<whom>', 'an e-mail address or the id of a contact')
    .action(async (whom: string, _: unknown, command: Command) => {
      await withPlugin(command, 'present', async (plugin, output) => {
        const timeline = await plugin.timeline(whom.includes('@') ? { email: whom } : { contactId: whom });
        output.result(timeline, (paint) => drawTimeline(timeline, paint));
      });
    });
}
