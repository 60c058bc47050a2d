import { readFileSync } from 'node:fs';

const { devDependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

/** For the README's table of hosts. */
export const rows = [
  {
    name: '[Activepieces](docs/hosts/activepieces.md)',
    install: 'npm run host -- build activepieces',
    version: `framework ${devDependencies['@activepieces/pieces-framework']}`,
  },
];
