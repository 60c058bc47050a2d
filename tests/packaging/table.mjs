// The README's table of hosts. `npm run docs` writes it, a test holds it up to date.
import { hosts } from './hosts.mjs';

/** Hosts whose tests are elsewhere, with a row each: `{ name, install, test, version }`. */
const others = [];

/** The table as Markdown. */
export function table() {
  const own = hosts.filter(({ isRequire }) => !isRequire);
  const rows = [...own.map((host) => ({ ...host, test: `npm run test:hosts -- ${host.id}` })), ...others];
  const cells = rows.map(({ name, install, test, version }) => [name, `\`${install}\``, `\`${test}\``, version]);
  const lines = [
    ['host', 'how to install', 'the command that tests it', 'tested'],
    ['---', '---', '---', '---'],
    ...cells,
  ];
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('');
}
