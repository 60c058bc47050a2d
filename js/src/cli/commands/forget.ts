import type { Command } from 'commander';
import { withPlugin, withSettings } from '../session.js';

/** `forget`: a person leaves no trace in the store. */
export function addForget(program: Command): void {
  withSettings(program.command('forget'))
    .description('remove everything of a person from the store, and name what remains elsewhere')
    .argument('<email>', 'the person’s e-mail address')
    .option('--delete-contact', 'also delete the contact in HighLevel')
    .action(async (email: string, { deleteContact = false }: { deleteContact?: boolean }, command: Command) => {
      await withPlugin(command, 'needed', async (plugin, output) => {
        const forgotten = await plugin.forget(email, { deleteContact });
        const { contactDeleted, orders, messages, remains } = forgotten;
        output.result(forgotten, () => [
          `forgotten: ${orders} orders, ${messages} messages${contactDeleted ? ', the contact in HighLevel' : ''}`,
          ...remains.map(({ where, what, help }) => `remains in ${where}: ${what} (${help})`),
        ]);
      });
    });
}
