// The README's table of hosts. `npm run docs` writes it, a test holds it up to date.
import { hosts } from './hosts.mjs';
import { pinned, pinnedCrate } from './tools.mjs';

/** Hosts whose tests are elsewhere, with a row each. */
const others = [
  {
    name: 'Cloudflare Worker with queue and Durable Objects',
    install: 'npx wrangler deploy -c js/hosts/worker/wrangler.jsonc',
    test: 'node --test tests/js/worker.test.mjs',
    version: `miniflare ${pinned('miniflare')}`,
  },
  {
    name: 'a component, in wasmtime',
    install: 'npm run build:component',
    test: 'cargo test --manifest-path hosts/wasmtime/Cargo.toml',
    version: pinnedCrate('hosts/wasmtime', 'wasmtime'),
  },
  {
    name: 'a component, by jco in Node',
    install: 'npm run build:component',
    test: 'node --test tests/js/component.test.mjs',
    version: pinned('@bytecodealliance/jco-transpile'),
  },
];

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
