import { dateOf } from '../berlin.js';
import type { Buyer, OrderItem, Purchase, Transaction } from '../digistore24/data.js';
import { money, vatOf, yesNo } from '../digistore24/views.js';
import { split } from './money.js';
import type { IpnMessage } from './sign.js';

/** Some fields of a message. */
export type Fields = IpnMessage;

const NEWSLETTER: Record<string, string> = {
  none: 'No entry',
  optin: 'Opted in',
  optout: 'Opted out',
};
const EU = new Set(['DE', 'AT', 'FR', 'ES', 'IT', 'NL', 'PL', 'PT', 'SI']);

/** The buyer and the three copies of the address. */
export function buyerFields(buyer: Buyer): Fields {
  const fields: Fields = {
    address_country_name: buyer.countryName,
    buyer_email: buyer.email,
    buyer_first_name: buyer.firstName,
    buyer_id: buyer.id,
    buyer_language: buyer.language,
    buyer_last_name: buyer.lastName,
    country: buyer.country,
    email: buyer.email,
    is_gdpr_country: yesNo(EU.has(buyer.country)),
    language: buyer.language,
    language_name: buyer.language === 'de' ? 'German' : 'English',
  };
  const address = addressOf(buyer);
  for (const [name, value] of Object.entries(address)) {
    fields[`address_${name}`] = value;
    fields[`billing_${name}`] = value;
  }
  for (const name of BUYER_ADDRESS) fields[`buyer_address_${name}`] = address[name] ?? '';
  return fields;
}

const BUYER_ADDRESS = 'city company country id mobile_no phone_no state street street2 tax_id zipcode'.split(' ');

function addressOf(buyer: Buyer): Fields {
  return {
    city: buyer.city,
    company: buyer.company,
    country: buyer.country,
    first_name: buyer.firstName,
    id: buyer.addressId,
    last_name: buyer.lastName,
    mobile_no: '',
    phone_no: buyer.phone,
    salutation: buyer.salutation,
    salutation_name: { M: 'Herr', F: 'Frau', '': '' }[buyer.salutation],
    state: buyer.state,
    street: [buyer.streetName, buyer.streetNumber].filter(Boolean).join(' '),
    street2: buyer.street2,
    street_name: buyer.streetName,
    street_number: buyer.streetNumber,
    tax_id: buyer.taxId,
    title: buyer.title,
    zipcode: buyer.zipcode,
  };
}

/** The order itself, its tracking and its consent. */
export function orderFields(purchase: Purchase): Fields {
  const monthly = purchase.interval === '1_month' ? purchase.otherAmount : 0;
  return {
    affiliate_id: purchase.affiliateId,
    affiliate_name: purchase.affiliateName,
    api_mode: purchase.test ? 'test' : 'live',
    billing_descriptor: purchase.baseId,
    billing_status: purchase.billingStatus,
    billing_type: purchase.billingType,
    campaignkey: purchase.campaignkey,
    click_id: '',
    currency: purchase.currency,
    custom: purchase.custom,
    custom_key: purchase.customKey,
    customer_affiliate_name: `user${purchase.buyer.id}`,
    first_amount: money(purchase.firstAmount),
    first_vat_amount: money(vatOf(purchase.firstAmount, purchase.vatRate)),
    has_custom_forms: 'N',
    is_payment_planned: 'N',
    item_count: String(purchase.items.length),
    license_accessdata_keys: '',
    monthly_amount: money(monthly),
    monthly_vat_amount: money(vatOf(monthly, purchase.vatRate)),
    newsletter_choice: purchase.newsletter,
    newsletter_choice_msg: NEWSLETTER[purchase.newsletter] ?? purchase.newsletter,
    number_of_installments: String(purchase.installments),
    order_date: dateOf(purchase.createdAt),
    order_date_time: purchase.createdAt,
    order_id: purchase.id,
    order_time: purchase.createdAt.slice(11),
    order_type: purchase.orderType,
    orderform_id: '1',
    orderform_referrer_url: 'https://www.example.com/offer',
    other_amounts: money(purchase.otherAmount),
    other_vat_amounts: money(vatOf(purchase.otherAmount, purchase.vatRate)),
    pay_method: purchase.payMethod,
    payplan_id: purchase.otherAmount > 0 ? '1328001' : '',
    promoclick_referrer_url: '',
    rebill_stop_noted_at: purchase.rebillStopNotedAt,
    refund_days: '14',
    salesteam_id: '',
    salesteam_name: '',
    trackingkey: purchase.trackingParam,
    upgrade_key: purchase.upgradeKey,
    upsell_no: String(purchase.upsellNo),
    upsell_path: 'y'.repeat(purchase.upsellNo),
    utm_campaign: '',
    utm_content: '',
    utm_medium: '',
    utm_source: '',
    utm_term: '',
    vat_rate: purchase.vatRate.toFixed(2),
    voucher_code: purchase.voucherCode,
  };
}

