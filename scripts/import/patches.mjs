// Known defects of HighLevel's published specification, and where the catalog says something else on purpose.

const file = { type: 'string', format: 'binary' };
const files = { type: 'object', additionalProperties: file };
const text = { type: 'string' };
const record = {
  properties: { type: 'object' },
  owner: { type: 'array', items: text, maxItems: 1 },
  followers: { type: 'array', items: text, maxItems: 10 },
};

/**
 * By route. `name`: the operation's name here. `parameters`: facts about parameters, also undeclared ones. `scopes`: what
 * the specification lacks. `fields`, `required` and `place`: fields of the body that it lacks. `answer`: what comes back
 * if it isn't JSON. `reason` says which fact wins.
 */
export const patches = {
  'POST /contacts/bulk/tags/update/{type}': {
    name: 'bulkUpdateTags',
    parameters: { type: { type: 'string', enum: ['add', 'remove'] } },
    scopes: ['contacts.write'],
    reason: 'It is called create-association there, {type} is not declared, and no scope is given.',
  },
  'POST /contacts/bulk/business': { scopes: ['contacts.write'], reason: 'No scope is given; it changes contacts.' },
  'GET /products/': { name: 'listProducts', reason: 'It is called list-invoices there.' },
  'GET /conversations/search': {
    parameters: { startAfterDate: { type: 'number' } },
    reason: 'Its type is any there; it is the sort value of the last conversation, a time in milliseconds.',
  },
  'GET /conversations/messages/{messageId}/locations/{locationId}/recording': {
    answer: 'binary',
    reason: 'audio/x-wav',
  },
  'GET /conversations/locations/{locationId}/messages/{messageId}/transcription/download': {
    answer: 'text',
    reason: 'text/plain',
  },
  'POST /conversations/messages/upload': {
    fields: { fileAttachment: file },
    reason: 'Only addresses are declared; the service takes the file under this name.',
  },
  'POST /forms/upload-custom-files': {
    fields: { files },
    place: { files: 'parts' },
    required: ['files'],
    reason: 'No body is declared; each file is a part named <custom field>_<file>.',
  },
  'POST /locations/{locationId}/customFields/upload': {
    fields: { files },
    place: { files: 'parts' },
    reason: 'The files themselves are not declared.',
  },
  'POST /social-media-posting/{locationId}/csv': {
    fields: { file },
    required: ['file'],
    reason: 'Without a file there is nothing to do.',
  },
  'POST /objects/{schemaKey}/records': {
    fields: { locationId: { type: 'string' }, ...record },
    required: ['locationId', 'properties'],
    reason: 'The body is empty there; these are the fields of a record.',
  },
  'PUT /objects/{schemaKey}/records/{id}': {
    fields: record,
    reason: 'The body is empty there; these are the fields of a record.',
  },
};

