import { dateOf, readTime } from '../berlin.js';
import type { World } from '../state.js';
import { type Args, flag, list, needed, nested, paged, period, sorted, text } from './args.js';
import type { Purchase, Transaction } from './data.js';
import { badParameter, unknownThing } from './errors.js';
import type { Functions } from './functions.js';
import { money, paid, purchaseRow, purchaseView, transactionRow, transactionView, yesNo } from './views.js';

const PURCHASE_PAGE = 500;

/** Purchases and transactions. */
export const purchaseFunctions: Functions = {
  listPurchases: {
    run(world, args) {
      const { from, to } = period(world, args);
      const search = nested(args, 'search');
      const wanted = ['live', 'test'].includes(text(search, 'order_type')) ? text(search, 'order_type') : undefined;
      const found = [...world.ds24.purchases.values()].filter(
        (purchase) =>
          purchase.createdAt >= from &&
          purchase.createdAt <= to &&
          (!wanted || (wanted === 'test') === purchase.test) &&
          matches(search, purchase, purchase.transactions),
      );
      const { rows, numbers } = paged(
        args,
        sorted(args, found, { date: (p) => p.createdAt, amount: (p) => p.firstAmount, earning: paid }),
        PURCHASE_PAGE,
      );
      const load = flag(args, 'load_transactions') || flag(args, 'show_transactions');
      const purchase_list = rows.map((purchase) => ({
        ...purchaseRow(purchase),
        ...(load && {
          transaction_list: purchase.transactions.map((txn) => transactionView(purchase, txn)),
        }),
      }));
      return { from, to, ...numbers, purchase_list };
    },
  },

  getPurchase: {
    run(world, args) {
      const ids = list(args, 'purchase_id') ?? [needed(args, 'purchase_id')];
      const views = ids.map((id) => [id, purchaseView(findPurchase(world, id))] as const);
      return views.length === 1 ? views[0]?.[1] : Object.fromEntries(views);
    },
  },

  listPurchasesOfEmail: {
    run(world, args) {
      const email = needed(args, 'email').toLowerCase();
      return [...world.ds24.purchases.values()]
        .filter((purchase) => purchase.buyer.email.toLowerCase() === email)
        .slice(0, Number(text(args, 'limit') || 100))
        .map((purchase) => ({
          id: purchase.id,
          created_at: purchase.createdAt,
          amount: money(purchase.firstAmount),
          currency: purchase.currency,
          status: purchase.billingStatus,
        }));
    },
  },

  listTransactions: {
    run(world, args) {
      const { from, to } = period(world, args);
      const search = nested(args, 'search');
      const found = [...world.ds24.purchases.values()].flatMap((purchase) =>
        purchase.transactions
          .filter((txn) => txn.createdAt >= from && txn.createdAt <= to)
          .filter((txn) => matches(search, purchase, [txn]))
          .map((txn) => transactionRow(purchase, txn)),
      );
      const ordered = sorted(args, found, {
        date: (row) => String(row.created_at),
        amount: (row) => Number(row.amount),
        earning: (row) => Number(row.earned_amount),
      });
      const { rows, numbers } = paged(args, ordered, PURCHASE_PAGE);
      const summary = { amounts: totals(found), count: found.length };
      return { from, to, ...numbers, summary, transaction_list: rows };
    },
  },

  updatePurchase: {
    writes: true,
    run(world, args) {
      const purchase = findPurchase(world, needed(args, 'purchase_id'));
      const data = Object.entries(nested(args, 'data'));
      if (data.length === 0) throw badParameter('Missing parameter: data');
      const before = JSON.stringify(purchase);
      for (const [name, value] of data) update(world, purchase, name, String(value));
      return { is_modified: yesNo(JSON.stringify(purchase) !== before) };
    },
  },
};

/** The purchase of an id, or error 4. */
export function findPurchase(world: World, id: string): Purchase {
  const purchase = world.ds24.purchases.get(id);
  if (!purchase) throw unknownThing('Purchase', id);
  return purchase;
}

/** The `search[...]` filters; names and e-mail match parts of the text. */
function matches(search: Args, purchase: Purchase, transactions: Transaction[]): boolean {
  const oneOf = (name: string, ...values: string[]) => {
    const wanted = list(search, name);
    return !wanted || wanted.some((value) => values.includes(value));
  };
  const part = (name: string, value: string) => value.toLowerCase().includes(text(search, name).toLowerCase());
  const { buyer } = purchase;
  const wantsAffiliate = text(search, 'has_affiliate');
  return (
    oneOf('role', purchase.role) &&
    oneOf('product_id', purchase.items[0]?.product.id ?? '') &&
    oneOf('purchase_id', purchase.id) &&
    oneOf('pay_method', purchase.payMethod) &&
    oneOf('billing_type', purchase.billingType) &&
    oneOf('currency', purchase.currency) &&
    oneOf('transaction_type', ...transactions.map((txn) => txn.type)) &&
    part('first_name', buyer.firstName) &&
    part('last_name', buyer.lastName) &&
    part('email', buyer.email) &&
    part('affiliate_name', purchase.affiliateName) &&
    (wantsAffiliate === '' || flag(search, 'has_affiliate') === (purchase.affiliateId !== ''))
  );
}

/** Only these four can be changed; the next payment can only be put off. */
function update(world: World, purchase: Purchase, name: string, value: string): void {
  switch (name) {
    case 'custom':
      purchase.custom = value;
      return;
    case 'tracking_param':
      purchase.trackingParam = value;
      return;
    case 'unlock_invoices':
      purchase.unlockInvoices = ['1', 'y', 'true'].includes(value.toLowerCase());
      return;
    case 'next_payment_at': {
      const time = readTime(value, world.now());
      if (!time || purchase.nextPaymentAt === '' || dateOf(time) < purchase.nextPaymentAt) {
        throw badParameter('next_payment_at can only be moved to a later date');
      }
      purchase.nextPaymentAt = dateOf(time);
      return;
    }
    default:
      throw badParameter(`Unknown property: data[${name}]`);
  }
}

/** Sums by currency. */
function totals(rows: Record<string, unknown>[]): Record<string, unknown> {
  const currencies = new Set(rows.map((row) => String(row.currency)));
  const summary = (currency: string) => {
    const own = rows.filter((row) => row.currency === currency);
    const sum = (name: string) => own.reduce((total, row) => total + Number(row[name]), 0).toFixed(2);
    return {
      count: own.length,
      total_amount: sum('amount'),
      vat_amount: sum('vat_amount'),
      earned_amount: sum('earned_amount'),
    };
  };
  return Object.fromEntries(Array.from(currencies, (currency) => [currency, summary(currency)]));
}
