// The status page of the Cloudflare Worker when something is wrong: why messages wait, and what to do. That they are carried out when
// it is right again: worker-load.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { checkTrouble, troubles } from '../support/mainjob.mjs';
import { form } from './support.mjs';
import { objectOf } from './worker-burst.mjs';
import { connectionsOn, location, post, roomsOf, startWorker, statusToken, until } from './worker-support.mjs';

const email = 'patient@shop.test';
const pageOf = async (worker) => (await worker.dispatchFetch(`http://worker.test/?token=${statusToken}`)).text();

for (const [what, { code, hidden, change }] of Object.entries(troubles)) {
  test(`${what}: the message waits, the page says why and what to do`, async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    const wrong = connectionsOn(sandbox);
    const [connection] = wrong.connections;
    connection.highlevel = [(await change({ highlevel: connection.highlevel[0] })).highlevel];
    const worker = startWorker(wrong);
    t.after(() => worker.dispose());
    assert.match(await pageOf(worker), /All is well/);
    assert.equal(await (await post(worker, form(sandbox.story({ buyer: { email } }).payment()))).text(), 'OK');

    const object = await objectOf(worker, 'acme', location);
    const waitsFor = async () => (await object.status({ connection: 'acme', location })).waitsFor;
    await until('a reason', async () => (await waitsFor()) !== null);
    checkTrouble(await waitsFor(), hidden ?? code);
    const html = await pageOf(worker);
    assert.match(html, /What to do/);
    assert.match(html, /It tries again at .* Nothing is lost/);
    // A network comes back by itself, a token doesn't.
    assert.equal(html.includes('A person is needed'), code === 'unauthenticated');
    for (const secret of ['pit-', email, 'a-passphrase', statusToken]) assert.ok(!html.includes(secret), secret);
    const { inbox, dead } = await roomsOf(worker);
    assert.deepEqual([inbox, dead], [1, 0]);
  });
}
