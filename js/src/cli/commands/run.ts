import type { Command } from 'commander';
import { wrongField } from '../../errors.js';
import { readObject, wholeNumber } from '../input.js';
import { withPlugin, withSettings } from '../session.js';

interface Flags {
  input: string;
  all?: true;
  limit?: string;
}

/** `run`: one operation of the catalog. */
export function addRun(program: Command): void {
  withSettings(program.command('run'))
    .description('call an operation of the catalog')
    .argument('<id>', 'ghl.contacts.addTags, digistore24.getPurchase, …')
    .option('--input <json>', 'a JSON object, @file, or - for standard input', '{}')
    .option('--all', 'all items of a list over all its pages, each as one line of JSON')
    .option('--limit <n>', 'with --all: at most so many')
    .action(async (id: string, { input, all, limit }: Flags, command: Command) => {
      const given = readObject(input, '--input');
      const most = limit === undefined ? undefined : wholeNumber(limit, '--limit', Number.MAX_SAFE_INTEGER);
      if (most !== undefined && !all) throw wrongField('--limit', 'goes with --all');
      await withPlugin(command, 'present', async (plugin, output) => {
        if (all) {
          const items = plugin.list<string>(id, given, most === undefined ? {} : { limit: most });
          for await (const item of items) await output.line(item);
          return;
        }
        const answer = await plugin.run(id, given);
        output.result(answer, () => [JSON.stringify(answer, null, 2)]);
      });
    });
}
