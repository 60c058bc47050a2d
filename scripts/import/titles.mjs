// The titles that the plugin derives from names: what equals them is not stored.

const spellings = {
  ai: 'AI',
  api: 'API',
  css: 'CSS',
  csv: 'CSV',
  dnd: 'DND',
  email: 'e-mail',
  emails: 'e-mails',
  eticket: 'e-ticket',
  etickets: 'e-tickets',
  fb: 'FB',
  gmb: 'GMB',
  html: 'HTML',
  id: 'ID',
  ids: 'IDs',
  ip: 'IP',
  ipn: 'IPN',
  js: 'JavaScript',
  saas: 'SaaS',
  seo: 'SEO',
  sku: 'SKU',
  sms: 'SMS',
  uri: 'URI',
  url: 'URL',
  urls: 'URLs',
  utm: 'UTM',
  vat: 'VAT',
};

/** `getAppointmentsForContact` -> `Get appointments for contact`, `contactId` -> `Contact ID`. */
export function mechanicalTitle(name) {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((word) => word.toLowerCase());
  const shown = words.map((word) => spellings[word] ?? word);
  const text = shown.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
