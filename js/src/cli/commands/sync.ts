import type { Command } from 'commander';
import { problem } from '../../errors.js';
import { eventFromBody } from '../../ipn.js';
import type { Report } from '../../protocol.js';
import { callsInWords, stepInWords } from '../../text/plan.js';
import { readText } from '../input.js';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';

/** What needs no further try. */
const SETTLED: ReadonlySet<Report['outcome']> = new Set(['done', 'duplicate', 'kept']);

/** `sync`: carries out a message. */
export function addSync(program: Command): void {
  withSettings(program.command('sync'))
    .description('carry out a Digistore24 message')
    .requiredOption('--ipn <file>', 'the message: a form or JSON; - for standard input')
    .option('--unsigned', 'take it without a valid signature')
    .action(async ({ ipn, unsigned }: { ipn: string; unsigned?: true }, command: Command) => {
      const event = eventFromBody(readText(ipn, '--ipn'));
      await withPlugin(command, 'needed', async (plugin, output) => {
        if (!unsigned) {
          const { signature } = await plugin.sync.plan(event);
          if (signature !== 'valid') throw unsignedMessage(signature);
        }
        const report = await plugin.sync.apply(event);
        output.result(report, () => inWords(report));
        if (!SETTLED.has(report.outcome)) process.exitCode = EXIT.refused;
      });
    });
}

function unsignedMessage(signature: string): Error {
  const reason = signature === 'not checked' ? 'can’t be checked: no passphrase is set' : `is ${signature}`;
  return problem(
    'signature_invalid',
    `the message’s signature ${reason}`,
    'Set DIGISTORE24_IPN_PASSPHRASE to the connection’s passphrase, or add --unsigned if you trust the file.',
  );
}

function inWords({ event, order, outcome, plan, calls, requests, error, nextAt, contactId }: Report): string[] {
  return [
    `${event}, order ${order}: ${outcome}${contactId ? `, contact ${contactId}` : ''}`,
    ...(plan?.steps ?? []).map((step, i) => `${i + 1}. ${stepInWords(step)}`),
    ...(plan?.remarks ?? []).map((remark) => `note: ${remark}`),
    ...(calls.length > 0 ? [`calls: ${callsInWords(calls)} (${requests} requests)`] : []),
    ...(error ? [`${error.message}. ${error.help}`] : []),
    ...(nextAt ? [`next try: ${nextAt}`] : []),
  ];
}
