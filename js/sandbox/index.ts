/**
 * HighLevel and Digistore24, simulated on loopback: strict where they are strict, silent where they
 * are silent, and broken on demand.
 */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { controlRoutes } from './control.js';
import { digistore24 } from './digistore24/index.js';
import { highlevel } from './ghl/index.js';
import { page } from './page.js';
import { logRequests, type SandboxEnv } from './requests.js';
import { SandboxControl } from './sandbox.js';
import type { WorldOptions } from './state.js';

export type { EventOptions, IpnRequest } from './control.js';
export type { AdditionInput, AdditionKind } from './digistore24/additions.js';
export { DS24_FUNCTIONS } from './digistore24/index.js';
export type { FaultKind, FaultRule } from './faults.js';
export type { BuyerInput, ProductInput } from './ipn/cast.js';
export {
  type AffiliationInput,
  labelled,
  ungrouped,
  withoutProducts,
} from './ipn/messages.js';
export { type Attempt, type Delivery, retryWait, type SendOptions } from './ipn/sender.js';
export { type IpnMessage, NO_PASSPHRASE, signature, signed } from './ipn/sign.js';
export { type ItemInput, Story, type StoryOptions, type When } from './ipn/story.js';
export type { Snapshot, Trigger, TriggerName } from './recorder.js';
export type { RequestEntry, Service } from './requests.js';
export { SandboxControl } from './sandbox.js';
export {
  DEFAULT_API_KEY,
  DEFAULT_CLIENT_ID,
  DEFAULT_CLIENT_SECRET,
  DEFAULT_COMPANY_ID,
  DEFAULT_LOCATION_ID,
  DEFAULT_TOKEN,
  DEVELOPER_API_KEY,
  type LocationSettings,
  READONLY_API_KEY,
  type Settings,
  type SettingsPatch,
  type Token,
} from './settings.js';
export type { WorldOptions } from './state.js';
export type { ContactState, SandboxState } from './view.js';

const GHL_PREFIX = '/ghl';
const DS24_PREFIX = '/digistore24';

/** Where a sandbox listens and what it starts from. */
export interface SandboxOptions extends WorldOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
}

/** A sandbox that is listening. */
export interface Sandbox extends SandboxControl {
  /** The root, without a slash at the end. */
  readonly url: string;
  /** The base for HighLevel paths such as `/contacts/`. */
  readonly highlevelUrl: string;
  /** The base for Digistore24 paths such as `/api/call/ping`. */
  readonly digistore24Url: string;
  /** Stops listening and closes all connections. */
  close(): Promise<void>;
}

/** Starts a sandbox. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', ...start } = options;
  const control = new SandboxControl(start);
  const server = createAdaptorServer({ fetch: routes(control).fetch, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  return Object.assign(control, {
    url,
    highlevelUrl: url + GHL_PREFIX,
    digistore24Url: url + DS24_PREFIX,
    async close() {
      control.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  });
}

function routes(control: SandboxControl): Hono<SandboxEnv> {
  const { world, faults } = control;
  const app = new Hono<SandboxEnv>({ strict: false });
  app.get('/', (c) => c.html(page()));
  app.route('/_sandbox', controlRoutes(control));
  app.use(`${GHL_PREFIX}/*`, logRequests(world, 'ghl', GHL_PREFIX), faults.middleware('ghl'));
  app.route(GHL_PREFIX, highlevel(world));
  app.use(`${DS24_PREFIX}/*`, logRequests(world, 'digistore24', DS24_PREFIX), faults.middleware('digistore24'));
  app.route(DS24_PREFIX, digistore24(world));
  return app;
}
