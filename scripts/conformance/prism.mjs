// An independent judge of requests: Stoplight Prism reads the published specification and checks what arrives.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The script that starts Prism, or null when it is not installed. */
export function prismScript() {
  try {
    const manifest = require.resolve('@stoplight/prism-cli/package.json');
    return join(dirname(manifest), require(manifest).bin.prism);
  } catch {
    return null;
  }
}

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Starts Prism for one specification on a loopback port; it takes two to four seconds. */
export async function startPrism(specification, { timeoutMs = 60_000 } = {}) {
  const script = prismScript();
  if (!script) throw new Error('@stoplight/prism-cli is not installed');
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [script, 'mock', '-h', '127.0.0.1', '-p', String(port), '-v', 'error', specification],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SCARF_ANALYTICS: 'false', NO_COLOR: '1' },
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said = (said + part).slice(-4000)));
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async () => {
    child.kill();
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + timeoutMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Prism ended at once: ${said}`);
    if (Date.now() > until) {
      await stop();
      throw new Error(`Prism did not start in ${timeoutMs} ms: ${said}`);
    }
    const up = await fetch(`${url}/`).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
    if (up) return { url, stop };
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** What Prism found wrong with the request. What it thinks of its own mock answer does not matter. */
export function requestViolations(headers) {
  const text = headers.get('sl-violations');
  if (!text) return [];
  return JSON.parse(text).filter((one) => one.location?.[0] === 'request');
}

/** A `fetch` that shows every request to Prism and remembers it with the violations that Prism saw. */
export function watchingFetch(requests) {
  return async (input, init) => {
    const request = new Request(input, init);
    const body = await readBody(request.clone());
    const answer = await fetch(request);
    const violations = requestViolations(answer.headers);
    // A refused request gets the violations in the body.
    if (!answer.ok) violations.push(...((await answer.json().catch(() => ({}))).validation ?? []));
    else await answer.body?.cancel();
    requests.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body,
      status: answer.status,
      violations,
    });
    // What a mock answers does not matter; nothing is to be repeated because of it.
    return new Response('{}');
  };
}

/** JSON as it is; of a form the values by name, files as `{ name, type, base64 }`. */
async function readBody(request) {
  const kind = request.headers.get('content-type') ?? '';
  if (!/^multipart|urlencoded/.test(kind)) {
    const text = await request.text();
    return text ? JSON.parse(text) : {};
  }
  const found = {};
  for (const [name, value] of await request.formData()) {
    const isFile = typeof value !== 'string';
    const base64 = isFile && Buffer.from(await value.arrayBuffer()).toString('base64');
    found[name] ??= [];
    found[name].push(isFile ? { name: value.name, type: value.type, base64 } : value);
  }
  return found;
}
