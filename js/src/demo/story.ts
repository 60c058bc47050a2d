import type { Sandbox, Story } from '../../sandbox/index.js';
import type { JsonObject } from '../protocol.js';

/** One thing that happens in the demo. */
export interface Scene {
  /** For people. */
  title: string;
  /** When, as Berlin wall clock and as milliseconds since 1970. */
  at: string;
  now: number;
  /** Lets it happen in Digistore24 and gives the message about it. Without it only time has passed. */
  message?: () => Record<string, string>;
}

/** Scenes under one mapping. */
export interface Act {
  title: string;
  mapping: JsonObject;
  scenes: Scene[];
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
const COMPANY = {
  email: 'ines.hoffmann@example.net',
  firstName: 'Ines',
  lastName: 'Hoffmann',
  company: 'Gartenbau Hoffmann',
  city: 'Leipzig',
};
const WORKSHOP = { name: 'Workshop Kräutergarten', price: 24900, tags: ['workshop'] };
const COURSE = { name: 'Kräuterschule für Könner', price: 4900, tags: ['kraeuterschule'] };
const WORKBOOK = { name: 'Workbook', price: 1900, tags: [] };

/** The address of the buyer whose contact the demo shows at its end. */
export const subscriberEmail = SUBSCRIBER.email;
/** The address of the other buyer. */
export const buyerEmail = BUYER.email;

/** The address of the buyer of the second act. */
export const companyEmail = COMPANY.email;

/** What the vendor wants of a sale in the second act. */
const MAPPING: JsonObject = {
  opportunity: { pipeline: 'Sales', stage: 'Customer' },
  business: 'link',
  appointment: { calendar: 'Onboarding call' },
  tasks: { assignedTo: 'Olga Owner' },
  playbooks: [{ use: 'onboarding', with: { workflow: 'Welcome', after: '3 days' } }],
};

/** Some months of three invented buyers: first with the default mapping, then with one of the vendor's own. */
export function script(sandbox: Sandbox): Act[] {
  return [
    { title: 'The default mapping', mapping: {}, scenes: subscription(sandbox) },
    {
      title: 'The receiver starts again, with a mapping: pipeline, business, calendar, a playbook',
      mapping: MAPPING,
      scenes: workshop(sandbox),
    },
  ];
}

// Winter: Berlin is one hour ahead of UTC.
const scene = (title: string, at: string, message?: Scene['message']): Scene => ({
  title,
  at,
  now: Date.parse(`${at.replace(' ', 'T')}+01:00`),
  ...(message && { message }),
});

function workshop(sandbox: Sandbox): Scene[] {
  const at = '2026-03-16 14:05:00';
  let order: Story | undefined;
  return [
    scene('a company books a workshop', at, () => {
      order = sandbox.story({ buyer: COMPANY, products: [WORKSHOP], at });
      return order.payment({ at });
    }),
    scene('its ticket, for a day and an hour', '2026-03-16 14:06:00', () => {
      if (!order) throw new Error('nothing was bought');
      return order.eticket('create', { eticket_date: '2026-04-18 10:00' });
    }),
    scene('three days later nothing came, so the playbook goes on', '2026-03-19 15:00:00'),
  ];
}

function subscription(sandbox: Sandbox): Scene[] {
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
