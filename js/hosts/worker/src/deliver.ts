import { type Delivery, type Env, ledgerOf } from './env.js';
import { detailsOf, log } from './log.js';

/** The queue whose name ends so has what the other one gave up. */
const DEAD = '-dead';

/**
 * Hands a batch to the objects of its locations: one call for each. What an object has stored is acknowledged; what it could not
 * store comes again, and after the last time through the dead-letter queue, from which the object keeps it as it is.
 */
export async function deliver(batch: MessageBatch<Delivery>, env: Env): Promise<void> {
  const isDead = batch.queue.endsWith(DEAD);
  const groups = new Map<string, Message<Delivery>[]>();
  for (const message of batch.messages) {
    const { connection, location } = message.body;
    const name = JSON.stringify([connection, location]);
    groups.set(name, [...(groups.get(name) ?? []), message]);
  }
  await Promise.all(Array.from(groups.values(), (messages) => hand(messages, env, isDead)));
}

async function hand(messages: Message<Delivery>[], env: Env, isDead: boolean): Promise<void> {
  const [first] = messages;
  if (!first) return;
  const { connection, location } = first.body;
  const whose = { connection, location };
  const fields = { connection, ...(location !== null && { location }) };
  try {
    const ledger = ledgerOf(env, connection, location);
    const bodies = messages.map(({ body }) => body);
    if (isDead) {
      await ledger.keep(whose, bodies);
      for (const message of messages) message.ack();
      log({
        level: 'error',
        message: 'messages could not be delivered and are kept',
        fields: { ...fields, count: String(messages.length) },
      });
      return;
    }
    const results = await ledger.deliver(whose, bodies);
    for (const [i, message] of messages.entries()) {
      const result = results[i];
      if (result?.ok) message.ack();
      else message.retry();
      if (result && !result.ok) {
        const { code, message: problem, help } = result.error;
        log({ level: 'error', message: 'a message could not be stored', fields: { ...fields, code, problem, help } });
      }
    }
  } catch (error) {
    // Those that were acknowledged stay so.
    for (const message of messages) message.retry();
    const { code, message: problem, help } = detailsOf(error);
    log({ level: 'error', message: 'messages could not be delivered', fields: { ...fields, code, problem, help } });
  }
}
