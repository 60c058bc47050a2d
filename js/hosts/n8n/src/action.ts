import type { JsonObject, Plugin, PluginError } from 'ghl-digistore24';
import { loadChoices } from 'ghl-digistore24/form';
import {
  type IDataObject,
  type IExecuteFunctions,
  type ILoadOptionsFunctions,
  type INodeExecutionData,
  type INodePropertyOptions,
  type INodeType,
  type INodeTypeDescription,
  NodeApiError,
  NodeConnectionTypes,
} from 'n8n-workflow';
import { CREDENTIALS, connect } from './connection.js';
import { inputFrom, valuesFrom } from './input.js';
import type { Face } from './properties.js';

/** What sets one package's node apart from the other's. */
export interface Flavour {
  name: string;
  displayName: string;
  description: string;
  services: (keyof typeof CREDENTIALS)[];
}

/** The class of an action node. */
export function actionNode(flavour: Flavour, face: Face): new () => INodeType {
  const { name, displayName, description, services } = flavour;
  return class implements INodeType {
    description: INodeTypeDescription = {
      name,
      displayName,
      description,
      icon: 'file:node.svg',
      group: ['transform'],
      version: 1,
      subtitle: '={{ $parameter.operation }}',
      defaults: { name: displayName },
      inputs: [NodeConnectionTypes.Main],
      outputs: [NodeConnectionTypes.Main],
      usableAsTool: true,
      credentials: services.map((service) => ({ name: CREDENTIALS[service], required: services.length === 1 })),
      properties: face.properties,
    };

    methods = {
      loadOptions: Object.fromEntries(
        Object.entries(face.choices).map(([method, source]) => [
          method,
          async function (this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
            const { fields } = operationOf(face, String(this.getCurrentNodeParameter('operation')));
            const values = valuesFrom(fields, (parameter) => this.getCurrentNodeParameter(parameter));
            const choices = await using(this, services, (plugin) => loadChoices(plugin, source, values));
            return choices.map(({ value, label }) => ({ value, name: label }));
          },
        ]),
      ),
    };

    async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
      const output = await using(this, services, async (plugin) => {
        const done: INodeExecutionData[] = [];
        for (const index of this.getInputData().keys()) done.push(...(await perform(this, plugin, face, index)));
        return done;
      });
      return [output];
    }
  };
}

/** The results for one item that came in. */
async function perform(
  context: IExecuteFunctions,
  plugin: Plugin,
  face: Face,
  index: number,
): Promise<INodeExecutionData[]> {
  const pairedItem = { item: index };
  try {
    const read = (name: string) => context.getNodeParameter(name, index, undefined) as unknown;
    const id = String(read('operation'));
    const { fields, isList } = operationOf(face, id);
    const results = await resultsOf(plugin, id, inputFrom(fields, read), isList, read);
    return results.map((result) => ({ json: asObject(result), pairedItem }));
  } catch (error) {
    const { code, message, help } = error as PluginError;
    if (context.continueOnFail()) return [{ json: { error: { code, message, help } }, pairedItem }];
    throw new NodeApiError(
      context.getNode(),
      { message, code },
      { message, ...(help && { description: help }), itemIndex: index },
    );
  }
}

async function resultsOf(
  plugin: Plugin,
  id: string,
  input: JsonObject,
  isList: boolean,
  read: (name: string) => unknown,
): Promise<unknown[]> {
  if (!isList) return [await plugin.run(id, input)];
  const limit = read('returnAll') === true ? {} : { limit: Number(read('limit')) };
  const items: unknown[] = [];
  for await (const item of plugin.list(id, input, limit)) items.push(item);
  return items;
}

async function using<T>(
  context: IExecuteFunctions | ILoadOptionsFunctions,
  services: Flavour['services'],
  work: (plugin: Plugin) => Promise<T>,
): Promise<T> {
  const plugin = await connect(context, services);
  try {
    return await work(plugin);
  } finally {
    await plugin.close();
  }
}

/** An operation that a newer version of the package may have dropped. */
function operationOf(face: Face, id: string): Face['operations'][string] {
  const operation = face.operations[id];
  if (!operation)
    throw Object.assign(new Error(`there is no operation ${id}`), {
      code: 'invalid_input',
      help: 'Choose another one.',
    });
  return operation;
}

/** n8n's items are objects. */
const asObject = (value: unknown): IDataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as IDataObject)
    : { value: value as IDataObject[] };
