import { existsSync, renameSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { wrongField } from '../../errors.js';
import type { Event, HighLevelEvent, JsonObject } from '../../protocol.js';
import { readObject } from '../input.js';
import { withPlugin, withSettings } from '../session.js';

interface Flags {
  cursor?: string;
  from?: string;
  input: string;
}

/** `poll`: what is new since the last time. */
export function addPoll(program: Command): void {
  withSettings(program.command('poll'))
    .description('show what is new for a trigger that arrives by polling')
    .argument('<trigger>', 'digistore24.newPurchase, ghl.newContact, …')
    .option('--cursor <file>', 'where it is kept how far the last poll came')
    .option('--from <time>', 'where to begin: now (default), or a day or time; counts only without a cursor')
    .option('--input <json>', 'the trigger’s input: a JSON object, @file, or - for standard input', '{}')
    .action(async (trigger: string, { cursor: file, from, input }: Flags, command: Command) => {
      const given: JsonObject = { ...readObject(input, '--input'), ...(from !== undefined && { from }) };
      const kept = file !== undefined && existsSync(file) ? readObject(`@${file}`, '--cursor') : null;
      await withPlugin(command, 'present', async (plugin, output) => {
        const { events, cursor, done } = await plugin.poll<string>(trigger, kept, { input: given });
        output.result({ events, done, ...(file === undefined && { cursor }) }, () => [
          ...events.map(inWords),
          `${events.length} new${done ? '' : '; there is more, poll again'}`,
        ]);
        // Last: whoever stops here gets the events once more, and none is lost.
        if (file !== undefined) keep(file, cursor);
      });
    });
}

function keep(file: string, cursor: JsonObject): void {
  try {
    writeFileSync(`${file}.new`, JSON.stringify(cursor), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    throw wrongField('--cursor', 'names a file that can’t be written');
  }
}

function inWords(event: Event | HighLevelEvent): string {
  const what = 'order' in event ? event.order.id && `order ${event.order.id}` : event.objectId;
  return [event.occurredAt ?? event.receivedAt, event.event, what, event.dedupeKey].filter(Boolean).join('  ');
}