/** Scopes that HighLevel's page about scopes has and its specification lacks. */
const scopesByRoute = {
  'DELETE /conversations/messages/email/{emailMessageId}/schedule': 'conversations/message.write',
  'POST /courses/courses-exporter/public/import': 'courses.write',
  'DELETE /emails/builder/{locationId}/{templateId}': 'emails/builder.write',
  'GET /funnels/funnel/list': 'funnels/funnel.readonly',
  'GET /funnels/page': 'funnels/page.readonly',
  'GET /funnels/page/count': 'funnels/pagecount.readonly',
  'GET /locations/{locationId}/tags/{tagId}': 'locations/tags.readonly',
  'PUT /locations/{locationId}/tags/{tagId}': 'locations/tags.write',
  'DELETE /locations/{locationId}/tags/{tagId}': 'locations/tags.write',
  'GET /locations/{locationId}/customFields/{id}': 'locations/customFields.readonly',
  'PUT /locations/{locationId}/customFields/{id}': 'locations/customFields.write',
  'DELETE /locations/{locationId}/customFields/{id}': 'locations/customFields.write',
  'GET /locations/{locationId}/customValues/{id}': 'locations/customValues.readonly',
  'PUT /locations/{locationId}/customValues/{id}': 'locations/customValues.write',
  'DELETE /locations/{locationId}/customValues/{id}': 'locations/customValues.write',
  'GET /objects/{schemaKey}/records/{id}': 'objects/record.readonly',
  'PUT /objects/{schemaKey}/records/{id}': 'objects/record.write',
  'DELETE /objects/{schemaKey}/records/{id}': 'objects/record.write',
  'GET /snapshots/': 'snapshots.readonly',
  'GET /social-media-posting/oauth/{locationId}/google/locations/{accountId}': 'socialplanner/oauth.readonly',
  'POST /social-media-posting/oauth/{locationId}/google/locations/{accountId}': 'socialplanner/oauth.write',
  'GET /social-media-posting/{locationId}/posts/{id}': 'socialplanner/post.readonly',
  'PUT /social-media-posting/{locationId}/posts/{id}': 'socialplanner/post.write',
  'DELETE /social-media-posting/{locationId}/posts/{id}': 'socialplanner/post.write',
  'POST /social-media-posting/{locationId}/posts/bulk-delete': 'socialplanner/csv.write',
  'DELETE /social-media-posting/{locationId}/accounts/{id}': 'socialplanner/account.write',
  'GET /social-media-posting/oauth/facebook/start': 'socialplanner/oauth.readonly',
  'GET /social-media-posting/oauth/{locationId}/facebook/accounts/{accountId}': 'socialplanner/oauth.readonly',
  'POST /social-media-posting/oauth/{locationId}/facebook/accounts/{accountId}': 'socialplanner/oauth.write',
  'GET /social-media-posting/oauth/{locationId}/instagram/accounts/{accountId}': 'socialplanner/oauth.readonly',
  'POST /social-media-posting/oauth/{locationId}/instagram/accounts/{accountId}': 'socialplanner/oauth.write',
  'GET /social-media-posting/oauth/linkedin/start': 'socialplanner/oauth.readonly',
  'GET /social-media-posting/oauth/{locationId}/linkedin/accounts/{accountId}': 'socialplanner/oauth.readonly',
  'POST /social-media-posting/oauth/{locationId}/linkedin/accounts/{accountId}': 'socialplanner/oauth.write',
  'GET /social-media-posting/oauth/{locationId}/twitter/accounts/{accountId}': 'socialplanner/oauth.readonly',
  'POST /social-media-posting/oauth/{locationId}/twitter/accounts/{accountId}': 'socialplanner/oauth.write',
  'GET /social-media-posting/{locationId}/csv': 'socialplanner/csv.readonly',
  'GET /social-media-posting/{locationId}/csv/{id}': 'socialplanner/csv.readonly',
  'PATCH /social-media-posting/{locationId}/csv/{id}': 'socialplanner/csv.write',
  'DELETE /social-media-posting/{locationId}/csv/{id}': 'socialplanner/csv.write',
  'DELETE /social-media-posting/{locationId}/csv/{csvId}/post/{postId}': 'socialplanner/csv.write',
  'GET /social-media-posting/oauth/{locationId}/tiktok/accounts/{accountId}': 'socialplanner/oauth.readonly',
  'POST /social-media-posting/oauth/{locationId}/tiktok/accounts/{accountId}': 'socialplanner/oauth.write',
  'GET /social-media-posting/oauth/{locationId}/tiktok-business/accounts/{accountId}': 'socialplanner/oauth.readonly',
  'GET /social-media-posting/{locationId}/categories/{id}': 'socialplanner/category.readonly',
  'GET /social-media-posting/{locationId}/tags': 'socialplanner/tag.readonly',
  'POST /social-media-posting/{locationId}/tags/details': 'socialplanner/tag.readonly',
};

/** Scopes that neither of them names, but that all their neighbours have. Where that is not so, none is claimed. */
const neighbouringScopes = {
  'GET /ad-publishing/facebook/targeting/search': 'adPublishing.readonly',
  'GET /conversations/messages/email/{id}': 'conversations/message.readonly',
  'PATCH /invoices/template/{templateId}/late-fees-configuration': 'invoices/template.write',
  'PATCH /invoices/template/{templateId}/payment-methods-configuration': 'invoices/template.write',
  'PATCH /invoices/{invoiceId}/late-fees-configuration': 'invoices.write',
  'GET /links/id/{linkId}': 'links.readonly',
  'GET /links/search': 'links.readonly',
  'POST /medias/{id}': 'medias.write',
  'POST /medias/folder': 'medias.write',
  'PUT /medias/update-files': 'medias.write',
  'PUT /medias/delete-files': 'medias.write',
  'GET /payments/orders/{orderId}/notes': 'payments/orders.readonly',
  'POST /products/bulk-update/edit': 'products.write',
  'POST /products/store/{storeId}/priority': 'products.write',
  'GET /snapshots/snapshot-status/{snapshotId}': 'snapshots.readonly',
  'GET /snapshots/snapshot-status/{snapshotId}/location/{locationId}': 'snapshots.readonly',
};

for (const [route, scopes] of Object.entries({ ...scopesByRoute, ...neighbouringScopes })) {
  patches[route] = { ...patches[route], scopes: scopes.split(',') };
}

/** Patches for routes that a specification, which has others of their kind, lacks. */
export function stalePatches(operations) {
  const routes = new Set(operations.map(({ method, path }) => `${method} ${path}`));
  const kind = (route) => route.split('/')[1];
  const kinds = new Set([...routes].map(kind));
  return Object.keys(patches).filter((route) => kinds.has(kind(route)) && !routes.has(route));
}

const contactWrites = ['createContact', 'updateContact', 'upsertContact'].map((name) => `ghl.contacts.${name}`);

