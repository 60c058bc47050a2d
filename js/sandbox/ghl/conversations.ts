import { Hono } from 'hono';
import type { World } from '../state.js';
import { findContact, type GhlContext, type GhlEnv, pathContact, queryLocation, readBody, scope } from './context.js';
import type { Campaign, Contact, Message } from './data.js';
import { badRequest, notFound } from './problem.js';
import { LIST, NEEDED, NUMBER, type Shape, TEXT, TEXTS, text, texts } from './validate.js';

const TYPES = ['SMS', 'RCS', 'Email', 'WhatsApp', 'IG', 'FB', 'Custom', 'Live_Chat', 'TIKTOK'];

/** As much of SendMessageBodyDto (apps/conversations.json) as a plain message can have. */
const MESSAGE: Shape = {
  type: { kind: 'string', required: true, oneOf: TYPES },
  contactId: NEEDED,
  appointmentId: TEXT,
  attachments: TEXTS,
  emailFrom: TEXT,
  emailCc: LIST,
  emailBcc: LIST,
  html: TEXT,
  message: TEXT,
  subject: TEXT,
  replyMessageId: TEXT,
  templateId: TEXT,
  threadId: TEXT,
  scheduledTimestamp: NUMBER,
  conversationProviderId: TEXT,
  emailTo: TEXT,
  fromNumber: TEXT,
  toNumber: TEXT,
};

/** Messages to contacts. Nothing leaves the sandbox: a message is only kept. */
export function conversationRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.get('/conversations/search', scope('conversations.readonly'), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    const { contactId, limit = '20' } = c.req.query();
    const newest = new Map<string, Message>();
    for (const message of world.ghl.messages) {
      const isWanted = message.locationId === locationId && (!contactId || message.contactId === contactId);
      if (isWanted) newest.set(message.conversationId, message);
    }
    const found = [...newest.values()].reverse();
    return c.json({ conversations: found.slice(0, Number(limit)).map(conversationView), total: found.length });
  });

  app.get('/conversations/:conversationId/messages', scope('conversations/message.readonly'), (c) => {
    const id = c.req.param('conversationId');
    const { limit = '20', lastMessageId } = c.req.query();
    const all = world.ghl.messages.filter(({ conversationId }) => conversationId === id).reverse();
    if (all.length === 0) throw notFound('Conversation', id);
    const start = lastMessageId ? all.findIndex((message) => message.id === lastMessageId) + 1 : 0;
    const page = all.slice(start, start + Number(limit));
    const messages = {
      lastMessageId: page.at(-1)?.id ?? '',
      nextPage: start + page.length < all.length,
      messages: page.map(messageView),
    };
    return c.json({ messages });
  });

  app.post('/conversations/messages', scope('conversations/message.write'), async (c) => {
    const body = await readBody(c, MESSAGE);
    const contact = findContact(world, c, text(body, 'contactId') ?? '');
    const type = text(body, 'type') ?? '';
    refuseUnreachable(contact, type);
    // What the service says to a message without content is not documented; that it refuses is what matters.
    if (
      !text(body, 'message') &&
      !text(body, 'html') &&
      !texts(body, 'attachments').length &&
      !text(body, 'templateId')
    )
      throw badRequest('There is no message or attachments for this message. Skip sending.');
    const conversationId = conversationOf(world, contact);
    const message: Message = {
      id: world.ids.id('message'),
      conversationId,
      contactId: contact.id,
      locationId: contact.locationId,
      type,
      subject: text(body, 'subject') ?? '',
      body: text(body, 'message') ?? '',
      html: text(body, 'html') ?? '',
      dateAdded: world.isoNow(),
    };
    world.ghl.messages.push(message);
    return c.json({ conversationId, messageId: message.id, status: 'pending' }, 201);
  });

  return app;
}

/** As the search shows a conversation: by its newest message. */
function conversationView({ conversationId, contactId, locationId, type, body }: Message) {
  return {
    id: conversationId,
    contactId,
    locationId,
    lastMessageBody: body,
    lastMessageType: `TYPE_${type.toUpperCase()}`,
    type: `TYPE_${type.toUpperCase()}`,
    unreadCount: 0,
  };
}

function messageView({ id, conversationId, contactId, locationId, type, body, dateAdded }: Message) {
  const messageType = `TYPE_${type.toUpperCase()}`;
  return {
    id,
    type: TYPES.indexOf(type) + 1,
    messageType,
    locationId,
    contactId,
    conversationId,
    dateAdded,
    body,
    direction: 'outbound',
    status: 'sent',
    contentType: 'text/plain',
  };
}

/** Campaigns and their contacts (apps/campaigns.json, apps/contacts.json). Nothing is run. */
export function campaignRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();
  const path = '/contacts/:contactId/campaigns/:campaignId';

  app.get('/campaigns', scope('campaigns.readonly'), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    const status = c.req.query('status');
    const found = world.ghl.campaigns.filter(
      (one) => one.locationId === locationId && (!status || one.status === status),
    );
    return c.json({ campaigns: found });
  });

  app.delete('/contacts/:contactId/campaigns/removeAll', scope('contacts.write'), (c) => {
    pathContact(world, c).campaigns = [];
    return c.json({ succeded: true });
  });

  app.post(path, scope('contacts.write'), async (c) => {
    const contact = pathContact(world, c);
    const campaign = pathCampaign(world, contact, c);
    await readBody(c, {});
    if (!contact.campaigns.includes(campaign.id)) contact.campaigns.push(campaign.id);
    return c.json({ succeded: true }, 201);
  });

  app.delete(path, scope('contacts.write'), (c) => {
    const contact = pathContact(world, c);
    const campaign = pathCampaign(world, contact, c);
    contact.campaigns = contact.campaigns.filter((id) => id !== campaign.id);
    return c.json({ succeded: true });
  });

  return app;
}

/** A contact without an address, or one that wants no messages. */
function refuseUnreachable({ fields, dnd }: Contact, type: string): void {
  if (type === 'Email' && !fields.email) throw badRequest('Contact does not have an email');
  if (type === 'SMS' && !fields.phone) throw badRequest('Missing phone number');
  if (dnd) throw badRequest('Cannot send message as DND is active for this contact.');
}

/** A contact has one conversation. */
function conversationOf(world: World, contact: Contact): string {
  const earlier = world.ghl.messages.find((message) => message.contactId === contact.id);
  return earlier?.conversationId ?? world.ids.id('conversation');
}

function pathCampaign(world: World, contact: Contact, c: GhlContext): Campaign {
  const id = c.req.param('campaignId') ?? '';
  const campaign = world.ghl.campaigns.find((one) => one.id === id);
  if (campaign?.locationId !== contact.locationId) throw notFound('Campaign', id);
  return campaign;
}
