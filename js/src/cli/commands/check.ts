import type { Command } from 'commander';
import type { IpnState } from '../../protocol.js';
import type { Paint } from '../../text/paint.js';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';

/** `check`: whether the IPN connection is as it was made. */
export function addCheck(program: Command): void {
  withSettings(program.command('check'))
    .description('read back the IPN connection that setup made')
    .option('--test', 'the one for a test address')
    .action(async ({ test = false }: { test?: boolean }, command: Command) => {
      await withPlugin(command, 'present', async (plugin, output) => {
        const ipn = await plugin.ipn.check({ test });
        output.result({ ipn }, (paint) => ipnInWords(ipn, paint));
        if (!ipn.installed || ipn.differences.length > 0) process.exitCode = EXIT.refused;
      });
    });
}

/** The state of an IPN connection, and each difference, for people. */
export function ipnInWords({ id, url, installed, differences }: IpnState, paint: Paint): string[] {
  if (!installed) return [paint.bad('IPN connection: none that setup made')];
  const told = (value: unknown) => (value === null ? 'another' : String(value));
  return [
    `IPN connection ${id}: ${url}`,
    ...differences.map(({ field, expected, found }) =>
      paint.bad(`${field} is ${told(found)}${expected === null ? '' : `, wanted is ${String(expected)}`}`),
    ),
  ];
}
