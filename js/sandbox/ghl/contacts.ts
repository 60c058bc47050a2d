import { Hono } from 'hono';
import { locationSettings } from '../settings.js';
import type { World } from '../state.js';
import {
  type ContactChange,
  CREATE_SHAPE,
  contactChange,
  phoneNumber,
  UPDATE_SHAPE,
  UPSERT_SHAPE,
} from './contact-body.js';
import {
  changeContact,
  createContact,
  deleteContact,
  findMatches,
  firstMatch,
  linkBusiness,
  living,
  type Matches,
  refuseDuplicate,
} from './contact-store.js';
import { enter, findContact, type GhlEnv, pathContact, queryLocation, readBody, scope } from './context.js';
import type { Contact } from './data.js';
import { notFound, unprocessable } from './problem.js';
import { NEEDED, type Shape, text, texts } from './validate.js';
import { contactView } from './views.js';

const READ = 'contacts.readonly';
const WRITE = 'contacts.write';

const BULK_BUSINESS_SHAPE: Shape = {
  locationId: NEEDED,
  ids: { kind: 'strings', required: true },
  businessId: { kind: 'string', nullable: true },
};

/** The contacts themselves (apps/contacts.json of HighLevel's API documentation). */
export function contactRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.get('/contacts/search/duplicate', scope(READ), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    const email = c.req.query('email')?.trim().toLowerCase() ?? null;
    const number = c.req.query('number');
    const { country } = locationSettings(world.settings, locationId);
    const phone = number ? (phoneNumber(number, country) ?? null) : null;
    if (!email && !number) throw unprocessable(['email or number is required']);
    const match = firstMatch(world, locationId, findMatches(world, locationId, { email, phone }));
    return c.json({ contact: match ? contactView(match.contact) : null });
  });

  app.get('/contacts/business/:businessId', scope(READ), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    const all = living(world, locationId).filter(({ fields }) => fields.businessId === c.req.param('businessId'));
    const found = all.filter((contact) => mentions(contact, c.req.query('query')));
    const skip = Number(c.req.query('skip') ?? 0);
    const page = found.slice(skip, skip + Number(c.req.query('limit') ?? 25));
    return c.json({ contacts: page.map(contactView), count: found.length });
  });

  app.post('/contacts/bulk/business', scope(WRITE), async (c) => {
    const body = await readBody(c, BULK_BUSINESS_SHAPE);
    enter(world, c, text(body, 'locationId') ?? '');
    const businessId = text(body, 'businessId') ?? null;
    if (businessId && !world.ghl.businesses.has(businessId)) throw notFound('Business', businessId);
    const ids = texts(body, 'ids');
    if (ids.length > 50) throw unprocessable(['ids must contain no more than 50 elements']);
    for (const contact of ids.map((id) => findContact(world, c, id))) {
      linkBusiness(world, contact, businessId);
    }
    return c.json({ success: true, ids });
  });

  app.post('/contacts/upsert', scope(WRITE), async (c) => {
    const body = await readBody(c, UPSERT_SHAPE);
    const locationId = text(body, 'locationId') ?? '';
    enter(world, c, locationId);
    const change = contactChange(world, locationId, body);
    const { contact, isNew } = upsert(world, locationId, change, body.createNewIfDuplicateAllowed === true);
    const traceId = world.ids.uuid('trace');
    return c.json({ new: isNew, succeded: true, contact: contactView(contact), traceId });
  });

  app.get('/contacts', scope(READ), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    const limit = Number(c.req.query('limit') ?? 20);
    if (!(limit >= 1 && limit <= 100)) throw unprocessable(['limit must not be greater than 100']);
    const found = living(world, locationId)
      .filter((contact) => mentions(contact, c.req.query('query')))
      .reverse();
    const after = found.findIndex(({ id }) => id === c.req.query('startAfterId'));
    const page = found.slice(after + 1, after + 1 + limit);
    const last = page.at(-1);
    const more = last && found.at(-1) !== last;
    return c.json({
      contacts: page.map(contactView),
      count: found.length,
      meta: {
        total: found.length,
        startAfterId: more ? last.id : null,
        startAfter: more ? Date.parse(last.dateAdded) : null,
      },
      traceId: world.ids.uuid('trace'),
    });
  });

  app.post('/contacts', scope(WRITE), async (c) => {
    const body = await readBody(c, CREATE_SHAPE);
    const locationId = text(body, 'locationId') ?? '';
    enter(world, c, locationId);
    const change = contactChange(world, locationId, body);
    refuseDuplicate(world, locationId, change.fields);
    const contact = createContact(world, locationId, change);
    return c.json({ contact: contactView(contact), traceId: world.ids.uuid('trace') }, 201);
  });

  app.get('/contacts/:contactId', scope(READ), (c) =>
    c.json({ contact: contactView(pathContact(world, c)), traceId: world.ids.uuid('trace') }),
  );

  app.put('/contacts/:contactId', scope(WRITE), async (c) => {
    const contact = pathContact(world, c);
    const change = contactChange(world, contact.locationId, await readBody(c, UPDATE_SHAPE));
    refuseDuplicate(world, contact.locationId, change.fields, contact);
    changeContact(world, contact, change);
    const traceId = world.ids.uuid('trace');
    return c.json({ succeded: true, contact: contactView(contact), traceId });
  });

  app.delete('/contacts/:contactId', scope(WRITE), (c) => {
    deleteContact(world, pathContact(world, c));
    return c.json({ succeded: true, traceId: world.ids.uuid('trace') });
  });

  return app;
}

/**
 * Upsert obeys the location: where duplicates are allowed and asked for, it always creates; else it
 * updates the match that has priority, and silently leaves out the e-mail or phone of another.
 */
function upsert(
  world: World,
  locationId: string,
  change: ContactChange,
  createDuplicate: boolean,
): { contact: Contact; isNew: boolean } {
  const { allowDuplicateContact } = locationSettings(world.settings, locationId);
  const matches: Matches = findMatches(world, locationId, change.fields);
  const match = firstMatch(world, locationId, matches);
  if (!match || (createDuplicate && allowDuplicateContact)) {
    return { contact: createContact(world, locationId, change), isNew: true };
  }
  const { contact } = match;
  const fields = { ...change.fields };
  if (matches.email && matches.email !== contact) delete fields.email;
  if (matches.phone && matches.phone !== contact) delete fields.phone;
  changeContact(world, contact, { ...change, fields });
  return { contact, isNew: false };
}

function mentions({ fields }: Contact, query = ''): boolean {
  const { firstName, lastName, email, phone, companyName } = fields;
  const haystack = [`${firstName} ${lastName}`, email, phone, companyName].join('\n').toLowerCase();
  return haystack.includes(query.toLowerCase());
}
