import { Hono } from 'hono';
import { berlinTime } from '../berlin.js';
import type { SandboxEnv } from '../requests.js';
import type { World } from '../state.js';
import { readArgs } from './args.js';
import { buyerFunctions } from './buyers.js';
import { badKey, CallError, unknownFunction } from './errors.js';
import { fulfilmentFunctions } from './fulfilment.js';
import type { Caller, Functions } from './functions.js';
import { keyFunctions } from './keys.js';
import { productFunctions } from './products.js';
import { purchaseFunctions } from './purchases.js';
import { rebillingFunctions } from './rebilling.js';
import { refundFunctions } from './refunds.js';
import { systemFunctions } from './system.js';
import { voucherFunctions } from './vouchers.js';

const FUNCTIONS: Functions = {
  ...systemFunctions,
  ...keyFunctions,
  ...buyerFunctions,
  ...productFunctions,
  ...purchaseFunctions,
  ...rebillingFunctions,
  ...refundFunctions,
  ...fulfilmentFunctions,
  ...voucherFunctions,
};

/** The names of the functions that are simulated; all others are unknown here. */
export const DS24_FUNCTIONS: readonly string[] = Object.keys(FUNCTIONS);

/** The simulated Digistore24: GET or POST /api/call/{function}, errors as HTTP 200. */
export function digistore24(world: World): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  const paths = ['/api/call/:function', '/api/call/:function/format/json'];
  app.on(['GET', 'POST'], paths, async (c) => {
    const started = performance.now();
    const envelope = (answer: Record<string, unknown>) =>
      c.json({
        api_version: '1.2',
        current_time: berlinTime(world.now()),
        runtime_seconds: Number(((performance.now() - started) / 1000).toFixed(4)),
        ...answer,
      });
    try {
      const caller = identify(world, c.req.header('x-ds-api-key'), c.req.url);
      const form = new URLSearchParams(c.req.method === 'POST' ? await c.req.text() : '');
      const args = readArgs([...new URL(c.req.url).searchParams, ...form]);
      const data = await call(world, c.req.param('function') ?? '', args, caller);
      return envelope({ result: 'success', data });
    } catch (error) {
      const { code, message } = error instanceof CallError ? error : internal(error);
      return envelope({ result: 'error', message, code });
    }
  });
  // The page on which a vendor grants a key: here at once, or refuses with `?refuse`.
  app.get('/connect/:token', (c) => {
    const request = world.ds24.keyRequests.get(c.req.param('token'));
    if (!request) return c.text('Not found', 404);
    if (c.req.query('refuse') !== undefined) {
      request.status = 'aborted';
      return c.redirect(request.cancelUrl);
    }
    request.key ??= `${world.ids.number('grantedKey', 22_001)}-${world.ids.key('grantedKey', 24)}`;
    request.status = 'completed';
    world.configure({ apiKeys: { [request.key]: request.permission } });
    return c.redirect(request.returnUrl);
  });
  app.all('*', (c) => c.text('Not found', 404));
  return app;
}

function identify(world: World, key: string | undefined, url: string): Caller {
  if (!key) throw badKey('No API key given.');
  const { apiKeys } = world.settings;
  const permission = Object.hasOwn(apiKeys, key) ? apiKeys[key] : undefined;
  if (!permission) throw badKey('The API key is invalid.');
  const isGranted = [...world.ds24.keyRequests.values()].some((request) => request.key === key);
  const baseUrl = url.slice(0, url.indexOf('/api/'));
  return { keyId: key.split('-')[0] ?? '', key, permission, isGranted, baseUrl };
}

function call(world: World, name: string, args: ReturnType<typeof readArgs>, caller: Caller): unknown {
  const fn = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!fn) throw unknownFunction(name);
  const isAllowed = fn.developer
    ? caller.permission === 'developer'
    : caller.permission === 'full' || (caller.permission === 'readonly' && !fn.writes);
  if (!isAllowed) {
    const rights = fn.developer ? 'developer' : 'full access';
    const message = `Access denied - ${rights} rights are required for this function.`;
    throw new CallError(world.settings.permissionErrorCode, message);
  }
  return fn.run(world, args, caller);
}

function internal(error: unknown): CallError {
  return new CallError(11, `Internal error: ${error instanceof Error ? error.message : error}`);
}
