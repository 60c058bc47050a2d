import {
  type IHookFunctions,
  type INodeType,
  type INodeTypeDescription,
  type IWebhookFunctions,
  type IWebhookResponseData,
  NodeConnectionTypes,
} from 'n8n-workflow';
import { entries, triggerProperties, triggersBy, workflowMessage } from '../../core.js';

const triggers = triggersBy('workflow-webhook', entries);

/** What a workflow in HighLevel sends; it is made there by hand. */
export class GhlWorkflowTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'HighLevel Workflow Trigger',
    name: 'ghlWorkflowTrigger',
    icon: { light: 'file:../../icons/ghl.svg', dark: 'file:../../icons/ghl.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{ $parameter["event"] }}',
    description: 'Starts when a workflow in HighLevel sends its webhook',
    defaults: { name: 'HighLevel Workflow Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'highLevelPrivateIntegrationApi', required: true }],
    webhooks: [
      { name: 'default', httpMethod: 'POST', responseMode: 'onReceived', responseData: 'OK', path: 'highlevel' },
    ],
    properties: [
      {
        displayName:
          'In HighLevel make a workflow with the action "Webhook": method POST, to the production URL above with <code>?token=</code> and the credential’s workflow token behind it. Under Custom Data add <code>event</code> with the event’s name, such as <code>ContactTagUpdate</code>.',
        name: 'notice',
        type: 'notice',
        default: '',
      },
      ...triggerProperties(triggers, 'Any Event'),
    ],
  };

  /** The workflow is the person's: it stays when this one is turned off. */
  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        return true;
      },
      async create(this: IHookFunctions): Promise<boolean> {
        return true;
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        return true;
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return workflowMessage(this, triggers);
  }
}
