import type { Sandbox } from '../../sandbox/index.js';
import type { Happened } from './run.js';
import { buyerEmail, companyEmail, subscriberEmail } from './story.js';

/** One thing that must hold at the end. */
export interface Check {
  what: string;
  ok: boolean;
  /** What was found, where it doesn't hold. */
  found?: string;
}

/** Whether the CRM looks as it should, and whether it took no more calls than it should. */
export function check(sandbox: Sandbox, scenes: Happened[]): Check[] {
  const { appointments, businesses, contacts, opportunities, triggers } = sandbox.state();
  const checks: Check[] = [];
  const expect = (what: string, found: unknown, wanted: unknown) => {
    const ok = JSON.stringify(found) === JSON.stringify(wanted);
    checks.push({ what, ok, ...(!ok && { found: `${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}` }) });
  };
  const calls = (no: number) => scenes[no]?.calls.length;

  expect('every message was answered with OK', scenes.map((s) => s.delivered).includes(false), false);
  expect(
    'one contact for each buyer',
    contacts.map((c) => c.email).sort(),
    [subscriberEmail, buyerEmail, companyEmail].sort(),
  );

  const subscriber = contacts.find(({ email }) => email === subscriberEmail);
  const buyer = contacts.find(({ email }) => email === buyerEmail);
  expect('umlauts arrive whole', [subscriber?.firstName, subscriber?.lastName], ['Jörg', 'Weißmüller']);
  expect('after the refund only the tag for it is left', subscriber?.tags, ['ds24-refunded']);
  expect('the custom field says so too', subscriber?.fields['contact.ds24_status'], 'refunded');
  expect('the other buyer is an active customer', [...(buyer?.tags ?? [])].sort(), [
    'ds24-active',
    'ds24-customer',
    `ds24-p-${scenes[3]?.message['product_id']}`,
  ]);
  expect('one note for each order', [subscriber?.notes.length, buyer?.notes.length], [1, 1]);
  const tasks = subscriber?.tasks ?? [];
  expect(
    'one dunning task, completed by the late payment',
    tasks.map((t) => t.completed),
    [true],
  );

  const added = triggers.filter((t) => t.trigger === 'tag_added' && t.contactId === subscriber?.id);
  const atStart = added[0]?.snapshot;
  expect(
    'a workflow that starts on the first tag finds fields and note',
    [atStart?.customFields['contact.ds24_order_id'], atStart?.noteCount],
    [scenes[1]?.message['order_id'], 1],
  );
  expect('tags come last in every event', scenes.map((s) => tagsAreLast(s.calls)).includes(false), false);

  expect('the connection test makes no call', calls(0), 0);
  expect('the repeated message makes no call', calls(2), 0);
  expect('a first purchase takes 4 calls', calls(3), 4);
  expect('a renewal in time takes 2 calls', calls(6), 2);

  const company = contacts.find(({ email }) => email === companyEmail);
  expect(
    'the company’s sale is a deal that is won',
    opportunities.map(({ status, monetaryValue }) => [status, monetaryValue]),
    [['won', 249]],
  );
  expect(
    'its buyer belongs to the business',
    businesses.map(({ name, id }) => [name, company?.businessId === id]),
    [['Gartenbau Hoffmann', true]],
  );
  expect(
    'the ticket is an appointment at ten',
    appointments.map(({ startTime }) => startTime?.slice(0, 16)),
    ['2026-04-18T10:00'],
  );
  expect(
    'the playbook’s call came three days later, for the owner',
    company?.tasks.map(({ title, assignedTo }) => [title, assignedTo === sandbox.state().users[0]?.id]),
    [['Welcome call: Ines Hoffmann', true]],
  );
  return checks;
}

/** But for what itself starts something: a workflow, an appointment's reminders. */
function tagsAreLast(calls: string[]): boolean {
  const first = calls.findIndex((call) => /\/tags$/.test(call));
  return first < 0 || calls.slice(first).every((call) => /\/tags$|\/workflow\/|\/appointments$/.test(call));
}
