import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { problem } from '../errors.js';
import { addAuth } from './commands/auth.js';
import { addBackfill } from './commands/backfill.js';
import { addBackup } from './commands/backup.js';
import { addCatalog } from './commands/catalog.js';
import { addCheck } from './commands/check.js';
import { addCleanup } from './commands/cleanup.js';
import { addConnections } from './commands/connections.js';
import { addEvents } from './commands/events.js';
import { addForget } from './commands/forget.js';
import { addDeadLetters, addInbox } from './commands/inbox.js';
import { addMapping } from './commands/mapping.js';
import { addPlan } from './commands/plan.js';
import { addPoll } from './commands/poll.js';
import { addReconcile } from './commands/reconcile.js';
import { addRun } from './commands/run.js';
import { addSandbox } from './commands/sandbox.js';
import { addServe } from './commands/serve.js';
import { addSetup } from './commands/setup.js';
import { addSync } from './commands/sync.js';
import { addTimeline } from './commands/timeline.js';
import { Output } from './output.js';

/**
 * The command line. Sets `process.exitCode`: 0 done, 1 the service or the sync said no, 2 the input is wrong.
 *
 * @param args what stands behind the program's name
 */
export async function main(args: string[]): Promise<void> {
  try {
    await build().parseAsync(args, { from: 'user' });
  } catch (error) {
    // Usage can be wrong before the flags are read.
    const output = new Output(args.includes('--json'));
    if (!(error instanceof CommanderError)) output.failed(error);
    else if (error.exitCode !== 0) output.failed(usageError(error));
  }
}

function build(): Command {
  const program = new Command('ghl-digistore24')
    .description('Joins Digistore24 and HighLevel.')
    .version(version(), '--version', 'print the version')
    .option('--json', 'results as JSON on stdout, errors and logs as JSON on stderr')
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
    .showSuggestionAfterError(false);
  const add = [
    ...[addCatalog, addRun, addPoll, addPlan, addSync, addBackfill, addReconcile, addTimeline],
    ...[addServe, addSandbox, addSetup, addCheck, addAuth, addInbox, addDeadLetters, addForget],
    ...[addEvents, addMapping, addConnections, addBackup, addCleanup],
  ];
  for (const command of add) command(program);
  inherit(program);
  return program;
}

function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.option('--json', 'results as JSON on stdout, errors and logs as JSON on stderr');
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}

/** Commander's own words can repeat what was typed, a secret in the wrong place as well: only the flag is kept. */
function usageError({ code, message }: CommanderError): Error {
  const option = /'(-{1,2}[a-z][a-z0-9-]*)/i.exec(message)?.[1];
  const words: Record<string, string> = {
    'commander.unknownOption': `there is no option ${option ?? 'like that'}`,
    'commander.unknownCommand': 'there is no command like that',
    'commander.excessArguments': 'there are too many arguments',
    'commander.missingArgument': 'an argument is missing',
    'commander.missingMandatoryOptionValue': `the option ${option ?? ''} is missing`,
    'commander.optionMissingArgument': `the option ${option ?? ''} needs a value`,
    'commander.help': 'a command is missing',
  };
  return problem(
    'invalid_input',
    words[code] ?? 'the command can’t be understood',
    'Run it with --help to see what it takes.',
  );
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return String(manifest.version);
}
