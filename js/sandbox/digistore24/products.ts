import { readTime } from '../berlin.js';
import type { World } from '../state.js';
import { needed, nested, text } from './args.js';
import type { Product } from './data.js';
import { badParameter, unknownThing } from './errors.js';
import type { Functions } from './functions.js';
import { money, yesNo } from './views.js';

const CHECKOUT = 'https://www.checkout-ds24.com';

/** Products, and the pages that sell them. */
export const productFunctions: Functions = {
  listProducts: {
    run(world, args) {
      const by = text(args, 'sort_by') || 'name';
      if (by !== 'name' && by !== 'group') throw badParameter('sort_by must be one of: name, group');
      const products = [...world.ds24.products.values()].sort((a, b) => a.name.localeCompare(b.name, 'de'));
      return { products: products.map(row) };
    },
  },

  getProduct: {
    run(world, args) {
      const product = findProduct(world, needed(args, 'product_id'));
      const plan = {
        id: `1${product.id}`,
        product_id: product.id,
        first_amount: money(product.price),
        currency: 'EUR',
      };
      return {
        product: {
          ...row(product),
          owner_id: world.settings.merchantId,
          owner_name: world.settings.merchantName,
          orderform_customer_url: `${CHECKOUT}/product/${product.id}`,
          paymentplans: [{ ...plan, number_of_installments: '1', is_active: 'Y' }],
        },
      };
    },
  },

  listOrderforms: {
    run: (world) => world.ds24.orderforms.map((form) => ({ ...form, modified_at: form.created_at })),
  },

  createBuyUrl: {
    writes: true,
    run(world, args) {
      const product = findProduct(world, needed(args, 'product_id'));
      const id = String(world.ids.number('buyUrl', 4_400_001));
      const url = `${CHECKOUT}/buy/${id}/${world.ids.key('buyUrl')}`;
      const { readonly_keys: readonly } = nested(args, 'buyer');
      if (readonly !== undefined && !['all', 'email', 'email_and_name', 'none'].includes(String(readonly))) {
        throw badParameter('buyer[readonly_keys] must be one of: all, email, email_and_name, none');
      }
      const until = text(args, 'valid_until');
      const validUntil = ['', 'forever'].includes(until) ? '' : readTime(until, world.now());
      if (validUntil === undefined) throw badParameter('Invalid period: valid_until');
      world.ds24.buyUrls.push({ id, url, productId: product.id, args });
      return { id, url, valid_until: validUntil, upgrade_status: 'none' };
    },
  },
};

/** The product of an id, or error 4. */
export function findProduct(world: World, id: string): Product {
  const product = world.ds24.products.get(id);
  if (!product) throw unknownThing('Product', id);
  return product;
}

function row(product: Product) {
  return {
    id: product.id,
    name: product.name,
    name_intern: product.name,
    note: '',
    tag: product.tags.join(','),
    language: product.language,
    product_group_id: '',
    product_group_name: '',
    units_left: '',
    is_active: yesNo(true),
  };
}
