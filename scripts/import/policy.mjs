// What the specification doesn't say about an operation: tier, effect, and whether it may be repeated. Rules first;
// what they get wrong stands in one table below.

const coreApps = ['contacts', 'businesses', 'opportunities', 'custom-fields', 'workflows', 'conversations'];
const coreNames = {
  locations: /^(getLocation|getTimezones|taskSearch|.*Tags?(ById)?|.*CustomFields?|.*CustomValues?)$/,
  calendars:
    /^(getCalendars?|getSlots|getCalendarEvents|deleteEvent|.*Appointment|.*AppointmentNotes?|.*BlockSlot|getBlockedSlots)$/,
  users: /^(getUser|getUserByLocation|searchUsers|filterUsersByEmail)$/,
  campaigns: /^getCampaigns$/,
  products: /^(listProducts|getProductById|listPricesForProduct)$/,
  forms: /^(getForms|getFormsSubmissions)$/,
  companies: /^getCompany$/,
};

/** POST operations that only read. */
const reads = /^(search|get|list|filter|validate|find|google(Get|Search)|taskSearch|previewE)/;
/** Operations that reach people, cost money or go public: a second one can't be taken back. */
const once =
  /^(send|charge$|deleteCharge|text2pay|record|void|purchase|execute|promoteAndPublish|verifyEmail|scheduleInvoice|autoPayment|updateAndSchedule|startCsvFinalize|generatePaymentLink)|Publish|ScheduleInvoice/;
/** POST operations that put something into a state, however often. */
const sets =
  /^(add|update|edit|set|enable|disable|disconnect|pause|resume|bulk(Update|Edit|Enable|Disable)|(fb|google|li)(Pause|Resume)|cancel|userSubscription|liveChatAgentTyping|addRemove)/;
/** What leads to an entry of a list, or takes it away, changes the owner; nothing is created or deleted. */
const membership = /^(add|remove)[A-Z]|(FromWorkflow|ToWorkflow|AudienceMember)$/;
/** POST operations that change what is there already. */
const changes = /[pP]ublish|^(void|promote|schedule|autoPayment)/;

const exceptions = {
  'ghl.contacts.addContactToCampaign': { retry: 'verify', reason: 'starts the campaign, and with it its messages' },
  'ghl.contacts.addContactToWorkflow': { retry: 'verify', reason: 'starts the workflow again' },
  'ghl.conversations.addAnInboundMessage': { effect: 'create', retry: 'verify', reason: 'a new message in the list' },
  'ghl.conversations.addAnOutboundMessage': { effect: 'create', retry: 'verify', reason: 'a new message in the list' },
  'ghl.conversations.addMessageAttachments': { retry: 'verify', reason: 'adds to what is there' },
  'ghl.social-media-posting.createPost': { retry: 'never', reason: 'publishes' },
  'ghl.blogs.createBlogPost': { retry: 'never', reason: 'publishes, if its state says so' },
  'ghl.ad-manager.fbUpsertCampaign': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.ad-manager.fbUpsertAdset': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.ad-manager.fbUpsertAd': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.ad-manager.fbUpsertPixel': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.ad-manager.googleUpsertConversion': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.ad-manager.googleUpsertSegment': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.ad-manager.googleUpsertAudience': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.ad-manager.googleUpsertCampaign': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.ad-manager.liUpsertCampaignGroup': { retry: 'verify', reason: 'creates, where no id is given' },
  'ghl.oauth.getAccessToken': {
    kind: 'action',
    effect: 'create',
    retry: 'never',
    reason: 'uses up the code or the refresh token',
  },
  'ghl.oauth.getLocationAccessToken': { kind: 'action', effect: 'create', retry: 'verify', reason: 'a new token' },
  'ghl.products.bulkUpdate': { retry: 'verify', reason: 'may raise or lower prices by a part' },
  'ghl.saas-api.enableSaasLocation': { retry: 'verify', reason: 'begins a subscription' },
  'ghl.saas-api.enableSaasLocationDeprecated': { retry: 'verify', reason: 'begins a subscription' },
  'ghl.saas-api.bulkEnableSaas': { retry: 'verify', reason: 'begins subscriptions' },
  'ghl.saas-api.bulkEnableSaasDeprecated': { retry: 'verify', reason: 'begins subscriptions' },
  'ghl.social-media-posting.bulkDeleteSocialPlannerPosts': { effect: 'delete', retry: 'safe', reason: 'deletes' },
  'ghl.medias.bulkDeleteMediaObjects': { effect: 'delete', reason: 'deletes' },
  'ghl.products.updateInventory': { retry: 'safe', reason: 'sets amounts' },
};

