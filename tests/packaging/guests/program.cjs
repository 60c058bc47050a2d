// Node, Deno, Bun, where the program is CommonJS.
const { createPlugin } = require('ghl-digistore24');

Promise.all([import('./guest.mjs'), import('./lines.mjs')]).then(([{ guest }, { overLines }]) =>
  overLines(guest(createPlugin)),
);
