import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';
import { actionProperties, entries, execute, inputFields, loadOptionsOf, operationsOf } from '../../core.js';

/** Every function of Digistore24. */
export class Digistore24 implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Digistore24',
    name: 'digistore24',
    icon: { light: 'file:../../icons/digistore24.svg', dark: 'file:../../icons/digistore24.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ $parameter["operation"] || $parameter["anyOperation"] }}',
    description: 'Orders, buyers, products, vouchers and everything else of Digistore24',
    defaults: { name: 'Digistore24' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'digistore24Api', required: true }],
    properties: actionProperties(entries),
  };

  methods = {
    loadOptions: { ...loadOptionsOf(entries), operations: operationsOf('digistore24') },
    resourceMapping: { inputFields },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return execute(this, entries);
  }
}
