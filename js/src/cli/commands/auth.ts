import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { AuthStatus, Rotation } from '../../auth.js';
import { wrongField } from '../../errors.js';
import { readSecret, wholeNumber } from '../input.js';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';

/** What may be changed, by the word for it. */
export const ROTATIONS: Record<string, (secret: string) => Rotation> = {
  token: (token) => ({ token }),
  'api-key': (apiKey) => ({ apiKey }),
  'ipn-passphrase': (ipnPassphrase) => ({ ipnPassphrase }),
};
/** As Digistore24's own kit does. */
const POLL_MS = 2000;

/** `auth`: authorisations and keys. Secrets come from standard input or a file, never as a flag. */
export function addAuth(program: Command): void {
  const auth = program.command('auth').description('connect HighLevel and Digistore24; change credentials');

  withSettings(auth.command('status'))
    .description('tell how the credentials stand; makes no call')
    .action(async (_: unknown, command: Command) => {
      await withPlugin(command, 'present', async (plugin, output) => {
        const status = await plugin.auth.status();
        output.result(status, () => inWords(status));
      });
    });

  withSettings(auth.command('url'))
    .description('the address where a person agrees to the app')
    .option('--oauth-state <text>', 'comes back with the code; random when absent')
    .option('--host <address>', 'of a white-label marketplace')
    .action(async ({ oauthState, host }: { oauthState?: string; host?: string }, command: Command) => {
      await withPlugin(command, 'present', async (plugin, output) => {
        const sent = oauthState ?? randomBytes(16).toString('hex');
        const { url, scopes } = await plugin.auth.authorizeUrl({ state: sent, ...(host && { host }) });
        output.result({ url, state: sent, scopes }, () => [url, `state: ${sent}`]);
      });
    });

  withSettings(auth.command('exchange'))
    .description('exchange the code that came back for tokens, and keep them')
    .argument('[code]', 'file:PATH, or - for standard input', '-')
    .action(async (from: string, _: unknown, command: Command) => {
      const code = readSecret(from, 'code');
      await withPlugin(command, 'needed', async (plugin, output) => {
        const status = await plugin.auth.exchange({ code });
        output.result(status, () => inWords(status));
      });
    });

  withSettings(auth.command('rotate'))
    .description('change a credential while other processes run')
    .argument('<what>', Object.keys(ROTATIONS).join(', '))
    .argument('[secret]', 'file:PATH, or - for standard input', '-')
    .action(async (what: string, from: string, _: unknown, command: Command) => {
      const rotation = Object.hasOwn(ROTATIONS, what) ? ROTATIONS[what] : undefined;
      if (!rotation) throw wrongField('what', `must be one of ${Object.keys(ROTATIONS).join(', ')}`);
      const change = rotation(readSecret(from, 'secret'));
      await withPlugin(command, 'needed', async (plugin, output) => {
        const status = await plugin.auth.rotate(change);
        output.result(status, () => inWords(status));
      });
    });

  withSettings(auth.command('request-key'))
    .description('ask a vendor of Digistore24 for an API key')
    .requiredOption('--return-url <address>', 'where the person comes back to; https')
    .option('--read-only', 'a key that can only read')
    .action(async ({ returnUrl, readOnly }: { returnUrl: string; readOnly?: boolean }, command: Command) => {
      await withPlugin(command, 'present', async (plugin, output) => {
        const permissions = readOnly ? 'read-only' : 'writable';
        const request = await plugin.auth.requestApiKey({ permissions, return_url: returnUrl });
        output.result(request, () => [
          `open: ${request.request_url}`,
          `then: auth retrieve-key, with this on its input:`,
          request.request_token,
        ]);
      });
    });

  withSettings(auth.command('retrieve-key'))
    .description('wait until the vendor has granted the key, and keep it')
    .argument('[token]', 'of the request: file:PATH, or - for standard input', '-')
    .option('--wait <seconds>', 'how long at most', '480')
    .action(async (from: string, { wait }: { wait: string }, command: Command) => {
      const token = readSecret(from, 'token');
      const until = Date.now() + wholeNumber(wait, '--wait', 3600) * 1000;
      await withPlugin(command, 'needed', async (plugin, output) => {
        let answer = await plugin.auth.retrieveApiKey({ token });
        while (answer.status === 'pending' && Date.now() < until) {
          await pause(Math.min(POLL_MS, until - Date.now()));
          answer = await plugin.auth.retrieveApiKey({ token });
        }
        output.result(answer, () => [answer.status]);
        if (answer.status !== 'completed') process.exitCode = EXIT.refused;
      });
    });
}

function inWords({ highlevel, digistore24 }: AuthStatus): string[] {
  const lines: string[] = [];
  if (highlevel) {
    const { kind, state, source, scopes = [], expiresAt } = highlevel;
    lines.push(`HighLevel: ${state.replace('_', ' ')} (${kind}${source ? `, from the ${source}` : ''})`);
    if (scopes.length > 0) lines.push(`  scopes: ${scopes.join(' ')}`);
    if (expiresAt) lines.push(`  the token is renewed before ${expiresAt}`);
  }
  if (digistore24) {
    const { apiKey, source, readOnly, ipnPassphrases } = digistore24;
    lines.push(
      `Digistore24: ${apiKey ? `API key from the ${source}${readOnly ? ', can only read' : ''}` : 'no API key'}`,
    );
    lines.push(`  passphrases: ${ipnPassphrases}`);
  }
  return lines;
}
