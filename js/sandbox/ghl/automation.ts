import { Hono } from 'hono';
import { record } from '../recorder.js';
import type { World } from '../state.js';
import {
  enter,
  findContact,
  type GhlContext,
  type GhlEnv,
  pathContact,
  queryLocation,
  readBody,
  scope,
} from './context.js';
import type { Appointment, Contact, Workflow } from './data.js';
import { badRequest, notFound } from './problem.js';
import { type Body, FLAG, NEEDED, type Shape, TEXT, text } from './validate.js';

const APPOINTMENT: Shape = {
  title: TEXT,
  meetingLocationType: TEXT,
  meetingLocationId: TEXT,
  overrideLocationConfig: FLAG,
  appointmentStatus: {
    kind: 'string',
    oneOf: ['new', 'confirmed', 'cancelled', 'showed', 'noshow', 'invalid'],
  },
  assignedUserId: TEXT,
  description: TEXT,
  address: TEXT,
  ignoreDateRange: FLAG,
  toNotify: FLAG,
  ignoreFreeSlotValidation: FLAG,
  rrule: TEXT,
  calendarId: TEXT,
  startTime: { kind: 'date' },
  endTime: { kind: 'date' },
};
const NEW_APPOINTMENT: Shape = {
  ...APPOINTMENT,
  calendarId: NEEDED,
  locationId: NEEDED,
  contactId: NEEDED,
  startTime: { kind: 'date', required: true },
};
const HOUR_MS = 3_600_000;

/** Workflows and their contacts (apps/workflows.json, apps/contacts.json). Nothing is run. */
export function workflowRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();
  const path = '/contacts/:contactId/workflow/:workflowId';
  const shape: Shape = { eventStartTime: TEXT };

  app.get('/workflows', scope('workflows.readonly'), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    return c.json({ workflows: world.ghl.workflows.filter((w) => w.locationId === locationId) });
  });

  app.post(path, scope('contacts.write'), async (c) => {
    const contact = pathContact(world, c);
    const workflow = pathWorkflow(world, contact, c);
    await readBody(c, shape);
    if (!contact.workflows.includes(workflow.id)) contact.workflows.push(workflow.id);
    record(world, 'workflow_added', contact, { workflowId: workflow.id, name: workflow.name });
    return c.json({ succeded: true });
  });

  app.delete(path, scope('contacts.write'), async (c) => {
    const contact = pathContact(world, c);
    const workflow = pathWorkflow(world, contact, c);
    await readBody(c, shape);
    contact.workflows = contact.workflows.filter((id) => id !== workflow.id);
    return c.json({ succeded: true });
  });

  return app;
}

/** As much of the calendars as appointments need (apps/calendars.json, apps/contacts.json). */
export function calendarRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.get('/calendars', scope('calendars.readonly'), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    const calendars = world.ghl.calendars.filter((calendar) => calendar.locationId === locationId);
    return c.json({ calendars: calendars.map((calendar) => ({ ...calendar, isActive: true })) });
  });

  app.get('/calendars/events', scope('calendars/events.readonly'), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    const { userId, calendarId, groupId } = c.req.query();
    if (!userId && !calendarId && !groupId) throw badRequest('One of userId, calendarId and groupId is needed');
    const [from, to] = [queryMillis(c, 'startTime'), queryMillis(c, 'endTime')];
    const events = [...world.ghl.appointments.values()]
      .map((appointment) => eventView(world, appointment))
      .filter((event) => {
        const begins = Date.parse(event.startTime);
        return (
          event.locationId === locationId &&
          (!userId || event.assignedUserId === userId) &&
          (!calendarId || event.calendarId === calendarId) &&
          (!groupId || event.groupId === groupId) &&
          from <= begins &&
          begins <= to
        );
      });
    return c.json({ events });
  });

  app.post('/calendars/events/appointments', scope('calendars/events.write'), async (c) => {
    const body = await readBody(c, NEW_APPOINTMENT);
    const locationId = text(body, 'locationId') ?? '';
    enter(world, c, locationId);
    const contact = findContact(world, c, text(body, 'contactId') ?? '');
    const calendarId = text(body, 'calendarId') ?? '';
    const calendar = world.ghl.calendars.find((one) => one.id === calendarId);
    if (calendar?.locationId !== locationId) throw notFound('Calendar', calendarId);
    const now = world.isoNow();
    const appointment: Appointment = {
      id: world.ids.id('appointment'),
      calendarId,
      locationId,
      contactId: contact.id,
      title: calendar.name,
      appointmentStatus: 'confirmed',
      assignedUserId: '',
      address: '',
      startTime: '',
      endTime: '',
      dateAdded: now,
      dateUpdated: now,
    };
    writeAppointment(appointment, body);
    appointment.endTime ||= new Date(Date.parse(appointment.startTime) + HOUR_MS).toISOString();
    world.ghl.appointments.set(appointment.id, appointment);
    record(world, 'appointment_created', contact, { appointmentId: appointment.id, calendarId });
    return c.json(appointment);
  });

  app.get('/calendars/events/appointments/:eventId', scope('calendars/events.readonly'), (c) =>
    c.json({ event: eventView(world, pathAppointment(world, c)) }),
  );

  app.put('/calendars/events/appointments/:eventId', scope('calendars/events.write'), async (c) => {
    const appointment = pathAppointment(world, c);
    writeAppointment(appointment, await readBody(c, APPOINTMENT));
    appointment.dateUpdated = world.isoNow();
    return c.json(appointment);
  });

  app.get('/contacts/:contactId/appointments', scope('contacts.readonly'), (c) => {
    const contact = pathContact(world, c);
    const events = [...world.ghl.appointments.values()]
      .filter((appointment) => appointment.contactId === contact.id)
      .map((appointment) => ({ ...eventView(world, appointment), status: 'booked' }));
    return c.json({ events });
  });

  return app;
}

function pathWorkflow(world: World, contact: Contact, c: GhlContext): Workflow {
  const id = c.req.param('workflowId') ?? '';
  const workflow = world.ghl.workflows.find((one) => one.id === id);
  if (workflow?.locationId !== contact.locationId) throw notFound('Workflow', id);
  return workflow;
}

function pathAppointment(world: World, c: GhlContext): Appointment {
  const id = c.req.param('eventId') ?? '';
  const appointment = world.ghl.appointments.get(id);
  if (!appointment) throw notFound('Appointment', id);
  enter(world, c, appointment.locationId);
  return appointment;
}

/** An appointment as the lists show it; its group is that of its calendar. */
function eventView(world: World, appointment: Appointment) {
  const calendar = world.ghl.calendars.find(({ id }) => id === appointment.calendarId);
  return { ...appointment, groupId: calendar?.groupId ?? '', users: [], assignedResources: [] };
}

/** A time of the query, in milliseconds since 1970. No 422 is published for the calendars. */
function queryMillis(c: GhlContext, name: string): number {
  const value = c.req.query(name) ?? '';
  if (!/^\d+$/.test(value)) throw badRequest(`${name} must be a time in milliseconds`, { error: 'Bad Request' });
  return Number(value);
}

function writeAppointment(appointment: Appointment, body: Body): void {
  for (const name of ['title', 'appointmentStatus', 'assignedUserId', 'address', 'startTime', 'endTime'] as const) {
    appointment[name] = text(body, name) ?? appointment[name];
  }
}
