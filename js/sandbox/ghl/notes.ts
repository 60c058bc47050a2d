import { Hono } from 'hono';
import { record } from '../recorder.js';
import type { World } from '../state.js';
import { type GhlContext, type GhlEnv, pathContact, readBody, scope } from './context.js';
import type { Contact, Note } from './data.js';
import { notFound } from './problem.js';
import { type Body, FLAG, NEEDED, type Shape, TEXT, text } from './validate.js';

const READ = 'contacts.readonly';
const WRITE = 'contacts.write';

const UPDATE: Shape = { userId: TEXT, body: TEXT, title: TEXT, color: TEXT, pinned: FLAG };
const CREATE: Shape = { ...UPDATE, body: NEEDED };

/** The notes of a contact (apps/contacts.json). */
export function noteRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.get('/contacts/:contactId/notes', scope(READ), (c) =>
    c.json({ notes: [...pathContact(world, c).notes].reverse() }),
  );

  app.post('/contacts/:contactId/notes', scope(WRITE), async (c) => {
    const contact = pathContact(world, c);
    const body = await readBody(c, CREATE);
    const note: Note = {
      id: world.ids.id('note'),
      contactId: contact.id,
      body: text(body, 'body') ?? '',
      pinned: false,
      dateAdded: world.isoNow(),
    };
    write(note, body);
    contact.notes.push(note);
    record(world, 'note_created', contact, { noteId: note.id, title: note.title ?? '' });
    return c.json({ note }, 201);
  });

  app.get('/contacts/:contactId/notes/:id', scope(READ), (c) => c.json({ note: pathNote(pathContact(world, c), c) }));

  app.put('/contacts/:contactId/notes/:id', scope(WRITE), async (c) => {
    const note = pathNote(pathContact(world, c), c);
    write(note, await readBody(c, UPDATE));
    return c.json({ note });
  });

  app.delete('/contacts/:contactId/notes/:id', scope(WRITE), (c) => {
    const contact = pathContact(world, c);
    const note = pathNote(contact, c);
    contact.notes = contact.notes.filter((other) => other !== note);
    return c.json({ succeded: true });
  });

  return app;
}

function pathNote(contact: Contact, c: GhlContext): Note {
  const id = c.req.param('id') ?? '';
  const note = contact.notes.find((one) => one.id === id);
  if (!note) throw notFound('Note', id);
  return note;
}

function write(note: Note, body: Body): void {
  for (const name of ['userId', 'body', 'title', 'color'] as const) {
    const value = body[name];
    if (typeof value === 'string') note[name] = value;
  }
  if (typeof body.pinned === 'boolean') note.pinned = body.pinned;
}
