import type { Command } from 'commander';
import { createPlugin } from '../../plugin.js';
import type { CatalogEntry, CatalogFilter } from '../../protocol.js';
import { table } from '../../text/columns.js';
import { outputOf } from '../session.js';

/** `catalog`: what can be done. */
export function addCatalog(program: Command): void {
  program
    .command('catalog')
    .description('list operations, actions and triggers, or search them: each word in id, title or description')
    .argument('[words...]', 'what to look for')
    .option('--service <name>', 'ghl, digistore24 or bridge')
    .option('--kind <kind>', 'action, search or trigger')
    .option('--resource <name>', 'contacts, purchases, …')
    .option('--tier <tier>', 'core: what builders list first')
    .option('--id <id>', 'one operation, with its input and sample')
    .action(async (words: string[], filter: CatalogFilter, command: Command) => {
      const output = outputOf(command);
      const plugin = await createPlugin({ log: output.log });
      try {
        const { service, kind, resource, tier, id } = filter;
        const asked = { service, kind, resource, tier, id, text: words.join(' ') };
        const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
        const entries = plugin.catalog.list(given);
        output.result(entries, () => (id ? entries.flatMap(whole) : short(entries)));
      } finally {
        await plugin.close();
      }
    });
}

function short(entries: CatalogEntry[]): string[] {
  const rows = table(entries.map(({ id, effect, kind, title }) => [id, kind === 'trigger' ? kind : effect, title]));
  return [...rows, '', `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}`];
}

function whole({ id, title, description, scopes, effect, retry, arrives, input, sample }: CatalogEntry): string[] {
  return [
    id,
    `  ${description === title ? title : `${title}. ${description}`}`,
    `  ${arrives ? `arrives by ${arrives.join(', ')}` : `${effect}, repeatable: ${retry}`}, needs ${scopes.join(', ') || 'no scope'}`,
    `input: ${JSON.stringify(input, null, 2)}`,
    `sample: ${JSON.stringify(sample, null, 2)}`,
  ];
}
