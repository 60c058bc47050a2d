/** Values that don't read well when they are only spelled as people write: what people read in their place. */
const TITLES: Record<string, string> = {
  '12m_0': '12 months, then none',
  '12m_3m': '12 months, then 3 at a time',
  '12m_6m': '12 months, then 6 at a time',
  '12m_12m': '12 months, then 12 at a time',
  '24m_0': '24 months, then none',
  '24m_6m': '24 months, then 6 at a time',
  '24m_12m': '24 months, then 12 at a time',
  '6m_0': '6 months, then none',
  '6m_6m': '6 months, then 6 at a time',
  '6m_12m': '6 months, then 12 at a time',
  '24h': '24 hours',
  '48h': '48 hours',
  '72h': '72 hours',
  AND: 'All must match',
  OR: 'One is enough',
  DELETE: 'DELETE',
  Email: 'E-mail',
  F: 'Ms',
  FB: 'Facebook',
  GMB: 'Google Business',
  IG: 'Instagram',
  IVR_Call: 'Call with a voice menu',
  Live_Chat: 'Live chat',
  M: 'Mr',
  MONETORY: 'Money',
  NUMERICAL: 'Number',
  PATCH: 'PATCH',
  POST: 'POST',
  SINGLE_OPTIONS: 'One option',
  TEXTBOX_LIST: 'List of text boxes',
  TIKTOK: 'TikTok',
  WebChat: 'Web chat',
  WhatsApp: 'WhatsApp',
  asc: 'Ascending',
  banktransfer: 'Bank transfer',
  bigtabs: 'Large tabs',
  before_playplan: 'Before payment plan',
  after_payplan: 'After payment plan',
  before_thankyou: 'Before the thank-you page',
  'buyer,affiliate': 'Buyer and affiliate',
  creditcard: 'Credit card',
  desc: 'Descending',
  dnd: 'Do not disturb',
  elv: 'Direct debit',
  eq: 'Is equal',
  exec_refund: 'Refund the buyer',
  f: 'Ms',
  false: 'No',
  firstNameLowerCase: 'First name',
  gmeet: 'Google Meet',
  id: 'ID',
  lastNameLowerCase: 'Last name',
  m: 'Mr',
  ms_teams: 'Microsoft Teams',
  not_eq: 'Is not equal',
  noshow: 'Did not show up',
  paypal: 'PayPal',
  proof_provided: 'Here is the proof',
  resub_all: 'Subscribe to all again',
  send_if_not_optout: 'Send, except after opting out',
  send_if_optin: 'Send after opting in',
  send_if_optout: 'Send after opting out',
  showed: 'Showed up',
  sms: 'SMS',
  true: 'Yes',
};

/** A value to choose as people read it: `CALL_TRANSFER` is "Call transfer". */
export function titleOfOption(value: string | number | boolean): string {
  const code = String(value);
  if (Object.hasOwn(TITLES, code)) return TITLES[code] as string;
  const words = code
    .replace(/^TYPE_/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .replace(/,(?=\S)/g, ', ')
    .trim();
  // A code such as EUR or de stays as it is; a short word such as new doesn't.
  if (words.length <= 2 || /^[A-Z]{3}$/.test(words)) return words;
  const lower = words.toLowerCase();
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}
