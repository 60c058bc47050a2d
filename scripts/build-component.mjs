// Builds the component of wit/: Rust -> wasm -> pkg/component. Skipped when nothing that it is made from has changed.
// `--json` prints the result for machines.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileRust, kilobytes, measure, wasmInputs } from './build.mjs';
import { Failed, main, root, say, seconds, step } from './lib/shell.mjs';
import { fingerprint, isFresh, writeStamp } from './lib/stamp.mjs';
import { setup } from './setup.mjs';

const folder = join(root, 'pkg/component');

/** Where the component is. */
export const component = join(folder, 'ghl_digistore24.wasm');

const stamp = join(folder, '.stamp');
const inputs = [...wasmInputs, 'wit', 'package-lock.json', 'scripts/build-component.mjs'];

/** Builds it if it is stale; whether it was. */
export async function buildComponent() {
  const toolchain = await setup();
  const mark = () => fingerprint(inputs, [`${toolchain.name} ${toolchain.version}`]);
  if (isFresh(stamp, mark())) return false;
  // Names of functions are for debuggers. wasm-bindgen needs what this takes away; here nobody does.
  const { wasm } = await compileRust(toolchain, 'component', ['-Cstrip=symbols']);
  await step('making a component of it', async () => {
    // Imported here: before setup it may not be installed.
    const { componentNew, componentWit } = await import('@bytecodealliance/jco-transpile/wasm-tools');
    const bytes = await componentNew(readFileSync(wasm));
    const imported = /^\s*import .*$/m.exec(await componentWit(bytes));
    if (imported) throw new Failed(`the component must import nothing, but it has \`${imported[0].trim()}\``);
    mkdirSync(folder, { recursive: true });
    writeFileSync(component, bytes);
  });
  // Taken after cargo has run, which may just have written the lock file.
  writeStamp(stamp, mark());
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const start = performance.now();
    const rebuilt = await buildComponent();
    const size = measure(component);
    if (process.argv.includes('--json')) {
      console.log(JSON.stringify({ component, rebuilt, size, seconds: (performance.now() - start) / 1000 }));
      return;
    }
    say(`${rebuilt ? 'Built' : 'Up to date'} (${seconds(start)}): ${component}`);
    say(
      `component with the whole catalog: ${kilobytes(size.raw)} raw, ${kilobytes(size.gzip)} gzip -9, ${kilobytes(size.brotli)} brotli`,
    );
    say('How a host runs it: docs/hosts/component.md');
  });
}
