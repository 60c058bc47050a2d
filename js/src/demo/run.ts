import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEFAULT_API_KEY,
  DEFAULT_LOCATION_ID,
  DEFAULT_TOKEN,
  type Sandbox,
  startSandbox,
} from '../../sandbox/index.js';
import { createPlugin, type Options, type Plugin } from '../plugin.js';
import type { JsonObject, LogLine, Report, Setup, Timeline } from '../protocol.js';
import { type Receiver, serve } from '../serve.js';
import { openSqliteStore } from '../store/sqlite.js';
import { type Check, check } from './checks.js';
import { companyEmail, type Scene, script, subscriberEmail } from './story.js';

/** What came of one scene. */
export interface Happened {
  title: string;
  at: string;
  /** Digistore24's name of the event; null where only time has passed. */
  event: string | null;
  /** As it was sent, without its signature. */
  message: Record<string, string>;
  /** Digistore24 read `OK`. */
  delivered: boolean;
  /** What the receiver did; empty for a message that needs nothing done. */
  reports: Report[];
  /** The requests that HighLevel got for it: `POST /contacts/`. */
  calls: string[];
  /** The request for the list of custom fields, which is made anew once a day. */
  daily: string[];
  milliseconds: number;
}

/** All that the demo shows. */
export interface DemoResult {
  ok: boolean;
  setup: Setup;
  /** Of all acts. */
  scenes: Happened[];
  /** Of the subscriber. */
  timeline: Timeline;
  /** Of the company's buyer. */
  second: Timeline;
  checks: Check[];
  seconds: number;
}

/** Told what goes on while it goes on. */
export interface Audience {
  ready(addresses: { sandbox: string; receiver: string }, setup: Setup): void;
  act(title: string): void;
  before(scene: Scene): void;
  after(happened: Happened): void;
}

const FIRST_DAY = Date.parse('2026-01-12T07:00:00Z');

/**
 * Plays the demo: both services simulated, the real receiver, a ledger in SQLite, messages signed and sent as
 * Digistore24 does. Only the clock is moved by hand, so that two months pass in a second.
 */
export async function runDemo(audience: Audience): Promise<DemoResult> {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'ghl-digistore24-demo-'));
  const time = { now: FIRST_DAY };
  const clock = () => time.now;
  const sandbox = await startSandbox({ clock });
  const passphrase = randomBytes(24).toString('hex');
  const reports: Report[] = [];
  let stage: Stage | undefined;
  try {
    const options = {
      highlevel: {
        auth: { kind: 'private-integration', token: DEFAULT_TOKEN },
        locationId: DEFAULT_LOCATION_ID,
        baseUrl: sandbox.highlevelUrl,
      },
      digistore24: { apiKey: DEFAULT_API_KEY, ipnPassphrase: passphrase, baseUrl: sandbox.digistore24Url },
      log: complaints,
      clock,
    } satisfies Options;
    /** The same address and the same ledger each time, as after any restart. */
    const start = async (mapping: JsonObject, port = 0): Promise<Stage> => {
      const store = openSqliteStore(join(folder, 'state.sqlite'), { clock });
      const plugin = await createPlugin({ ...options, mapping, store });
      const onReport = (report: Report) => reports.push(report);
      return { plugin, receiver: await serve({ plugin, log: complaints, clock, port, onReport }) };
    };
    const scenes: Happened[] = [];
    let setup: Setup | undefined;
    for (const { title, mapping, scenes: coming } of script(sandbox)) {
      const before: Stage | undefined = stage;
      await before?.receiver.close();
      stage = await start(mapping, before && Number(new URL(before.receiver.url).port));
      const { plugin, receiver } = stage;
      if (!setup) {
        setup = await plugin.setup();
        await connect(plugin, receiver.webhookUrl, passphrase);
        audience.ready({ sandbox: sandbox.url, receiver: receiver.webhookUrl }, setup);
      }
      audience.act(title);
      for (const scene of coming) {
        time.now = scene.now;
        audience.before(scene);
        const happened = await play(scene, sandbox, stage, reports);
        scenes.push(happened);
        audience.after(happened);
      }
    }
    if (!stage || !setup) throw new Error('the demo has no acts');
    const timeline = await stage.plugin.timeline({ email: subscriberEmail });
    const second = await stage.plugin.timeline({ email: companyEmail });
    const checks = check(sandbox, scenes);
    const seconds = Number(((performance.now() - began) / 1000).toFixed(2));
    return { ok: checks.every(({ ok }) => ok), setup, scenes, timeline, second, checks, seconds };
  } finally {
    await stage?.receiver.close();
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is running. */
interface Stage {
  plugin: Plugin;
  receiver: Receiver;
}

/** Makes the webhook connection in Digistore24, by its API. */
async function connect(plugin: Plugin, url: string, passphrase: string): Promise<void> {
  await plugin.run('digistore24.ipnSetup', {
    ipn_url: url,
    name: 'HighLevel',
    product_ids: 'all',
    domain_id: 'demo-7f3a',
    categories: 'orders,e-tickets,custom forms',
    transactions:
      'payment,refund,chargeback,payment_missed,payment_denial,rebill_cancelled,rebill_resumed,last_paid_day',
    timing: 'delayed',
    sha_passphrase: passphrase,
  });
}

async function play(scene: Scene, sandbox: Sandbox, stage: Stage, reports: Report[]): Promise<Happened> {
  const start = performance.now();
  const seen = sandbox.requests().length;
  const message = scene.message?.();
  const isDelivered = message ? (await sandbox.sendIpn(message, { maxAttempts: 3 })).ok : true;
  // What waits for a time would be woken by a timer: the demo's clock goes faster than that.
  if (!message) reports.push(...(await stage.plugin.tick()).events);
  await stage.receiver.idle();
  const requests = sandbox.requests().slice(seen);
  const calls = requests.filter(({ service }) => service === 'ghl').map(({ method, path }) => `${method} ${path}`);
  return {
    title: scene.title,
    at: scene.at,
    event: message?.['event'] ?? null,
    message: message ?? {},
    delivered: isDelivered,
    reports: reports.splice(0),
    calls: calls.filter((call) => !isDaily(call)),
    daily: calls.filter(isDaily),
    milliseconds: Math.round(performance.now() - start),
  };
}

const isDaily = (call: string) => /^GET \/locations\/[^/]+\/customFields$/.test(call);

function complaints({ level, message, fields }: LogLine): void {
  if (level === 'warn' || level === 'error') console.error(`${level}: ${message}`, fields);
}
