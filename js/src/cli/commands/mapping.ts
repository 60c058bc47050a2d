import { Argument, type Command } from 'commander';
import { createPlugin } from '../../plugin.js';
import { readMappingFile, readSettings } from '../../settings.js';
import { EXIT } from '../output.js';
import { outputOf, withSettings } from '../session.js';

/** `mapping check`: every mistake in a mapping file, by path. */
export function addMapping(program: Command): void {
  withSettings(program.command('mapping'))
    .description('check a mapping file: every mistake by path; makes no call')
    .addArgument(new Argument('<what>', 'check').choices(['check']))
    .argument('[file]', 'the mapping file (default: the setting MAPPING)')
    .action(async (_what: string, file: string | undefined, { config }: { config?: string }, command: Command) => {
      const output = outputOf(command);
      const given = command.opts<{ mapping?: string }>().mapping;
      const sources = { ...(given !== undefined && { flags: { MAPPING: given } }), ...(config && { file: config }) };
      const mapping = file === undefined ? readSettings(sources).options.mapping : readMappingFile(file);
      const plugin = await createPlugin({ log: output.log });
      try {
        const { ok, problems } = await plugin.mapping.check(mapping ?? {});
        output.result({ ok, problems }, (paint) =>
          ok ? ['the mapping is right'] : problems.map(({ path, problem }) => `${paint.bad(path)}: ${problem}`),
        );
        if (!ok) process.exitCode = EXIT.wrongInput;
      } finally {
        await plugin.close();
      }
    });
}
