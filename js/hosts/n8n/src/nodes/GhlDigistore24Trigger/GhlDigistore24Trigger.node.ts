import {
  type IHookFunctions,
  type INodeType,
  type INodeTypeDescription,
  type IWebhookFunctions,
  type IWebhookResponseData,
  NodeConnectionTypes,
} from 'n8n-workflow';
import { entries, ipnMessage, ipnMethods, triggerProperties, triggersBy } from '../../core.js';

const triggers = triggersBy('ipn', entries);
const connection = ipnMethods(triggers);

/** Digistore24's messages. It makes its own IPN connection, and removes it. */
export class GhlDigistore24Trigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'HighLevel + Digistore24 Trigger',
    name: 'ghlDigistore24Trigger',
    icon: { light: 'file:../../icons/ghl.svg', dark: 'file:../../icons/ghl.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{ $parameter["event"] }}',
    description: 'Starts when Digistore24 reports a sale, renewal, missed payment, cancellation or refund',
    defaults: { name: 'HighLevel + Digistore24 Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'digistore24Api', required: true }],
    // Digistore24 looks at the address before it takes it.
    webhooks: [
      { name: 'setup', httpMethod: 'GET', responseMode: 'onReceived', path: 'digistore24' },

      { name: 'default', httpMethod: 'POST', responseMode: 'onReceived', responseData: 'OK', path: 'digistore24' },
    ],
    properties: triggerProperties(triggers, 'Any Message'),
  };

  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        return connection.checkExists(this);
      },
      async create(this: IHookFunctions): Promise<boolean> {
        return connection.create(this);
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        return connection.delete(this);
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return ipnMessage(this, triggers);
  }
}
