import { Argument, type Command } from 'commander';
import { wrongField } from '../../errors.js';
import { type Mapped, mappingsIn } from '../../fleet/options.js';
import { createPlugin } from '../../plugin.js';
import type { FieldProblem } from '../../protocol.js';
import { readMappingFile, readSettings, type Settings } from '../../settings.js';
import { EXIT } from '../output.js';
import { outputOf, withSettings } from '../session.js';

/** What there is to check in the settings: the mapping, or those of the connections. */
async function mappingsOf({ options, fleet }: Settings): Promise<Mapped[]> {
  if (fleet) return mappingsIn(fleet);
  return options.mapping ? [{ path: '', mapping: options.mapping }] : [];
}

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
      const mappings =
        file === undefined ? await mappingsOf(readSettings(sources)) : [{ path: '', mapping: readMappingFile(file) }];
      if (mappings.length === 0) throw wrongField('file', 'is required: name a mapping file, or set MAPPING');
      const plugin = await createPlugin({ log: output.log });
      try {
        const problems: FieldProblem[] = [];
        for (const { path, mapping } of mappings) {
          const found = await plugin.mapping.check(mapping);
          const under = (one: string) => [path, one].filter(Boolean).join('.');
          problems.push(...found.problems.map((one) => ({ ...one, path: under(one.path) })));
        }
        const ok = problems.length === 0;
        const right = mappings.length === 1 ? 'the mapping is right' : `the ${mappings.length} mappings are right`;
        output.result({ ok, problems }, (paint) =>
          ok ? [right] : problems.map(({ path, problem }) => `${paint.bad(path)}: ${problem}`),
        );
        if (!ok) process.exitCode = EXIT.wrongInput;
      } finally {
        await plugin.close();
      }
    });
}
