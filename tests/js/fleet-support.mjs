// A fleet on the sandbox: many vendors, many locations, one sandbox with a token for each location.
import { startSandbox } from '../../pkg/dist/sandbox/index.js';
import { createFleet, memoryStore } from '../../pkg/dist/src/index.js';
import { form } from './support.mjs';

export const tokenOf = (id) => `${id}-address-token-0123`;
export const phraseOf = (id) => `${id}-phrase`;
export const locationOf = (id, n = 0) => `loc${id}x${n}`;
export const pitOf = (location) => `pit-${location}`;

/** A connection with so many locations; the product `${10 + n}` goes to the n-th. */
export function connection(sandbox, id, { locations = 1, ...more } = {}) {
  const all = Array.from({ length: locations }, (_, n) => locationOf(id, n));
  return {
    id,
    token: tokenOf(id),
    digistore24: { merchantId: merchantOf(id), ipn: [{ id: 'shop', passphrases: [phraseOf(id)] }] },
    highlevel: all.map((locationId) => ({
      locationId,
      auth: { kind: 'private-integration', token: pitOf(locationId) },
      baseUrl: sandbox.highlevelUrl,
    })),
    ...(locations > 1 && {
      routes: all.map((location, n) => ({ when: { product_ids: String(10 + n) }, location })),
    }),
    ...more,
  };
}

/** Each vendor has a number of its own. */
export const merchantOf = (id) => `7${id.replace(/\D/g, '').padStart(4, '0')}`;

/** A sandbox in which each location has a token that opens no other. */
export async function sandboxFor(connectionIds, locations = () => 1) {
  const sandbox = await startSandbox();
  const all = connectionIds.flatMap((id) => Array.from({ length: locations(id) }, (_, n) => locationOf(id, n)));
  sandbox.configure({
    locations: Object.fromEntries(all.map((id) => [id, { name: id }])),
    tokens: Object.fromEntries(all.map((id) => [pitOf(id), { locations: [id] }])),
  });
  return sandbox;
}

/** A fleet that keeps its log in `lines`. */
export async function fleetOn(connections, more = {}) {
  const lines = [];
  const fleet = await createFleet({
    connections,
    store: memoryStore(),
    settleSeconds: 0,
    log: (line) => lines.push(line),
    ...more,
  });
  return Object.assign(fleet, { lines });
}

/** A message of a vendor, signed with its passphrase, at its address. */
export function ipn(id, message, { token = tokenOf(id), secret = phraseOf(id), merchant = merchantOf(id) } = {}) {
  return {
    method: 'POST',
    url: `/webhooks/digistore24/${id}/${token}`,
    body: form({ ...message, merchant_id: merchant }, secret),
  };
}
