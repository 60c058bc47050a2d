// What the compiler must accept of a fleet and what it must refuse. It is compiled only, never run.
import {
  createFleet,
  createPlugin,
  createRouter,
  type FleetConnection,
  memoryStore,
} from '../../pkg/dist/src/index.js';

const connection: FleetConnection = {
  id: 'herbs',
  token: 'a-token-of-some-length',
  digistore24: { apiKey: 'k', ipn: [{ id: 'shop', passphrases: ['new', 'old'] }] },
  highlevel: [{ locationId: 'loc1', auth: { kind: 'private-integration', token: 't' } }],
  routes: [{ when: { product_ids: [512345, '512346'], language: 'de' }, location: 'loc1', mapping: 'shared' }],
};

export async function accepted(request: Request) {
  const fleet = await createFleet({
    connections: [connection],
    mappings: { shared: { notes: 'none' } },
    storeFor: ({ location }) => (location === null ? memoryStore() : Promise.resolve(memoryStore())),
  });
  const { response, location } = await fleet.receive(request);
  location?.toUpperCase();
  const { places } = await fleet.tick({ maxRequests: 100 });
  for (const { connection, error, events } of places) error?.message.concat(connection, String(events.length));
  const plugin = await fleet.plugin('herbs');
  await plugin.ghl.contacts.addTags({ contactId: 'c', tags: [] });
  (await fleet.deadLetters.list())[0]?.location?.toUpperCase();

  const router = await createRouter({ connections: [connection] });
  const routed = await router.route(request, { trace: 'mine' });
  if ('message' in routed) {
    const own = await createPlugin(router.options(routed.connection, routed.location));
    await own.receive(routed.message, { trace: routed.trace, parked: routed.location === null });
  }
  return response;
}

export async function refused() {
  // @ts-expect-error no connections
  await createFleet({});
  // @ts-expect-error a location without its id
  await createFleet({ connections: [{ id: 'a', highlevel: [{ auth: { kind: 'host' } }] }] });
  // @ts-expect-error a condition that a route doesn't know
  await createFleet({ connections: [{ ...connection, routes: [{ when: { product: 1 }, location: 'l' }] }] });
  const location = { locationId: 'l', auth: { kind: 'host' as const } };
  // @ts-expect-error the token of workflows is the connection's
  const one: FleetConnection['highlevel'] = [{ ...location, workflowToken: 't' }];
  return one;
}
