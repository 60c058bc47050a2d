import type { Contact } from './ghl/data.js';
import type { World } from './state.js';

/** What can start a workflow in HighLevel. */
export type TriggerName =
  | 'contact_created'
  | 'contact_changed'
  | 'custom_field_changed'
  | 'tag_added'
  | 'tag_removed'
  | 'note_created'
  | 'task_created'
  | 'task_completed'
  | 'opportunity_created'
  | 'opportunity_stage_changed'
  | 'opportunity_status_changed'
  | 'workflow_added'
  | 'appointment_created';

/** The contact as a workflow would find it at that moment. */
export interface Snapshot {
  id: string;
  locationId: string;
  fields: Record<string, string>;
  tags: string[];
  /** Custom field values by fieldKey. */
  customFields: Record<string, unknown>;
  noteCount: number;
  notes: { id: string; title: string; body: string }[];
  tasks: { id: string; title: string; body: string; dueDate: string; completed: boolean }[];
}

/** One entry of the trigger recorder. */
export interface Trigger {
  seq: number;
  at: number;
  trigger: TriggerName;
  contactId: string;
  detail: Record<string, unknown>;
  snapshot: Snapshot;
}

/** Stores what could have started a workflow, with the contact as it is right now. */
export function record(
  world: World,
  trigger: TriggerName,
  contact: Contact,
  detail: Record<string, unknown> = {},
): void {
  const entry: Trigger = {
    seq: world.triggers.length + 1,
    at: world.now(),
    trigger,
    contactId: contact.id,
    detail,
    snapshot: snapshot(world, contact),
  };
  world.triggers.push(entry);
  world.onTrigger?.(entry);
}

/** The contact with tags, custom fields by key, notes and tasks, detached from the live one. */
export function snapshot(world: World, contact: Contact): Snapshot {
  const customFields: Record<string, unknown> = {};
  for (const [id, value] of contact.custom) {
    customFields[world.ghl.customFields.get(id)?.fieldKey ?? id] = structuredClone(value);
  }
  return {
    id: contact.id,
    locationId: contact.locationId,
    fields: { ...contact.fields },
    tags: [...contact.tags],
    customFields,
    noteCount: contact.notes.length,
    notes: contact.notes.map(({ id, title = '', body }) => ({ id, title, body })),
    tasks: contact.tasks.map(({ id, title, body = '', dueDate, completed }) => ({
      id,
      title,
      body,
      dueDate,
      completed,
    })),
  };
}
