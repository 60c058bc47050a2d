// The packed package, installed in a new project, does the main job in each host; and says what to do where it can't.
import assert from 'node:assert/strict';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkTrouble, startMainJob, troubles } from '../support/mainjob.mjs';
import { hosts } from './hosts.mjs';
import { closeBrowser } from './page.mjs';
import { pack } from './project.mjs';

const only = process.env.HOST;
const chosen = hosts.filter(({ id }) => !only || id.startsWith(only));
assert.ok(chosen.length, `the host is one of ${hosts.map(({ id }) => id).join(', ')}`);

let packed;
let folder;
let wasm;

before(() => {
  packed = pack();
  // As for a worker or a page. idb is for pages.
  folder = packed.project('lean', '--omit=optional', '--ignore-scripts');
  assert.deepEqual(
    readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['ghl-digistore24', 'idb'],
  );
  wasm = join(folder, 'node_modules/ghl-digistore24/wasm/ghl_digistore24_bg.wasm');
});
after(async () => {
  await closeBrowser();
  packed.remove();
});

/** Starts a host, or skips the test loudly. */
async function started(t, { name, isPage, start }, sandbox, more = {}) {
  const why = isPage && process.env.NO_CHROMIUM;
  if (why) return t.skip(why);
  const ask = await start(folder, t, { backend: sandbox.url, ...more });
  if (!ask) return t.skip(`${name} has no program for this system`);
  return async (command, argument) => {
    const { value, error } = await ask({ command, argument });
    if (error) throw error;
    return value;
  };
}

for (const host of chosen) {
  describe(host.name, { timeout: 120_000 }, () => {
    test('main job', async (t) => {
      const job = await startMainJob(t);
      const ask = await started(t, host, job.sandbox);
      if (!ask) return;
      assert.equal(await ask('create', job.options), 'Add tags');
      await job.run((message) => ask('receive', message));

      for (const [trouble, { code, hidden, change }] of Object.entries(troubles)) {
        await t.test(trouble, async () => {
          await ask('create', await change(job.options));
          const call = ask('run', ['ghl.contacts.getContact', { contactId: 'abc' }, { deadlineMs: 2000 }]);
          const expected = host.hidesReasons ? (hidden ?? code) : code;
          checkTrouble(await call.then(assert.fail, (error) => error), expected);
        });
      }
    });
  });
}

describe('the wasm is missing', { timeout: 120_000 }, () => {
  const away = (t) => {
    renameSync(wasm, `${wasm}.away`);
    t.after(() => renameSync(`${wasm}.away`, wasm));
  };
  /** What a host says when a plugin is to be made. */
  async function refusal(t, id, more) {
    const job = await startMainJob(t);
    const ask = await started(
      t,
      hosts.find((host) => host.id === id),
      job.sandbox,
      more,
    );
    return ask?.('create', job.options).then(assert.fail, (error) => error);
  }

  for (const id of ['node-oldest', 'node-newest-require', 'deno', 'bun']) {
    test(id, async (t) => {
      away(t);
      const error = await refusal(t, id);
      if (!error) return;
      assert.equal(error.name, 'PluginError');
      assert.match(error.message, /^ghl_digistore24_bg\.wasm could not be read \(ENOENT\)$/);
      assert.match(error.help, /folder wasm\/.*external.*base64/);
    });
  }

  test('a page that lost it', async (t) => {
    const error = await refusal(t, 'vite', { without: /\.wasm$/ });
    if (!error) return;
    assert.deepEqual([error.name, error.code], ['PluginError', 'misconfigured']);
    assert.match(error.message, /^ghl_digistore24_bg.*\.wasm could not be fetched: HTTP 404$/);
    assert.match(error.help, /copy it from the package's folder wasm\//);
  });

  test('a page that may not compile it', async (t) => {
    const error = await refusal(t, 'vite', { policy: "default-src 'self'" });
    if (!error) return;
    assert.deepEqual([error.name, error.code], ['PluginError', 'misconfigured']);
    assert.match(error.help, /wasm-unsafe-eval/);
  });
});
