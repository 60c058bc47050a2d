import { Hono } from 'hono';
import type { World } from '../state.js';
import { cleanTags } from './contact-body.js';
import { addTags, removeTags } from './contact-store.js';
import { enter, type GhlEnv, pathContact, readBody, scope } from './context.js';
import type { Contact } from './data.js';
import { unprocessable } from './problem.js';
import { FLAG, NEEDED, type Rule, type Shape, text, texts } from './validate.js';

const WRITE = 'contacts.write';
const NEEDED_TEXTS: Rule = { kind: 'strings', required: true };
const TAGS: Shape = { tags: NEEDED_TEXTS };
const BULK: Shape = { contacts: NEEDED_TEXTS, tags: NEEDED_TEXTS, locationId: NEEDED, removeAllTags: FLAG };

/** Adding and removing tags (apps/contacts.json). */
export function tagRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.post('/contacts/bulk/tags/update/:type', scope(WRITE), async (c) => {
    const type = c.req.param('type');
    if (type !== 'add' && type !== 'remove') {
      throw unprocessable(['type must be one of the following values: add, remove']);
    }
    const body = await readBody(c, BULK);
    const locationId = text(body, 'locationId') ?? '';
    enter(world, c, locationId);
    const change: BulkChange = {
      type,
      tags: cleanTags(texts(body, 'tags')),
      removeAll: body.removeAllTags === true,
    };
    const responses = texts(body, 'contacts').map((id) => bulkOne(world, locationId, id, change));
    const errorCount = responses.filter((response) => response.type === 'error').length;
    return c.json({ succeded: errorCount === 0, errorCount, responses }, 201);
  });

  app.post('/contacts/:contactId/tags', scope(WRITE), async (c) => {
    const contact = pathContact(world, c);
    const tags = cleanTags(texts(await readBody(c, TAGS), 'tags'));
    const tagsAdded = addTags(world, contact, tags, 'tags');
    return c.json({ tags: contact.tags, tagsAdded, traceId: world.ids.uuid('trace') }, 201);
  });

  app.delete('/contacts/:contactId/tags', scope(WRITE), async (c) => {
    const contact = pathContact(world, c);
    const tags = cleanTags(texts(await readBody(c, TAGS), 'tags'));
    const tagsRemoved = removeTags(world, contact, tags, 'tags');
    return c.json({ tags: contact.tags, tagsRemoved, traceId: world.ids.uuid('trace') });
  });

  return app;
}

interface BulkChange {
  type: 'add' | 'remove';
  tags: string[];
  removeAll: boolean;
}

interface BulkAnswer {
  contactId: string;
  message: string;
  type: 'success' | 'error';
  oldTags?: string[];
  tagsAdded?: string[];
  tagsRemoved?: string[];
}

/** One contact of a bulk change; a contact that fails doesn't stop the others. */
function bulkOne(world: World, locationId: string, id: string, change: BulkChange): BulkAnswer {
  const contact = world.ghl.contacts.get(id);
  const refused = refusal(contact, locationId);
  if (!contact || refused) return { contactId: id, message: refused ?? '', type: 'error' };
  const oldTags = [...contact.tags];
  const gone = change.type === 'remove' ? change.tags : change.removeAll ? oldTags : [];
  const tagsRemoved = removeTags(world, contact, gone, 'bulk');
  const tagsAdded = change.type === 'add' ? addTags(world, contact, change.tags, 'bulk') : [];
  return { contactId: id, message: 'Tags updated', type: 'success', oldTags, tagsAdded, tagsRemoved };
}

function refusal(contact: Contact | undefined, locationId: string): string | undefined {
  if (!contact) return 'contact id is not a valid firebase id';
  if (contact.removed) return 'contact is deleted';
  return contact.locationId === locationId ? undefined : 'contact does not belong to location';
}
