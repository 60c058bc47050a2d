import type { Command } from 'commander';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';

/** `setup`: what the mapping needs in HighLevel. */
export function addSetup(program: Command): void {
  withSettings(program.command('setup'))
    .description('create the custom fields that are missing in HighLevel')
    .action(async (_: unknown, command: Command) => {
      await withPlugin(command, 'needed', async (plugin, output) => {
        const { created, present, wrongType } = await plugin.setup();
        output.result({ created, present, wrongType }, (paint) => [
          `created: ${created.join(', ') || 'none'}`,
          `there already: ${present.join(', ') || 'none'}`,
          ...(wrongType.length > 0
            ? [paint.bad(`of another type, please rename or delete: ${wrongType.join(', ')}`)]
            : []),
        ]);
        if (wrongType.length > 0) process.exitCode = EXIT.refused;
      });
    });
}
