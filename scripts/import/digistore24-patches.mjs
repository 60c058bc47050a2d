// Where what is known of Digistore24 differs from its published specification, and why. One table for the importer and
// for the conformance check.
//
// Open until somebody tries it with a real account: listPurchases calls its switch load_transactions (specification) or
// show_transactions (documentation); updateBuyer names phone_number in its list of fields and phone_no in a remark; the
// lists that the specification shows as bare lists (order forms, product groups, payment plans, …) may lie inside of an
// object, as that of listProducts does. The catalog follows the specification in these three.

const documentedData =
  'The documentation of the function nests these in data[…]; the specification shows them at the top.';
const likeItsSiblings =
  'All documented functions that take properties nest them in data[…]; the specification shows them at the top.';

/** Functions whose body fields travel inside data[…], with the reason. */
export const inData = {
  createShippingCostPolicy: documentedData,
  createVoucher: documentedData,
  updateBuyer: documentedData,
  updatePaymentplan: documentedData,
  updateProduct: documentedData,
  updatePurchase: documentedData,
  updateVoucher: documentedData,
  updateAffiliateCommission: 'Running code sends these as the third argument, an array.',
  updateOrderform: likeItsSiblings,
  updateProductGroup: likeItsSiblings,
  updateShippingCostPolicy: likeItsSiblings,
};

/** Argument names that stand in two places: `data[code]` of updateVoucher is not its `code`. */
export const renamed = {
  updateVoucher: { 'data[code]': 'new_code' },
};

const languages = ['de', 'en', 'es', 'fr', 'it', 'nl', 'pl', 'pt', 'sl'];
const labels = (properties) => {
  const { label_XX: label, ...rest } = properties;
  return { ...rest, ...Object.fromEntries(languages.map((code) => [`label_${code}`, label])) };
};

const parts = ['order_bumper', 'order_summary', 'refund_waiver'];
const orders = parts.flatMap((a) =>
  parts.filter((b) => b !== a).map((b) => [a, b, parts.find((c) => c !== a && c !== b)].join(',')),
);

/** Corrections of the arguments, each with its reason. `apply` gets the properties of the input and gives them back. */
export const corrections = [
  {
    functions: ['createShippingCostPolicy', 'updateShippingCostPolicy'],
    reason: 'label_XX stands for one field for each language.',
    apply: labels,
  },
  {
    functions: ['createOrderform'],
    reason: 'The specification split the values at their commas: there are six orders of the three parts.',
    apply: (all) => ({ ...all, flex_elements_order: { type: 'string', enum: orders } }),
  },
  {
    functions: ['reportFraud'],
    reason: 'The specification split "buyer,affiliate" at its comma.',
    apply: (all) => ({ ...all, who: { type: 'string', enum: ['buyer', 'affiliate', 'buyer,affiliate'] } }),
  },
  {
    functions: ['ipnSetup'],
    reason: 'The specification prints the constants with a slip (end_policy_…); the real values begin with send_.',
    apply: (all) => ({
      ...all,
      newsletter_send_policy: {
        type: 'string',
        enum: ['send_always', 'send_if_not_optout', 'send_if_optout', 'send_if_optin'],
        default: 'send_always',
      },
    }),
  },
  {
    functions: ['statsSales'],
    reason: 'The default, week, is not among the values.',
    apply: (all) => ({ ...all, period: { ...all.period, enum: ['day', 'week', 'month', 'quarter', 'year'] } }),
  },
  {
    functions: ['copyProduct'],
    reason: 'The default of language is a sentence, not a value.',
    apply: (all) => ({ ...all, language: { type: 'string' } }),
  },
  {
    functions: ['createUpgrade'],
    reason: 'A default of null means that nothing is sent.',
    apply: ({ fallback_product_id: { default: _, ...fallback }, ...all }) => ({
      ...all,
      fallback_product_id: fallback,
    }),
  },
  {
    functions: ['deleteImage'],
    reason: 'Said to be a number here, but the IDs of images have letters.',
    apply: () => ({ image_id: { type: 'string' } }),
  },
  {
    functions: ['createEticket'],
    reason: 'Answers and other functions write M and F.',
    apply: ({ buyer, ...all }) => ({
      buyer: {
        ...buyer,
        properties: { ...buyer.properties, salutation: { type: 'string', enum: ['M', 'F', 'm', 'f'] } },
      },
      ...all,
    }),
  },
];

/** Corrections of the answers. */
export const answers = {
  // Official code and real answers have the list inside of an object.
  listProducts: (list) => ({ type: 'object', properties: { products: list } }),
};

/** Functions that the specification lacks: what they take, and where that comes from. */
export const unpublished = {
  getTestpayKey: {
    takes: ['do_recreate'],
    reason: 'Not in the specification; the official app kit calls it.',
  },
  setAppPushToken: {
    takes: ['token', 'enabled', 'sound', 'vibration'],
    reason: 'Not in the specification; a published mobile app calls it.',
  },
  statsClicksAndEarningsByDateAndCampaignKey: {
    takes: ['from', 'to', 'interval', 'viewRole', 'currency'],
    reason: 'Newer than the specification; seen with its arguments in October 2026.',
  },
};

/** The file of a function where its tag is not the place to look for it. */
export const movedTo = {
  createRebillingPayment: 'rebilling',
  startRebilling: 'rebilling',
  stopRebilling: 'rebilling',
  updateProductGroup: 'product-groups',
  createUpgrade: 'upgrades',
  createUpgradePurchase: 'upgrades',
};

/** The file of a tag where its name is not the file's. */
export const filesOfTags = {
  'API Key Management': 'api-keys',
  'E-Tickets': 'etickets',
  'Fraud Management': 'fraud',
  'Order Forms': 'orderforms',
};
