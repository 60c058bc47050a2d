// What the tests of actions for people share: a sandbox, a new plugin before each test, and short ways to ask both.
import { after, beforeEach } from 'node:test';
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { pluginOn } from './support.mjs';

export const sandbox = await startSandbox();
export let plugin;
const plugins = [];
after(async () => {
  await Promise.all(plugins.map((one) => one.close()));
  await sandbox.close();
});
beforeEach(async () => {
  sandbox.reset();
  plugin = await open();
});

export async function open(more) {
  const one = await pluginOn(sandbox, more);
  plugins.push(one);
  return one;
}

export const email = 'ayse.demir@shop.test';

/** Method and path of the calls since a mark, without the query. */
export const mark = () => sandbox.requests().length;
export const callsSince = (from) =>
  sandbox
    .requests()
    .slice(from)
    .map(({ method, path }) => `${method} ${path.split('?')[0]}`);

export const state = () => sandbox.state();
export const only = () => state().contacts[0];

export async function contactOf(fields = {}) {
  return (await plugin.ghl.contacts.createContact({ email, firstName: 'Ayşe', ...fields })).contact.id;
}

export async function field(name, dataType, options) {
  const { customField } = await plugin.ghl.locations.createCustomField({ name, dataType, model: 'contact' });
  if (options) sandbox.setOptions(customField.id, options);
  return customField.id;
}

/** The first so many requests to a path get an answer of this status. */
export const breakAt = (method, path, status = 500, times = 9) =>
  sandbox.fault({ service: 'ghl', kind: 'status', method, path, status, body: { statusCode: status }, times });

/** A path of the wrong field, with what is wrong. */
export const fieldsOf = (error) => Object.fromEntries((error.fields ?? []).map(({ path, problem }) => [path, problem]));
