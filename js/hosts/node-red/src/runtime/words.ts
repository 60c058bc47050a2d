import { type ErrorDetails, PluginError } from 'ghl-digistore24';

/**
 * An error as Node-RED hands it on: a Catch node gets `msg.error.message` for people, `msg.error.code` to branch on, and all
 * details (code, message, help, …) as `msg.error.cause`.
 */
export function nodeError(thrown: unknown): Error {
  const details = detailsOf(thrown);
  const error = Object.assign(new Error(words(details), { cause: details }), { code: details.code });
  // Node-RED writes the text with the error's name before it, and hands the stack to every Catch node.
  error.name = '';
  Reflect.deleteProperty(error, 'stack');
  return error;
}

/** Of a foreign error only its text is known: it comes from the expression or property that a person wrote. */
export function detailsOf(thrown: unknown): ErrorDetails {
  if (thrown instanceof PluginError) return thrown.toJSON();
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'invalid_input', message, help: 'Correct the field in the node.', retryable: false };
}

/** What happened, what to do, and the code for whoever asks for help. */
export function words({ code, message, help, notes = [], fields = [] }: ErrorDetails): string {
  const wrong = fields.filter(({ path }) => !message.includes(path)).map(({ path, problem }) => `${path} ${problem}`);
  return `${[message, ...wrong, ...notes, help].map(sentence).join(' ')} (${code})`;
}

/** What a person has to change in a node. */
export const misconfigured = (message: string, help: string): PluginError =>
  new PluginError({ code: 'misconfigured', message, help, retryable: false });

const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);
