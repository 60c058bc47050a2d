import type { Command } from 'commander';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';

/** `check`: is all set right? `scopes`: what has to be ticked for that? */
export function addCheck(program: Command): void {
  withSettings(program.command('check'))
    .description('check credentials, scopes, location, custom fields, API key and passphrase')
    .action(async (_: unknown, command: Command) => {
      await withPlugin(command, 'present', async (plugin, output) => {
        const report = await plugin.check();
        output.result(report, (paint) =>
          report.checks.flatMap(({ name, ok, message, help }) => [
            `${ok ? paint.good('ok  ') : paint.bad('WRONG')} ${name}: ${message}`,
            ...(help ? [`      ${help}`] : []),
          ]),
        );
        if (!report.ok) process.exitCode = EXIT.refused;
      });
    });

  withSettings(program.command('scopes'))
    .description('list the scopes to tick in HighLevel, by default for the sync with its mapping')
    .option('--for <ids>', 'for these operations instead, with commas between')
    .action(async ({ for: ids }: { for?: string }, command: Command) => {
      await withPlugin(command, 'present', async (plugin, output) => {
        const operations = ids?.split(',').map((id) => id.trim());
        const scopes = await plugin.scopes(operations ? { for: operations } : {});
        output.result(scopes, () => scopes);
      });
    });
}
