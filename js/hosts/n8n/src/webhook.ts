import { memoryStore, type Plugin, type Received } from 'ghl-digistore24';
import {
  type IHookFunctions,
  type IWebhookFunctions,
  type IWebhookResponseData,
  NodeOperationError,
} from 'n8n-workflow';
import type { Entry } from './entry.js';
import { nodeError } from './errors.js';
import { keptStore, readStore } from './kept.js';
import { credentialOf, DIGISTORE24, HIGHLEVEL, withPlugin } from './plugin.js';
import { askedOf, itemsOf } from './trigger.js';

/** Digistore24's connection for a trigger's address. Where its passphrase is the person's, the connection is, too. */
export const ipnMethods = (entries: readonly Entry[]) => ({
  async checkExists(context: IHookFunctions): Promise<boolean> {
    if (await isByHand(context)) return true;
    const { url, test } = addressOf(context);
    return told(context, async (plugin) => {
      const state = await plugin.ipn.check({ test });
      return state.installed && state.url === url && state.differences.length === 0;
    });
  },
  async create(context: IHookFunctions): Promise<boolean> {
    const { url, test } = addressOf(context);
    const { entry, input } = askedOf((name, otherwise) => context.getNodeParameter(name, otherwise as never), entries);
    const affiliations = !entry || [entry.id, ...(entry.sources ?? [])].includes('digistore24.onAffiliation');
    const productIds = input['productIds'] as string[] | undefined;
    await told(context, (plugin) =>
      plugin.ipn.install({ url, name: 'n8n', test, affiliations, ...(productIds && { productIds }) }),
    );
    return true;
  },
  async delete(context: IHookFunctions): Promise<boolean> {
    if (await isByHand(context)) return true;
    const { test } = addressOf(context);
    await told(context, (plugin) => plugin.ipn.remove({ test }));
    return true;
  },
});

const isByHand = async (context: IHookFunctions) =>
  Boolean((await credentialOf(context, DIGISTORE24))?.['ipnPassphrase']);

/** Digistore24's connections for tests may have an address without https; a test in n8n's editor has one of its own. */
function addressOf(context: IHookFunctions): { url: string; test: boolean } {
  const url = context.getNodeWebhookUrl('default') ?? '';
  return { url, test: context.getMode() === 'manual' || !url.startsWith('https:') };
}

async function told<T>(context: IHookFunctions, work: (plugin: Plugin) => Promise<T>): Promise<T> {
  try {
    return await withPlugin(context, work, await keptStore(context));
  } catch (thrown) {
    throw nodeError(context.getNode(), thrown);
  }
}

/** A message of Digistore24: its signature is checked, and `OK` is the answer that Digistore24 waits for. */
export async function ipnMessage(context: IWebhookFunctions, entries: readonly Entry[]): Promise<IWebhookResponseData> {
  const isLook = context.getWebhookName() === 'setup';
  const body = isLook ? '' : bodyOf(context);
  const { entry, input } = askedOf((name, otherwise) => context.getNodeParameter(name, otherwise as never), entries);
  return withPlugin(
    context,
    async (plugin) => {
      const received = await plugin.receive(isLook ? { method: 'GET' } : { method: 'POST', body }, {
        service: 'digistore24',
        // The run is the workflow's; nothing is carried out here.
        parked: true,
      });
      const fires = received.events.some(({ triggers }) => !entry || triggers.includes(entry.id));
      if (received.outcome === 'refused' || !fires) return answered(context, received);
      const reading = entry ? { trigger: entry.id, input } : {};
      const events = plugin.events.read('digistore24', body, reading);
      return { workflowData: [itemsOf(events)] };
    },
    await readStore(context),
  );
}

/** What the action "Webhook" of a workflow in HighLevel sends. Nobody signs it: the address holds a token, ids are handed on. */
export async function workflowMessage(
  context: IWebhookFunctions,
  entries: readonly Entry[],
): Promise<IWebhookResponseData> {
  const token = (await credentialOf(context, HIGHLEVEL))?.['workflowToken'];
  if (!token) {
    throw new NodeOperationError(context.getNode(), 'The credential has no workflow token', {
      description: 'Fill it in, and use it in the address that the workflow sends to.',
    });
  }
  const { token: given = '' } = context.getQueryData() as { token?: string };
  const { entry } = askedOf((name, otherwise) => context.getNodeParameter(name, otherwise as never), entries);
  return withPlugin(
    context,
    async (plugin) => {
      const url = `/webhooks/ghl-workflow/default/${encodeURIComponent(given)}`;
      const received = await plugin.receive({ method: 'POST', url, body: bodyOf(context) });
      const events = received.events.filter(({ triggers }) => !entry || triggers.includes(entry.id));
      if (received.outcome === 'refused' || events.length === 0) return answered(context, received);
      return { workflowData: [itemsOf(events)] };
    },
    memoryStore(),
  );
}

/** No run of the workflow; where there is one, n8n says OK when it has taken it. */
async function answered(context: IWebhookFunctions, { response }: Received): Promise<IWebhookResponseData> {
  context
    .getResponseObject()
    .status(response.status)
    .type('text/plain')
    .send(await response.text());
  return { noWebhookResponse: true };
}

/** The bytes as they came; a form or JSON that n8n has read alone is written again. */
function bodyOf(context: IWebhookFunctions): string {
  const { rawBody } = context.getRequestObject() as { rawBody?: Buffer };
  if (rawBody) return rawBody.toString('utf8');
  const type = String(context.getHeaderData()['content-type'] ?? '');
  const body = context.getBodyData();
  return type.includes('json') ? JSON.stringify(body) : new URLSearchParams(body as Record<string, string>).toString();
}
