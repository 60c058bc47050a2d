import type { Command } from 'commander';
import { readObject } from '../input.js';
import { withPlugin, withSettings } from '../session.js';

/** `run`: one operation of the catalog. */
export function addRun(program: Command): void {
  withSettings(program.command('run'))
    .description('call an operation of the catalog')
    .argument('<id>', 'ghl.contacts.addTags, digistore24.getPurchase, …')
    .option('--input <json>', 'a JSON object, @file, or - for standard input', '{}')
    .action(async (id: string, { input }: { input: string }, command: Command) => {
      const given = readObject(input, '--input');
      await withPlugin(command, 'present', async (plugin, output) => {
        const answer = await plugin.run(id, given);
        output.result(answer, () => [JSON.stringify(answer, null, 2)]);
      });
    });
}
