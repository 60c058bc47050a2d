import type { Contact } from '../ghl/data.js';
import { contactView } from '../ghl/views.js';
import type { Trigger, TriggerName } from '../recorder.js';
import { locationSettings } from '../settings.js';
import type { World } from '../state.js';

type Body = Record<string, unknown>;

/** The event that an app hears of. Nothing for what HighLevel has no event for. */
const EVENTS: Partial<Record<TriggerName, string>> = {
  contact_created: 'ContactCreate',
  contact_changed: 'ContactUpdate',
  custom_field_changed: 'ContactUpdate',
  tag_added: 'ContactTagUpdate',
  tag_removed: 'ContactTagUpdate',
  note_created: 'NoteCreate',
  task_created: 'TaskCreate',
  task_completed: 'TaskComplete',
  opportunity_created: 'OpportunityCreate',
  opportunity_stage_changed: 'OpportunityStageUpdate',
  opportunity_status_changed: 'OpportunityStatusUpdate',
  appointment_created: 'AppointmentCreate',
};

/** The bodies that an app gets for a change; a changed deal is told twice, as HighLevel does. */
export function appBodies(world: World, { trigger, contactId, detail }: Trigger): Body[] {
  const type = EVENTS[trigger];
  const contact = world.ghl.contacts.get(contactId);
  if (!type || !contact) return [];
  const types = /^Opportunity(Stage|Status)Update$/.test(type) ? [type, 'OpportunityUpdate'] : [type];
  return types.map((type) =>
    appBody(world, type, { locationId: contact.locationId, ...content(world, contact, detail) }),
  );
}

/** A body with what belongs to the delivery. */
export function appBody(world: World, type: string, content: Body): Body {
  return {
    ...content,
    type,
    timestamp: world.isoNow(),
    webhookId: world.ids.uuid('webhook'),
    appId: 'sandboxApp0000000001',
    versionId: 'sandboxApp0000000001',
  };
}

function content(world: World, contact: Contact, detail: Record<string, unknown>): Body {
  const { noteId, taskId, opportunityId, appointmentId } = detail;
  const appointment = world.ghl.appointments.get(String(appointmentId));
  if (appointment) return { appointment: { ...appointment } };
  const thing =
    contact.notes.find(({ id }) => id === noteId) ??
    contact.tasks.find(({ id }) => id === taskId) ??
    world.ghl.opportunities.get(String(opportunityId));
  return thing ? { ...thing, contactId: contact.id } : contactView(contact);
}

/** The standard data of a workflow's action "Webhook". */
export function workflowBody(world: World, contact: Contact, customData: Body): Body {
  const { fields, locationId } = contact;
  const { name, country } = locationSettings(world.settings, locationId);
  const [workflow] = world.ghl.workflows.filter((workflow) => workflow.locationId === locationId);
  return {
    contact_id: contact.id,
    first_name: fields.firstName ?? '',
    last_name: fields.lastName ?? '',
    full_name: [fields.firstName, fields.lastName].filter(Boolean).join(' '),
    email: fields.email ?? '',
    phone: fields.phone ?? '',
    tags: contact.tags.join(','),
    country: fields.country ?? country,
    date_created: contact.dateAdded,
    contact_type: 'lead',
    location: { name, country, id: locationId },
    workflow: { id: workflow?.id ?? '', name: workflow?.name ?? '' },
    customData,
  };
}
