import { addInterval, berlinTime, dateOf } from '../berlin.js';
import { book, giveBack } from '../digistore24/booking.js';
import type { BillingType, OrderItem, Purchase, Transaction } from '../digistore24/data.js';
import { noteRebilling, resume } from '../digistore24/rebilling.js';
import type { World } from '../state.js';
import { type BuyerInput, inventBuyer, inventProduct, type ProductInput } from './cast.js';
import { orderMessage } from './messages.js';
import type { IpnMessage } from './sign.js';

/** One product of a story, as it is or with a quantity. */
export type ItemInput = ProductInput & { quantity?: number };

/** What a story starts from. Everything has a default. */
export interface StoryOptions {
  buyer?: BuyerInput;
  /** More than one: a grouped order. Prices are gross cents. */
  products?: ItemInput[];
  /** Default: `installment` where `installments` is given, else `single_payment`. */
  billing?: BillingType;
  installments?: number;
  /** `1_month` by default; `n_day`, `n_month`, `n_year`. */
  interval?: string;
  /** Berlin wall clock of the order, `YYYY-MM-DD HH:MM:SS`. Default: now. */
  at?: string;
  test?: boolean;
  orderId?: string;
  role?: Purchase['role'];
  currency?: string;
  vatRate?: number;
  payMethod?: string;
  newsletter?: string;
  custom?: string;
  campaignkey?: string;
  voucherCode?: string;
  affiliate?: { id: string; name: string; percent?: number };
}

/** When something happens in a story: Berlin wall clock. */
export interface When {
  at?: string;
}

/**
 * The course of one order. Each method lets something happen, writes it into Digistore24's state
 * and returns the message about it, ready for `sendIpn`.
 */
export class Story {
  readonly #world: World;
  readonly purchase: Purchase;
  #upsells = 0;

  constructor(world: World, options: StoryOptions = {}, upsellOf?: { purchase: Purchase; no: number }) {
    this.#world = world;
    this.purchase = begin(world, options, upsellOf);
  }

  /** The order id, which is the API's purchase id. */
  get orderId(): string {
    return this.purchase.id;
  }

