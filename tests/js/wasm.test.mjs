// The bare wasm module: short names that take `(connection, input)` and bring their own requests and ledger.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, beforeEach, describe, mock, test } from 'node:test';
import { DEFAULT_LOCATION_ID as locationId, startSandbox } from '../../pkg/dist/sandbox/index.js';
import { memoryStore } from '../../pkg/dist/src/index.js';
import { load } from '../../pkg/dist/src/loaders/fetch-node.js';
import { create, importedAs } from '../../pkg/wasm/ghl_digistore24_fetch_glue.js';
import { failureOf, form, freePort, optionsFor } from './support.mjs';

const wasm = await load();
const sandbox = await startSandbox();
const warned = mock.method(console, 'warn', () => {});
// Each connection has keys of its own in the ledger that the instance keeps.
let connections = 0;
let connection;

after(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  warned.mock.resetCalls();
  connection = { ...optionsFor(sandbox), id: `connection${++connections}` };
});

const newContact = async (fields = {}) =>
  (await wasm.createContact(connection, { email: 'ada@example.com', ...fields })).contact;
const only = (list) => {
  assert.equal(list.length, 1);
  return list[0];
};
const contact = () => only(sandbox.state().contacts);

describe('contacts', () => {
  test('create, read, find, change', async () => {
    const { id } = await newContact({ firstName: 'Ada', lastName: 'Größe' });
    assert.equal((await wasm.getContact(connection, { contactId: id })).contact.lastName, 'Größe');
    assert.equal((await wasm.findContact(connection, { email: 'ada@example.com' })).contact.id, id);
    assert.equal((await wasm.findContact(connection, { email: 'nobody@example.com' })).contact, null);
    await wasm.updateContact(connection, { contactId: id, firstName: 'Augusta' });
    assert.equal(contact().firstName, 'Augusta');
    const again = await wasm.upsertContact(connection, { email: 'ada@example.com', firstName: 'Ada' });
    assert.deepEqual([again.new, again.contact.id, contact().firstName], [false, id, 'Ada']);
    assert.equal((await wasm.upsertContact(connection, { email: 'eve@example.com' })).new, true);
  });

  test('tags, tasks, notes, appointments', async () => {
    const { id: contactId } = await newContact();
    await wasm.addTag(connection, { contactId, tags: ['a', 'b'] });
    await wasm.removeTag(connection, { contactId, tags: ['a'] });
    assert.deepEqual(contact().tags, ['b']);

    const { task } = await wasm.createTask(connection, {
      contactId,
      title: 'Call',
      dueDate: '2026-11-24T09:00:00Z',
      completed: false,
    });
    await wasm.completeTask(connection, { contactId, taskId: task.id, completed: true });
    assert.equal(only(contact().tasks).completed, true);

    await wasm.createNote(connection, { contactId, body: 'Zeile 1\nZeile 2 „ü“' });
    assert.equal(only(contact().notes).body, 'Zeile 1\nZeile 2 „ü“');

    assert.deepEqual((await wasm.listAppointments(connection, { contactId })).events, []);
    await fetch(`${sandbox.highlevelUrl}/calendars/events/appointments`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${connection.highlevel.auth.token}`,
        'content-type': 'application/json',
        version: '2021-04-15',
      },
      body: JSON.stringify({
        calendarId: sandbox.state().calendars[0].id,
        locationId,
        contactId,
        startTime: '2026-11-24T09:00:00Z',
      }),
    });
    assert.equal(only((await wasm.listAppointments(connection, { contactId })).events).contactId, contactId);
  });

  test('many calls at the same time', async () => {
    const emails = Array.from({ length: 20 }, (_, i) => `buyer${i}@example.com`);
    const created = await Promise.all(emails.map((email) => wasm.createContact(connection, { email })));
    assert.deepEqual(
      created.map(({ contact }) => contact.email),
      emails,
    );
  });

  test('an id can’t leave its place in the path', async () => {
    await wasm.getContact(connection, { contactId: '../locations/x?y=1#z' }).catch(() => {});
    assert.match(only(sandbox.requests()).path, /^\/contacts\/[^/?#]+$/);
  });

  test('the connection stays as it was', async () => {
    const store = memoryStore();
    const given = Object.freeze({ ...connection, store, fetch, log() {} });
    assert.equal((await wasm.findContact(given, { email: 'nobody@example.com' })).contact, null);
    assert.equal(given.store, store);
  });
});

describe('errors are thrown as plain objects', () => {
  /** The error's details, checked to be data. */
  async function refused(promise, ...paths) {
    const error = await failureOf(promise);
    assert.deepEqual(JSON.parse(JSON.stringify(error)), error);
    for (const name of ['code', 'message', 'help']) assert.equal(typeof error[name], 'string', name);
    assert.equal(typeof error.retryable, 'boolean');
    if (paths.length) assert.deepEqual(error.fields.map(({ path }) => path).sort(), paths.sort());
    return error;
  }

  test('wrong input and wrong connections, before anything is sent', async () => {
    const missing = await refused(wasm.addTag(connection, {}), 'contactId', 'tags');
    assert.deepEqual([missing.code, missing.operation], ['invalid_input', 'ghl.contacts.addTags']);
    const cyclic = {};
    cyclic.self = cyclic;
    for (const input of [undefined, null, 'text', 7, [], () => {}, Symbol('x'), 7n, cyclic]) {
      assert.equal((await refused(wasm.getContact(connection, input))).code, 'invalid_input', typeof input);
    }
    for (const wrong of [undefined, null, 'text', 7, []]) {
      const { code } = await refused(wasm.getContact(wrong, { contactId: 'c' }));
      assert.match(code, /^(invalid_input|misconfigured)$/);
    }
    assert.equal((await refused(wasm.getContact({}, { contactId: 'c' }))).code, 'misconfigured');
    await refused(wasm.getContact({ ...connection, colour: 'red' }, { contactId: 'c' }), 'colour');
    assert.equal((await refused(wasm.planSync(connection, {}))).code, 'invalid_input');
    assert.equal((await refused(wasm.applySync(connection, undefined))).code, 'invalid_input');
    assert.deepEqual(sandbox.requests(), []);
  });

  test('what the service says', async () => {
    const unknown = await refused(wasm.getContact(connection, { contactId: 'nobody00000000000001' }));
    assert.equal(unknown.code, 'not_found');
    const { id } = await newContact();
    const duplicate = await refused(newContact());
    assert.deepEqual([duplicate.code, duplicate.existingId], ['duplicate', id]);
    const { highlevel } = connection;
    const stranger = { ...connection, highlevel: { ...highlevel, auth: { ...highlevel.auth, token: 'canary' } } };
    const denied = await refused(wasm.getContact(stranger, { contactId: id }));
    assert.equal(denied.code, 'unauthenticated');
    assert.doesNotMatch(JSON.stringify(denied), /canary/);
  });

  test('an answer that is no JSON, a broken connection', async () => {
    for (const [kind, code] of [
      ['malformed', 'malformed_response'],
      ['reset_after', 'outcome_unknown'],
    ]) {
      sandbox.fault({ service: 'ghl', kind });
      assert.equal((await refused(newContact())).code, code);
      const creations = sandbox.requests().filter(({ method }) => method === 'POST');
      assert.equal(creations.length, 1, 'a create that can’t be looked up is not repeated');
      sandbox.reset();
    }
  });

  test('redirects are not followed', async () => {
    // A redirect would carry the request, and maybe its token, elsewhere.
    sandbox.fault({ service: 'ghl', kind: 'status', status: 307, headers: { location: `${sandbox.url}/` } });
    assert.equal((await refused(newContact())).code, 'misconfigured');
    assert.equal(sandbox.requests().length, 1);
  });

  test('a read is tried again after a lost answer', async () => {
    const { id: contactId } = await newContact();
    sandbox.fault({ service: 'ghl', kind: 'reset', times: 1 });
    assert.equal((await wasm.getContact(connection, { contactId })).contact.id, contactId);
  });

  test('a refused connection', async () => {
    connection.highlevel.baseUrl = `http://127.0.0.1:${await freePort()}`;
    const error = await refused(newContact());
    assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
  });

  test('no answer within the time', async (t) => {
    // The limit of a call is half a minute; the test has no patience for that.
    const { setTimeout } = globalThis;
    t.after(() => {
      globalThis.setTimeout = setTimeout;
    });
    globalThis.setTimeout = (work, ms, ...rest) => setTimeout(work, ms === 30_000 ? 50 : ms, ...rest);
    sandbox.fault({ service: 'ghl', kind: 'timeout' });
    assert.equal((await refused(newContact())).code, 'outcome_unknown');
    assert.equal((await refused(wasm.getContact(connection, { contactId: 'c' }))).code, 'timeout');
    assert.ok(sandbox.requests().length > 2, 'a read is tried again');
  });
});

for (const [name, makeStore] of Object.entries({
  'the instance’s own ledger': () => undefined,
  'the façade’s memory store': memoryStore,
  'a store that answers later': () => later(memoryStore()),
})) {
  describe(`sync with ${name}`, () => {
    let store;
    beforeEach(() => {
      store = makeStore();
      if (store) connection.store = store;
    });
    const receive = (message, body = form(message)) => wasm.receiveIpn(connection, { method: 'POST', body });
    const calls = () => sandbox.requests().filter(({ service }) => service === 'ghl').length;

    test('a sale is received, planned and carried out once', async () => {
      const message = sandbox.story({ buyer: { email: 'jürgen@example.com' } }).payment();
      const received = await receive(message);
      assert.deepEqual([received.outcome, received.response.status, received.response.body], ['queued', 200, 'OK']);
      const event = only(received.events);
      assert.equal(event.buyer.email, 'jürgen@example.com');
      const again = await receive(message, new TextEncoder().encode(form(message)));
      assert.deepEqual([again.outcome, again.events], ['duplicate', []]);

      const plan = await wasm.planSync(connection, event);
      assert.ok(plan.steps.length > 0);
      assert.equal(calls(), 0);
      const report = await wasm.applySync(connection, event);
      assert.equal(report.outcome, 'done');
      assert.equal(contact().email, 'jürgen@example.com');
      const before = calls();
      assert.equal((await wasm.applySync(connection, event)).outcome, 'duplicate');
      assert.equal(calls(), before);
      if (store) assert.ok((await store.list({ prefix: '', after: null, limit: 100 })).entries.length > 0);
    });

    test('forged messages are refused', async () => {
      const message = sandbox.story().payment();
      const forged = await receive(message, form(message, 'another passphrase'));
      assert.deepEqual([forged.outcome, forged.response.status, forged.events], ['refused', 403, []]);
      assert.equal(forged.error.code, 'signature_invalid');
      for (const body of [undefined, '', 7, '{}']) {
        assert.equal((await wasm.receiveIpn(connection, { method: 'POST', body })).response.status, 400);
      }
      assert.equal((await wasm.receiveIpn(connection, { method: 'GET' })).outcome, 'checked');
    });
  });
}

test('a message that is stored is nothing to warn of', async () => {
  const body = form(sandbox.story().payment());
  assert.equal((await wasm.receiveIpn(connection, { method: 'POST', body })).outcome, 'queued');
  assert.equal(warned.mock.callCount(), 0);
});

test('a store that fails: no OK, no value in the error', async () => {
  const failing = () => Promise.reject(new Error('canary b@example.com'));
  const body = form(sandbox.story().payment());
  for (const store of [{ ...memoryStore(), commit: failing }, { ...later(memoryStore()), get: failing }, {}]) {
    const received = await wasm.receiveIpn({ ...connection, store }, { method: 'POST', body });
    assert.deepEqual([received.outcome, received.response.status, received.error.code], ['refused', 503, 'storage']);
    assert.doesNotMatch(JSON.stringify(received), /canary/);
  }
});

test('poll: trigger, cursor and input in one object', async () => {
  const first = await wasm.poll(connection, { trigger: 'digistore24.newPurchase' });
  assert.deepEqual([first.events, first.done], [[], true]);
  const story = sandbox.story();
  story.payment();
  const { events } = await wasm.poll(connection, { trigger: 'digistore24.newPurchase', cursor: first.cursor });
  assert.deepEqual(
    events.map(({ orderId }) => orderId),
    [story.orderId],
  );
  const input = { trigger: 'digistore24.newPurchase', input: { form: 'now' } };
  assert.equal((await failureOf(wasm.poll(connection, input))).code, 'invalid_input');
});

describe('the face of the catalog', () => {
  const folder = new URL('../../pkg/wasm/', import.meta.url);
  const compiled = new WebAssembly.Module(readFileSync(new URL('ghl_digistore24_fetch_bg.wasm', folder)));
  const face = readFileSync(new URL('ghl_digistore24_face.bin', folder));

  /** An instance as a host makes it that brings no face. */
  function bare() {
    const glue = create();
    const { exports } = new WebAssembly.Instance(compiled, { [importedAs]: { ...glue } });
    glue.__wbg_set_wasm(exports);
    exports.__wbindgen_start?.();
    return glue;
  }
  const list = (instance, filter = {}) => JSON.parse(instance.catalogList(JSON.stringify(filter)));

  test('calls and their checks go on without it', async () => {
    const instance = bare();
    const { contact } = await instance.createContact(connection, { email: 'ada@example.com' });
    assert.equal((await instance.getContact(connection, { contactId: contact.id })).contact.email, 'ada@example.com');
    const wrong = { contactId: 7, tags: 'x' };
    const refused = await failureOf(instance.addTag(connection, wrong));
    assert.deepEqual(refused, await failureOf(wasm.addTag(connection, wrong)));
    assert.equal(refused.fields.length, 2);
    const polled = await instance.poll(connection, { trigger: 'digistore24.newPurchase' });
    assert.deepEqual([polled.events, polled.done], [[], true]);
  });

  /** What becomes of a call before its first answer. */
  function begun(instance, id) {
    const plugin = new instance.Plugin({ ...connection, store: undefined });
    return JSON.parse(plugin.start('run', JSON.stringify([id, {}])).step('{}'));
  }

  test('an operation of the tier all is not called without it', () => {
    const instance = bare();
    const { failed } = begun(instance, 'ghl.links.getLinks');
    assert.deepEqual(
      [failed.code, failed.cause, failed.operation, failed.retryable],
      ['misconfigured', 'catalog face', 'ghl.links.getLinks', false],
    );
    assert.match(failed.help, /catalogFace/);
    instance.catalogFace(face);
    assert.equal(begun(instance, 'ghl.links.getLinks').failed, undefined);
    assert.equal(begun(instance, 'ghl.links.createLink').failed.code, 'invalid_input');
  });

  test('nothing that the core calls by itself needs it', () => {
    const known = new Set(list(wasm, { brief: true }).flatMap(({ id, kind }) => (kind === 'trigger' ? [] : [id])));
    const folder = new URL('../../src/', import.meta.url);
    const called = new Set();
    for (const file of readdirSync(folder, { recursive: true })) {
      if (!file.endsWith('.rs') || file.includes('tests')) continue;
      const [code] = readFileSync(new URL(file.replaceAll('\\', '/'), folder), 'utf8').split(
        '#[cfg(test)]\nmod tests {',
      );
      for (const [, text] of code.matchAll(/"([\w.-]+)"/g)) {
        for (const id of [text, `digistore24.${text}`]) if (known.has(id)) called.add(id);
      }
    }
    for (const id of ['ghl.oauth.getAccessToken', 'digistore24.ipnSetup']) assert.ok(called.has(id), id);
    const instance = bare();
    for (const id of called) assert.notEqual(begun(instance, id).failed?.cause, 'catalog face', id);
  });

  test('entries without it are the same in all that a call of the tier core needs', () => {
    // Two of the tier *all* are called by the plugin itself.
    const isCore = ({ id, tier }) => tier === 'core' || /^ghl\.oauth\.get(Location)?AccessToken$/.test(id);
    const [plain, all] = [list(bare()), list(wasm)];
    const whole = all.filter(isCore);
    assert.equal(plain.length, whole.length);
    assert.ok(all.length > whole.length + 400);
    for (const [i, entry] of whole.entries()) {
      const { id, title, description, input, output, sample, ...facts } = entry;
      assert.equal(plain[i].id, id);
      assert.deepEqual(Object.keys(plain[i]).sort(), Object.keys(entry).sort(), id);
      for (const [name, fact] of Object.entries(facts)) assert.deepEqual(plain[i][name], fact, `${id} ${name}`);
      assert.deepEqual(unannotated(plain[i].input), unannotated(input), id);
      assert.deepEqual(plain[i].output, {}, id);
    }
  });

  test('the face of another build is refused, and the right one is still welcome', () => {
    const instance = bare();
    const changed = Uint8Array.from(face);
    changed[face.length >> 1] ^= 1;
    for (const wrong of [new Uint8Array(), new TextEncoder().encode('garbage'), face.subarray(1), changed]) {
      assert.throws(
        () => instance.catalogFace(wrong),
        (error) => error.code === 'misconfigured' && /same version/.test(error.help),
      );
    }
    instance.catalogFace(face);
    assert.equal(instance.catalogList('{}'), wasm.catalogList('{}'));
  });
});

/** A schema without what is only for people. */
function unannotated(schema) {
  if (Array.isArray(schema)) return schema.map(unannotated);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([keyword, value]) =>
      !(['title', 'description'].includes(keyword) && typeof value === 'string') && keyword !== 'examples',
  );
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, unannotated(value)]));
}

test('the names of the module and of its types', async () => {
  const bare = await import('../../pkg/wasm/ghl_digistore24_fetch.js');
  const names =
    'addTag applySync completeTask createContact createNote createTask findContact getContact ' +
    'listAppointments planSync poll receiveIpn removeTag updateContact upsertContact';
  for (const name of names.split(' ')) assert.equal(bare[name], wasm[name], name);
});

/** The same store, with promises. */
function later(store) {
  const wait = (method) => async (argument) => {
    await new Promise(setImmediate);
    return store[method](argument);
  };
  return { get: wait('get'), list: wait('list'), commit: wait('commit') };
}
