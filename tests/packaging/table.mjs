// The README's table of hosts. `npm run docs` writes it, a test holds it up to date.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hosts } from './hosts.mjs';
import { pinned, pinnedCrate, root } from './tools.mjs';

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

/** Hosts with a build of their own tell their rows in tests/hosts/<host>/rows.mjs: name, install, version. */
const folder = join(root, 'tests/hosts');
const builders = existsSync(folder)
  ? readdirSync(folder).filter((host) => existsSync(join(folder, host, 'rows.mjs')))
  : [];
for (const host of builders) {
  const { rows } = await import(pathToFileURL(join(folder, host, 'rows.mjs')).href);
  for (const row of rows) others.push({ test: `npm run host -- test ${host}`, ...row });
}

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
