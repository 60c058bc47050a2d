import { Hono } from 'hono';
import { record } from '../recorder.js';
import type { World } from '../state.js';
import { type GhlContext, type GhlEnv, pathContact, readBody, scope } from './context.js';
import type { Contact, Task } from './data.js';
import { notFound } from './problem.js';
import { type Body, FLAG, NEEDED, type Shape, TEXT, text } from './validate.js';

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

/** The tasks of a contact (apps/contacts.json). */
export function taskRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

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

function write(task: Task, body: Body): void {
  for (const name of ['title', 'body', 'assignedTo'] as const) {
    const value = body[name];
    if (typeof value === 'string') task[name] = value;
  }
  const dueDate = text(body, 'dueDate');
  if (dueDate) task.dueDate = new Date(dueDate).toISOString();
  if (typeof body.completed === 'boolean') task.completed = body.completed;
}
