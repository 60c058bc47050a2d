import type { Command } from 'commander';
import { wholeNumber } from '../input.js';
import { openFleet, openPlugin, outputOf, withSettings } from '../session.js';
import { untilStopped } from '../signals.js';

/** `serve`: the receiver of Digistore24's messages. */
export function addServe(program: Command): void {
  withSettings(program.command('serve'))
    .description('receive Digistore24’s messages and carry them out')
    .option('--port <number>', 'the port to listen on', '8024')
    .option('--host <address>', 'the address to listen on; 0.0.0.0 for all', '127.0.0.1')
    .action(async ({ port, host }: { port: string; host: string }, command: Command) => {
      const number = wholeNumber(port, '--port', 65_535);
      const output = outputOf(command);
      const fleet = await openFleet(command, 'needed', output);
      const served = fleet ? { fleet } : { plugin: await openPlugin(command, 'needed', output) };
      try {
        const { log } = output;
        const { serve } = await import('../../serve.js');
        const receiver = await serve({ ...served, host, port: number, log });
        output.result({ url: receiver.url, webhookUrl: receiver.webhookUrl }, () => [
          `listening: ${receiver.webhookUrl}`,
        ]);
        await untilStopped();
        log({ level: 'info', message: 'stopping after the present event', fields: {} });
        await receiver.close();
      } finally {
        await (served.fleet ?? served.plugin).close();
      }
    });
}
