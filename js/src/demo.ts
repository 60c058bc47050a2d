/**
 * The program behind `npm run demo`. Prints each event, the plan, the calls, and at the end one customer's timeline and
 * the checks. `--json` prints the same as one JSON document. Exit 0 only if all checks hold.
 */
import { type Audience, runDemo } from './demo/run.js';
import { fit, WIDTH } from './text/columns.js';
import { paintFor } from './text/paint.js';
import { callsInWords, changesInWords, laterInWords, stepInWords } from './text/plan.js';
import { drawTimeline } from './text/timeline.js';

const asJson = process.argv.includes('--json');
const paint = paintFor(process.stdout);
const say = (line = '') => asJson || console.log(line);
const indented = (text: string, indent = 2) => `${' '.repeat(indent)}${fit(text, WIDTH - indent)}`;

const audience: Audience = {
  ready({ sandbox, receiver }, setup) {
    say(paint.bold('Digistore24 → HighLevel, both simulated on this machine'));
    say(indented(`sandbox ${sandbox}, receiver ${receiver}`));
    say(indented(`setup: ${setup.created.length} custom fields created, IPN connection made`));
  },

  act(title) {
    say();
    say(paint.bold(`— ${title}`));
  },

  before({ title, at }) {
    say();
    say(`${paint.dim(at)}  ${paint.bold(title)}`);
  },

  after({ event, delivered, reports, calls, daily, milliseconds }) {
    if (event) say(indented(`${event}: signed, sent, ${delivered ? 'answered with OK' : 'NOT accepted'}`));
    for (const { plan, calls: made, outcome, error } of reports) {
      if (plan) for (const change of changesInWords(plan)) say(indented(`state  ${change}`));
      for (const step of plan?.steps ?? []) say(indented(`plan   ${stepInWords(step)}`));
      for (const later of plan?.later ?? []) say(indented(`later  ${laterInWords(later)}`));
      for (const remark of plan?.remarks ?? []) say(indented(`note   ${remark}`));
      if (made.length > 0) say(indented(`calls  ${callsInWords(made)}`));
      if (outcome !== 'done') say(paint.bad(indented(`${outcome}${error ? `: ${error.message}` : ''}`)));
    }
    const what = reports.length === 0 ? 'stored, nothing to do: ' : '';
    const more = daily.length > 0 ? ' (and the daily one for the list of custom fields)' : '';
    say(indented(`${what}${calls.length} ${calls.length === 1 ? 'call' : 'calls'}${more}, ${milliseconds} ms`));
  },
};

const result = await runDemo(audience);
if (asJson) {
  console.log(JSON.stringify(result, null, 2));
} else {
  say();
  say(paint.bold('The customers in one view'));
  for (const line of drawTimeline(result.timeline, paint)) say(line);
  say();
  for (const line of drawTimeline(result.second, paint)) say(line);
  say();
  say(paint.bold('Checks'));
  for (const { what, ok, found } of result.checks) {
    say(ok ? `  ${paint.good('✓')} ${what}` : `  ${paint.bad('✗')} ${what}: ${found}`);
  }
  say();
  say(result.ok ? paint.good(`All right, in ${result.seconds} s.`) : paint.bad('Something is wrong.'));
}
process.exitCode = result.ok ? 0 : 1;
