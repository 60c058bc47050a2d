import type { CheckLine } from './auth.js';
import { PluginError } from './errors.js';
import type { Json, JsonObject } from './protocol.js';

/** What is lent to {@link checkMapping}. */
interface Means {
  run(id: string, input: JsonObject): Promise<unknown>;
  /** The one of `names` that was probably meant; null where none is near. */
  nearest(given: string, names: string[]): Promise<string | null>;
}

/** A thing in HighLevel as its list shows it. */
interface Item {
  id?: string;
  name?: string;
  email?: string;
  fieldKey?: string;
  stages?: Item[];
}

/** The lists that names are looked up in, and where their items are. */
const LISTS = {
  pipeline: ['ghl.opportunities.getPipelines', 'pipelines'],
  workflow: ['ghl.workflows.getWorkflow', 'workflows'],
  campaign: ['ghl.campaigns.getCampaigns', 'campaigns'],
  calendar: ['ghl.calendars.getCalendars', 'calendars'],
  user: ['ghl.users.getUserByLocation', 'users'],
  'custom field': ['ghl.locations.getCustomFields', 'customFields'],
} as const;

type Kind = keyof typeof LISTS;

/** A name in a mapping; of a stage, its pipeline is known as well. */
interface Named {
  kind: Kind;
  name: string;
  stage?: string;
}

/**
 * What a mapping needs from its location: that each order may have its deal, somebody for the tasks, and everything that it
 * names. `mapping` is whole, its playbooks in full.
 */
export async function checkMapping(mapping: JsonObject, means: Means): Promise<CheckLine[]> {
  const lines: CheckLine[] = [];
  if (isObject(mapping['opportunity'])) lines.push(await dealsLine(mapping['opportunity'], means));
  if (isOwnerless(mapping['tasks'])) {
    const message = 'belong to the contact’s user, to nobody where it has none';
    lines.push({ name: 'HighLevel: tasks', ok: true, message, help: 'Name somebody in tasks.assignedTo.' });
  }
  const named = namesIn(mapping);
  if (named.length > 0) lines.push(await namesLine(named, means));
  return lines;
}

async function dealsLine({ per }: JsonObject, { run }: Means): Promise<CheckLine> {
  const name = 'HighLevel: deals';
  if (per === 'contact') return { name, ok: true, message: 'one for each contact', help: null };
  return unlessItFails(name, async () => {
    const answer = (await run('ghl.locations.getLocation', {})) as { location?: { settings?: JsonObject } };
    return answer.location?.settings?.['allowDuplicateOpportunity'] === false
      ? {
          name,
          ok: false,
          message: 'the location allows one for each contact in a pipeline: a second order gets none',
          help: 'Allow duplicate opportunities in the settings of the location, or set opportunity.per to contact.',
        }
      : { name, ok: true, message: 'one for each order', help: null };
  });
}

async function namesLine(named: Named[], means: Means): Promise<CheckLine> {
  const name = 'HighLevel: names in the mapping';
  return unlessItFails(name, async () => {
    const problems = new Set<string>();
    const lists = new Map<Kind, Promise<Item[]>>();
    for (const one of named) {
      const list = lists.get(one.kind) ?? read(one.kind, means);
      lists.set(one.kind, list);
      const found = await find(one.kind, one.name, await list, means);
      if ('problem' in found) problems.add(found.problem);
      else if (one.stage !== undefined) {
        const stage = await find('stage', one.stage, found.item.stages ?? [], means);
        if ('problem' in stage) problems.add(stage.problem);
      }
    }
    return problems.size === 0
      ? { name, ok: true, message: 'all are there', help: null }
      : {
          name,
          ok: false,
          message: [...problems].join('; '),
          help: 'Correct them in the mapping, or make in HighLevel what they name.',
        };
  });
}

