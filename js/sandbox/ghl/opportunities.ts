import { Hono } from 'hono';
import { record } from '../recorder.js';
import { locationSettings } from '../settings.js';
import type { World } from '../state.js';
import { fullName } from './contact-store.js';
import { enter, findContact, type GhlContext, type GhlEnv, queryLocation, readBody, scope } from './context.js';
import type { Opportunity, Pipeline } from './data.js';
import { badRequest, notFound, unprocessable } from './problem.js';
import { type Body, LIST, NEEDED, NUMBER, OBJECT, type Rule, type Shape, TEXT, text } from './validate.js';

const READ = 'opportunities.readonly';
const WRITE = 'opportunities.write';

const STATUSES = ['open', 'won', 'lost', 'abandoned', 'all'];
const STATUS: Rule = { kind: 'string', oneOf: STATUSES };
const UPDATE: Shape = {
  pipelineId: TEXT,
  name: TEXT,
  pipelineStageId: TEXT,
  status: STATUS,
  monetaryValue: NUMBER,
  assignedTo: TEXT,
  customFields: LIST,
};
const CREATE: Shape = {
  ...UPDATE,
  pipelineId: NEEDED,
  locationId: NEEDED,
  name: NEEDED,
  status: { ...STATUS, required: true },
  contactId: NEEDED,
};
const SET_STATUS: Shape = { status: { ...STATUS, required: true }, lostReasonId: TEXT };
const SEARCH: Shape = {
  locationId: NEEDED,
  query: TEXT,
  limit: NUMBER,
  page: NUMBER,
  searchAfter: LIST,
  additionalDetails: OBJECT,
  filters: LIST,
};

/** Deals and pipelines (apps/opportunities.json). */
export function opportunityRoutes(world: World): Hono<GhlEnv> {
  const app = new Hono<GhlEnv>();

  app.get('/opportunities/pipelines', scope(READ), (c) => {
    const locationId = queryLocation(world, c, 'locationId');
    return c.json({ pipelines: world.ghl.pipelines.filter((p) => p.locationId === locationId) });
  });

  app.get('/opportunities/search', scope(READ), (c) => {
    const locationId = queryLocation(world, c, 'location_id', 'locationId');
    const query = c.req.query();
    const limit = Number(query.limit ?? 20);
    if (!(limit >= 1 && limit <= 100)) throw unprocessable(['limit must not be greater than 100']);
    const wanted: [keyof Opportunity, string | undefined][] = [
      ['id', query.id],
      ['contactId', query.contact_id ?? query.contactId],
      ['pipelineId', query.pipeline_id ?? query.pipelineId],
      ['pipelineStageId', query.pipeline_stage_id ?? query.pipelineStageId],
      ['assignedTo', query.assigned_to ?? query.assignedTo],
      ['status', query.status === 'all' ? undefined : query.status],
    ];
    const found = search(world, locationId, query.q).filter((deal) =>
      wanted.every(([name, value]) => value === undefined || deal[name] === value),
    );
    return c.json(page(world, found, Number(query.page ?? 1), limit));
  });

  app.post('/opportunities/search', scope(READ), async (c) => {
    const body = await readBody(c, SEARCH);
    const locationId = text(body, 'locationId') ?? '';
    enter(world, c, locationId);
    const found = search(world, locationId, text(body, 'query'));
    return c.json(page(world, found, Number(body.page ?? 1), Number(body.limit ?? 20)));
  });

  app.post('/opportunities', scope(WRITE), async (c) => {
    const body = await readBody(c, CREATE);
    const locationId = text(body, 'locationId') ?? '';
    enter(world, c, locationId);
    const contact = findContact(world, c, text(body, 'contactId') ?? '');
    const pipeline = findPipeline(world, locationId, text(body, 'pipelineId') ?? '');
    refuseSecond(world, locationId, contact.id, pipeline.id);
    const now = world.isoNow();
    const deal: Opportunity = {
      id: world.ids.id('opportunity'),
      name: '',
      pipelineId: pipeline.id,
      pipelineStageId: pipeline.stages[0]?.id ?? '',
      status: 'open',
      contactId: contact.id,
      locationId,
      monetaryValue: null,
      assignedTo: null,
      customFields: [],
      createdAt: now,
      updatedAt: now,
      lastStatusChangeAt: now,
      lastStageChangeAt: now,
    };
    write(world, deal, body);
    world.ghl.opportunities.set(deal.id, deal);
    record(world, 'opportunity_created', contact, detail(deal));
    return c.json({ opportunity: view(world, deal) }, 201);
  });

  app.get('/opportunities/:id', scope(READ), (c) => c.json({ opportunity: view(world, pathDeal(world, c)) }));

  app.put('/opportunities/:id', scope(WRITE), async (c) => {
    const deal = pathDeal(world, c);
    change(world, deal, await readBody(c, UPDATE));
    return c.json({ opportunity: view(world, deal) });
  });

  app.put('/opportunities/:id/status', scope(WRITE), async (c) => {
    const deal = pathDeal(world, c);
    const body = await readBody(c, SET_STATUS);
    const lostReasonId = text(body, 'lostReasonId');
    change(world, deal, { status: body.status });
    if (lostReasonId) deal.lostReasonId = lostReasonId;
    return c.json({ succeded: true });
  });

  app.delete('/opportunities/:id', scope(WRITE), (c) => {
    world.ghl.opportunities.delete(pathDeal(world, c).id);
    return c.json({ succeded: true });
  });

  return app;
}

