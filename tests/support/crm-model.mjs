// What the CRM must hold after an order's messages, without the plugin: the judge of tests that kill, restart and repeat.

/** What happens to an order, in the words of the sandbox's stories. */
export const KINDS = [
  ['payment'],
  ['payment', 'payment'],
  ['payment', 'missed'],
  ['payment', 'missed', 'payment'],
  ['payment', 'refund'],
  ['payment', 'cancelled', 'resumed'],
  ['payment', 'cancelled', 'lastPaidDay'],
  ['payment', 'chargeback'],
];

/** What an event makes of an order. Each follows a payment here, so the event alone decides. */
const STATES = {
  on_payment: 'active',
  on_payment_missed: 'paused',
  on_refund: 'refunded',
  on_rebill_cancelled: 'cancelling',
  on_rebill_resumed: 'active',
  last_paid_day: 'ended',
  on_chargeback: 'chargeback',
};
const NO_CUSTOMER = new Set(['refunded', 'ended', 'chargeback']);

/** What the CRM must hold for an order's messages, from the messages alone. */
export function expected(messages) {
  const tagsOf = ({ event, product_id, tags }) => {
    const state = `ds24-${STATES[event]}`;
    if (NO_CUSTOMER.has(STATES[event])) return [state];
    return [state, 'ds24-customer', `ds24-p-${product_id}`, ...tags.toLowerCase().split(',').filter(Boolean)];
  };
  const events = messages.map(({ event }) => event);
  const last = messages.at(-1);
  const added = messages.flatMap((message, i) => {
    const before = i === 0 ? [] : tagsOf(messages[i - 1]);
    return tagsOf(message).filter((tag) => !before.includes(tag));
  });
  const money = messages.map(({ transaction_type: type, transaction_amount: amount }) =>
    type === undefined ? 0 : (type === 'payment' ? 1 : -1) * Math.abs(Number(amount)),
  );
  const tasks = [
    ...(events.includes('on_payment_missed')
      ? [{ title: 'Payment missing', completed: events.at(-1) === 'on_payment' }]
      : []),
    ...(events.includes('on_chargeback') ? [{ title: 'Chargeback', completed: false }] : []),
  ];
  return {
    email: last.email,
    order: last.order_id,
    buyer: last.buyer_id,
    status: STATES[last.event],
    lifetime: money.reduce((sum, amount) => sum + amount, 0),
    tags: tagsOf(last).sort(),
    notes: [`DS24 ${last.order_id}`],
    history: events.map((event) => event.replace(/^on_/, '').replaceAll('_', ' ')),
    tasks,
    triggers: ['contact_created', 'note_created', ...added, ...tasks.map(() => 'task_created')].sort(),
  };
}

/** The same of what the sandbox holds. */
export function found(contact, triggers) {
  const { fields, notes, tasks } = contact;
  const told = triggers
    .filter(({ contactId, trigger }) => contactId === contact.id && /_created$|^tag_added$/.test(trigger))
    .map(({ trigger, detail }) => (trigger === 'tag_added' ? detail.tag : trigger));
  const history = notes[0]?.body.split('\n\n').at(-1).split('\n') ?? [];
  return {
    email: contact.email,
    order: fields['contact.ds24_order_id'],
    buyer: fields['contact.ds24_buyer_id'],
    status: fields['contact.ds24_status'],
    lifetime: fields['contact.ds24_lifetime'],
    tags: contact.tags.toSorted(),
    notes: notes.map(({ title }) => title.split(' · ')[0]),
    history: history.map((line) => line.slice(12).split(' · ')[0].replace(/ \d+$/, '')),
    tasks: tasks.map(({ title, completed }) => ({ title: title.split(':')[0], completed })),
    triggers: told.sort(),
  };
}
