/** The README's rows. */
export const rows = [
  {
    name: 'browser extension (Chromium, Firefox)',
    install: 'npm run host -- build extension',
    version: 'Chromium 148',
  },
];
