import { Hono } from 'hono';
import { record } from '../recorder.js';
import type { World } from '../state.js';
import { living } from './contact-store.js';
import { type GhlContext, type GhlEnv, pathContact, pathLocation, readBody, scope } from './context.js';
import type { Contact, Task } from './data.js';
import { notFound, unprocessable } from './problem.js';
import { type Body, FLAG, NEEDED, NUMBER, type Shape, TEXT, TEXTS, text, texts } from './validate.js';

const READ = 'contacts.readonly';
const WRITE = 'contacts.write';

const UPDATE: Shape = {
  title: TEXT,
  body: TEXT,
  dueDate: { kind: 'date' },
  completed: FLAG,
  assignedTo: TEXT,
};
const COMPLETED: Shape = { completed: { kind: 'boolean', required: true } };
const CREATE: Shape = {
  ...UPDATE,
  ...COMPLETED,
  title: NEEDED,
  dueDate: { kind: 'date', required: true },
};
/** TaskSearchParamsDto. */
const SEARCH: Shape = {
  contactId: TEXTS,
  completed: FLAG,
  assignedTo: TEXTS,
  query: TEXT,
  limit: NUMBER,
  skip: NUMBER,
  businessId: TEXT,
};

/** The tasks of a contact, and the search in those of a location (apps/contacts.json, apps/locations.json). */
export function taskRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.post('/locations/:locationId/tasks/search', scope('locations/tasks.readonly'), async (c) => {
    const locationId = pathLocation(world, c);
    return c.json({ tasks: search(living(world, locationId), await readBody(c, SEARCH)) });
  });

  app.get('/contacts/:contactId/tasks', scope(READ), (c) =>
    c.json({ tasks: [...pathContact(world, c).tasks].reverse() }),
  );

  app.post('/contacts/:contactId/tasks', scope(WRITE), async (c) => {
    const contact = pathContact(world, c);
    const body = await readBody(c, CREATE);
    const task: Task = {
      id: world.ids.id('task'),
      contactId: contact.id,
      title: text(body, 'title') ?? '',
      dueDate: '',
      completed: false,
    };
    write(task, body);
    contact.tasks.push(task);
    record(world, 'task_created', contact, { taskId: task.id, title: task.title });
    if (task.completed) record(world, 'task_completed', contact, { taskId: task.id });
    return c.json({ task }, 201);
  });

  app.get('/contacts/:contactId/tasks/:taskId', scope(READ), (c) =>
    c.json({ task: pathTask(pathContact(world, c), c) }),
  );

  const update = (shape: Shape) => async (c: GhlContext) => {
    const contact = pathContact(world, c);
    const task = pathTask(contact, c);
    const before = task.completed;
    write(task, await readBody(c, shape));
    if (task.completed && !before) {
      record(world, 'task_completed', contact, { taskId: task.id, title: task.title });
    }
    return c.json({ task });
  };
  app.put('/contacts/:contactId/tasks/:taskId/completed', scope(WRITE), update(COMPLETED));
  app.put('/contacts/:contactId/tasks/:taskId', scope(WRITE), update(UPDATE));

  app.delete('/contacts/:contactId/tasks/:taskId', scope(WRITE), (c) => {
    const contact = pathContact(world, c);
    const task = pathTask(contact, c);
    contact.tasks = contact.tasks.filter((other) => other !== task);
    return c.json({ succeded: true });
  });

  return app;
}

function pathTask(contact: Contact, c: GhlContext): Task {
  const id = c.req.param('taskId') ?? '';
  const task = contact.tasks.find((one) => one.id === id);
  if (!task) throw notFound('Task', id);
  return task;
}

/**
 * A page of the tasks that all filters let through. The form of the answer and its order are not published: here the
 * tasks are those of the other endpoints, which carry no time.
 */
function search(contacts: Contact[], body: Body): Task[] {
  const [limit, skip] = [Number(body.limit ?? 25), Number(body.skip ?? 0)];
  if (limit < 1) throw unprocessable(['limit must not be less than 1']);
  if (skip < 0) throw unprocessable(['skip must not be less than 0']);
  const [contactIds, users] = [texts(body, 'contactId'), texts(body, 'assignedTo')];
  const [businessId, query] = [text(body, 'businessId'), text(body, 'query')?.toLowerCase() ?? ''];
  return contacts
    .filter(
      ({ id, fields }) =>
        (contactIds.length === 0 || contactIds.includes(id)) && (!businessId || fields.businessId === businessId),
    )
    .flatMap(({ tasks }) => tasks)
    .filter(
      ({ completed, assignedTo = '', title, body: more = '' }) =>
        completed === (body.completed ?? completed) &&
        (users.length === 0 || users.includes(assignedTo)) &&
        `${title}\n${more}`.toLowerCase().includes(query),
    )
    .reverse()
    .slice(skip, skip + limit);
}

function write(task: Task, body: Body): void {
  for (const name of ['title', 'body', 'assignedTo'] as const) {
    const value = body[name];
    if (typeof value === 'string') task[name] = value;
  }
  const dueDate = text(body, 'dueDate');
  if (dueDate) task.dueDate = new Date(dueDate).toISOString();
  if (typeof body.completed === 'boolean') task.completed = body.completed;
}
