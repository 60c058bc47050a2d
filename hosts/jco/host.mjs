// The component in JavaScript, through what jco makes of it: one connection, and the loop that drives its calls.
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Drives a task to its end; gives the result as it is in JSON.
 *
 * @param connection what `connections.Connection.open` gave
 * @param task what a call gave
 * @param store `get(keys)`, `list(range)`, `commit(writes)`: the records of the interface `effects`
 * @throws the plugin's error, the record of the interface `types`: a code, a message, and in `help` what to do
 */
export async function finish(connection, task, store) {
  let answers = [];
  for (;;) {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const step = task.resume(BigInt(Date.now()), seed, answers);
    if (step.tag === 'done') return JSON.parse(step.val);
    const replies = step.val.map(async ({ id, effect }) => ({ id, reply: await perform(effect, connection, store) }));
    answers = (await Promise.all(replies)).filter(({ reply }) => reply);
  }
}

/** The answer to an effect; none to what is only told. */
async function perform({ tag, val }, connection, store) {
  switch (tag) {
    case 'http':
      return connection.allows(val.url) ? send(val) : { tag: 'http-failed', val: 'refused' };
    case 'sleep':
      await sleep(Number(val));
      return { tag: 'slept' };
    case 'store-get':
      return stored('values', () => store.get(val));
    case 'store-list':
      return stored('values', () => store.list(val));
    case 'store-commit':
      return stored('committed', () => store.commit(val));
    case 'zone':
      // This host has no tables of zones: tasks are due by Berlin's clocks.
      return { tag: 'offset' };
    case 'log':
      if (val.level !== 'debug') console.error(`${val.level}: ${val.message}`);
  }
}

async function stored(tag, ask) {
  try {
    return { tag, val: await ask() };
  } catch (error) {
    return { tag: 'store-failed', val: error.name };
  }
}

/** Sends a request once. Files are not carried: an example has no use for them. */
async function send({ method, url, headers, body, parts, binary, timeoutMs }) {
  if (binary || parts.length > 0) return { tag: 'http-failed', val: 'refused' };
  try {
    // A redirect would carry the token to another address.
    const signal = AbortSignal.timeout(Number(timeoutMs));
    const answer = await fetch(url, { method, headers, body, signal, redirect: 'manual' });
    return { tag: 'http', val: { status: answer.status, headers: [...answer.headers], body: await answer.text() } };
  } catch (error) {
    return { tag: 'http-failed', val: failureOf(error) };
  }
}

/** `refused` only where nothing can have been sent; what can't be told apart is `lost`. */
function failureOf({ name, cause }) {
  if (name === 'TimeoutError') return 'timeout';
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(cause?.code) ? 'refused' : 'lost';
}
