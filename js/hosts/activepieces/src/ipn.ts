import {
  createTrigger,
  type InputPropertyMap,
  Property,
  type Store,
  type Trigger,
  TriggerStrategy,
  WebhookRenewStrategy,
  type WebhookResponse,
} from '@activepieces/pieces-framework';
import { WebhookHandshakeStrategy } from '@activepieces/shared';
import { type JsonObject, memoryStore, type Plugin, PluginError, type Received } from 'ghl-digistore24';
import { formOf, inputOf } from 'ghl-digistore24/form';
import { auth, type Credentials } from './auth.js';
import { type Entry, nameOf, titleOf } from './entry.js';
import { keptStore, readStore } from './kept.js';
import { bodyOf, isOf, keyed, type Payload } from './payload.js';
import { withPlugin } from './plugin.js';
import { propsOf, valuesOf } from './props.js';
import { samplesOf } from './samples.js';
import { inWords, misconfigured, saying } from './words.js';

/** Stands in the address that Digistore24 gets: so Activepieces asks the trigger for the answer, and that can be `OK`. */
const ANSWERED = 'digistore24';
/** Digistore24 looks at an address before it takes it, and Activepieces opens it only after `onEnable`. */
const WAITING = 'ipn-waiting';
const AGAIN = '*/5 * * * *';
/** The keys of messages that were handed to the flow. */
const SEEN = 'ipn-seen';
const SEEN_LIMIT = 1000;

/** A trigger by Digistore24's messages. It makes its own IPN connection, and removes it. */
export function ipnTrigger(entry: Entry, entries: readonly Entry[]): Trigger {
  const fields = formOf(entry);
  const inputIn = (values: object) => inputOf(fields, valuesOf(fields, values as Record<string, unknown>));
  return createTrigger({
    auth,
    name: nameOf(entry.id),
    displayName: titleOf(entry),
    description: entry.description,
    type: TriggerStrategy.WEBHOOK,
    props: { about: Property.MarkDown({ value: IPN_HELP }), ...propsOf(fields) } as InputPropertyMap,
    sampleData: entry.sample,
    aiMetadata: { idempotent: true },
    handshakeConfiguration: { strategy: WebhookHandshakeStrategy.QUERY_PRESENT, paramName: ANSWERED },
    onHandshake: async ({ auth: { props }, payload, store, server, flows }) => {
      try {
        const received = await receive(props, store, payload);
        const answer = await answerOf(received);
        if (!fires(received, entry)) return answer;
        const seen = (await store.get<string[]>(SEEN)) ?? [];
        const keys = received.events.map(({ dedupeKey }) => dedupeKey);
        if (keys.every((key) => seen.includes(key))) return answer;
        // Into Activepieces' queue, and only then OK: what is lost before that comes again.
        if (!(await isQueued(server.apiUrl, flows.current.id, bodyOf(payload)))) return LATER;
        await store.put(SEEN, [...seen, ...keys].slice(-SEEN_LIMIT));
        return answer;
      } catch (thrown) {
        // Activepieces would answer in its own way, which Digistore24 doesn't understand.
        console.error(inWords(thrown));
        return LATER;
      }
    },
    renewConfiguration: { strategy: WebhookRenewStrategy.CRON, cronExpression: AGAIN },
    onRenew: ({ auth: { props }, propsValue, store, webhookUrl }) =>
      saying(async () => {
        if (!(await store.get(WAITING))) return;
        await install(props, store, webhookUrl, entry, inputIn(propsValue));
        await store.delete(WAITING);
      }),
    onEnable: ({ auth: { props }, propsValue, store, webhookUrl }) =>
      saying(async () => {
        const { digistore24ApiKey, ipnPassphrase } = props as Credentials;
        if (!digistore24ApiKey) {
          if (ipnPassphrase) return;
          throw misconfigured(
            'the connection has neither an API key of Digistore24 nor an IPN passphrase',
            'Add an API key with full access, and the trigger makes its IPN connection; or make one by hand and add its passphrase.',
          );
        }
        try {
          await install(props, store, webhookUrl, entry, inputIn(propsValue));
        } catch (thrown) {
          if (!isTooEarly(thrown)) throw thrown;
          await store.put(WAITING, true);
        }
      }),
    onDisable: ({ auth: { props }, store, webhookUrl, ...context }) =>
      saying(async () => {
        // It is published again: the connection stays.
        if ('isRepublish' in context && context.isRepublish) return;
        await store.delete(WAITING);
        if (!(props as Credentials).digistore24ApiKey) return;
        await withPlugin(props, await keptStore(store), (plugin) => plugin.ipn.remove({ test: isTest(webhookUrl) }));
      }),
    run: ({ auth: { props }, payload, propsValue, store }) =>
      saying(async () => {
        // The address without the handshake is open to everybody.
        const received = await receive(props, store, payload);
        if (!fires(received, entry)) return [];
        const reading = entry.any ? {} : { trigger: entry.id, input: inputIn(propsValue) };
        const read = (plugin: Plugin) => Promise.resolve(plugin.events.read('digistore24', bodyOf(payload), reading));
        return keyed(await withPlugin(props, memoryStore(), read));
      }),
    test: ({ auth: { props } }) => samplesOf(entry, entries, props),
  });
}

