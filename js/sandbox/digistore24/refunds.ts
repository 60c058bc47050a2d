import { addInterval, berlinTime, dateOf, readTime } from '../berlin.js';
import type { World } from '../state.js';
import { type Args, flag, needed, text } from './args.js';
import { giveBack } from './booking.js';
import type { Purchase, Transaction } from './data.js';
import { badParameter, unknownThing } from './errors.js';
import type { Functions } from './functions.js';
import { findPurchase } from './purchases.js';
import { givenBack, yesNo } from './views.js';

/** So long after a payment a buyer may have the money back. */
const REFUND_DAYS = 14;

/** Money that goes back. Refusals are answers, not errors. */
export const refundFunctions: Functions = {
  refundTransaction: {
    writes: true,
    run(world, args) {
      const id = needed(args, 'transaction_id');
      for (const purchase of world.ds24.purchases.values()) {
        const payment = purchase.transactions.find((txn) => txn.id === id && txn.type === 'payment');
        if (payment) return refund(world, args, purchase, payment);
      }
      throw unknownThing('Transaction', id);
    },
  },

  refundPurchase: {
    writes: true,
    run(world, args) {
      const purchase = findPurchase(world, needed(args, 'purchase_id'));
      const payments = purchase.transactions.filter((txn) => txn.type === 'payment');
      const answers = payments.map((payment) => refund(world, args, purchase, payment));
      const done = answers.filter(({ status }) => status === 'completed').length;
      return { modified: yesNo(done > 0), note: `${done} of ${payments.length} payments have been refunded.` };
    },
  },
};

function refund(world: World, args: Args, purchase: Purchase, payment: Transaction) {
  const now = berlinTime(world.now());
  const asked = readTime(text(args, 'request_date') || 'now', world.now());
  if (!asked) throw badParameter('Invalid date: request_date');
  const left = payment.amount - givenBack(purchase, payment);
  if (left <= 0) {
    const note = 'The payment has been refunded before.';
    return { status: 'error', modified: 'N', note, error_reason: 'refund_completed', processed_at: now };
  }
  const last = addInterval(payment.createdAt, `${REFUND_DAYS}_day`);
  if (!flag(args, 'force') && dateOf(asked) > dateOf(last)) {
    return { status: 'refused', modified: 'N', note: 'The refund policy does not allow a refund any more.' };
  }
  giveBack(world, purchase, payment, { type: 'refund', amount: left, createdAt: now });
  return { status: 'completed', modified: 'Y', note: 'The payment has been refunded.' };
}
