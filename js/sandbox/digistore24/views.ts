import { dateOf } from '../berlin.js';
import { vendorShare } from '../ipn/money.js';
import type {
  Buyer,
  Delivery,
  OrderItem,
  Purchase,
  RebillingChange,
  ServiceProof,
  Ticket,
  Transaction,
} from './data.js';

type View = Record<string, unknown>;

/** Cents as the text that Digistore24 writes: two decimals, a dot. */
export function money(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** Y or N. */
export function yesNo(value: boolean): 'Y' | 'N' {
  return value ? 'Y' : 'N';
}

/** A buyer as `getBuyer` and the purchases show it. */
export function buyerView(buyer: Buyer): View {
  return {
    id: buyer.id,
    address_id: buyer.addressId,
    created_at: buyer.createdAt,
    email: buyer.email,
    first_name: buyer.firstName,
    last_name: buyer.lastName,
    salutation: buyer.salutation,
    salutation_msg: { M: 'Herr', F: 'Frau', '': '' }[buyer.salutation],
    title: buyer.title,
    company: buyer.company,
    street: [buyer.streetName, buyer.streetNumber].filter(Boolean).join(' '),
    street_name: buyer.streetName,
    street_number: buyer.streetNumber,
    street2: buyer.street2,
    zipcode: buyer.zipcode,
    city: buyer.city,
    state: buyer.state,
    country: buyer.country,
    phone_no: buyer.phone,
    buyer_type: buyer.company ? 'business' : 'consumer',
  };
}

/** A purchase as `getPurchase` answers it. */
export function purchaseView(purchase: Purchase): View {
  const cancelled = purchase.rebillStopNotedAt !== '';
  const ended = purchase.billingStatus === 'aborted';
  return {
    ...purchaseRow(purchase),
    vat_amount: money(vatOf(purchase.firstAmount, purchase.vatRate)),
    vat_rate: purchase.vatRate.toFixed(2),
    number_of_installments: String(purchase.installments),
    other_amounts: money(purchase.otherAmount),
    other_vat_amounts: money(vatOf(purchase.otherAmount, purchase.vatRate)),
    first_billing_interval: purchase.otherAmount > 0 ? purchase.interval : '',
    other_billing_intervals: purchase.otherAmount > 0 ? purchase.interval : '',
    next_amount: purchase.nextPaymentAt ? money(purchase.otherAmount) : '',
    have_rebilling: yesNo(purchase.otherAmount > 0),
    rebill_stop_noted_at: purchase.rebillStopNotedAt,
    is_canceled_now: yesNo(cancelled && ended),
    is_canceled_later: yesNo(cancelled && !ended),
    is_refundable_now: yesNo(paid(purchase) > 0),
    upgrade_of_purchase_id: purchase.upgradedOrderId,
    upgraded_by_purchase_id: purchase.upgradedByOrderId,
    has_custom_forms: 'N',
    has_etickets: 'N',
    last_payment: lastPayment(purchase),
    transaction_list: purchase.transactions.map((txn) => transactionView(purchase, txn)),
    receipt_url: `https://www.checkout-ds24.com/receipt/${purchase.id}/${purchase.purchaseKey}`,
    renew_url: `https://www.checkout-ds24.com/renew/${purchase.id}/${purchase.purchaseKey}`,
    support_url: `https://www.digistore24.com/support/${purchase.id}/${purchase.purchaseKey}`,
    request_refund_url: `https://www.digistore24.com/order/cancel/${purchase.id}/${purchase.refundKey}`,
  };
}

/** A purchase as a row of `listPurchases`. */
export function purchaseRow(purchase: Purchase): View {
  return {
    id: purchase.id,
    amount: money(purchase.firstAmount),
    currency: purchase.currency,
    created_at: purchase.createdAt,
    buyer_id: purchase.buyer.id,
    buyer: buyerView(purchase.buyer),
    items: purchase.items.map((item, i) => ({
      id: item.id,
      no: String(i + 1),
      product_id: item.product.id,
      product_name: item.product.name,
      product_name_intern: item.product.name,
      delivery_type: item.product.deliveryType,
      quantity: String(item.quantity),
    })),
    main_product_id: purchase.items[0]?.product.id ?? '',
    main_product_name: purchase.items[0]?.product.name ?? '',
    billing_type: purchase.billingType,
    billing_status: purchase.billingStatus,
    billing_status_msg: purchase.billingStatus,
    next_payment_at: purchase.nextPaymentAt,
    pay_method: purchase.payMethod,
    order_type: purchase.test ? 'test' : 'live',
    last_transaction_types: purchase.transactions.at(-1)?.type ?? '',
    custom: purchase.custom,
    tracking_param: purchase.trackingParam,
    campaignkey: purchase.campaignkey,
    voucher_code: purchase.voucherCode,
    affiliate_id: purchase.affiliateId,
    affiliate_name: purchase.affiliateName,
    total_merchant_amount: money(vendorShare(purchase, paid(purchase))),
    sub_ids: { sid1: '', sid2: '', sid3: '', sid4: '', sid5: '' },
    click_id: '',
  };
}

/** A transaction in a purchase. Refunds have negative amounts. */
export function transactionView(purchase: Purchase, txn: Transaction): View {
  return {
    id: txn.id,
    amount: money(txn.amount),
    currency: purchase.currency,
    purchase_id: purchase.id,
    pay_method: txn.payMethod,
    pay_method_msg: txn.payMethod,
    created_at: txn.createdAt,
    pay_date: txn.createdAt.slice(0, 10),
    pay_sequence_no: String(txn.paySequenceNo),
    parent_txn_id: txn.parentId,
    type: txn.type,
    type_msg: txn.type,
    invoice_url: `https://www.digistore24.com/invoice/${purchase.id}/${txn.id}/${purchase.purchaseKey}.pdf`,
    refund_info: { can_refund: yesNo(txn.type === 'payment'), refund_amount: money(givenBack(purchase, txn)) },
  };
}

/** A transaction as a row of `listTransactions`, in both spellings that have been seen. */
export function transactionRow(purchase: Purchase, txn: Transaction): View {
  return {
    id: txn.id,
    purchase_id: purchase.id,
    amount: money(txn.amount),
    currency: purchase.currency,
    transaction_type: txn.type,
    transaction_type_msg: txn.type,
    created_at: txn.createdAt,
    transaction_created_at: txn.createdAt,
    transaction_amount: money(txn.amount),
    transaction_currency: purchase.currency,
    transaction_pay_method_msg: txn.payMethod,
    vat_amount: money(txn.vat),
    earned_amount: money(vendorShare(purchase, txn.amount)),
    main_product_id: purchase.items[0]?.product.id ?? '',
    main_product_name: purchase.items[0]?.product.name ?? '',
    billing_type: purchase.billingType,
    affiliate_name: purchase.affiliateName,
    can_see_order_details: yesNo(purchase.role === 'vendor'),
    buyer: {
      id: purchase.buyer.id,
      email: purchase.buyer.email,
      first_name: purchase.buyer.firstName,
      last_name: purchase.buyer.lastName,
      phone_no: purchase.buyer.phone,
    },
  };
}

/** A row of `listRebillingStatusChanges`. */
export function rebillingChangeView(change: RebillingChange): View {
  return {
    id: change.id,
    purchase_id: change.purchaseId,
    created_at: change.createdAt,
    pay_sequence_no: String(change.paySequenceNo),
    type: change.type,
    type_msg: change.type,
  };
}

/** A ticket as `listEtickets` and `getEticket` show it. */
export function ticketView(ticket: Ticket): View {
  const { purchase } = ticket;
  const { buyer } = purchase;
  const [item] = purchase.items;
  return {
    download_url: `https://www.digistore24.com/eticket/${ticket.number}/${purchase.purchaseKey}.pdf`,
    duration: '1',
    date: ticket.date,
    hint: ticket.hint,
    location_id: ticket.locationId,
    template_id: ticket.templateId,
    id: ticket.id,
    purchase_item_id: item?.id ?? '',
    no: '1',
    count: '1',
    email: buyer.email,
    first_name: buyer.firstName,
    last_name: buyer.lastName,
    salutation: buyer.salutation,
    title: buyer.title,
    language: buyer.language,
    used_at: ticket.usedAt,
    is_blocked: yesNo(ticket.isBlocked),
    note: ticket.note,
    product_id: item?.product.id ?? '',
  };
}

/** A delivery as `listDeliveries` shows it. */
export function deliveryView(delivery: Delivery): View {
  const { purchase } = delivery;
  const { buyer } = purchase;
  const [item] = purchase.items;
  const {
    id: _,
    address_id: __,
    created_at: ___,
    salutation_msg: ____,
    street_name: _____,
    ...address
  } = buyerView(buyer);
  return {
    delivery_address: { ...address, country_name: buyer.countryName, tax_id: buyer.taxId },
    delivery_type: item?.product.deliveryType ?? '',
    product_type_name: 'Sandbox',
    tracking: delivery.tracking.map((parcel) => ({ delivery_id: delivery.id, quantity: '1', ...parcel })),
    quantity_total: String(item?.quantity ?? 0),
    id: delivery.id,
    purchase_id: purchase.id,
    purchase_created_at: purchase.createdAt,
    purchase_item_id: item?.id ?? '',
    buyer_address_id: buyer.addressId,
    type: delivery.type,
    processed_at: delivery.processedAt,
    product_id: item?.product.id ?? '',
    product_name: item?.product.name ?? '',
    quantity_delivered: '0',
    is_test_order: yesNo(purchase.test),
  };
}

/** A row of `listServiceProofRequests`. */
export function proofView(proof: ServiceProof): View {
  const product = proof.purchase.items[0]?.product;
  return {
    id: proof.id,
    purchase_id: proof.purchase.id,
    product_id: product?.id ?? '',
    delivery_type: product?.deliveryType ?? '',
    approval_status: proof.approvalStatus,
    request_status: proof.requestStatus,
    created_at: proof.createdAt,
    modified_at: proof.modifiedAt,
  };
}

/** What `getServiceProofRequest` tells. A vendor has three days. */
export function wholeProofView(proof: ServiceProof): View {
  const due = new Date(Date.parse(`${dateOf(proof.createdAt)}T00:00:00Z`) + 3 * 86_400_000);
  return {
    id: proof.id,
    purchase_id: proof.purchase.id,
    status: proof.requestStatus,
    created_at: proof.createdAt,
    due_date: due.toISOString().slice(0, 10),
    notes: '',
  };
}

/** The license key of an item. */
export function licenseKey(purchase: Purchase, item: OrderItem): string {
  return `${purchase.purchaseKey}-${item.id}`;
}

/** What has been paid and not given back. */
export function paid(purchase: Purchase): number {
  return purchase.transactions.reduce((sum, txn) => sum + txn.amount, 0);
}

/** The VAT in a gross amount. */
export function vatOf(gross: number, rate: number): number {
  return Math.round((gross * rate) / (100 + rate));
}

/** What of a payment has gone back already. */
export function givenBack(purchase: Purchase, payment: Transaction): number {
  return purchase.transactions
    .filter((txn) => txn.parentId === payment.id && txn.amount < 0)
    .reduce((sum, txn) => sum - txn.amount, 0);
}

function lastPayment(purchase: Purchase): View | null {
  const last = purchase.transactions.filter((txn) => txn.type === 'payment').at(-1);
  if (!last) return null;
  return { date: last.createdAt, pay_method: last.payMethod, txn_type: last.type, txn_id: last.id };
}
