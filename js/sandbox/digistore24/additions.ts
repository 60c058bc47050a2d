import { berlinTime } from '../berlin.js';
import { type BuyerInput, inventBuyer } from '../ipn/cast.js';
import type { World } from '../state.js';
import { book } from './booking.js';
import type { Delivery, Purchase, ServiceProof, Ticket } from './data.js';
import { buyerView, deliveryView, proofView, ticketView, transactionRow } from './views.js';

/** What can be added to an order, with what may be said of it. */
export interface AdditionInput {
  /** Default: the order that was made last. */
  purchaseId?: string;
  /** Berlin wall clock. Default: now. An earlier time makes an item that arrives late. */
  at?: string;
  ticket?: Partial<Pick<Ticket, 'date' | 'hint' | 'locationId' | 'templateId' | 'usedAt' | 'isBlocked' | 'note'>>;
  delivery?: Partial<Pick<Delivery, 'type' | 'processedAt' | 'tracking'>>;
  proof?: Partial<Pick<ServiceProof, 'approvalStatus' | 'requestStatus'>>;
  /** With the id of a buyer: what changes. Without: a new buyer, who has not paid yet. */
  buyer?: BuyerInput;
}

type Row = Record<string, unknown>;

/** What people or Digistore24 itself do, by kind: each gives what a list shows of it. */
export const additions = {
  buyers(world: World, { buyer = {}, at }: AdditionInput): Row {
    const known = buyer.id ? world.ds24.buyers.get(buyer.id) : undefined;
    const one = known ? Object.assign(known, buyer) : inventBuyer(world.ids, buyer, at ?? berlinTime(world.now()));
    world.ds24.buyers.set(one.id, one);
    return buyerView(one);
  },

  etickets(world: World, input: AdditionInput): Row {
    const no = world.ids.number('ticket', 1);
    const ticket: Ticket = {
      id: String(990_000 + no),
      number: String(no).padStart(20, '4'),
      purchase: purchaseOf(world, input),
      date: '2026-12-05',
      hint: 'Einlass ab 9 Uhr',
      locationId: '8001',
      templateId: '7001',
      usedAt: '',
      isBlocked: false,
      note: '',
      ...input.ticket,
    };
    world.ds24.tickets.push(ticket);
    return ticketView(ticket);
  },

  deliveries(world: World, input: AdditionInput): Row {
    const delivery: Delivery = {
      id: String(world.ids.number('delivery', 2_200_001)),
      purchase: purchaseOf(world, input),
      type: 'request',
      processedAt: '',
      tracking: [],
      ...input.delivery,
    };
    world.ds24.deliveries.push(delivery);
    return deliveryView(delivery);
  },

  'service-proofs'(world: World, input: AdditionInput): Row {
    const at = input.at ?? berlinTime(world.now());
    const proof: ServiceProof = {
      id: String(world.ids.number('serviceProof', 12_001)),
      purchase: purchaseOf(world, input),
      approvalStatus: 'new',
      requestStatus: 'pending',
      createdAt: at,
      modifiedAt: at,
      ...input.proof,
    };
    world.ds24.proofs.push(proof);
    return proofView(proof);
  },

  /** A buyer asked for the money back; nothing has moved yet. */
  'refund-requests'(world: World, input: AdditionInput): Row {
    const purchase = purchaseOf(world, input);
    const payment = purchase.transactions.filter((txn) => txn.type === 'payment').at(-1);
    if (!payment) throw new Error(`order ${purchase.id} has no payment`);
    const createdAt = input.at ?? berlinTime(world.now());
    const { paySequenceNo, id: parentId } = payment;
    const txn = book(world, purchase, { type: 'refund_request', amount: 0, paySequenceNo, createdAt, parentId });
    return transactionRow(purchase, txn);
  },
} satisfies Record<string, (world: World, input: AdditionInput) => Row>;

/** The kinds of {@link additions}. */
export type AdditionKind = keyof typeof additions;

function purchaseOf(world: World, { purchaseId }: AdditionInput): Purchase {
  const { purchases } = world.ds24;
  const purchase = purchaseId ? purchases.get(purchaseId) : [...purchases.values()].at(-1);
  if (!purchase) throw new Error(purchaseId ? `There is no order ${purchaseId}` : 'There is no order yet');
  return purchase;
}
