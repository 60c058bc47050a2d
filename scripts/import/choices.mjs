// Drop-downs: which operation lists the values of a field. By the field's name, where that is certain.

const customFields = { operation: 'ghl.locations.getCustomFields', items: 'customFields', value: 'id', label: 'name' };

const lists = {
  calendar: { operation: 'ghl.calendars.getCalendars', items: 'calendars', value: 'id', label: 'name' },
  calendarGroup: { operation: 'ghl.calendars.getGroups', items: 'groups', value: 'id', label: 'name' },
  pipeline: { operation: 'ghl.opportunities.getPipelines', items: 'pipelines', value: 'id', label: 'name' },
  stage: {
    operation: 'ghl.opportunities.getPipelines',
    items: 'pipelines.stages',
    value: 'id',
    label: 'name',
    where: { 'pipelines.id': 'pipelineId' },
  },
  lostReason: { operation: 'ghl.opportunities.getLostReason', items: 'lostReasons', value: 'id', label: 'name' },
  user: { operation: 'ghl.users.getUserByLocation', items: 'users', value: 'id', label: 'name' },
  tag: { operation: 'ghl.locations.getLocationTags', items: 'tags', value: 'name', label: 'name' },
  tagId: { operation: 'ghl.locations.getLocationTags', items: 'tags', value: 'id', label: 'name' },
  customField: { ...customFields, input: { model: 'all' } },
  contactField: { ...customFields, input: { model: 'contact' } },
  opportunityField: { ...customFields, input: { model: 'opportunity' } },
  customValue: { operation: 'ghl.locations.getCustomValues', items: 'customValues', value: 'id', label: 'name' },
  product: { operation: 'ghl.products.listProducts', items: 'products', value: '_id', label: 'name' },
  price: {
    operation: 'ghl.products.listPricesForProduct',
    items: 'prices',
    value: '_id',
    label: 'name',
    with: { productId: 'productId' },
  },
  workflow: { operation: 'ghl.workflows.getWorkflow', items: 'workflows', value: 'id', label: 'name' },
  campaign: { operation: 'ghl.campaigns.getCampaigns', items: 'campaigns', value: 'id', label: 'name' },
  business: { operation: 'ghl.businesses.getBusinessesByLocation', items: 'businesses', value: 'id', label: 'name' },
  form: { operation: 'ghl.forms.getForms', items: 'forms', value: 'id', label: 'name' },
  survey: { operation: 'ghl.surveys.getSurveys', items: 'surveys', value: 'id', label: 'name' },
};

/** Field name -> list. Plural names hold arrays of the same. */
const byName = {
  calendarId: 'calendar',
  calendarIds: 'calendar',
  pipelineId: 'pipeline',
  pipeline_id: 'pipeline',
  pipelineStageId: 'stage',
  pipeline_stage_id: 'stage',
  lostReasonId: 'lostReason',
  assignedTo: 'user',
  assigned_to: 'user',
  assignedUserId: 'user',
  userId: 'user',
  userIds: 'user',
  selectedUsers: 'user',
  followers: 'user',
  owners: 'user',
  productId: 'product',
  productIds: 'product',
  priceId: 'price',
  workflowId: 'workflow',
  workflowIds: 'workflow',
  callEndWorkflowIds: 'workflow',
  businessId: 'business',
  formId: 'form',
  surveyId: 'survey',
  tagId: 'tagId',
};

/** Names that mean it in some resources only. */
const byApp = {
  contacts: { tags: 'tag', campaignId: 'campaign' },
  opportunities: { campaignId: 'campaign' },
  calendars: { groupId: 'calendarGroup' },
  objects: { owner: 'user' },
};

/** Fields that their name doesn't tell, of operations and definitions. */
const byField = {
  'CustomFieldInput id': 'contactField',
  'CustomField id': 'opportunityField',
  'ghl.locations.getCustomField id': 'customField',
  'ghl.locations.updateCustomField id': 'customField',
  'ghl.locations.deleteCustomField id': 'customField',
  'ghl.locations.getCustomValue id': 'customValue',
  'ghl.locations.updateCustomValue id': 'customValue',
  'ghl.locations.deleteCustomValue id': 'customValue',
};

/** Resources in which these names mean other things. */
const strangers = new Set(['ad-manager', 'marketplace', 'saas-api', 'snapshots', 'affiliate-manager']);

/** The drop-down of a field, or undefined. `at` is the operation's id, or the name of a definition. */
export function choicesFor(app, at, name) {
  if (strangers.has(app)) return undefined;
  const list = byField[`${at} ${name}`] ?? byApp[app]?.[name] ?? byName[name];
  return list && lists[list];
}

/** The operations that drop-downs ask. */
export const listOperations = [...new Set(Object.values(lists).map(({ operation }) => operation))];
