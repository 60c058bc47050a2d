import type { Command } from 'commander';
import type { Whom } from '../../protocol.js';
import { drawTimeline } from '../../text/timeline.js';
import { withPlugin, withSettings } from '../session.js';

/** `timeline`: one customer in one view. */
export function addTimeline(program: Command): void {
  withSettings(program.command('timeline'))
    .description('show all that both services know of a customer')
    .argument('<whom>', 'an e-mail address, the id of a contact, order:ID or buyer:ID of Digistore24')
    .action(async (whom: string, _: unknown, command: Command) => {
      await withPlugin(command, 'present', async (plugin, output) => {
        const timeline = await plugin.timeline(named(whom));
        output.result(timeline, (paint) => drawTimeline(timeline, paint));
      });
    });
}

function named(whom: string): Whom {
  if (whom.includes('@')) return { email: whom };
  const [, kind, id] = /^(order|buyer):(.+)$/.exec(whom) ?? [];
  if (id === undefined) return { contactId: whom };
  return kind === 'order' ? { orderId: id } : { buyerId: id };
}
