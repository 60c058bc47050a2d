import type { Args } from './args.js';

/** A product that is sold. Money is in cents. */
export interface Product {
  id: string;
  name: string;
  /** Gross price of one unit and one payment. */
  price: number;
  language: string;
  deliveryType: 'digital' | 'shipping';
  /** Tags that the vendor gave the product; they travel in the messages. */
  tags: string[];
}

/** A person who buys. */
export interface Buyer {
  id: string;
  addressId: string;
  email: string;
  firstName: string;
  lastName: string;
  salutation: 'M' | 'F' | '';
  title: string;
  company: string;
  streetName: string;
  streetNumber: string;
  street2: string;
  zipcode: string;
  city: string;
  state: string;
  country: string;
  countryName: string;
  phone: string;
  taxId: string;
  language: string;
  createdAt: string;
}

/** One product in an order. */
export interface OrderItem {
  id: string;
  product: Product;
  quantity: number;
}

/** A movement of money. Refunds and chargebacks have a negative amount. Cents. */
export interface Transaction {
  id: string;
  parentId: string;
  type: 'payment' | 'refund' | 'chargeback' | 'refund_request';
  amount: number;
  vat: number;
  paySequenceNo: number;
  payMethod: string;
  /** Berlin wall clock. */
  createdAt: string;
}

/** How an order is paid. */
export type BillingType = 'single_payment' | 'subscription' | 'installment';

/** An order ("purchase"). Times are Berlin wall clock. */
export interface Purchase {
  id: string;
  /** Order id of the first order of an upsell chain; its own id otherwise. */
  baseId: string;
  upsellNo: number;
  role: 'vendor' | 'affiliate' | 'other';
  test: boolean;
  createdAt: string;
  buyer: Buyer;
  items: OrderItem[];
  transactions: Transaction[];
  billingType: BillingType;
  billingStatus: 'paying' | 'aborted' | 'unpaid' | 'reminding' | 'completed';
  /** 1 for a single payment, 0 for a subscription. */
  installments: number;
  interval: string;
  firstAmount: number;
  otherAmount: number;
  currency: string;
  vatRate: number;
  payMethod: string;
  /** Date, or empty. */
  nextPaymentAt: string;
  rebillStopNotedAt: string;
  orderType: string;
  newsletter: string;
  custom: string;
  customKey: string;
  trackingParam: string;
  campaignkey: string;
  affiliateId: string;
  affiliateName: string;
  affiliatePercent: number;
  voucherCode: string;
  /** Secret parts of the links in the messages. */
  purchaseKey: string;
  refundKey: string;
  upgradeKey: string;
  upgradedOrderId: string;
  upgradedByOrderId: string;
  upgradeType: string;
  deliveryDate: string;
  unlockInvoices: boolean;
}

/** A change in the course of a subscription or of installments. */
export interface RebillingChange {
  id: string;
  purchaseId: string;
  createdAt: string;
  paySequenceNo: number;
  type: 'rebill_cancelled' | 'last_paid_day' | 'rebill_resumed';
}

/** A webhook connection made by `ipnSetup`. */
export interface IpnConnection {
  id: string;
  name: string;
  domainId: string;
  ipnUrl: string;
  productIds: string;
  categories: string;
  transactions: string;
  timing: string;
  passphrase: string;
  newsletterSendPolicy: string;
  apiKeyId: string;
}

/** A discount code, as the functions show it. */
export interface Voucher {
  id: string;
  code: string;
  product_ids: string;
  valid_from: string;
  expires_at: string;
  first_rate: string;
  other_rates: string;
  first_amount: string;
  other_amounts: string;
  currency: string;
  is_count_limited: 'Y' | 'N';
  count_left: string;
  upgrade_policy: string;
}

/** A ticket to an event. */
export interface Ticket {
  id: string;
  /** The 20 digits on the ticket. */
  number: string;
  purchase: Purchase;
  date: string;
  hint: string;
  locationId: string;
  templateId: string;
  /** Berlin wall clock, or empty. */
  usedAt: string;
  isBlocked: boolean;
  note: string;
}

/** Something to be shipped. */
export interface Delivery {
  id: string;
  purchase: Purchase;
  type: 'request' | 'in_progress' | 'delivery' | 'partial_delivery' | 'return' | 'cancel';
  /** Berlin wall clock, or empty. */
  processedAt: string;
  tracking: { parcel_service_type: string; tracking_id: string }[];
}

/** Digistore24 asks for a proof that the service was delivered. */
export interface ServiceProof {
  id: string;
  purchase: Purchase;
  approvalStatus: 'new' | 'pending' | 'approved' | 'rejected';
  requestStatus: 'pending' | 'proof_provided' | 'exec_refund';
  createdAt: string;
  modifiedAt: string;
}

/** A link made by `createBuyUrl`. */
export interface BuyUrl {
  id: string;
  url: string;
  productId: string;
  /** What the function was told. */
  args: Args;
}

/** A mail that would have been sent. */
export interface Mail {
  kind: 'confirmation' | 'invoice';
  purchaseId: string;
  to: string;
  at: string;
}

/** A vendor who is asked for a key. */
export interface KeyRequest {
  permission: 'full' | 'readonly';
  returnUrl: string;
  cancelUrl: string;
  status: 'pending' | 'aborted' | 'completed';
  key?: string;
}

/** All that Digistore24 holds. */
export interface Ds24 {
  products: Map<string, Product>;
  buyers: Map<string, Buyer>;
  purchases: Map<string, Purchase>;
  rebillingChanges: RebillingChange[];
  vouchers: Map<string, Voucher>;
  tickets: Ticket[];
  deliveries: Delivery[];
  proofs: ServiceProof[];
  orderforms: { id: string; name: string; created_at: string }[];
  buyUrls: BuyUrl[];
  mails: Mail[];
  /** By API key id and domain id. */
  ipnConnections: Map<string, IpnConnection>;
  /** By request token. */
  keyRequests: Map<string, KeyRequest>;
}

/** Digistore24 before the first sale. */
export function emptyDs24(): Ds24 {
  return {
    products: new Map(),
    buyers: new Map(),
    purchases: new Map(),
    rebillingChanges: [],
    vouchers: new Map(),
    tickets: [],
    deliveries: [],
    proofs: [],
    // The one that the messages name.
    orderforms: [{ id: '1', name: 'Standard', created_at: '2025-01-02 09:00:00' }],
    buyUrls: [],
    mails: [],
    ipnConnections: new Map(),
    keyRequests: new Map(),
  };
}
