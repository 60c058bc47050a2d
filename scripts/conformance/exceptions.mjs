// Where the catalog differs from Digistore24's published specification on purpose; for HighLevel see scripts/import/.
// `at` is the place as the check names it, `reason` says which fact wins.
// An exception that nothing needs any more is reported as a failure.

import { unpublished } from '../import/digistore24-patches.mjs';

export const exceptions = [
  ...['listPurchases', 'listTransactions'].map((name) => ({
    at: `digistore24.${name} input search.product_id: type`,
    reason: 'Several IDs are taken, with commas: text.',
  })),
  ...Object.entries(unpublished).map(([name, { reason }]) => ({ at: `digistore24.${name} route: missing`, reason })),
];