/** What is paid in this transaction, and who gets what of it. */
export function moneyFields(purchase: Purchase, txn: Transaction): Fields {
  const share = split(purchase, txn.amount);
  return {
    amount: money(share.gross),
    amount_affiliate: money(share.affiliate),
    amount_brutto: money(share.gross),
    amount_credited: '0.00',
    amount_fee: '0.00',
    amount_main_affiliate: money(share.affiliate),
    amount_netto: money(share.net),
    amount_partner: '0.00',
    amount_payout: money(share.vendor),
    amount_provider: money(share.provider),
    amount_vat: money(share.vat),
    amount_vendor: money(share.vendor),
    parent_transaction_id: txn.parentId,
    pay_sequence_no: String(txn.paySequenceNo),
    payment_id: `PAYID-10-T${txn.parentId}`,
    transaction_amount: money(share.gross),
    transaction_currency: purchase.currency,
    transaction_date: dateOf(txn.createdAt),
    transaction_id: txn.id,
    transaction_time: txn.createdAt.slice(11),
    transaction_type: txn.type,
    transaction_vat_amount: money(share.vat),
    vat_amount: money(share.vat),
  };
}

/** One item; the second of a grouped order has the suffix `_2`, and so on. */
export function itemFields(purchase: Purchase, item: OrderItem, suffix: string): Fields {
  const { product } = item;
  const gross = product.price * item.quantity;
  const vat = vatOf(gross, purchase.vatRate);
  const fields: Fields = {
    order_item_id: item.id,
    product_amount: plain(gross),
    product_delivery_type: product.deliveryType,
    product_id: product.id,
    product_language: product.language,
    product_name: product.name,
    product_name_intern: product.name,
    product_netto_amount: plain(gross - vat),
    product_shipping_amount: '0',
    product_txn_amount: plain(gross),
    product_txn_netto_amount: plain(gross - vat),
    product_txn_shipping: '0',
    product_txn_vat_amount: plain(vat),
    product_vat_amount: plain(vat),
    quantity: String(item.quantity),
    tag: product.tags.join(','),
  };
  if (suffix === '') return fields;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name + suffix, value]));
}

/** The links of an order; most carry a key that opens the order to whoever has it. */
export function linkFields(purchase: Purchase, txn: Transaction | undefined): Fields {
  const { id, purchaseKey } = purchase;
  const productId = purchase.items[0]?.product.id ?? '';
  const checkout = 'https://www.checkout-ds24.com';
  const shop = `${checkout}/product/${productId}`;
  return {
    add_url: `${checkout}/order/add/${id}/${purchaseKey}`,
    checkout_url: shop,
    customer_affiliate_promo_url: `${checkout}/redir/${productId}/user${purchase.buyer.id}/`,
    image_url: '/pb/webinc/sandbox/images/product_thumb.png',
    invoice_url: txn ? `https://www.digistore24.com/invoice/${id}/${txn.id}/${purchaseKey}.pdf` : '',
    order_details_url: `https://www.digistore24-app.com/vendor/reports/transactions/order/${id}`,
    purchase_key: purchaseKey,
    rebilling_stop_url: purchase.nextPaymentAt === '' ? '' : `${checkout}/order/stop/${id}/${purchaseKey}`,
    receipt_url: `${checkout}/receipt/${productId}/${id}/${purchaseKey}`,
    renew_url: `${checkout}/renew/${id}/${purchaseKey}`,
    request_refund_url: `https://www.digistore24.com/order/cancel/${id}/${purchase.refundKey}`,
    store_url: shop,
    support_url: `https://www.digistore24.com/support/${id}/${purchaseKey}`,
    switch_pay_interval_url: `${checkout}/order/switch/${id}/${purchaseKey}`,
  };
}

/** Product amounts have no superfluous zeros: `49`, `45.33`. */
function plain(cents: number): string {
  return String(cents / 100);
}