  /** The first payment or the next one: `on_payment`. */
  payment(when: When = {}): IpnMessage {
    const { purchase } = this;
    const no = this.#nextPaySequenceNo();
    const at = when.at ?? this.#due(no);
    const amount = no <= 1 ? purchase.firstAmount : purchase.otherAmount;
    const txn = book(this.#world, purchase, { type: 'payment', amount, paySequenceNo: no, createdAt: at });
    const last = purchase.billingType === 'installment' && no >= purchase.installments;
    const recurring = purchase.billingType !== 'single_payment' && !last;
    purchase.billingStatus = recurring ? 'paying' : 'completed';
    purchase.nextPaymentAt = recurring ? dateOf(addInterval(at, purchase.interval)) : '';
    return this.#message('on_payment', txn);
  }

  /** The next payment failed after all retries: `on_payment_missed`. The reason may be empty. */
  missed(reason = ''): IpnMessage {
    this.purchase.billingStatus = reason === '' || reason === 'by_payment_denial' ? 'unpaid' : 'aborted';
    const no = this.#nextPaySequenceNo();
    return this.#message('on_payment_missed', undefined, {
      billing_stop_reason: reason,
      pay_sequence_no: String(no),
    });
  }

  /** A payment was rejected: `payment_denial`. */
  denied(): IpnMessage {
    const no = String(this.#nextPaySequenceNo());
    return this.#message('payment_denial', undefined, { pay_sequence_no: no });
  }

  /** Money goes back: `on_refund`. Without an amount (cents) all of the last payment. */
  refund(options: When & { amount?: number; transactionId?: string } = {}): IpnMessage {
    return this.#giveBack('refund', 'on_refund', options);
  }

  /** The bank takes the money back: `on_chargeback`. */
  chargeback(options: When & { transactionId?: string } = {}): IpnMessage {
    return this.#giveBack('chargeback', 'on_chargeback', options);
  }

  /** The cancellation was noted, the paid time goes on: `on_rebill_cancelled`. */
  cancelled(when: When = {}): IpnMessage {
    const { purchase } = this;
    const at = when.at ?? this.#now();
    const paidUntil = purchase.nextPaymentAt;
    purchase.rebillStopNotedAt = at;
    purchase.nextPaymentAt = '';
    noteRebilling(this.#world, purchase, 'rebill_cancelled', at);
    return this.#message('on_rebill_cancelled', undefined, { is_cancelled_for: paidUntil });
  }

  /** The payments go on: `on_rebill_resumed`. */
  resumed(when: When = {}): IpnMessage {
    resume(this.#world, this.purchase, when.at ?? this.#now());
    return this.#message('on_rebill_resumed');
  }

  /** The paid time is over: `last_paid_day`. */
  lastPaidDay(when: When = {}): IpnMessage {
    this.purchase.billingStatus = 'aborted';
    this.purchase.nextPaymentAt = '';
    noteRebilling(this.#world, this.purchase, 'last_paid_day', when.at ?? this.#now());
    return this.#message('last_paid_day');
  }

  /** Something happened to a ticket: `eticket` with its action. */
  eticket(action = 'create', extra: IpnMessage = {}): IpnMessage {
    const now = this.#now();
    return this.#message('eticket', undefined, {
      action,
      eticket_code: '4000001',
      eticket_count: '1',
      eticket_created_at: this.purchase.createdAt,
      eticket_date: '2026-12-05',
      eticket_hint: 'Einlass ab 9 Uhr',
      eticket_id: '700001',
      eticket_is_blocked: action === 'revoke' ? 'Y' : 'N',
      eticket_modified_at: now,
      eticket_no: '1',
      eticket_url: `https://www.digistore24.com/eticket/${this.orderId}/${this.purchase.purchaseKey}`,
      eticket_used_at: action === 'use' ? now : '',
      location_address: 'Messeplatz 1, 50679 Köln',
      location_country: 'DE',
      location_id: '8001',
      location_name: 'Sandbox-Halle',
      ...extra,
    });
  }

  /** The buyer filled in a form: `custom_form`; its fields travel under their own names. */
  customForm(values: IpnMessage, options: { action?: string; no?: number; count?: number } = {}): IpnMessage {
    const { action = 'create', no = 1, count = 1 } = options;
    const form = { action, form_no: String(no), form_count: String(count) };
    return this.#message('custom_form', undefined, { ...form, has_custom_forms: 'Y', ...values });
  }

  /** An upsell of this order: its order id is this one's with a number behind it. */
  upsell(options: StoryOptions = {}): Story {
    this.#upsells += 1;
    const upsellOf = { purchase: this.purchase, no: this.#upsells };
    return new Story(this.#world, { test: this.purchase.test, ...options }, upsellOf);
  }

  /** An order that takes the place of this one. An empty delivery date means from now on. */
  upgrade(options: StoryOptions & { type?: string; deliveryDate?: string } = {}): Story {
    const { type = 'upgrade', deliveryDate = '', ...rest } = options;
    const { purchase } = this;
    const story = new Story(this.#world, { buyer: purchase.buyer, test: purchase.test, ...rest });
    const next = story.purchase;
    next.orderType = 'upgrade';
    next.upgradedOrderId = purchase.id;
    next.upgradeType = type;
    next.deliveryDate = deliveryDate;
    purchase.upgradedByOrderId = next.id;
    purchase.nextPaymentAt = '';
    return story;
  }

  #giveBack(
    type: 'refund' | 'chargeback',
    event: string,
    options: When & { amount?: number; transactionId?: string },
  ): IpnMessage {
    const payments = this.purchase.transactions.filter((txn) => txn.type === 'payment');
    const payment = options.transactionId ? payments.find((txn) => txn.id === options.transactionId) : payments.at(-1);
    if (!payment) throw new Error(`${event}: order ${this.orderId} has no such payment`);
    const { amount = payment.amount, at = this.#now() } = options;
    const txn = giveBack(this.#world, this.purchase, payment, { type, amount, createdAt: at });
    return this.#message(event, txn);
  }

  #message(event: string, txn?: Transaction, extra: IpnMessage = {}): IpnMessage {
    const last = String(this.purchase.transactions.at(-1)?.paySequenceNo ?? 0);
    const fields = { pay_sequence_no: last, ...(txn && { pay_sequence_no: String(txn.paySequenceNo) }) };
    return orderMessage(this.#world.settings, event, this.purchase, txn, { ...fields, ...extra });
  }

  /** 0 for a single payment; 1, 2, … for the others. */
  #nextPaySequenceNo(): number {
    const payments = this.purchase.transactions.filter((txn) => txn.type === 'payment').length;
    return this.purchase.billingType === 'single_payment' ? 0 : payments + 1;
  }

  #due(no: number): string {
    const { createdAt, interval } = this.purchase;
    return no <= 1 ? createdAt : addInterval(createdAt, interval, no - 1);
  }

  #now(): string {
    return berlinTime(this.#world.now());
  }
}

function begin(
  world: World,
  options: StoryOptions,
  upsellOf: { purchase: Purchase; no: number } | undefined,
): Purchase {
  const { ids } = world;
  const at = options.at ?? berlinTime(world.now());
  const id = upsellOf ? `${upsellOf.purchase.baseId}${upsellOf.no}` : (options.orderId ?? ids.key('order'));
  const items = inventItems(world, options.products ?? [{}]);
  const total = items.reduce((sum, item) => sum + item.product.price * item.quantity, 0);
  const billingType = options.billing ?? (options.installments ? 'installment' : 'single_payment');
  const single = billingType === 'single_payment';
  const buyer = upsellOf?.purchase.buyer ?? buyerOf(world, options.buyer ?? {}, at);
  return {
    id,
    baseId: upsellOf?.purchase.baseId ?? id,
    upsellNo: upsellOf?.no ?? 0,
    role: options.role ?? 'vendor',
    test: options.test ?? false,
    createdAt: at,
    buyer,
    items,
    transactions: [],
    billingType,
    billingStatus: single ? 'completed' : 'paying',
    installments: single ? 1 : billingType === 'subscription' ? 0 : (options.installments ?? 3),
    interval: options.interval ?? '1_month',
    firstAmount: total,
    otherAmount: single ? 0 : total,
    currency: options.currency ?? 'EUR',
    vatRate: options.vatRate ?? 19,
    payMethod: options.payMethod ?? (options.test ? 'test' : 'paypal'),
    nextPaymentAt: '',
    rebillStopNotedAt: '',
    orderType: 'regular',
    newsletter: options.newsletter ?? 'none',
    custom: options.custom ?? '',
    customKey: `${buyer.id}-${ids.key('customKey', 11)}`,
    trackingParam: '',
    campaignkey: options.campaignkey ?? '',
    affiliateId: options.affiliate?.id ?? '',
    affiliateName: options.affiliate?.name ?? '',
    affiliatePercent: options.affiliate?.percent ?? (options.affiliate ? 40 : 0),
    voucherCode: options.voucherCode ?? '',
    purchaseKey: ids.key('purchaseKey'),
    refundKey: ids.key('refundKey'),
    upgradeKey: ids.key('upgradeKey', 13),
    upgradedOrderId: '',
    upgradedByOrderId: '',
    upgradeType: '',
    deliveryDate: '',
    unlockInvoices: false,
  };
}

/** A buyer whose id is known is the same person; anybody else is new. */
function buyerOf(world: World, input: BuyerInput, at: string) {
  const known = input.id ? world.ds24.buyers.get(input.id) : undefined;
  const buyer = known ? Object.assign(known, input) : inventBuyer(world.ids, input, at);
  world.ds24.buyers.set(buyer.id, buyer);
  return buyer;
}

function inventItems(world: World, inputs: ItemInput[]): OrderItem[] {
  return inputs.map(({ quantity = 1, ...input }) => {
    const known = input.id ? world.ds24.products.get(input.id) : undefined;
    const product = known ? { ...known, ...input } : inventProduct(world.ids, input);
    world.ds24.products.set(product.id, product);
    return { id: String(world.ids.number('orderItem', 33_299_001)), product, quantity };
  });
}
