import { type ErrorDetails, PluginError } from 'ghl-digistore24';
import { type INode, type JsonObject, NodeApiError, NodeOperationError } from 'n8n-workflow';

/** An error as n8n shows it: what happened above, what to do below, and the code for whoever asks for help. */
export function nodeError(node: INode, thrown: unknown, itemIndex?: number): NodeApiError | NodeOperationError {
  const at = itemIndex === undefined ? {} : { itemIndex };
  if (!(thrown instanceof PluginError)) return new NodeOperationError(node, thrown as Error, at);
  const details = thrown.toJSON();
  const { code, message, status } = details;
  return new NodeApiError(node, plain({ code, message }), {
    message,
    description: descriptionOf(details),
    ...(status !== undefined && status !== null && { httpCode: String(status) }),
    ...at,
  });
}

/** For an item that goes on in spite of its error. */
export function itemError(thrown: unknown): JsonObject {
  if (thrown instanceof PluginError) return plain({ error: thrown.toJSON() });
  return { error: { message: thrown instanceof Error ? thrown.message : String(thrown) } };
}

/** What a person has to change. */
export const misconfigured = (message: string, help: string): PluginError =>
  new PluginError({ code: 'misconfigured', message, help, retryable: false });

function descriptionOf({ code, help, fields = [], notes = [] }: ErrorDetails): string {
  const wrong = fields.map(({ path, problem }) => `${path}: ${problem}.`);
  return [...wrong, ...notes, `${help} (${code})`].join(' ');
}

const plain = (value: object) => JSON.parse(JSON.stringify(value)) as JsonObject;
