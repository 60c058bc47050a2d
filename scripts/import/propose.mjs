// What a catalog file should be, from a specification and from the file as it is.
import { refsIn } from '../conformance/catalog.mjs';
import { choicesFor } from './choices.mjs';
import { withDefinitions } from './definitions.mjs';
import { Merge } from './merge.mjs';
import { pins, stalePatches } from './patches.mjs';
import { counters, paging, policy, staleExceptions } from './policy.mjs';
import { mechanicalTitle } from './titles.mjs';
import { Types } from './types.mjs';

const secrets = /password|secret|(api|private|client)_?key$|(access|refresh|auth)_?token$/i;
const methodsWithQuery = new Set(['GET', 'DELETE']);

/** The proposed file, and what a person should look at: `{ file, notes }`. */
export function propose(specification, existing) {
  const { app } = specification;
  const types = new Types(specification.lookUp);
  const drafts = specification.operations.map((one) => draft(one, types));
  const { roots, defs } = withDefinitions(
    app,
    types.nodes,
    drafts.map(({ input, output }) => ({ input, output })),
  );
  for (const [name, node] of Object.entries(defs)) decorate(node, app, name, ofInput(roots, defs).has(name));

  const old = new Map(existing?.operations.map((one) => [one.id, one]));
  const merge = new Merge({ old: existing?.$defs ?? {}, fresh: defs, pins: new Set(pins(app)) });
  const merged = drafts.map((one, i) => {
    const { id } = one;
    const was = old.get(id) ?? {};
    const { input, output } = roots[i];
    decorate(input, app, id, true);
    decorate(output, app, id, false);
    connect(input, one.isAgency);
    const whole = {
      input: merge.node(input, was.input, `${id} input`, 'input'),
      output: merge.node(output, was.output, `${id} output`, 'output'),
    };
    // An input without fields is an object too.
    whole.input = { type: 'object', properties: {}, ...whole.input };
    return entry(one, was, whole, specification.version);
  });
  // Triggers are in no specification.
  const triggers = existing?.operations.filter(({ kind }) => kind === 'trigger') ?? [];
  const definitions = merge.definitions([...merged, ...triggers].map(({ input, output }) => [input, output]));
  for (const one of merged) {
    const found = paging(one.input, one.output, definitions);
    const was = old.get(one.id)?.paging;
    if (was || (was === null && found)) one.paging = was;
    else if (found) one.paging = found;
  }
  for (const node of [...Object.values(definitions), ...merged.map(({ input }) => input)]) dropPlainTitles(node);

  const all = [...merged.map(keysInOrder), ...triggers];
  const ids = new Set(all.map(({ id }) => id));
  const before = [...old.keys()].filter((id) => ids.has(id));
  const position = (id) => (before.includes(id) ? before.indexOf(id) : before.length);
  const gone = [...old.keys()].filter((id) => !ids.has(id));
  return {
    file: {
      service: 'ghl',
      resource: app,
      title: existing?.title ?? mechanicalTitle(app),
      version: specification.version,
      source: existing?.source ?? `HighLevel API specification, app ${app}`,
      ...(Object.keys(definitions).length && { $defs: definitions }),
      operations: all.sort((a, b) => position(a.id) - position(b.id)),
    },
    notes: [
      ...gone.map((id) => `${id} is not in the specification any more and was dropped`),
      ...stalePatches(specification.operations).map((route) => `a patch for nothing: ${route}`),
      ...staleExceptions(app, ids).map((id) => `an exception of policy.mjs for nothing: ${id}`),
      ...merge.stalePins.map((at) => `an exception that nothing needs any more: ${at}`),
    ],
  };
}

/** An operation's schemas before its file's types are written out. */
function draft(operation, types) {
  const { id, method, parameters, body, encoding, answer } = operation;
  const input = { type: 'object', properties: {}, required: [], additionalProperties: false };
  const place = {};
  const wire = {};
  const add = (name, node, where, required) => {
    const pathHas = operation.path.includes(`{${name}}`);
    const usual = pathHas ? 'path' : methodsWithQuery.has(method) ? 'query' : 'body';
    input.properties[name] = node;
    if (where !== usual) place[name] = where;
    if (required && !input.required.includes(name)) input.required.push(name);
  };

  const fields = body && types.resolve(types.convert(body, 'input'));
  const isWhole =
    fields &&
    (fields.anyOf || (fields.type && fields.type !== 'object') || fields.additionalProperties?.constructor === Object);
  const inBody = isWhole ? {} : (fields?.properties ?? {});
  const inPath = new Set(parameters.filter((one) => one.place === 'path').map(({ name }) => name));
  for (const one of parameters) {
    let node = types.convert(one.schema, 'input');
    if (one.place === 'path' && node.type === 'string' && !node.enum) node = { ...node, minLength: 1 };
    if (one.place === 'query' && counters.has(one.name)) node = counted(node);
    // The same name in two places: the one in the query gets a name of its own.
    const isTwice = one.place === 'query' && (inPath.has(one.name) || inBody[one.name]);
    const name = isTwice ? `${one.name}Query` : one.name;
    if (isTwice) wire[name] = one.name;
    add(name, node, one.joined ? 'list' : one.place, one.required);
  }
  for (const [name, node] of Object.entries(inBody)) {
    const counter = counters.has(name) && node.type === 'number';
    add(name, counter ? counted(node) : node, operation.place[name] ?? 'body', fields.required?.includes(name));
  }
  if (isWhole) add('body', types.convert(body, 'input'), 'whole', true);
  if (!input.required.length) delete input.required;

  const output =
    { text: { type: 'string' }, binary: types.convert({ format: 'binary' }, 'output') }[answer] ??
    types.convert(operation.output, 'output');
  return {
    ...operation,
    input,
    output,
    place,
    wire,
    encoding: encoding === usualEncoding(method, place, input.required) ? undefined : encoding,
    id,
  };
}