const IPN_HELP = [
  'With an API key in the connection there is nothing to do: the trigger makes its own IPN connection in Digistore24 within five minutes after the flow is published, and removes it when the flow is turned off.',
  'Without a key, make one by hand in Digistore24 under Settings → Integrations (IPN), type Generic, method POST, timing *delayed*, with the passphrase of the connection and this address:',
  `\`\`\`text\n{{webhookUrl}}?${ANSWERED}\n\`\`\``,
].join('\n\n');

/** The message, checked; nothing of it is kept. */
async function receive(credentials: Credentials, store: Store, payload: Payload): Promise<Received> {
  const body = bodyOf(payload);
  const method = payload.method ?? (body === '' ? 'GET' : 'POST');
  const request = method === 'POST' ? { method, body } : { method };
  const of = await readStore(store);
  return withPlugin(credentials, of, (plugin) => plugin.receive(request, { service: 'digistore24', parked: true }));
}

const fires = ({ events, outcome }: Received, entry: Entry) =>
  outcome !== 'refused' && events.some((event) => isOf(entry, event));

async function answerOf({ response }: Received): Promise<WebhookResponse> {
  return { status: response.status, body: await response.text(), headers: { 'content-type': 'text/plain' } };
}

const LATER: WebhookResponse = {
  status: 503,
  body: 'Not stored: please send it again.',
  headers: { 'content-type': 'text/plain' },
};

/** Hands a message to the flow's own address, where Activepieces puts it into its queue. */
async function isQueued(apiUrl: string, flowId: string, body: string): Promise<boolean> {
  try {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const address = new URL(`v1/webhooks/${flowId}`, apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`);
    return (await fetch(address, { method: 'POST', headers, body })).ok;
  } catch {
    return false;
  }
}

async function install(credentials: Credentials, store: Store, webhookUrl: string, entry: Entry, input: JsonObject) {
  const productIds = input['productIds'] as string[] | undefined;
  await withPlugin(credentials, await keptStore(store), (plugin) =>
    plugin.ipn.install({
      url: `${webhookUrl}${webhookUrl.includes('?') ? '&' : '?'}${ANSWERED}`,
      name: 'Activepieces',
      test: isTest(webhookUrl),
      affiliations: entry.any ?? [entry.id, ...(entry.sources ?? [])].includes('digistore24.onAffiliation'),
      ...(productIds && { productIds }),
    }),
  );
}

/** Digistore24's connections for tests may have an address without https. */
const isTest = (webhookUrl: string) => !webhookUrl.startsWith('https:');

/** Digistore24 said no to the address, where it is not ours that is wrong. */
const isTooEarly = (thrown: unknown) =>
  thrown instanceof PluginError && thrown.code === 'invalid_input' && thrown.operation === 'digistore24.ipnSetup';
