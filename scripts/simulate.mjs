// The deterministic simulations: the client, the sync and polling against services that fail, in simulated time.
//   --seeds N    so many seeds each (default 2000)
//   --seed S     the first of them; alone: only this one
//   --only NAME  client, sync or polling
//   --trace      of the sync: the messages, and what was stored about them
//   --json       the result for machines, on stdout
import { parseArgs } from 'node:util';
import { Failed, main, run, say, step } from './lib/shell.mjs';

const SIMULATIONS = [
  { name: 'client', args: ['--test', 'client'] },
  { name: 'sync', args: ['--test', 'simulation'] },
  { name: 'polling', args: ['--lib', 'poll::tests'] },
];

await main(async () => {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      trace: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const seed = wholeNumber(values.seed, '--seed');
  const seeds = wholeNumber(values.seeds, '--seeds') ?? (seed === undefined ? 2000 : 1);
  const chosen = SIMULATIONS.filter(({ name }) => values.only === undefined || name === values.only);
  if (!chosen.length) throw new Failed(`--only must be one of ${SIMULATIONS.map(({ name }) => name).join(', ')}`);
  const env = {
    SIMULATION_SEEDS: String(seeds),
    ...(seed === undefined ? {} : { SIMULATION_SEED: String(seed) }),
    ...(values.trace ? { SIMULATION_TRACE: '1' } : {}),
  };
  const results = [];
  for (const { name, args } of chosen) {
    const command = ['test', '--locked', '--package', 'ghl-digistore24', ...args, '--', '--nocapture'];
    const isRight = await step(`${name}: ${seeds} seeds from ${seed ?? 'the first'}`, () => passes(command, env));
    results.push({ name, seeds, passed: isRight });
  }
  if (values.json) console.log(JSON.stringify({ results }));
  const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
  if (failed.length) throw new Failed(`failed: ${failed.join(', ')}; the seeds are named above`);
  say('All right: nothing was lost, nothing came twice, every final state is right.');
});

async function passes(command, env) {
  try {
    await run('cargo', command, { env });
    return true;
  } catch (error) {
    if (error instanceof Failed) return false;
    throw error;
  }
}

function wholeNumber(text, name) {
  if (text === undefined) return undefined;
  if (!/^\d{1,12}$/.test(text)) throw new Failed(`${name} must be a whole number`);
  return Number(text);
}
