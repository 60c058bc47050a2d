// What several tests share: a plugin on the sandbox, signed messages, temporary folders.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN, signed } from '../../pkg/dist/sandbox/index.js';
import { createPlugin, memoryStore } from '../../pkg/dist/src/index.js';
import { openSqliteStore } from '../../pkg/dist/src/store/sqlite.js';

export const passphrase = 'a-passphrase-for-tests';

/** A folder that goes when the test ends. */
export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The options of a plugin on the sandbox. */
export function optionsFor(sandbox) {
  return {
    highlevel: {
      auth: { kind: 'private-integration', token: DEFAULT_TOKEN },
      locationId: DEFAULT_LOCATION_ID,
      baseUrl: sandbox.highlevelUrl,
    },
    digistore24: { apiKey: DEFAULT_API_KEY, ipnPassphrase: passphrase, baseUrl: sandbox.digistore24Url },
    settleSeconds: 0,
  };
}

/** A plugin on the sandbox that keeps its log in `lines`. */
export async function pluginOn(sandbox, more = {}) {
  const lines = [];
  const plugin = await createPlugin({
    ...optionsFor(sandbox),
    store: memoryStore(),
    log: (line) => lines.push(line),
    ...more,
  });
  return Object.assign(plugin, { lines });
}

/** A message as Digistore24 posts it. */
export function form(message, secret = passphrase) {
  return new URLSearchParams(signed(message, secret)).toString();
}

/** What a promise is rejected with. */
export function failureOf(promise) {
  return promise.then(
    (value) => {
      throw new Error(`it succeeded: ${JSON.stringify(value)}`);
    },
    (error) => error,
  );
}

/** A port on loopback where nobody listens. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A store on disk whose first commits fail; `fail(n)` lets the next n fail. */
export function failingStore(t, times) {
  const store = openSqliteStore(join(temporaryFolder(t), 'state.sqlite'));
  let failures = times;
  const commit = (writes) => {
    if (failures-- > 0) throw new Error('the disk is gone');
    return store.commit(writes);
  };
  const fail = (more) => {
    failures = more;
  };
  return { store: { ...store, commit }, fail };
}
