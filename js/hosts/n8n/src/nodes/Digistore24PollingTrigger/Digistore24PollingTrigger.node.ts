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
export class Digistore24PollingTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Digistore24 Polling Trigger',
    name: 'digistore24PollingTrigger',
    icon: { light: 'file:../../icons/digistore24.svg', dark: 'file:../../icons/digistore24.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{ $parameter["event"] }}',
    description: 'Asks Digistore24 for what is new; a test in the editor loads the newest real one',
    defaults: { name: 'Digistore24 Polling Trigger' },
    polling: true,
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'digistore24Api', required: true }],
    properties: triggerProperties(triggers),
  };

  async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
    return poll(this, triggers);
  }
}
