import { readTime } from '../berlin.js';
import type { World } from '../state.js';
import { type Args, flag, needed, nested, text } from './args.js';
import type { Voucher } from './data.js';
import { badParameter, unknownThing } from './errors.js';
import type { Functions } from './functions.js';
import { yesNo } from './views.js';

const POLICIES = ['valid', 'other_only', 'not_valid'];

/** Discount codes. */
export const voucherFunctions: Functions = {
  createVoucher: {
    writes: true,
    run(world, args) {
      const data = nested(args, 'data');
      const code = text(data, 'code');
      // The service wants them inside of data; the specification shows them at the top.
      if (code === '') throw badParameter('Missing parameter: data[code]');
      if (world.ds24.vouchers.has(code)) throw badParameter(`There is a voucher with this code: ${code}`);
      const voucher = read(world, code, data);
      world.ds24.vouchers.set(code, voucher);
      return { discount_code_id: voucher.id, code };
    },
  },

  getVoucher: {
    run(world, args) {
      const code = needed(args, 'code');
      const voucher = world.ds24.vouchers.get(code);
      if (!voucher) throw unknownThing('Voucher', code);
      return { coupon: voucher };
    },
  },

  listVouchers: {
    run: (world) => ({ coupons: [...world.ds24.vouchers.values()], are_returned_data_public: 'N' }),
  },
};

function read(world: World, code: string, data: Args): Voucher {
  const time = (name: string) => {
    const given = text(data, name);
    const read = given === '' ? '' : readTime(given, world.now());
    if (read === undefined) throw badParameter(`Invalid date: data[${name}]`);
    return read;
  };
  const amount = (name: string) => {
    const value = Number(text(data, name) || 0);
    if (!(value >= 0)) throw badParameter(`data[${name}] must be a number`);
    return value.toFixed(2);
  };
  const policy = text(data, 'upgrade_policy') || 'valid';
  if (!POLICIES.includes(policy)) throw badParameter(`data[upgrade_policy] must be one of: ${POLICIES.join(', ')}`);
  return {
    id: String(world.ids.number('voucher', 60_001)),
    code,
    product_ids: text(data, 'product_ids') || 'all',
    valid_from: time('valid_from'),
    expires_at: time('expires_at'),
    first_rate: amount('first_rate'),
    other_rates: amount('other_rates'),
    first_amount: amount('first_amount'),
    other_amounts: amount('other_amounts'),
    currency: text(data, 'currency') || 'EUR',
    is_count_limited: yesNo(flag(data, 'is_count_limited')),
    count_left: text(data, 'count_left') || '1',
    upgrade_policy: policy,
  };
}
