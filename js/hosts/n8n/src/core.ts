/** What the nodes are made from: one file with the wasm in it, beside all the nodes of a package. */

export { default as entries } from 'catalog:core';
export { execute } from './action.js';
export { loadOptionsOf } from './choices.js';
export { customFields } from './custom-fields.js';
export { triggersBy } from './entry.js';
export { actionProperties, inputFields, operationsOf } from './operations.js';
export { poll } from './poll.js';
export { triggerProperties } from './trigger.js';
export { ipnMessage, ipnMethods, workflowMessage } from './webhook.js';