/** A DELETE surely has a body where a field must go into it, a GET never, all else always. */
function usualEncoding(method, place, required = []) {
  if (method === 'GET') return 'none';
  return method === 'DELETE' && !required.some((name) => place[name] === 'body') ? 'none' : 'json';
}

/** A number of a list's paging, whether declared as number or as text. */
function counted(node) {
  if (!['string', 'number'].includes(node.type) || node.enum) return node;
  const value = Number(node.default);
  return { ...node, type: 'integer', ...(node.default !== undefined && { default: value }) };
}

/** Adds drop-downs and marks secrets, wherever a field is. */
function decorate(node, app, at, isInput) {
  for (const [name, one] of Object.entries(node.properties ?? {})) {
    const isText = (schema) => schema && [schema.type].flat().includes('string') && !schema.enum;
    const choices = isInput && (isText(one) || isText(one.items)) && choicesFor(app, at, name);
    if (choices) choose(one, choices, node.properties);
    if (isText(one) && secrets.test(name)) one['x-secret'] = true;
    decorate(one, app, '', isInput);
  }
  if (node.items) decorate(node.items, app, '', isInput);
  for (const one of node.anyOf ?? []) decorate(one, app, '', isInput);
  if (typeof node.additionalProperties === 'object') decorate(node.additionalProperties, app, '', isInput);
}

/** The definitions that inputs use. */
function ofInput(roots, defs) {
  const found = new Set();
  const follow = (value) => {
    for (const name of refsIn(value)) {
      if (found.has(name)) continue;
      found.add(name);
      follow(defs[name]);
    }
  };
  follow(roots.map(({ input }) => input));
  return found;
}

/** A list that needs the value of a neighbour is of use only beside it. */
function choose(node, { where, with: needs, ...list }, beside) {
  const named = (name) =>
    [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)].find((one) => beside[one]);
  const found = (map) => Object.entries(map ?? {}).map(([key, name]) => [key, named(name)]);
  if (found(needs).some(([, name]) => !name)) return;
  const [filters, inputs] = [found(where).filter(([, name]) => name), found(needs)];
  node['x-choices'] = {
    ...list,
    ...(inputs.length && { with: Object.fromEntries(inputs) }),
    ...(filters.length && { where: Object.fromEntries(filters) }),
  };
}

/** What the connection knows: the location. Not where the token is an agency's. */
function connect(input, isAgency) {
  const { properties, required = [] } = input;
  // An altId belongs to a location unless its type may be another.
  const isLocation = !properties.altType?.enum?.some((type) => type !== 'location');
  for (const name of ['locationId', 'location_id', ...(isLocation ? ['altId'] : [])]) {
    if (!isAgency && properties[name]?.type === 'string' && required.includes(name))
      properties[name]['x-connection'] = 'locationId';
  }
}

function entry(one, was, { input, output }, version) {
  const { id, method, path, scopes, deprecated, encoding, place, wire, answer } = one;
  const title = was.title === mechanicalTitle(id.split('.').at(-1)) ? undefined : was.title;
  return {
    id,
    ...policy(one),
    ...(title && { title }),
    ...(was.description && { description: was.description }),
    method,
    path,
    ...(one.version !== version && { version: one.version }),
    scopes,
    ...(was.verify && { verify: was.verify }),
    ...(deprecated && { deprecated }),
    ...(encoding && { encoding }),
    ...(answer && { answer }),
    ...(Object.keys(place).length && { place }),
    ...(Object.keys(wire).length && { wire }),
    input,
    output,
    ...(was.sample && { sample: was.sample }),
  };
}

/** A title that the plugin derives anyway is not stored. */
function dropPlainTitles(node) {
  for (const [name, one] of Object.entries(node.properties ?? {})) {
    if (one.title === mechanicalTitle(name)) delete one.title;
    dropPlainTitles(one);
  }
  if (node.items) dropPlainTitles(node.items);
  for (const one of node.anyOf ?? []) dropPlainTitles(one);
}

const order = [
  'id',
  'kind',
  'tier',
  'title',
  'description',
  'method',
  'path',
  'version',
  'scopes',
  'effect',
  'retry',
  'verify',
  'deprecated',
  'paging',
  'encoding',
  'answer',
  'place',
  'wire',
  'input',
  'output',
  'sample',
];
const keysInOrder = (one) =>
  Object.fromEntries(order.filter((key) => one[key] !== undefined).map((key) => [key, one[key]]));
