// For hosts that are programs: a line of JSON in, a line out.
import process from 'node:process';
import { createInterface } from 'node:readline';

export async function overLines(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
}
