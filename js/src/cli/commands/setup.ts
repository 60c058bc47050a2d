import type { Command } from 'commander';
import type { IpnState } from '../../protocol.js';
import type { Paint } from '../../text/paint.js';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';

interface Flags {
  ipnUrl?: string;
  test?: true;
  rotate?: true;
}

/** `setup`: what the mapping needs in HighLevel, and what sends Digistore24's messages. */
export function addSetup(program: Command): void {
  withSettings(program.command('setup'))
    .description('create the custom fields that are missing in HighLevel, and the IPN connection in Digistore24')
    .option('--ipn-url <address>', 'make the IPN connection that sends here; the receiver must run')
    .option('--test', 'a connection of its own for a test address')
    .option('--rotate', 'a new passphrase; the present one stays valid until the next rotation')
    .action(async ({ ipnUrl, test, rotate }: Flags, command: Command) => {
      await withPlugin(command, 'needed', async (plugin, output) => {
        const { created, present, wrongType } = await plugin.setup();
        const kind = { ...(test && { test }), ...(rotate && { rotate }) };
        const ipn = ipnUrl === undefined ? undefined : await plugin.ipn.install({ url: ipnUrl, ...kind });
        output.result({ created, present, wrongType, ...(ipn && { ipn }) }, (paint) => [
          `created: ${created.join(', ') || 'none'}`,
          `there already: ${present.join(', ') || 'none'}`,
          ...(wrongType.length > 0
            ? [paint.bad(`of another type, please rename or delete: ${wrongType.join(', ')}`)]
            : []),
          ...(ipn ? ipnInWords(ipn, paint) : []),
        ]);
        if (wrongType.length > 0 || (ipn && ipn.differences.length > 0)) process.exitCode = EXIT.refused;
      });
    });
}

/** The connection, and each difference. */
function ipnInWords({ id, url, differences }: IpnState, paint: Paint): string[] {
  const told = (value: unknown) => (value === null ? 'another' : String(value));
  return [
    `IPN connection ${id}: ${url}`,
    ...differences.map(({ field, expected, found }) =>
      paint.bad(`${field} is ${told(found)}${expected === null ? '' : `, wanted is ${told(expected)}`}`),
    ),
  ];
}
