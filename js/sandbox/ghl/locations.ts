import { Hono } from 'hono';
import { locationSettings } from '../settings.js';
import type { World } from '../state.js';
import { cleanTags } from './contact-body.js';
import { type GhlContext, type GhlEnv, pathLocation, queryLocation, readBody, scope } from './context.js';
import type { CustomField } from './data.js';
import { badRequest, notFound } from './problem.js';
import { FLAG, LIST, NEEDED, NUMBER, type Shape, TEXT, text } from './validate.js';

const READ = 'locations/customFields.readonly';
const WRITE = 'locations/customFields.write';

const DATA_TYPES = [
  'TEXT',
  'LARGE_TEXT',
  'NUMERICAL',
  'PHONE',
  'MONETORY',
  'CHECKBOX',
  'SINGLE_OPTIONS',
  'MULTIPLE_OPTIONS',
  'RADIO',
  'DATE',
  'TEXTBOX_LIST',
  'FILE_UPLOAD',
  'SIGNATURE',
] as const;

const UPDATE: Shape = {
  name: NEEDED,
  placeholder: TEXT,
  acceptedFormat: LIST,
  isMultipleFile: FLAG,
  maxNumberOfFiles: NUMBER,
  textBoxListOptions: LIST,
  position: NUMBER,
  model: { kind: 'string', oneOf: ['contact', 'opportunity'] },
};

/** CreateCustomFieldsDTO, and the three properties that work without being in it. */
const CREATE: Shape = {
  ...UPDATE,
  dataType: { kind: 'string', required: true, oneOf: DATA_TYPES },
  parentId: TEXT,
  fieldKey: TEXT,
  description: TEXT,
};

/** Locations, their tags, custom fields and users (apps/locations.json, apps/users.json). */
export function locationRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.get('/locations/:locationId', scope('locations.readonly'), (c) => {
    const id = pathLocation(world, c);
    return c.json({ location: locationView(world, id), traceId: world.ids.uuid('trace') });
  });

  app.get('/locations/:locationId/tags', scope('locations/tags.readonly'), (c) => {
    const locationId = pathLocation(world, c);
    const names = new Set(world.ghl.tags.get(locationId));
    for (const contact of world.ghl.contacts.values()) {
      if (contact.locationId === locationId) for (const tag of contact.tags) names.add(tag);
    }
    return c.json({ tags: Array.from(names, (name) => ({ id: name, name, locationId })) });
  });

  app.post('/locations/:locationId/tags', scope('locations/tags.write'), async (c) => {
    const locationId = pathLocation(world, c);
    const [name = ''] = cleanTags([text(await readBody(c, { name: NEEDED }), 'name') ?? '']);
    const tags = world.ghl.tags.get(locationId) ?? [];
    // What the real service says here is not documented; that there is one tag of a name is what matters.
    if (tags.includes(name)) throw badRequest(`The tag name ${name} is already exist.`, { error: 'Bad Request' });
    world.ghl.tags.set(locationId, [...tags, name]);
    return c.json({ tag: { id: name, name, locationId } }, 201);
  });

  const fields = '/locations/:locationId/customFields';

  app.get(fields, scope(READ), (c) => {
    const locationId = pathLocation(world, c);
    const model = c.req.query('model') ?? 'contact';
    const customFields = [...world.ghl.customFields.values()].filter(
      (field) => field.locationId === locationId && (model === 'all' || field.model === model),
    );
    return c.json({ customFields });
  });

  app.post(fields, scope(WRITE), async (c) => {
    const locationId = pathLocation(world, c);
    const body = await readBody(c, CREATE);
    const name = text(body, 'name') ?? '';
    const model = text(body, 'model') === 'opportunity' ? 'opportunity' : 'contact';
    const field: CustomField = {
      id: world.ids.id('customField'),
      name,
      fieldKey: fullKey(model, text(body, 'fieldKey') ?? name),
      placeholder: text(body, 'placeholder') ?? '',
      dataType: text(body, 'dataType') ?? '',
      position: Number(body.position ?? 0),
      model,
      locationId,
      dateAdded: world.isoNow(),
    };
    refuseSameKey(world, field);
    world.ghl.customFields.set(field.id, field);
    return c.json({ customField: field }, 201);
  });

  app.get(`${fields}/:id`, scope(READ), (c) => c.json({ customField: pathField(world, c) }));

  app.put(`${fields}/:id`, scope(WRITE), async (c) => {
    const field = pathField(world, c);
    const body = await readBody(c, UPDATE);
    field.name = text(body, 'name') ?? field.name;
    field.placeholder = text(body, 'placeholder') ?? field.placeholder;
    field.position = Number(body.position ?? field.position);
    return c.json({ customField: field });
  });

  app.delete(`${fields}/:id`, scope(WRITE), (c) => {
    const field = pathField(world, c);
    world.ghl.customFields.delete(field.id);
    for (const contact of world.ghl.contacts.values()) contact.custom.delete(field.id);
    return c.json({ succeded: true });
  });

  app.get('/users', scope('users.readonly'), (c) =>
    c.json({ users: usersOf(world, queryLocation(world, c, 'locationId')) }),
  );

  app.get('/users/search', scope('users.readonly'), (c) => {
    const users = usersOf(world, queryLocation(world, c, 'locationId'));
    return c.json({ users, count: users.length });
  });

  return app;
}

function pathField(world: World, c: GhlContext): CustomField {
  const locationId = pathLocation(world, c);
  const id = c.req.param('id') ?? '';
  const field = world.ghl.customFields.get(id);
  if (field?.locationId !== locationId) throw notFound('Custom field', id);
  return field;
}

/** `contact.` and the name in snake case. */
function fullKey(model: string, name: string): string {
  const bare = name.replace(/^(contact|opportunity)\./, '');
  const snake = bare
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '');
  return `${model}.${snake}`;
}

/** What the real service says here is not documented; that it refuses is what matters. */
function refuseSameKey(world: World, field: CustomField): void {
  const same = [...world.ghl.customFields.values()].some(
    (other) => other.locationId === field.locationId && other.fieldKey === field.fieldKey,
  );
  if (same) throw badRequest(`${field.fieldKey} already exists`, { error: 'Bad Request' });
}

function locationView(world: World, id: string): Record<string, unknown> {
  const settings = locationSettings(world.settings, id);
  return {
    id,
    companyId: 'sandboxCompany000001',
    name: settings.name,
    country: settings.country,
    timezone: settings.timezone,
    email: 'owner@example.com',
    business: { name: settings.name, country: settings.country, timezone: settings.timezone },
    settings: {
      allowDuplicateContact: settings.allowDuplicateContact,
      allowDuplicateOpportunity: settings.allowDuplicateOpportunity,
      allowFacebookNameMerge: false,
      disableContactTimezone: false,
    },
  };
}

function usersOf(world: World, locationId: string): Record<string, unknown>[] {
  return world.ghl.users
    .filter((user) => user.locationId === locationId)
    .map(({ id, name, email }) => ({
      id,
      name,
      firstName: name.split(' ')[0],
      lastName: name.split(' ').slice(1).join(' '),
      email,
      roles: { type: 'account', role: 'admin', locationIds: [locationId] },
    }));
}