async function read(kind: Kind, { run }: Means): Promise<Item[]> {
  const [operation, place] = LISTS[kind];
  const input = kind === 'custom field' ? { model: 'contact' } : {};
  const answer = (await run(operation, input)) as Record<string, Item[] | undefined>;
  return answer[place] ?? [];
}

/** By id, name, key or e-mail, as the sync does it. */
async function find(kind: string, given: string, list: Item[], { nearest }: Means) {
  const sought = given.trim().toLowerCase();
  const words = ({ name, email, fieldKey }: Item) => [name, email, fieldKey?.replace(/^contact\./, '')];
  const byId = list.find(({ id }) => id === given);
  const found = byId
    ? [byId]
    : list.filter((item) => words(item).some((word) => word?.trim().toLowerCase() === sought));
  const [item, another] = found;
  if (another) return { problem: `the ${kind} "${given}" is there more than once: give the id` };
  if (item) return { item };
  // Of people no names are told.
  const names = kind === 'user' ? [] : list.flatMap((one) => words(one).filter((word) => word !== undefined));
  const near = await nearest(given, names);
  return { problem: `there is no ${kind} "${given}"${near === null ? '' : ` (did you mean ${near}?)`}` };
}

/** A check that can't be made says why. */
async function unlessItFails(name: string, look: () => Promise<CheckLine>): Promise<CheckLine> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    return { name, ok: false, message: error.message, help: error.help };
  }
}

const PURPOSES = {
  dunning: true,
  retention: false,
  chargeback: true,
  review: true,
  serviceProof: true,
  refundRequest: true,
  delivery: true,
};

/** Whether tasks are made that name nobody. */
function isOwnerless(tasks: Json | undefined): boolean {
  const section = isObject(tasks) ? tasks : {};
  return Object.entries(PURPOSES).some(([purpose, isUsual]) => {
    const own = section[purpose] ?? isUsual;
    return own !== false && section['assignedTo'] == null && !(isObject(own) && own['assignedTo'] != null);
  });
}

/** Everything that a mapping names. A template is no name yet. */
function namesIn(mapping: JsonObject): Named[] {
  const named: Named[] = [];
  const add = (kind: Kind, name: Json | undefined, stage?: Json) => {
    if (!isName(name)) return;
    named.push({ kind, name, ...(isName(stage) && { stage }) });
  };
  const users = (who: Json | undefined) => {
    if (isObject(who)) for (const user of [who['assignedTo'] ?? []].flat()) add('user', user);
  };
  const deal = (wish: Json | undefined) => {
    if (!isObject(wish)) return;
    const stages = isObject(wish['stages']) ? Object.values(wish['stages']) : [];
    for (const stage of [wish['stage'], ...stages]) add('pipeline', wish['pipeline'], stage);
  };
  const keys = (fields: Json | undefined) => {
    if (isObject(fields)) for (const key of Object.keys(fields)) add('custom field', key);
  };
  deal(mapping['opportunity']);
  users(mapping['tasks']);
  if (isObject(mapping['tasks'])) for (const task of Object.values(mapping['tasks'])) users(task);
  if (isObject(mapping['customFields'])) keys(mapping['customFields']['own']);
  if (isObject(mapping['consent'])) add('custom field', mapping['consent']['confirmedField']);
  for (const step of [mapping['playbooks'] ?? []]
    .flat()
    .flatMap((book) => (isObject(book) ? [book['then'] ?? []].flat() : []))) {
    if (!isObject(step)) continue;
    add('workflow', step['workflow']);
    add('workflow', step['leaveWorkflow']);
    add('campaign', step['campaign']);
    add('campaign', step['leaveCampaign']);
    deal(step['opportunity']);
    users(step['task']);
    keys(step['setFields']);
    if (isObject(step['appointment'])) add('calendar', step['appointment']['calendar']);
    if (isObject(step['buyLink'])) add('custom field', step['buyLink']['field']);
  }
  return named;
}

function isName(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('{{');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
