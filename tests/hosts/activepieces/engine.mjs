// What Activepieces' engine does with a piece: loads the packed package from a folder of its own, and calls actions, triggers and
// drop-downs with its context. Its storage puts and gets; its webhooks ask the trigger for the answer only where the handshake's
// parameter is in the address, else they answer `{}` and run the flow.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import qs from 'qs';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = fileURLToPath(new URL('../../../dist/activepieces', import.meta.url));

/** Packs the piece, unpacks it where npm would, with its dependencies beside it; gives what `require` gives. */
export function loadPacked(t) {
  const folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-piece-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: dist,
    shell: process.platform === 'win32',
  });
  const [tarball] = readdirSync(folder);
  const modules = join(folder, 'node_modules');
  cpSync(join(here, 'node_modules'), modules, { recursive: true });
  const target = join(modules, 'activepieces-piece-ghl-digistore24');
  mkdirSync(target);
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', target, '--strip-components=1']);
  writeFileSync(join(folder, 'package.json'), '{}');
  return createRequire(join(folder, 'package.json'));
}

const isJson = ({ headers }) => headers['content-type']?.includes('json') === true;

/** Activepieces' storage: of one flow, as JSON. */
export function contextStore() {
  const entries = new Map();
  return {
    entries,
    get: async (key) => (entries.has(key) ? JSON.parse(entries.get(key)) : null),
    put: async (key, value) => {
      entries.set(key, JSON.stringify(value));
      return value;
    },
    delete: async (key) => void entries.delete(key),
  };
}

/** What a connection looks like in a context. */
export const connectionOf = (props) => ({ type: 'CUSTOM_AUTH', props });

/** The parts of a context that the piece uses. */
export function contextOf({ props, values = {}, store = contextStore(), ...more }) {
  return { auth: connectionOf(props), propsValue: values, store, ...more };
}

/** A flow's webhook, as the server has it. `enabled`: closed until the trigger is turned on. */
export async function startFlow(t, { piece, trigger: name, props, values = {}, run }) {
  const trigger = piece.getTrigger(name);
  const store = contextStore();
  const failures = [];
  let isEnabled = false;
  let work = Promise.resolve();
  const { strategy, paramName } = trigger.handshakeConfiguration;

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const rawBody = Buffer.concat(chunks).toString();
    const { searchParams } = new URL(request.url, 'http://localhost');
    const payload = {
      method: request.method,
      headers: request.headers,
      queryParams: Object.fromEntries(searchParams),
      rawBody: flow.keepsRaw && rawBody !== '' ? rawBody : undefined,
      body: isJson(request) ? JSON.parse(rawBody) : qs.parse(rawBody),
    };
    const answer = (status, body, headers) => {
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (!isEnabled) return answer(404, {});
    if (strategy === 'QUERY_PRESENT' && searchParams.has(paramName)) {
      try {
        const told = await trigger.onHandshake(context({ payload }));
        return answer(told.status, told.body, told.headers);
      } catch (error) {
        failures.push(error);
      }
    }
    if (flow.isFull) return answer(503, {});
    work = work.then(async () => {
      for (const event of await trigger.run(context({ payload }))) await run(event);
    });
    work.catch((error) => failures.push(error));
    answer(200, {});
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const url = `http://127.0.0.1:${server.address().port}`;
  const webhookUrl = `${url}/v1/webhooks/flow`;
  const context = (more = {}) =>
    contextOf({
      props,
      values,
      store,
      webhookUrl,
      server: { apiUrl: `${url}/`, publicUrl: `${url}/`, token: 'engine' },
      flows: { current: { id: 'flow', version: { id: 'version' } } },
      ...more,
    });

  const flow = {
    webhookUrl,
    store,
    failures,
    /** Whether it hands on the body as it came, beside what it has read in it. */
    keepsRaw: true,
    /** Whether the queue takes nothing. */
    isFull: false,
    /** The address that Digistore24 gets. */
    address: `${webhookUrl}?${paramName}`,
    async enable(more) {
      await trigger.onEnable(context(more));
      isEnabled = true;
    },
    renew: () => trigger.onRenew(context()),
    async disable(more) {
      await trigger.onDisable(context(more));
      isEnabled = false;
    },
    test: () => trigger.test(context()),
    /** Waits for the queue. */
    idle: () => work,
  };
  return flow;
}
