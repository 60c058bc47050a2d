import { Hono } from 'hono';
import type { AdditionInput, AdditionKind } from './digistore24/additions.js';
import type { FaultRule } from './faults.js';
import type { AffiliationInput } from './ipn/messages.js';
import type { SendOptions } from './ipn/sender.js';
import { type IpnMessage, signed } from './ipn/sign.js';
import type { Story, StoryOptions } from './ipn/story.js';
import type { SandboxEnv } from './requests.js';
import type { SandboxControl } from './sandbox.js';
import type { SettingsPatch } from './settings.js';

/**
 * The body of POST /_sandbox/ipn. Either a finished `message`, or an `event` to let happen: to the
 * `order` of an earlier call, to an upsell or upgrade of one, or to a new order made of `story`.
 */
export interface IpnRequest extends Partial<SendOptions> {
  message?: IpnMessage;
  event?: string;
  order?: string;
  upsellOf?: string;
  upgradeOf?: string;
  story?: StoryOptions;
  /** What the story's method takes: `at`, `amount`, `reason`, `action`, `values`. */
  options?: EventOptions;
}

/** What an event can be told. */
export interface EventOptions extends AffiliationInput {
  at?: string;
  amount?: number;
  transactionId?: string;
  reason?: string;
  action?: string;
  values?: IpnMessage;
}

/** /_sandbox/…: the sandbox's own controls, for any language. */
export function controlRoutes(control: SandboxControl): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();

  app.get('/state', (c) => c.json(control.state()));
  app.get('/requests', (c) => c.json(control.requests()));
  app.get('/faults', (c) => c.json(control.faults.list()));

  app.post('/reset', (c) => {
    control.reset();
    return c.json({ ok: true });
  });

  app.patch('/settings', async (c) => {
    control.configure(await c.req.json<SettingsPatch>());
    return c.json(control.state().settings);
  });

  app.post('/faults', async (c) => {
    control.fault(await c.req.json<FaultRule>());
    return c.json(control.faults.list(), 201);
  });

  app.delete('/faults', (c) => {
    control.clearFaults();
    return c.json([]);
  });

  app.post('/tokens/expire', (c) => {
    control.expireTokens();
    return c.json({ ok: true });
  });

  app.post('/apps/revoke', (c) => {
    control.revokeApps();
    return c.json({ ok: true });
  });

  app.post('/contacts/merge', async (c) => {
    const { winner, loser } = await c.req.json<{ winner: string; loser: string }>();
    control.mergeContacts(winner, loser);
    return c.json({ ok: true });
  });

  app.post('/contacts/delete', async (c) => {
    control.deleteContact((await c.req.json<{ id: string }>()).id);
    return c.json({ ok: true });
  });

  app.post('/ipn', async (c) => {
    const request = await c.req.json<IpnRequest>();
    const message = request.message ?? happen(control, request);
    const { to, passphrase = '', check, maxAttempts } = request;
    const delivery = to
      ? await control.sendIpn(message, {
          to,
          passphrase,
          ...(check !== undefined && { check }),
          ...(maxAttempts !== undefined && { maxAttempts }),
        })
      : null;
    const answer = { orderId: message.order_id ?? '', message: signed(message, passphrase), delivery };
    return c.json(answer);
  });

  app.post('/digistore24/:kind', async (c) => {
    const input = await c.req.json<AdditionInput>();
    return c.json(control.addToDigistore24(c.req.param('kind') as AdditionKind, input), 201);
  });

  app.onError((error, c) => c.json({ error: error.message }, 400));
  return app;
}

function happen(control: SandboxControl, request: IpnRequest): IpnMessage {
  const { event = 'on_payment', options = {} } = request;
  if (event === 'connection_test') return control.connectionTest();
  if (event === 'on_affiliation') return control.affiliation(options);
  const story = storyOf(control, request);
  switch (event) {
    case 'on_payment':
      return story.payment(options);
    case 'on_payment_missed':
      return story.missed(options.reason);
    case 'payment_denial':
      return story.denied();
    case 'on_refund':
      return story.refund(options);
    case 'on_chargeback':
      return story.chargeback(options);
    case 'on_rebill_cancelled':
      return story.cancelled(options);
    case 'on_rebill_resumed':
      return story.resumed(options);
    case 'last_paid_day':
      return story.lastPaidDay(options);
    case 'eticket':
      return story.eticket(options.action, options.values);
    case 'custom_form':
      return story.customForm(options.values ?? {}, options.action ? { action: options.action } : {});
    default:
      throw new Error(`There is no event ${event}`);
  }
}

function storyOf(control: SandboxControl, request: IpnRequest): Story {
  const known = (orderId: string): Story => {
    const story = control.findStory(orderId);
    if (!story) throw new Error(`There is no order ${orderId}`);
    return story;
  };
  if (request.order) return known(request.order);
  if (request.upsellOf) return control.upsell(known(request.upsellOf), request.story);
  if (request.upgradeOf) return control.upgrade(known(request.upgradeOf), request.story);
  return control.story(request.story);
}
