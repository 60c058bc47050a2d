import { readFileSync } from 'node:fs';

const { devDependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

/** For the README's table of hosts. */
export const rows = [
  {
    name: '[n8n](docs/hosts/n8n.md): two community node packages',
    install: 'npm run host -- build n8n',
    version: `n8n-workflow ${devDependencies['n8n-workflow']}`,
  },
];
