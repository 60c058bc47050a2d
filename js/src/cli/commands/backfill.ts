import type { Command } from 'commander';
import type { BackfillProgress, LogLine } from '../../protocol.js';
import { wholeNumber } from '../input.js';
import { EXIT } from '../output.js';
import { withPlugin, withSettings } from '../session.js';
import { untilStopped } from '../signals.js';

interface Flags {
  from?: string;
  to?: string;
  limit?: string;
  dryRun?: true;
  tags?: true;
  live?: true;
}

/** `backfill`: what was sold before. */
export function addBackfill(program: Command): void {
  withSettings(program.command('backfill'))
    .description('import what was sold before, silently; may be stopped and goes on')
    .option('--from <day>', 'orders since this day, Berlin: 2026-01-31 (default: all)')
    .option('--to <day>', 'until this day (default: now)')
    .option('--limit <number>', 'only so many orders, the oldest first')
    .option('--dry-run', 'only count what would be written')
    .option('--tags', 'also write tags: starts the workflows that wait for them')
    .option('--live', 'also write tags, notes and tasks, as if it happened now')
    .action(async ({ limit, ...flags }: Flags, command: Command) => {
      const most = limit === undefined ? {} : { limit: wholeNumber(limit, '--limit', 1_000_000) };
      await withPlugin(command, 'needed', async (plugin, output) => {
        const stop = new AbortController();
        untilStopped().then(() => stop.abort());
        let last: BackfillProgress | undefined;
        for await (const progress of plugin.sync.backfill({ ...flags, ...most }, { signal: stop.signal })) {
          if (!last && progress.workflows !== undefined && progress.workflows?.length !== 0)
            output.log(warningOf(progress.workflows));
          last = progress;
          const { phase, done, total } = progress;
          output.log({ level: 'info', message: `${phase} ${done} of ${total}`, fields: speedOf(progress) });
        }
        if (!last) return;
        const report = last;
        output.result(report, () => inWords(report));
        if (!report.finished || (report.counts['dead'] ?? 0) > 0) process.exitCode = EXIT.refused;
      });
    });
}

/** Before the first tag: what may start on it. */
function warningOf(workflows: string[] | null): LogLine {
  const fields = { workflows: workflows?.join(', ') ?? 'can’t be read; it needs workflows.readonly' };
  return { level: 'warn', message: 'these published workflows may start on the tags', fields };
}

function speedOf({ perSecond, secondsLeft }: BackfillProgress): Record<string, string> {
  return { perSecond: String(perSecond), ...(secondsLeft !== null && { left: `${secondsLeft} s` }) };
}

function inWords({ finished, counts, requests, estimate }: BackfillProgress): string[] {
  const lines = Object.entries(counts).map(([name, count]) => `${name}: ${count}`);
  lines.push(`${requests} requests`);
  if (estimate) {
    const { calls, seconds, days } = estimate;
    const minutes = Math.ceil(seconds / 60);
    lines.push(
      `the import would make ${calls} calls: ${minutes} minutes at its share of the rate, ${days} days by the quota`,
    );
  }
  if (!finished) lines.push('stopped: the same command goes on here');
  return lines;
}
