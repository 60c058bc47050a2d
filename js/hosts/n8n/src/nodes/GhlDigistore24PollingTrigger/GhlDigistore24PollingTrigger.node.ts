import {
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  type IPollFunctions,
  NodeConnectionTypes,
} from 'n8n-workflow';
import { entries, poll, triggerProperties, triggersBy } from '../../core.js';

const triggers = triggersBy('polling', entries);

/** What is new, asked for every few minutes. */
export class GhlDigistore24PollingTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'HighLevel + Digistore24 Polling Trigger',
    name: 'ghlDigistore24PollingTrigger',
    icon: { light: 'file:../../icons/ghl.svg', dark: 'file:../../icons/ghl.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{ $parameter["event"] }}',
    description: 'Asks HighLevel or Digistore24 for what is new; a test in the editor loads the newest real one',
    defaults: { name: 'HighLevel + Digistore24 Polling Trigger' },
    polling: true,
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'highLevelPrivateIntegrationApi' }, { name: 'digistore24Api' }],
    properties: triggerProperties(triggers),
  };

  async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
    return poll(this, triggers);
  }
}
