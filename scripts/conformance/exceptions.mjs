// Where the catalog differs from the published specifications on purpose.
// `at` is the place as the check names it, `reason` says which fact wins.
// An exception that nothing needs any more is reported as a failure.

import { unpublished } from '../import/digistore24-patches.mjs';

const contactWrites = ['createContact', 'updateContact', 'upsertContact'].map((name) => `ghl.contacts.${name}`);

export const exceptions = [
  // HighLevel
  ...['locationId', 'pageLimit', 'page', 'searchAfter', 'filters', 'sort', 'query'].map((name) => ({
    at: `ghl.contacts.searchContactsAdvanced input ${name}: not in the specification`,
    reason: 'The specification leaves the search body empty; the fields come from the linked search guide.',
  })),
  ...['locationId', 'pageLimit'].map((name) => ({
    at: `ghl.contacts.searchContactsAdvanced input ${name}: required here only`,
    reason: 'The service answers 422 without it.',
  })),
  ...contactWrites.flatMap((id) => [
    {
      at: `${id} input dateOfBirth: type`,
      reason: 'Declared as object, but the service takes text: its own example is 1990-09-25.',
    },
    {
      at: `${id} input customFields[].field_value: type`,
      reason: 'Numbers are declared as objects, but the examples and the service use plain numbers.',
    },
    {
      at: `${id} input customFields[].id: required there only`,
      reason: 'In its place the name or the key may stand; the plugin looks up the id and sends nothing else.',
    },
    {
      at: `${id} input customFields[].name: not in the specification`,
      reason: 'The plugin puts the id in its place.',
    },
  ]),
  ...['limit', 'skip'].flatMap((name) => [
    {
      at: `ghl.contacts.getContactsByBusinessId input ${name}: type`,
      reason:
        'Declared as text; in a query string the number looks the same, and numbers are what people count pages with.',
    },
    {
      at: `ghl.contacts.getContactsByBusinessId input ${name}: default`,
      reason: 'The same number, not written as text.',
    },
  ]),
  ...['fieldKey', 'parentId', 'description'].map((name) => ({
    at: `ghl.locations.createCustomField input ${name}: not in the specification`,
    reason: 'Left out of the specification but reported to work (highlevel-api-docs issue 300).',
  })),

  // Digistore24
  ...['listPurchases', 'listTransactions'].map((name) => ({
    at: `digistore24.${name} input search.product_id: type`,
    reason: 'Several IDs are taken, with commas: text.',
  })),
  ...Object.entries(unpublished).map(([name, { reason }]) => ({ at: `digistore24.${name} route: missing`, reason })),
];
