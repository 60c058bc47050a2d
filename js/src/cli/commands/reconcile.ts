import type { Command } from 'commander';
import type { Drift } from '../../protocol.js';
import { table } from '../../text/columns.js';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';

/** `reconcile`: what webhooks missed. */
export function addReconcile(program: Command): void {
  withSettings(program.command('reconcile'))
    .description('compare with Digistore24, take in what webhooks missed, and carry it out')
    .option('--from <day>', 'since this day (default: since the end of the last run)')
    .action(async ({ from }: { from?: string }, command: Command) => {
      await withPlugin(command, 'needed', async (plugin, output) => {
        const found = await plugin.sync.reconcile({ ...(from !== undefined && { from }) });
        const { events } = await plugin.tick();
        const outcomes = events.map(({ event, order, outcome }) => ({ event, order, outcome }));
        const open = outcomes.filter(({ outcome }) => outcome !== 'done');
        if (open.length > 0) process.exitCode = EXIT.refused;
        output.result({ ...found, outcomes }, () => [
          `${found.checked} orders compared, ${found.found} differences, ${found.repaired} taken in`,
          ...(found.work > 0 ? [`${found.work} new requests for a proof, a refund or a delivery`] : []),
          ...(found.drift.length > 0 ? table(found.drift.map(row)) : []),
          ...open.map(({ event, order, outcome }) => `not carried out: ${event} of ${order}: ${outcome}`),
        ]);
      });
    });
}

function row({ order, event, manner, problem, occurredAt }: Drift): string[] {
  return [occurredAt ?? '', order, event, problem ? `differs: ${problem}` : `taken in, ${manner}`];
}
