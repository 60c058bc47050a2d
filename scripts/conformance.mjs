// Compares the project with the published specifications of both services: the catalog's entries one by one, and what
// the plugin sends for each. The specifications are not part of this project; SPECS_DIR names their folder.
//   --json  the result for machines, on stdout
import { build, isBuilt } from './build.mjs';
import { specsDir } from './conformance/catalog.mjs';
import { compareWithSpecs } from './conformance/catalog-vs-spec.mjs';
import { checkForms } from './conformance/digistore24.mjs';
import { checkRequests } from './conformance/requests.mjs';
import { main, say } from './lib/shell.mjs';

await main(async () => {
  if (specsDir() && !isBuilt()) await build();
  const progress = (what) => say(`  Prism: ${what}`);
  const checks = {
    catalog: await compareWithSpecs(),
    request: await checkRequests({ progress }),
    form: await checkForms(),
  };

  const rows = Object.entries(checks).flatMap(([check, { skipped, results }]) =>
    skipped
      ? [{ check, id: 'every operation', result: 'skipped', reason: skipped }]
      : results.map((one) => row(check, one)),
  );
  // An exception that nothing needs any more hides the next fault.
  for (const at of checks.catalog.stale) {
    rows.push({ check: 'catalog', id: at, result: 'failed', problems: ['an exception that is not needed any more'] });
  }
  const count = (result) => rows.filter((one) => one.result === result).length;
  const totals = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };

  if (process.argv.includes('--json')) console.log(JSON.stringify({ ...totals, rows }, null, 2));
  else {
    for (const one of rows) print(one);
    console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  }
  if (totals.failed) process.exitCode = 1;
});

function row(check, { id, skipped, problems, exceptions = [] }) {
  if (skipped) return { check, id, result: 'skipped', reason: skipped };
  return { check, id, result: problems.length ? 'failed' : 'passed', problems, exceptions };
}

function print({ check, id, result, reason, problems = [], exceptions = [] }) {
  const shown = result === 'passed' ? result : result.toUpperCase();
  console.log(`${shown.padEnd(8)} ${check.padEnd(8)} ${id}${reason ? `: ${reason}` : ''}`);
  for (const problem of problems) console.log(`           ${problem}`);
  for (const { at, reason } of exceptions) console.log(`           allowed: ${at.slice(id.length + 1)}. ${reason}`);
}
