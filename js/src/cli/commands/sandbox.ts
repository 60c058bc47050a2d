import type { Command } from 'commander';
import { problem } from '../../errors.js';
import { wholeNumber } from '../input.js';
import { outputOf } from '../session.js';
import { untilStopped } from '../signals.js';

/** `sandbox`: both services, simulated. */
export function addSandbox(program: Command): void {
  program
    .command('sandbox')
    .description('simulate both services on this machine')
    .option('--port <number>', 'the port to listen on', '8025')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .action(async ({ port, host }: { port: string; host: string }, command: Command) => {
      const number = wholeNumber(port, '--port', 65_535);
      const { startSandbox, ...defaults } = await import('../../../sandbox/index.js');
      const sandbox = await startSandbox({ port: number, host }).catch(() => {
        throw problem(
          'misconfigured',
          `the sandbox can’t listen on ${host}, port ${number}`,
          'Choose another --port or --host.',
        );
      });
      // What the sandbox accepts is no secret: it is the same everywhere.
      const settings = {
        GHL_BASE_URL: sandbox.highlevelUrl,
        GHL_TOKEN: defaults.DEFAULT_TOKEN,
        GHL_LOCATION_ID: defaults.DEFAULT_LOCATION_ID,
        DIGISTORE24_BASE_URL: sandbox.digistore24Url,
        DIGISTORE24_API_KEY: defaults.DEFAULT_API_KEY,
      };
      outputOf(command).result({ url: sandbox.url, settings }, () => [
        `listening: ${sandbox.url}`,
        ...Object.entries(settings).map(([name, value]) => `export ${name}=${value}`),
      ]);
      await untilStopped();
      await sandbox.close();
    });
}
