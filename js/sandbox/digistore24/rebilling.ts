import { addInterval, berlinTime, dateOf } from '../berlin.js';
import type { World } from '../state.js';
import { needed, paged, period } from './args.js';
import type { Purchase, RebillingChange } from './data.js';
import type { Functions } from './functions.js';
import { findPurchase } from './purchases.js';
import { rebillingChangeView, yesNo } from './views.js';

/** Stopping and resuming of recurring payments. */
export const rebillingFunctions: Functions = {
  listRebillingStatusChanges: {
    run(world, args) {
      const { from, to } = period(world, args);
      const found = world.ds24.rebillingChanges.filter((change) => change.createdAt >= from && change.createdAt <= to);
      const { rows, numbers } = paged(args, found, 100);
      return { from, to, items: rows.map(rebillingChangeView), ...numbers };
    },
  },

  stopRebilling: {
    writes: true,
    run(world, args) {
      const purchase = findPurchase(world, needed(args, 'purchase_id'));
      const active = purchase.nextPaymentAt !== '';
      if (active) {
        purchase.billingStatus = 'aborted';
        purchase.nextPaymentAt = '';
        purchase.rebillStopNotedAt = berlinTime(world.now());
        noteRebilling(world, purchase, 'rebill_cancelled', purchase.rebillStopNotedAt);
      }
      return {
        modified: yesNo(active),
        note: active ? 'The payments have been stopped.' : 'There are no payments to stop.',
        code: 'stopped_now',
        ...status(purchase),
        is_cancelled_now: yesNo(purchase.rebillStopNotedAt !== ''),
        is_cancelled_later: 'N',
        can_cancel_before: '',
      };
    },
  },

  startRebilling: {
    writes: true,
    run(world, args) {
      const purchase = findPurchase(world, needed(args, 'purchase_id'));
      const stopped = purchase.rebillStopNotedAt !== '';
      if (stopped) resume(world, purchase, berlinTime(world.now()));
      const note = stopped ? 'The payments have been resumed.' : 'The payments were not stopped.';
      return { modified: yesNo(stopped), note, ...status(purchase) };
    },
  },
};

/** Lets the payments of a purchase go on. */
export function resume(world: World, purchase: Purchase, at: string): void {
  purchase.billingStatus = 'paying';
  purchase.rebillStopNotedAt = '';
  purchase.nextPaymentAt = dateOf(addInterval(at, purchase.interval));
  noteRebilling(world, purchase, 'rebill_resumed', at);
}

/** Enters a change into the list that `listRebillingStatusChanges` shows. */
export function noteRebilling(
  world: World,
  purchase: Purchase,
  type: RebillingChange['type'],
  createdAt: string,
): void {
  world.ds24.rebillingChanges.push({
    id: String(world.ids.number('rebillingChange', 19_000_001)),
    purchaseId: purchase.id,
    createdAt,
    paySequenceNo: purchase.transactions.at(-1)?.paySequenceNo ?? 0,
    type,
  });
}

function status(purchase: Purchase): Record<string, string> {
  return {
    billing_status: purchase.billingStatus,
    billing_status_msg: purchase.billingStatus,
    next_payment_at: purchase.nextPaymentAt,
    rebilling_active: yesNo(purchase.nextPaymentAt !== ''),
  };
}
