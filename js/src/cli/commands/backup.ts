import { resolve } from 'node:path';
import type { Command } from 'commander';
import { outputOf, settingsOf, withSettings } from '../session.js';

/** `backup`: a copy of the state file while others use it. */
export function addBackup(program: Command): void {
  withSettings(program.command('backup'))
    .description('copy the state file, also while others use it')
    .argument('<file>', 'where to; must not exist')
    .action(async (file: string, _: unknown, command: Command) => {
      const { backupSqliteStore } = await import('../../store/sqlite.js');
      const to = resolve(file);
      backupSqliteStore(settingsOf(command).state, to);
      outputOf(command).result({ backup: to }, () => [`copied to ${to}`]);
    });
}
