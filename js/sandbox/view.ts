import type { BuyUrl, Mail, Voucher } from './digistore24/data.js';
import {
  buyerView,
  deliveryView,
  proofView,
  purchaseView,
  rebillingChangeView,
  ticketView,
} from './digistore24/views.js';
import type {
  Appointment,
  Business,
  Calendar,
  Campaign,
  CustomField,
  Message,
  Note,
  Opportunity,
  Pipeline,
  Task,
  User,
  Workflow,
} from './ghl/data.js';
import { contactView } from './ghl/views.js';
import type { Delivery } from './ipn/sender.js';
import type { Trigger } from './recorder.js';
import type { Settings } from './settings.js';
import type { World } from './state.js';

/** A contact of {@link SandboxState}: as the API shows it, with all that hangs on it. */
export interface ContactState {
  id: string;
  locationId: string;
  email?: string;
  phone?: string;
  firstName?: string;
  lastName?: string;
  tags: string[];
  /** Values by fieldKey. */
  fields: Record<string, unknown>;
  notes: Note[];
  tasks: Task[];
  workflows: string[];
  campaigns: string[];
  [name: string]: unknown;
}

/** What {@link stateOf} returns. It is detached: changing it changes nothing. */
export interface SandboxState {
  settings: Omit<Settings, 'tokens' | 'apps' | 'apiKeys'>;
  contacts: ContactState[];
  removedContacts: { id: string; reason: 'deleted' | 'merged'; mergedInto?: string }[];
  customFields: CustomField[];
  businesses: Business[];
  opportunities: Opportunity[];
  appointments: Appointment[];
  pipelines: Pipeline[];
  workflows: Workflow[];
  campaigns: Campaign[];
  messages: Message[];
  users: User[];
  calendars: Calendar[];
  triggers: Trigger[];
  digistore24: {
    purchases: Record<string, unknown>[];
    buyers: Record<string, unknown>[];
    rebillingChanges: Record<string, unknown>[];
    ipnConnections: Record<string, unknown>[];
    vouchers: Voucher[];
    tickets: Record<string, unknown>[];
    deliveries: Record<string, unknown>[];
    serviceProofs: Record<string, unknown>[];
    buyUrls: BuyUrl[];
    mails: Mail[];
  };
  deliveries: Delivery[];
}

/** All that the sandbox holds, without tokens, keys and passphrases. */
export function stateOf(world: World): SandboxState {
  const { ghl, ds24 } = world;
  const { tokens: _tokens, apps: _apps, apiKeys: _keys, ...settings } = world.settings;
  const contacts = [...ghl.contacts.values()];
  return structuredClone({
    settings,
    contacts: contacts
      .filter((contact) => !contact.removed)
      .map((contact) => ({
        ...contactView(contact),
        id: contact.id,
        locationId: contact.locationId,
        tags: contact.tags,
        fields: Object.fromEntries(
          Array.from(contact.custom, ([id, value]) => [ghl.customFields.get(id)?.fieldKey ?? id, value]),
        ),
        notes: contact.notes,
        tasks: contact.tasks,
        workflows: contact.workflows,
        campaigns: contact.campaigns,
      })),
    removedContacts: contacts.flatMap(({ id, removed, mergedInto }) =>
      removed ? [{ id, reason: removed, ...(mergedInto && { mergedInto }) }] : [],
    ),
    customFields: [...ghl.customFields.values()],
    businesses: [...ghl.businesses.values()],
    opportunities: [...ghl.opportunities.values()],
    appointments: [...ghl.appointments.values()],
    pipelines: ghl.pipelines,
    workflows: ghl.workflows,
    campaigns: ghl.campaigns,
    messages: ghl.messages,
    users: ghl.users,
    calendars: ghl.calendars,
    triggers: world.triggers,
    digistore24: {
      purchases: Array.from(ds24.purchases.values(), purchaseView),
      buyers: Array.from(ds24.buyers.values(), buyerView),
      rebillingChanges: ds24.rebillingChanges.map(rebillingChangeView),
      ipnConnections: Array.from(ds24.ipnConnections.values(), ({ passphrase: _, ...rest }) => rest),
      vouchers: [...ds24.vouchers.values()],
      tickets: ds24.tickets.map(ticketView),
      deliveries: ds24.deliveries.map(deliveryView),
      serviceProofs: ds24.proofs.map(proofView),
      buyUrls: ds24.buyUrls,
      mails: ds24.mails,
    },
    deliveries: world.deliveries,
  });
}
