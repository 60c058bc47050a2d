import type { Command } from 'commander';
import { eventFromBody } from '../../ipn.js';
import type { DryRun } from '../../protocol.js';
import { changesInWords, laterInWords, stepInWords } from '../../text/plan.js';
import { readText } from '../input.js';
import { withPlugin, withSettings } from '../session.js';

/** `plan`: what a message would do. */
export function addPlan(program: Command): void {
  withSettings(program.command('plan'))
    .description('say what a Digistore24 message would do; makes no call and writes nothing')
    .requiredOption('--ipn <file>', 'the message: a form or JSON; - for standard input')
    .action(async ({ ipn }: { ipn: string }, command: Command) => {
      const event = eventFromBody(readText(ipn, '--ipn'));
      await withPlugin(command, 'present', async (plugin, output) => {
        const plan = await plugin.sync.plan(event);
        output.result(plan, () => inWords(plan));
      });
    });
}

function inWords(plan: DryRun): string[] {
  const { event, repeated, signature, later, lookUp, remarks, steps } = plan;
  return [
    `${event.event}${event.order.id && `, order ${event.order.id}`}, signature ${signature}${event.test ? ', a test order' : ''}`,
    ...(repeated ? ['came before'] : steps.length > 0 ? [`look-up: ${lookUp}`] : []),
    ...changesInWords(plan).map((change) => `state: ${change}`),
    ...steps.map((step, i) => `${i + 1}. ${stepInWords(step)}: ${step.why}`),
    ...later.map((step) => `later, ${laterInWords(step)}`),
    ...remarks.map((remark) => `note: ${remark}`),
    ...(steps.length === 0 ? ['nothing to do'] : []),
  ];
}
