import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';
import {
  actionProperties,
  customFields,
  entries,
  execute,
  inputFields,
  loadOptionsOf,
  operationsOf,
} from '../../core.js';

/** Every operation of both services, and the sync. */
export class GhlDigistore24 implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'HighLevel + Digistore24',
    name: 'ghlDigistore24',
    icon: { light: 'file:../../icons/ghl.svg', dark: 'file:../../icons/ghl.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ $parameter["operation"] || $parameter["anyOperation"] }}',
    description: 'HighLevel (GoHighLevel) and Digistore24: every operation of both, and the sync between them',
    defaults: { name: 'HighLevel + Digistore24' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [
      { name: 'highLevelPrivateIntegrationApi' },
      { name: 'digistore24Api' },
      { name: 'ghlDigistore24ReceiverApi' },
    ],
    properties: actionProperties(entries),
  };

  methods = {
    loadOptions: { ...loadOptionsOf(entries), operations: operationsOf() },
    resourceMapping: { inputFields, customFields },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return execute(this, entries);
  }
}
