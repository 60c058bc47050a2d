import type { World } from '../state.js';
import { needed, nested, paged } from './args.js';
import type { Buyer } from './data.js';
import { badParameter, unknownThing } from './errors.js';
import type { Functions } from './functions.js';
import { buyerView, yesNo } from './views.js';

const BUYER_PAGE = 100;

/** The fields that can be changed, as they are called here. The phone number has two names in the documentation. */
const CHANGEABLE = {
  email: 'email',
  first_name: 'firstName',
  last_name: 'lastName',
  title: 'title',
  company: 'company',
  street_name: 'streetName',
  street_number: 'streetNumber',
  phone_number: 'phone',
  phone_no: 'phone',
  city: 'city',
  zipcode: 'zipcode',
  state: 'state',
  country: 'country',
} as const satisfies Record<string, keyof Buyer>;

/** The people who bought. */
export const buyerFunctions: Functions = {
  listBuyers: {
    run(world, args) {
      const { rows, numbers } = paged(args, [...world.ds24.buyers.values()], BUYER_PAGE);
      return { ...numbers, items: rows.map(buyerView) };
    },
  },

  getBuyer: {
    run: (world, args) => ({ buyer: buyerView(findBuyer(world, needed(args, 'buyer_id'))) }),
  },

  updateBuyer: {
    writes: true,
    run(world, args) {
      const buyer = findBuyer(world, needed(args, 'buyer_id'));
      const data = Object.entries(nested(args, 'data'));
      if (data.length === 0) throw badParameter('Missing parameter: data');
      const before = JSON.stringify(buyer);
      for (const [name, value] of data) change(buyer, name, String(value));
      return { is_modified: yesNo(JSON.stringify(buyer) !== before) };
    },
  },
};

/** The buyer of an id, or error 4. */
function findBuyer(world: World, id: string): Buyer {
  const buyer = world.ds24.buyers.get(id);
  if (!buyer) throw unknownThing('Buyer', id);
  return buyer;
}

function change(buyer: Buyer, name: string, value: string): void {
  if (name === 'salutation') {
    if (value !== '' && value !== 'M' && value !== 'F') throw badParameter('data[salutation] must be one of: M, F');
    buyer.salutation = value;
    return;
  }
  if (!Object.hasOwn(CHANGEABLE, name)) throw badParameter(`Unknown property: data[${name}]`);
  if (name === 'email' && !value.includes('@')) throw badParameter('data[email] must be an email address');
  buyer[CHANGEABLE[name as keyof typeof CHANGEABLE]] = value;
}
