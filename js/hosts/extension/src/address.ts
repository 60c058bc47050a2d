/** HighLevel's own address; agencies have addresses of their own. */
export const APP = 'app.gohighlevel.com';

/** A contact's page. */
export interface Place {
  locationId: string | null;
  contactId: string;
}

/**
 * The contact whose page an address is: `/v2/location/<id>/contacts/detail/<id>`, also with what follows behind it, or with
 * `smart_list/…` before it. Null for any other page.
 *
 * @param domains hosts of agencies under which HighLevel runs, beside HighLevel's own
 */
export function placeOf(url: string | undefined, domains: readonly string[] = []): Place | null {
  if (!url) return null;
  let address: URL;
  try {
    address = new URL(url);
  } catch {
    return null;
  }
  if (address.protocol !== 'https:' || ![APP, ...domains].includes(address.hostname)) return null;
  const contactId = /\/contacts\/detail\/([A-Za-z0-9]{6,40})(?:\/|$)/.exec(address.pathname)?.[1];
  if (!contactId) return null;
  return { contactId, locationId: /\/location\/([A-Za-z0-9]{6,40})\//.exec(address.pathname)?.[1] ?? null };
}

/** Whether an address is HighLevel's at all. */
export function isApp(url: string | undefined, domains: readonly string[] = []): boolean {
  return url !== undefined && URL.canParse(url) && [APP, ...domains].includes(new URL(url).hostname);
}

/** A host as a person types it, `https://crm.agency.example/`, as `crm.agency.example`; null where it is none. */
export function domainOf(text: string): string | null {
  const typed = text.trim().toLowerCase();
  try {
    const { hostname } = new URL(typed.includes('://') ? typed : `https://${typed}`);
    return hostname.includes('.') ? hostname : null;
  } catch {
    return null;
  }
}
