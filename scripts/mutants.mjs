// Breaks the sync on purpose, in a copy, once for each row of scripts/mutants/table.mjs, and runs its simulation until it
// notices. A breakage that survives shows a hole in the simulation.
//   --only NAME  those whose name contains this; may be given more than once
//   --suite      those of the test suite, ten of them; of the others only whether their text is still there
//   --texts      only whether the text of each is still there
//   --seeds N    how many seeds each has to be noticed in (default 2000)
//   --json       the result for machines, on stdout
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Failed, main, root, say, seconds } from './lib/shell.mjs';
import { files } from './lib/stamp.mjs';
import { targetDir } from './lib/toolchain.mjs';
import { mutants } from './mutants/table.mjs';

/** What the simulation is built from. */
const SOURCES = [
  'Cargo.toml',
  'Cargo.lock',
  'rust-toolchain.toml',
  'build',
  'catalog',
  'src',
  'tests',
  'scripts/bindgen',
];
const copy = join(targetDir, 'mutants/crate');
/** A run that hangs is stopped after so long. */
const PATIENCE_MS = 10 * 60_000;

export async function run({ only = [''], suite = false, seeds = 2000 } = {}) {
  const named = mutants.filter(({ name }) => only.some((part) => name.includes(part)));
  const chosen = named.filter(({ inSuite }) => inSuite || !suite);
  if (!chosen.length) throw new Failed(`no breakage is called like ${only.join(', ')}`);
  // Read once: whoever goes on working meanwhile doesn't disturb.
  copySources();
  const sources = new Map(named.map((mutant) => [mutant, broken(mutant)]));
  // The copy as it is must be right, or every breakage would look noticed.
  const { failure } = await simulate(Math.min(seeds, 100));
  if (failure) throw new Failed(`the simulation fails without any breakage: ${failure}`);
  const results = [];
  for (const mutant of chosen) {
    const start = performance.now();
    const path = join(copy, mutant.file);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, sources.get(mutant));
    try {
      const { failure } = await simulate(seeds, mutant);
      say(
        `${failure ? 'noticed ' : 'SURVIVED'} ${seconds(start).padStart(8)}  ${mutant.name}${failure ? `: ${failure}` : ''}`,
      );
      results.push({ name: mutant.name, noticed: failure !== undefined, failure });
    } finally {
      writeFileSync(path, whole);
    }
  }
  return results;
}

/** The file, under a folder, with the breakage in it. */
function broken({ name, file, from, to }, folder = copy) {
  const source = readFileSync(join(folder, file), 'utf8');
  const times = source.split(from).length - 1;
  if (times === 1) return source.replace(from, () => to);
  throw new Failed(
    `${file} has the text of "${name}" ${times} times, not once. The code has changed: write the same breakage for it as it is ` +
      'now, in scripts/mutants/table.mjs.',
  );
}

/** Writes only what differs, so that cargo builds only what changed. */
function copySources() {
  const wanted = files(SOURCES);
  for (const path of wanted) {
    const [from, to] = [join(root, path), join(copy, path)];
    const content = readFileSync(from);
    if (isSame(to, content)) continue;
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, content);
  }
  const kept = new Set(wanted.map((path) => join(copy, path)));
  for (const path of files([copy.slice(root.length)])) {
    if (!kept.has(join(root, path))) rmSync(join(root, path));
  }
}

function isSame(path, content) {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}

/** Builds the copy and runs its simulation, or another test. Gives what the first failure says, if there is one. */
async function simulate(seeds, { program: suite = 'simulation', test: name = 'exactly_once_whatever_fails' } = {}) {
  const build = [
    'test',
    '--locked',
    '--quiet',
    '--test',
    suite,
    '--no-run',
    '--message-format',
    'json-render-diagnostics',
  ];
  const built = await child('cargo', build, {});
  if (built.code !== 0) throw new Failed(`it doesn't compile:\n${built.error}`);
  const program = built.lines.map((line) => JSON.parse(line)).find(({ executable }) => executable)?.executable;
  const test = await child(program, ['--nocapture', '--exact', name], {
    SIMULATION_SEEDS: String(seeds),
    SIMULATION_FAILURES: '1',
  });
  if (test.code === 0) return {};
  const told =
    test.error.match(/^.*\bseed \d+: .*$/m)?.[0] ?? test.error.match(/panicked at .*\n.*/)?.[0] ?? 'it hangs';
  return { failure: told.replaceAll(/\s+/g, ' ').slice(0, 150) };
}

function child(program, args, env) {
  return new Promise((resolve, reject) => {
    const running = spawn(program, args, {
      cwd: copy,
      env: {
        ...process.env,
        RUST_BACKTRACE: '0',
        RUSTUP_AUTO_INSTALL: '0',
        CARGO_TARGET_DIR: join(targetDir, 'mutants/build'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
    });
    const lines = [];
    let error = '';
    createInterface({ input: running.stdout }).on('line', (line) => lines.push(line));
    running.stderr.on('data', (bytes) => {
      error += bytes;
    });
    running.on('error', reject);
    running.on('close', (code) => resolve({ code, lines, error }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        suite: { type: 'boolean' },
        texts: { type: 'boolean', default: false },
        seeds: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    if (values.texts) {
      for (const mutant of mutants) broken(mutant, root);
      return say(`The text of each of the ${mutants.length} breakages is there.`);
    }
    const results = await run({ only: values.only, suite: values.suite, seeds: values.seeds && Number(values.seeds) });
    if (values.json) console.log(JSON.stringify({ results }));
    const survivors = results.filter(({ noticed }) => !noticed).map(({ name }) => name);
    if (survivors.length) throw new Failed(`not noticed: ${survivors.join('; ')}`);
    say(`All ${results.length} breakages were noticed.`);
  });
}
