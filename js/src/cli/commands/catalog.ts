import type { Command } from 'commander';
import { createPlugin } from '../../plugin.js';
import type { CatalogEntry, CatalogFilter } from '../../protocol.js';
import { table } from '../../text/columns.js';
import { outputOf } from '../session.js';

/** `catalog`: what can be done. */
export function addCatalog(program: Command): void {
  program
    .command('catalog')
    .description('list the operations of both services and the actions of several calls')
    .option('--service <name>', 'ghl, digistore24 or bridge')
    .option('--kind <kind>', 'action, search or trigger')
    .option('--resource <name>', 'contacts, purchases, …')
    .option('--id <id>', 'one operation, with its input and sample')
    .action(async (filter: CatalogFilter, command: Command) => {
      const output = outputOf(command);
      const plugin = await createPlugin({ log: output.log });
      try {
        const { service, kind, resource, id } = filter;
        const asked = { ...(service && { service }), ...(kind && { kind }), ...(resource && { resource }) };
        const entries = plugin.catalog.list({ ...asked, ...(id && { id }) });
        output.result(entries, () => (id ? entries.flatMap(whole) : short(entries)));
      } finally {
        await plugin.close();
      }
    });
}

function short(entries: CatalogEntry[]): string[] {
  return [...table(entries.map(({ id, effect, title }) => [id, effect, title])), '', `${entries.length} operations`];
}

function whole({ id, title, description, scopes, effect, retry, input, sample }: CatalogEntry): string[] {
  return [
    id,
    `  ${description === title ? title : `${title}. ${description}`}`,
    `  ${effect}, repeatable: ${retry}, needs ${scopes.join(', ') || 'no scope'}`,
    `input: ${JSON.stringify(input, null, 2)}`,
    `sample: ${JSON.stringify(sample, null, 2)}`,
  ];
}
