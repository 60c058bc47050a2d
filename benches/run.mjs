// What the plugin costs, each number beside one that the same machine measured in the same run: only ratios travel from
// one machine to another. `--json` prints them for machines. Run it on an idle machine, after a build.
import { execFileSync } from 'node:child_process';
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { measure } from 'mitata';
import { signed, startSandbox } from '../pkg/dist/sandbox/index.js';
import { createPlugin } from '../pkg/dist/src/index.js';
import { rates } from './rate.mjs';

// `npm run bench -- backfill` is about many purchases, `… worker` about the Cloudflare Worker; both take as long.
if (['backfill', 'worker'].includes(process.argv[2])) {
  const program = fileURLToPath(new URL(`${process.argv[2]}.mjs`, import.meta.url));
  execFileSync(process.execPath, [program, ...process.argv.slice(3)], { stdio: 'inherit' });
  process.exit();
}

const ROUNDS = 5;
const PROCESSES = 9;
const passphrase = 'a-passphrase-for-benches';
const contactId = 'someContact000000001';

const results = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  message: await message(),
  action: await action(),
  start: start(),
  rate: await rates(),
  size: size(),
};

if (process.argv.includes('--json')) console.log(JSON.stringify(results, null, 2));
else print(results);

/** From the bytes of a message to the event and what would be done for it; the store costs nothing here. */
async function message() {
  const sandbox = await startSandbox();
  const params = signed(sandbox.story().payment(), passphrase);
  await sandbox.close();
  const body = new TextEncoder().encode(new URLSearchParams(params).toString());

  const now = Date.now();
  const forgetful = {
    get: () => ({ entries: [], now }),
    list: () => ({ entries: [], now }),
    commit: () => ({ ok: true, version: 1, now }),
  };
  const plugin = await createPlugin({ ...connection(), store: forgetful, log() {} });
  const received = async () => {
    const { outcome, events } = await plugin.receive({ method: 'POST', body });
    if (outcome !== 'queued') throw new Error(`the message was ${outcome}`);
    return events[0];
  };
  const [ours, receive, theirs] = await sideBySide(
    async () => plugin.sync.plan(await received()),
    received,
    () => {
      if (!isGenuine(body)) throw new Error('the message is genuine');
    },
  );
  await plugin.close();
  const fields = Object.keys(params).length - 1;
  return { fields, bytes: body.length, pluginUs: ours, receiveUs: receive, verifyUs: theirs, ratio: ours / theirs };
}

/** Digistore24's example for the signature in plain JavaScript. */
function isGenuine(body) {
  const params = new URLSearchParams(Buffer.from(body).toString());
  const source = [...params]
    .filter(([name, value]) => value !== '' && name !== 'sha_sign' && name !== 'SHASIGN')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}${passphrase}`)
    .join('');
  const expected = createHash('sha512').update(source).digest();
  return timingSafeEqual(expected, Buffer.from(params.get('sha_sign'), 'hex'));
}

/** One call whose answer is already there. */
async function action() {
  const answer = JSON.stringify({
    contact: {
      id: contactId,
      locationId: 'someLocation00000001',
      email: 'ada@example.com',
      firstName: 'Ada',
      lastName: 'Größe',
      tags: ['ds24-buyer', 'newsletter'],
      customFields: Array.from({ length: 11 }, (_, i) => ({ id: `someField${i}`, value: `value ${i}` })),
    },
  });
  // A rate that is never reached: what costs is to keep it.
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-max': '1000000000',
    'x-ratelimit-remaining': '999999999',
    'x-ratelimit-interval-milliseconds': '10000',
  };
  const fetch = async () => new Response(answer, { headers });
  const plugin = await createPlugin({ ...connection(), fetch });
  const [ours, bare] = await sideBySide(
    () => plugin.ghl.contacts.getContact({ contactId }),
    async () => JSON.parse(await (await fetch(`https://localhost/contacts/${contactId}`)).text()),
  );
  await plugin.close();
  return { pluginUs: ours, bareUs: bare, aboveUs: ours - bare, ratio: ours / bare };
}

/** A fresh process until the catalog can be asked. */
function start() {
  const url = new URL('../pkg/dist/src/index.js', import.meta.url);
  const plugin = `const { createPlugin } = await import('${url}');
    (await createPlugin()).catalog.list({ id: 'ghl.contacts.getContact' });`;
  const official = resolved('@gohighlevel/api-client');
  const require = `(await import('node:module')).createRequire('/')(${JSON.stringify(official)});`;
  const [ours, theirs] = [[], []];
  for (let i = 0; i < PROCESSES; i++) {
    ours.push(millisecondsOf(plugin));
    if (official) theirs.push(millisecondsOf(require));
  }
  const pluginMs = median(ours);
  if (!official) return { pluginMs, skipped: '@gohighlevel/api-client is not installed' };
  return { pluginMs, officialMs: median(theirs), ratio: pluginMs / median(theirs) };
}

function millisecondsOf(code) {
  const script = `const start = performance.now(); ${code} console.log(performance.now() - start); process.exit();`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

function resolved(name) {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined;
  }
}

function size() {
  const bytes = readFileSync(new URL('../pkg/wasm/ghl_digistore24_bg.wasm', import.meta.url));
  return { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}

function connection() {
  return {
    highlevel: { auth: { kind: 'private-integration', token: 'pit-bench' }, locationId: 'someLocation00000001' },
    digistore24: { ipnPassphrase: passphrase },
  };
}

/** Microseconds of each function. In turns and the best round each, so that a busy moment hits none alone. */
async function sideBySide(...functions) {
  const best = functions.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, work] of functions.entries()) {
      const { p50 } = await measure(work, { min_cpu_time: 400e6 });
      best[i] = Math.min(best[i], p50 / 1000);
    }
  }
  return best;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function print({ node, cpu, message, action, start, rate, size }) {
  const us = (value) => `${value.toFixed(1)} µs`;
  const ms = (value) => `${value.toFixed(1)} ms`;
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const times = (value) => `${value.toFixed(2)} ×`;
  console.log(`Node ${node}, ${cpu}

A message of ${message.fields} fields (${message.bytes} bytes)
  received and planned by the plugin       ${us(message.pluginUs)}
  of that, received                        ${us(message.receiveUs)}
  verified alone, in JavaScript            ${us(message.verifyUs)}   ratio ${times(message.ratio)}

An action whose answer is already there
  ghl.contacts.getContact                  ${us(action.pluginUs)}
  the same fetch and JSON.parse            ${us(action.bareUs)}   ratio ${times(action.ratio)}, ${us(action.aboveUs)} more

A fresh process until the catalog is ready
  the plugin                               ${ms(start.pluginMs)}
  require('@gohighlevel/api-client')       ${start.skipped ? `skipped: ${start.skipped}` : `${ms(start.officialMs)}   ratio ${times(start.ratio)}`}

Sustained calls, 100 allowed in ${rate.intervalMs} ms: share of that rate, and how many were refused
  one process                              ${percent(rate.alone.share)}, ${rate.alone.refused}
  two processes on one store               ${percent(rate.shared.share)}, ${rate.shared.refused}

The wasm: ${size.raw} bytes, ${size.gzip} after gzip -9`);
}
