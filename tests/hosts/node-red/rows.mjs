import { readFileSync } from 'node:fs';

const { devDependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

/** For the README's table of hosts. */
export const rows = [
  {
    name: '[Node-RED](docs/hosts/node-red.md)',
    install: 'npm run host -- build node-red',
    version: `Node-RED ${devDependencies['node-red']}`,
  },
];
