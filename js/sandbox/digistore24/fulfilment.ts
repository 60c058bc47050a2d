import { berlinTime, dateOf } from '../berlin.js';
import type { World } from '../state.js';
import { type Args, flag, list, needed, nested, text } from './args.js';
import type { Delivery, ServiceProof, Ticket } from './data.js';
import { badParameter, unknownThing } from './errors.js';
import type { Functions } from './functions.js';
import { findPurchase } from './purchases.js';
import { deliveryView, licenseKey, proofView, ticketView, wholeProofView, yesNo } from './views.js';

/** What a buyer gets for the money: tickets, parcels, license keys, mails; and the proof of it. */
export const fulfilmentFunctions: Functions = {
  listEtickets: {
    run(world, args) {
      const found = world.ds24.tickets.filter((ticket) => fitsTicket(nested(args, 'search'), ticket));
      return { etickets: found.map(ticketView) };
    },
  },

  getEticket: {
    run(world, args) {
      const id = needed(args, 'eticket_id');
      const ticket = world.ds24.tickets.find((one) => one.number === id || one.id === id);
      if (!ticket) throw unknownThing('E-ticket', id);
      return { eticket: ticketView(ticket) };
    },
  },

  listDeliveries: {
    run(world, args) {
      const found = world.ds24.deliveries.filter((delivery) => fitsDelivery(nested(args, 'search'), delivery));
      return { delivery: found.map(deliveryView) };
    },
  },

  listServiceProofRequests: {
    run(world, args) {
      return world.ds24.proofs.filter((proof) => fitsProof(nested(args, 'search'), proof)).map(proofView);
    },
  },

  getServiceProofRequest: {
    run(world, args) {
      const id = needed(args, 'service_proof_id');
      const proof = world.ds24.proofs.find((one) => one.id === id);
      if (!proof) throw unknownThing('Service proof request', id);
      return { service_proof_request: wholeProofView(proof) };
    },
  },

  validateLicenseKey: {
    run(world, args) {
      const purchase = findPurchase(world, needed(args, 'purchase_id'));
      const key = needed(args, 'license_key');
      const item = purchase.items.find((one) => licenseKey(purchase, one) === key);
      if (!item)
        return { is_license_valid: 'N', is_license_key_found: 'N', purchase_id: purchase.id, license_key: key };
      const payment = purchase.transactions.filter((txn) => txn.type === 'payment').at(-1);
      const last = purchase.transactions.at(-1);
      return {
        is_license_valid: yesNo(['paying', 'completed'].includes(purchase.billingStatus)),
        is_license_key_found: 'Y',
        purchase_id: purchase.id,
        license_key: key,
        product_id: item.product.id,
        product_name: item.product.name,
        // Spelled so in the documentation; the right spelling has been seen too.
        billing_tatus: purchase.billingStatus,
        billing_tatus_msg: purchase.billingStatus,
        billing_status: purchase.billingStatus,
        billing_status_msg: purchase.billingStatus,
        last_payment_at: payment ? dateOf(payment.createdAt) : '',
        next_payment_at: purchase.nextPaymentAt,
        last_transaction_type: last?.type ?? '',
        last_transaction_type_msg: last?.type ?? '',
        are_returned_data_public: 'N',
      };
    },
  },

  resendPurchaseConfirmationMail: {
    writes: true,
    run(world, args) {
      send(world, needed(args, 'purchase_id'), 'confirmation');
      return { modified: 'Y', note: 'The mail has been sent.' };
    },
  },

  resendInvoiceMail: {
    writes: true,
    run(world, args) {
      send(world, needed(args, 'purchase_id'), 'invoice');
      return { status: 'success', note: 'The mail has been sent.' };
    },
  },
};

/** Nothing leaves the sandbox: a mail is only noted. */
function send(world: World, purchaseId: string, kind: 'confirmation' | 'invoice'): void {
  const { id, buyer } = findPurchase(world, purchaseId);
  world.ds24.mails.push({ kind, purchaseId: id, to: buyer.email, at: berlinTime(world.now()) });
}

const same = (search: Args, name: string, value: string) => text(search, name) === '' || text(search, name) === value;
const part = (search: Args, name: string, value: string) =>
  value.toLowerCase().includes(text(search, name).toLowerCase());

function fitsTicket(search: Args, ticket: Ticket): boolean {
  const { buyer } = ticket.purchase;
  return (
    same(search, 'purchase_id', ticket.purchase.id) &&
    same(search, 'template_id', ticket.templateId) &&
    same(search, 'location_id', ticket.locationId) &&
    same(search, 'date', ticket.date) &&
    part(search, 'first_name', buyer.firstName) &&
    part(search, 'last_name', buyer.lastName) &&
    part(search, 'email', buyer.email)
  );
}

function fitsDelivery(search: Args, delivery: Delivery): boolean {
  const day = dateOf(delivery.purchase.createdAt);
  const [from, to] = [text(search, 'from'), text(search, 'to')];
  for (const date of [from, to]) {
    if (date !== '' && !/^\d{4}-\d\d-\d\d$/.test(date)) throw badParameter('search[from] and search[to] are dates');
  }
  const processed = text(search, 'is_processed');
  const test = text(search, 'is_test_order');
  return (
    same(search, 'purchase_id', delivery.purchase.id) &&
    (from === '' || day >= from) &&
    (to === '' || day <= to) &&
    (list(search, 'type')?.includes(delivery.type) ?? true) &&
    (processed === '' || flag(search, 'is_processed') === (delivery.processedAt !== '')) &&
    (test === '' || flag(search, 'is_test_order') === delivery.purchase.test)
  );
}

function fitsProof(search: Args, proof: ServiceProof): boolean {
  return (
    same(search, 'purchase_id', proof.purchase.id) &&
    same(search, 'product_id', proof.purchase.items[0]?.product.id ?? '') &&
    same(search, 'delivery_type', proof.purchase.items[0]?.product.deliveryType ?? '') &&
    same(search, 'approval_status', proof.approvalStatus) &&
    same(search, 'request_status', proof.requestStatus)
  );
}
