import type { Sandbox, Story } from '../../sandbox/index.js';

/** One thing that happens in the demo. */
export interface Scene {
  /** For people. */
  title: string;
  /** When, as Berlin wall clock and as milliseconds since 1970. */
  at: string;
  now: number;
  /** Lets it happen in Digistore24 and gives the message about it. */
  message: () => Record<string, string>;
}

const SUBSCRIBER = {
  email: 'joerg.weissmueller@example.com',
  firstName: 'Jörg',
  lastName: 'Weißmüller',
  streetName: 'Ährenweg',
  city: 'Köln',
};
const BUYER = {
  email: 'sam.sample@example.org',
  firstName: 'Sam',
  lastName: 'Sample',
  city: 'Hamburg',
};
const COURSE = { name: 'Kräuterschule für Könner', price: 4900, tags: ['kraeuterschule'] };
const WORKBOOK = { name: 'Workbook', price: 1900, tags: [] };

/** The address of the buyer whose contact the demo shows at its end. */
export const subscriberEmail = SUBSCRIBER.email;
/** The address of the other buyer. */
export const buyerEmail = BUYER.email;

/** Half a year of two invented buyers. `setNow` moves the clock of the whole demo. */
export function script(sandbox: Sandbox): Scene[] {
  let plan: Story | undefined;
  let first: Record<string, string> = {};
  const order = () => {
    plan ??= sandbox.story({
      buyer: SUBSCRIBER,
      products: [COURSE],
      billing: 'subscription',
      at: '2026-01-12 09:15:00',
    });
    return plan;
  };
  const scene = (title: string, at: string, message: Scene['message']): Scene => {
    // Winter: Berlin is one hour ahead of UTC.
    return { title, at, now: Date.parse(`${at.replace(' ', 'T')}+01:00`), message };
  };
  return [
    scene('the vendor tests the connection', '2026-01-12 08:00:00', () => sandbox.connectionTest()),
    scene('first payment of a subscription', '2026-01-12 09:15:00', () => {
      first = order().payment({ at: '2026-01-12 09:15:00' });
      return first;
    }),
    scene('Digistore24 sends the same message again', '2026-01-12 09:18:00', () => first),
    scene('another buyer, a single purchase', '2026-01-20 19:40:00', () =>
      sandbox.story({ buyer: BUYER, products: [WORKBOOK], at: '2026-01-20 19:40:00' }).payment(),
    ),
    scene('a renewal can’t be charged', '2026-02-12 09:15:00', () => order().missed()),
    scene('the renewal is paid after all', '2026-02-16 11:02:00', () => order().payment({ at: '2026-02-16 11:02:00' })),
    scene('the next renewal, in time', '2026-03-12 09:15:00', () => order().payment({ at: '2026-03-12 09:15:00' })),
    scene('the latest payment is refunded', '2026-03-14 16:30:00', () => order().refund({ at: '2026-03-14 16:30:00' })),
  ];
}
