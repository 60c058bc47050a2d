import type { Command } from 'commander';
import { wholeNumber } from '../input.js';
import { openFleet, openPlugin, outputOf, settingsOf, withSettings } from '../session.js';
import { untilStopped } from '../signals.js';

interface Flags {
  host: string;
  port: string;
  proxies: string;
  stopSeconds: string;
}

/** `serve`: the receiver of Digistore24's messages. */
export function addServe(program: Command): void {
  withSettings(program.command('serve'))
    .description('receive Digistore24’s messages and carry them out')
    .option('--port <number>', 'the port to listen on', '8024')
    .option('--host <address>', 'the address to listen on; 0.0.0.0 for all', '127.0.0.1')
    .option('--proxies <number>', 'how many reverse proxies in front add to X-Forwarded-For', '0')
    .option('--stop-seconds <number>', 'how long stopping may take', '8')
    .action(async ({ host, ...numbers }: Flags, command: Command) => {
      const port = wholeNumber(numbers.port, '--port', 65_535);
      const proxies = wholeNumber(numbers.proxies, '--proxies', 10);
      const stopTimeoutMs = wholeNumber(numbers.stopSeconds, '--stop-seconds', 3600) * 1000;
      const output = outputOf(command);
      const { serve } = await import('../../serve.js');
      const { calm } = await import('../../serve/calm.js');
      const log = calm(output.log);
      const { syncToken } = settingsOf(command);
      const fleet = await openFleet(command, 'needed', { log });
      const served = fleet ? { fleet } : { plugin: await openPlugin(command, 'needed', { log }) };
      try {
        const receiver = await serve({
          ...served,
          host,
          port,
          proxies,
          stopTimeoutMs,
          log,
          ...(syncToken !== undefined && { syncToken }),
        });
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