function pathDeal(world: World, c: GhlContext): Opportunity {
  const id = c.req.param('id') ?? '';
  const deal = world.ghl.opportunities.get(id);
  if (!deal) throw notFound('Opportunity', id);
  enter(world, c, deal.locationId);
  return deal;
}

function findPipeline(world: World, locationId: string, id: string): Pipeline {
  const pipeline = world.ghl.pipelines.find((one) => one.id === id && one.locationId === locationId);
  if (!pipeline) throw notFound('Pipeline', id);
  return pipeline;
}

/** Where the location allows no duplicate opportunities, a person has one deal in a pipeline. */
function refuseSecond(world: World, locationId: string, contactId: string, pipelineId: string): void {
  if (locationSettings(world.settings, locationId).allowDuplicateOpportunity) return;
  for (const deal of world.ghl.opportunities.values()) {
    if (deal.contactId !== contactId || deal.pipelineId !== pipelineId) continue;
    throw badRequest('Can not create duplicate opportunity for the contact.', {
      code: 'OPPORTUNITY_NO_DUPLICATE',
      meta: { existingId: deal.id },
    });
  }
}

function change(world: World, deal: Opportunity, body: Body): void {
  const { pipelineStageId, status } = deal;
  write(world, deal, body);
  const contact = world.ghl.contacts.get(deal.contactId);
  deal.updatedAt = world.isoNow();
  if (deal.pipelineStageId !== pipelineStageId) {
    deal.lastStageChangeAt = deal.updatedAt;
    if (contact) record(world, 'opportunity_stage_changed', contact, detail(deal));
  }
  if (deal.status !== status) {
    deal.lastStatusChangeAt = deal.updatedAt;
    if (contact) record(world, 'opportunity_status_changed', contact, detail(deal));
  }
}

function write(world: World, deal: Opportunity, body: Body): void {
  const pipelineId = text(body, 'pipelineId');
  if (pipelineId && pipelineId !== deal.pipelineId) {
    deal.pipelineId = findPipeline(world, deal.locationId, pipelineId).id;
  }
  const stageId = text(body, 'pipelineStageId');
  if (stageId) {
    const { stages } = findPipeline(world, deal.locationId, deal.pipelineId);
    if (!stages.some((stage) => stage.id === stageId)) throw notFound('Pipeline stage', stageId);
    deal.pipelineStageId = stageId;
  }
  deal.name = text(body, 'name') ?? deal.name;
  deal.status = text(body, 'status') ?? deal.status;
  deal.assignedTo = text(body, 'assignedTo') ?? deal.assignedTo;
  if (typeof body.monetaryValue === 'number') deal.monetaryValue = body.monetaryValue;
  if (Array.isArray(body.customFields)) deal.customFields = body.customFields;
}

function search(world: World, locationId: string, query = ''): Opportunity[] {
  const wanted = query.toLowerCase();
  return [...world.ghl.opportunities.values()]
    .filter((deal) => deal.locationId === locationId)
    .filter((deal) => {
      const contact = world.ghl.contacts.get(deal.contactId);
      const haystack = [deal.name, contact && fullName(contact), contact?.fields.email].join('\n');
      return haystack.toLowerCase().includes(wanted);
    })
    .reverse();
}

function page(world: World, found: Opportunity[], number: number, limit: number) {
  const pages = Math.ceil(found.length / limit);
  const slice = found.slice((number - 1) * limit, number * limit);
  const last = slice.at(-1);
  return {
    opportunities: slice.map((deal) => view(world, deal)),
    meta: {
      total: found.length,
      currentPage: number,
      nextPage: number < pages ? number + 1 : null,
      prevPage: number > 1 ? number - 1 : null,
      startAfterId: last?.id ?? null,
      startAfter: last ? Date.parse(last.createdAt) : null,
    },
    aggregations: {},
    traceId: world.ids.uuid('trace'),
  };
}

function view(world: World, deal: Opportunity): Record<string, unknown> {
  const contact = world.ghl.contacts.get(deal.contactId);
  return {
    ...deal,
    source: '',
    lastActionDate: deal.updatedAt,
    indexVersion: 1,
    followers: [],
    notes: [],
    tasks: [],
    calendarEvents: [],
    contact: contact && {
      id: contact.id,
      name: fullName(contact),
      companyName: contact.fields.companyName,
      email: contact.fields.email,
      phone: contact.fields.phone,
      tags: contact.tags,
    },
  };
}

function detail({ id, name, pipelineStageId, status, monetaryValue }: Opportunity) {
  return { opportunityId: id, name, pipelineStageId, status, monetaryValue };
}
