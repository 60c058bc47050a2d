import type { World } from '../state.js';
import type { Purchase, Transaction } from './data.js';
import { vatOf } from './views.js';

/** What is known of a movement of money before it is entered. */
export interface Movement {
  type: Transaction['type'];
  amount: number;
  paySequenceNo: number;
  createdAt: string;
  /** The payment that it belongs to. */
  parentId?: string;
}

/** Enters a movement of money. Payments of 2026 have a parent too: the number before their own. */
export function book(world: World, purchase: Purchase, { parentId, ...movement }: Movement): Transaction {
  const number = 3_990_001 + 2 * world.ids.number('transaction', 0);
  const txn: Transaction = {
    id: String(number + 1),
    parentId: parentId || String(number),
    vat: vatOf(movement.amount, purchase.vatRate),
    payMethod: purchase.payMethod,
    ...movement,
  };
  purchase.transactions.push(txn);
  world.ds24.purchases.set(purchase.id, purchase);
  return txn;
}

/** Money of a payment goes back. All of a payment ends the order. */
export function giveBack(
  world: World,
  purchase: Purchase,
  payment: Transaction,
  { type, amount, createdAt }: Pick<Movement, 'type' | 'amount' | 'createdAt'>,
): Transaction {
  const { paySequenceNo, id } = payment;
  const txn = book(world, purchase, { type, amount: -amount, paySequenceNo, createdAt, parentId: id });
  if (amount >= payment.amount) {
    purchase.billingStatus = 'aborted';
    purchase.nextPaymentAt = '';
  }
  return txn;
}