/** The entry's fields by rule. */
export function policy({ id, method, deprecated }) {
  const [, app, name] = id.split('.');
  const isRead = method === 'GET' || (method === 'POST' && reads.test(name));
  const effect = (() => {
    if (isRead) return 'read';
    if (method === 'PUT' || method === 'PATCH' || membership.test(name)) return 'update';
    if (method === 'DELETE') return 'delete';
    return sets.test(name) || changes.test(name) ? 'update' : 'create';
  })();
  const retry = (() => {
    if (isRead) return 'safe';
    if (once.test(name)) return 'never';
    return effect === 'create' ? 'verify' : 'safe';
  })();
  const { reason: _, ...exception } = exceptions[id] ?? {};
  const isCore = (coreApps.includes(app) && !deprecated) || coreNames[app]?.test(name);
  return { kind: isRead ? 'search' : 'action', tier: isCore ? 'core' : 'all', effect, retry, ...exception };
}

/** Exceptions for operations of a resource that are not there any more. */
export const staleExceptions = (app, ids) =>
  Object.keys(exceptions).filter((id) => id.startsWith(`ghl.${app}.`) && !ids.has(id));

/** Paging, as far as the names of the parameters make it plain; nothing otherwise. */
export function paging(input, output, defs) {
  const has = (name) => ['number', 'integer'].includes(input.properties[name]?.type);
  const resolve = (node) => (node?.$ref ? defs[node.$ref.slice('#/$defs/'.length)] : node) ?? {};
  const size = ['limit', 'pageSize', 'pageLimit', 'pageLength'].find(has);
  if (!size) return undefined;
  const items = arrayIn(resolve(output), resolve);
  if (!items) return undefined;
  const max = input.properties[size].maximum;
  const total = ['total', 'totalCount', 'count', 'meta.total', 'meta.totalCount', 'totalDocuments'].find((path) => {
    let node = resolve(output);
    for (const key of path.split('.')) node = resolve(node.properties?.[key]);
    return [node.type].flat().includes('number');
  });
  const more = { ...(total && { total }), ...(max && { max }) };
  const skip = ['skip', 'offset'].find(has);
  if (skip) return { style: 'skip', items, limit: size, skip, ...more };
  if (has('page')) return { style: 'page', items, page: 'page', size, ...more };
  return undefined;
}

/** The path of the one array of objects in an answer, at most two steps down; `.` is the answer itself. */
function arrayIn(output, resolve) {
  if (output.type === 'array') return '.';
  const found = [];
  for (const [name, one] of Object.entries(output.properties ?? {})) {
    const node = resolve(one);
    if (node.type === 'array') found.push(name);
    for (const [inner, two] of Object.entries(node.properties ?? {})) {
      if (resolve(two).type === 'array') found.push(`${name}.${inner}`);
    }
  }
  const shallow = found.filter((path) => !path.includes('.'));
  if (shallow.length === 1) return shallow[0];
  return found.length === 1 ? found[0] : undefined;
}

/** The parameters of a list that a service may count as text in a query; the number looks the same there. */
export const counters = new Set(['limit', 'skip', 'offset', 'page', 'pageSize', 'pageLength']);