/** Places where the catalog's own facts win over the specification's. */
const ours = {
  contacts: [
    {
      at: ['locationId', 'pageLimit', 'page', 'searchAfter', 'filters', 'sort', 'query'].map(
        (name) => `ghl.contacts.searchContactsAdvanced input ${name}`,
      ),
      reason: 'The specification leaves the search body empty; the fields come from the linked search guide.',
    },
    {
      at: ['ghl.contacts.bulkUpdateTags output.responses[]'],
      reason: 'Declared as texts; the examples are objects.',
    },
    {
      at: ['ghl.contacts.addRemoveContactFromBusiness input ids'],
      reason: 'At most 50 contacts; declared as 50 letters of each id.',
    },
    {
      at: contactWrites.map((id) => `${id} input dateOfBirth`),
      reason: 'Declared as object, but the service takes text: its own example is 1990-09-25.',
    },
    {
      at: ['updateContact', 'upsertContact'].map((name) => `ghl.contacts.${name} input replaceTags`),
      reason: 'Not sent: the plugin asks for it before tags may replace all others.',
    },
    {
      at: ['CustomFieldInput.value'],
      reason: 'In place of field_value: the plugin converts it for the kind of the field and sends that.',
    },
    {
      at: ['CustomFieldInput.name', 'CustomFieldInput.id optional'],
      reason: 'In place of the id its name or key may stand: the plugin looks up the id and sends nothing else.',
    },
    {
      at: ['CustomFieldInput.field_value'],
      reason: 'Numbers are declared as objects, but the examples and the service use plain numbers.',
    },
  ],
  opportunities: [
    {
      at: ['followers', 'isRemoveAllFollowers', 'followersActionType'].map(
        (name) => `ghl.opportunities.upsertOpportunity input ${name} optional`,
      ),
      reason: 'Declared as required, which is wrong: an opportunity may have no followers.',
    },
    {
      at: ['ghl.opportunities.upsertOpportunity input monetaryValue'],
      reason: 'Declared as object; the example is a number, as everywhere else.',
    },
    {
      at: ['filters', 'sort'].map((name) => `ghl.opportunities.searchOpportunitiesAdvanced input ${name}`),
      reason: 'Left out of the specification; the linked search guide has them.',
    },
  ],
  conversations: [
    {
      at: ['subType', 'status'].map((name) => `ghl.conversations.sendANewMessage input ${name} optional`),
      reason: 'Declared as required; a message is sent with its type and its contact.',
    },
    {
      at: ['ghl.conversations.sendANewMessage input subType'],
      reason: 'Declared as object; the example is a text.',
    },
    {
      at: ['ghl.conversations.addAnInboundMessage input direction'],
      reason: 'Declared as object; the examples are texts.',
    },
  ],
  calendars: [
    {
      at: [
        ...['startTime', 'endTime', 'dateAdded', 'dateUpdated'].map((name) => `CalendarEvent.${name}`),
        ...['startTime', 'endTime'].map((name) => `BlockedSlot.${name}`),
      ],
      reason: 'Declared as objects; the examples are texts.',
    },
  ],
  locations: [
    {
      at: ['fieldKey', 'parentId', 'description'].map((name) => `ghl.locations.createCustomField input ${name}`),
      reason: 'Left out of the specification but reported to work (highlevel-api-docs issue 300).',
    },
  ],
};

/** The places of one resource. */
export const pins = (app) => (ours[app] ?? []).flatMap(({ at }) => at);

/** The catalog's names for types that the specification names oddly. Answers of one kind may share a name. */
export const names = {
  locations: {
    CustomFieldSchema: 'CustomFieldDefinition',
    textBoxListOptionsSchema: 'TextBoxOption',
    GetLocationByIdSchema: 'Location',
    GetLocationSchema: 'LocationListItem',
    CustomFieldSuccessfulResponseDto: 'OneCustomField',
    CustomValueIdSuccessfulResponseDto: 'OneCustomValue',
    RecurringTaskResponseDTO: 'RecurringTask',
  },
  contacts: {
    TaskByIsSuccessfulResponseDto: 'OneTask',
    GetCreateUpdateNoteSuccessfulResponseDto: 'OneNote',
    ContactsSearchSuccessfulResponseDto: 'ContactList',
    GetContectByIdSchema: 'Contact',
    CreateContactSchema: 'Contact',
    ContactsSearchSchema: 'ContactListItem',
    GetEventSchema: 'Appointment',
    GetNoteSchema: 'Note',
    TaskSchema: 'Task',
    CustomFieldSchema: 'CustomField',
    AttributionSource: 'Attribution',
    DndSettingSchema: 'DndChannel',
    DndSettingsSchema: 'DndSettings',
    InboundDndSettingSchema: 'InboundDndChannel',
    InboundDndSettingsSchema: 'InboundDndSettings',
  },
};
