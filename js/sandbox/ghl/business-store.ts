import type { World } from '../state.js';
import type { Business } from './data.js';

/** Finds a business of a location by name, whatever its case. */
export function findBusiness(world: World, locationId: string, name: string): Business | undefined {
  const wanted = name.trim().toLowerCase();
  return [...world.ghl.businesses.values()].find(
    (business) => business.locationId === locationId && business.name.toLowerCase() === wanted,
  );
}

/** Makes a business. HighLevel accepts the same name twice. */
export function addBusiness(world: World, locationId: string, name: string, details: Record<string, string>): Business {
  const now = world.isoNow();
  const id = world.ids.id('business');
  const business: Business = { id, name, locationId, details, createdAt: now, updatedAt: now };
  world.ghl.businesses.set(id, business);
  return business;
}
