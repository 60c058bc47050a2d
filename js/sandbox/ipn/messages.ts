import type { Purchase, Transaction } from '../digistore24/data.js';
import type { Settings } from '../settings.js';
import { buyerFields, type Fields, itemFields, linkFields, moneyFields, orderFields } from './fields.js';
import type { IpnMessage } from './sign.js';

const IPN_VERSION = '1.6';

/** The connection that a message comes from, and the vendor. */
export function plumbing(settings: Settings, productIds = 'all'): Fields {
  return {
    ipn_config_api_key_id: '12345',
    ipn_config_domain_id: 'sandbox-domain-7f3a',
    ipn_config_id: '654321',
    ipn_config_product_ids: productIds,
    ipn_version: IPN_VERSION,
    merchant_id: settings.merchantId,
    merchant_name: settings.merchantName,
  };
}

/**
 * A message about an order, with all the fields that messages of 2026 have. Without a transaction
 * it is no money event and carries neither transaction nor amounts.
 */
export function orderMessage(
  settings: Settings,
  event: string,
  purchase: Purchase,
  txn: Transaction | undefined,
  extra: Fields = {},
): IpnMessage {
  const items = purchase.items.map((item, i) => itemFields(purchase, item, i === 0 ? '' : `_${i + 1}`));
  const tags = purchase.items.flatMap((item) => item.product.tags);
  const main = purchase.items[0]?.product;
  return arranged(event, {
    ...buyerFields(purchase.buyer),
    ...orderFields(purchase),
    ...(txn && moneyFields(purchase, txn)),
    ...Object.assign({}, ...items),
    ...linkFields(purchase, txn),
    ...plumbing(settings),
    placeholder_DESCRIPTION: `Zugang zu ${main?.name ?? ''}. Jederzeit kündbar.`,
    placeholder_TITLE: main?.name ?? '',
    tags: [...new Set(tags)].join(','),
    ...upgradeFields(purchase),
    ...(purchase.nextPaymentAt && { next_payment_at: purchase.nextPaymentAt }),
    ...extra,
  });
}

/** The message of the button "test connection": signed, but of no connection and no order. */
export function connectionTest(settings: Settings): IpnMessage {
  return arranged('connection_test', {
    ipn_version: IPN_VERSION,
    merchant_id: settings.merchantId,
    merchant_name: settings.merchantName,
    product_ids: 'all',
  });
}

/** What {@link affiliation} says of the partner. */
export interface AffiliationInput {
  email?: string;
  affiliateId?: string;
  affiliateName?: string;
  firstName?: string;
  lastName?: string;
  productId?: string;
}

/** The message that an affiliate has been approved. */
export function affiliation(settings: Settings, input: AffiliationInput = {}): IpnMessage {
  const productId = input.productId ?? '512001';
  const name = input.affiliateName ?? 'partner01';
  return arranged('on_affiliation', {
    ...plumbing(settings),
    address_first_name: input.firstName ?? 'Paula',
    address_last_name: input.lastName ?? 'Partner',
    affiliate_id: input.affiliateId ?? '1111001',
    affiliate_link: `https://www.checkout-ds24.com/redir/${productId}/${name}/`,
    affiliate_name: name,
    email: input.email ?? 'partner01@example.org',
    language: 'de',
    product_id: productId,
    product_ids: productId,
  });
}

const FAMILY = /^(order_item_id|product_(?!ids)[a-z_]+|quantity|tag|license_[a-z_]+)_([2-9]|[1-9]\d+)$/;

/**
 * What a connection with grouping off sends in place of a grouped message: one message for each
 * item, each of them item 1, all with the same transaction.
 */
export function ungrouped(message: IpnMessage): IpnMessage[] {
  const count = Number(message.item_count ?? 1);
  const rest = Object.entries(message).filter(([name]) => !FAMILY.test(name));
  return Array.from({ length: count }, (_, i) => {
    const own: Fields = { item_count: '1' };
    for (const [name, value] of Object.entries(message)) {
      const [, bare, no] = FAMILY.exec(name) ?? [];
      if (bare && Number(no) === i + 1) own[bare] = value;
    }
    return arranged(message.event ?? '', { ...Object.fromEntries(rest), ...own });
  });
}

/** The message without its products, as refunds can be. */
export function withoutProducts(message: IpnMessage): IpnMessage {
  const gone = /^(order_item_id|product_.*|quantity|tags?|item_count)(_\d+)?$/;
  return Object.fromEntries(Object.entries(message).filter(([name]) => !gone.test(name)));
}

/** The message as a connection made by hand sends it: with a label and the event's older twin. */
export function labelled(message: IpnMessage, label = 'Zahlung'): IpnMessage {
  const event = message.event ?? '';
  return arranged(event, { ...message, event_label: label, function_call: event });
}

function upgradeFields(purchase: Purchase): Fields {
  if (purchase.upgradedOrderId === '') return {};
  return {
    delivery_date: purchase.deliveryDate,
    upgrade_type: purchase.upgradeType,
    upgraded_order_id: purchase.upgradedOrderId,
  };
}

/** In the order of the wire: by name, the event last. */
function arranged(event: string, fields: Fields): IpnMessage {
  const entries = Object.entries(fields)
    .filter(([name]) => name !== 'event')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...Object.fromEntries(entries), event };
}
