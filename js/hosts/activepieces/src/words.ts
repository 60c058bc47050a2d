import { type ErrorDetails, PluginError } from 'ghl-digistore24';

/** An error as Activepieces shows it: one text. What happened, what to do, and the code for whoever asks for help. */
export function words({ code, message, help, notes = [], fields = [] }: ErrorDetails): string {
  // A single wrong field is mostly named by the message.
  const wrong = fields.filter(({ path }) => !message.includes(path)).map(({ path, problem }) => `${path} ${problem}`);
  return `${[message, ...wrong, ...notes, help].map(sentence).join(' ')} (${code})`;
}

/** What was thrown, in words; an error of somebody else stays as it is. */
export function inWords(thrown: unknown): unknown {
  return thrown instanceof PluginError ? new Error(words(thrown.toJSON()), { cause: thrown }) : thrown;
}

/** Does something; its errors are in words. */
export async function saying<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw inWords(thrown);
  }
}

/** What a person has to change in the connection. */
export const misconfigured = (message: string, help: string): PluginError =>
  new PluginError({ code: 'misconfigured', message, help, retryable: false });

const sentence = (text: string): string => {
  const whole = text.trim();
  // A name such as `customFields[0].id` stays as it is.
  const begins = /^[a-z]+[\s,]/.test(whole) ? whole.charAt(0).toUpperCase() + whole.slice(1) : whole;
  return /[.!?]$/.test(begins) ? begins : `${begins}.`;
};
