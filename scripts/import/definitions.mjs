// What several operations of a file share becomes a definition; everything else is written where it stands.
import { refsIn } from '../conformance/catalog.mjs';
import { names } from './patches.mjs';

const prefix = '#/$defs/';

/** `{ roots, defs }`: nodes with keys of `nodes` as references (see types.mjs), written out with definitions. */
export function withDefinitions(app, nodes, roots) {
  const uses = new Map();
  const visit = (value, open) => {
    if (!value || typeof value !== 'object') return;
    if (!nodes.has(value.$ref)) {
      for (const one of Object.values(value)) visit(one, open);
      return;
    }
    // A type that contains itself can't be written where it stands.
    const key = value.$ref;
    uses.set(key, (uses.get(key) ?? 0) + (open.has(key) ? 2 : 1));
    if (uses.get(key) === 1) visit(nodes.get(key), new Set([...open, key]));
  };
  visit(roots, new Set());

  const isShared = (key) =>
    names[app]?.[shortName(key)] !== undefined || (uses.get(key) > 1 && !isSmall(nodes.get(key)));
  const titles = titlesFor(app, [...uses.keys()].filter(isShared));
  const write = (node) =>
    rewritten(node, (one) => {
      if (one.$ref?.endsWith('#File')) return { $ref: `${prefix}File` };
      if (!nodes.has(one.$ref)) return undefined;
      return titles.has(one.$ref) ? { $ref: prefix + titles.get(one.$ref) } : write(nodes.get(one.$ref));
    });
  const defs = {};
  for (const [key, title] of titles) {
    const node = write(nodes.get(key));
    defs[title] = defs[title] ? union(defs[title], node) : node;
  }
  const result = hoisted(write(roots), defs);
  if (JSON.stringify(result).includes(`"${prefix}File"`)) result.defs.File = file;
  return result;
}

/** A copy in which `replace` may put something else for any object. */
function rewritten(value, replace) {
  if (Array.isArray(value)) return value.map((one) => rewritten(one, replace));
  if (!value || typeof value !== 'object') return value;
  return (
    replace(value) ?? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rewritten(one, replace)]))
  );
}

/** What is no longer than a reference to it. */
function isSmall(node) {
  const text = JSON.stringify(node);
  return text.length < 70 && !text.includes('$ref');
}

/** Names for definitions: short where that is clear, the input's form with a suffix where both forms are needed. */
function titlesFor(app, keys) {
  const titles = new Map();
  const owners = new Map();
  for (const key of keys) {
    const name = shortName(key);
    const chosen = names[app]?.[name];
    const short = chosen ?? plainName(name);
    const isTaken = !chosen && owners.has(short) && owners.get(short) !== name;
    const title = isTaken ? pascal(name) : short;
    owners.set(title, name);
    titles.set(key, title);
  }
  const isInput = (key) => key.startsWith('input');
  const answers = new Set(keys.filter((key) => !isInput(key)).map((key) => titles.get(key)));
  for (const key of keys) {
    if (isInput(key) && answers.has(titles.get(key))) titles.set(key, `${titles.get(key).replace(/Input$/, '')}Input`);
  }
  return titles;
}

/** These keys are JSON Schema's own; all others are names of fields. */
const structural = /^(items|properties|anyOf|additionalProperties|\d+)$/;
const isLarge = (node) => (node.properties || node.enum) && JSON.stringify(node).length > 160;

/** What stands in several places word for word becomes a definition too, named by the field that holds it. */
function hoisted(roots, given) {
  const counts = new Map();
  const count = (value) => {
    if (!value || typeof value !== 'object') return;
    const text = isLarge(value) && JSON.stringify(value);
    if (text) counts.set(text, (counts.get(text) ?? 0) + 1);
    Object.values(value).forEach(count);
  };
  count([roots, given]);

  const defs = { ...given };
  const titles = new Map();
  const titleFor = (text, field) => {
    const plain = pascal(field.replace(/([^s])s$/, '$1')) || 'Item';
    const suffix = text.includes('"additionalProperties":false') ? 'Input' : 'Output';
    const free = [plain, plain + suffix].find((title) => !defs[title]);
    for (let i = 2; !free; i++) if (!defs[plain + i]) return plain + i;
    return free;
  };
  const inside = (value, field) =>
    Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, replace(one, structural.test(key) ? field : key)]),
    );
  const replace = (value, field) => {
    if (Array.isArray(value)) return value.map((one) => replace(one, field));
    if (!value || typeof value !== 'object') return value;
    const text = JSON.stringify(value);
    if (!isLarge(value) || counts.get(text) < 2) return inside(value, field);
    if (!titles.has(text)) {
      const title = titleFor(text, field);
      titles.set(text, title);
      defs[title] = {};
      defs[title] = inside(value, field);
    }
    return { $ref: prefix + titles.get(text) };
  };
  // The input and the output of an operation, and a definition, stay what they are.
  const written = roots.map(({ input, output }) => ({ input: inside(input, ''), output: inside(output, '') }));
  for (const title of Object.keys(given)) defs[title] = inside(given[title], title);
  return inlined({ roots: written, defs }, new Set(titles.values()));
}

/** Definitions of `candidates` that only one place needs, written there. */
function inlined({ roots, defs }, candidates) {
  const uses = {};
  for (const name of refsIn([roots, defs])) uses[name] = (uses[name] ?? 0) + 1;
  const isLonely = (name) => candidates.has(name) && uses[name] < 2;
  const write = (node) =>
    rewritten(node, (one) => {
      const name = one.$ref?.startsWith?.(prefix) ? one.$ref.slice(prefix.length) : undefined;
      return isLonely(name) ? write(defs[name]) : undefined;
    });
  const kept = Object.entries(defs).filter(([name]) => !isLonely(name));
  return { roots: write(roots), defs: Object.fromEntries(kept.map(([name, node]) => [name, write(node)])) };
}

/** A file of a multipart body. */
const file = {
  type: 'object',
  properties: {
    name: { type: 'string', title: 'File name', minLength: 1 },
    type: { type: 'string', title: 'Media type', examples: ['text/csv'] },
    base64: { type: 'string', title: 'Content, base64', examples: ['bmFtZQphbm5hCg=='] },
  },
  required: ['name', 'base64'],
  additionalProperties: false,
};

const shortName = (key) => key.slice(key.lastIndexOf('/') + 1);
const pascal = (name) => name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter) => letter.toUpperCase());

function plainName(name) {
  const plain = pascal(name).replace(/(?:Schema|DTO|Dto|Response|SuccessfulResponse|Params)+$/, '');
  return /^[A-Z]\w/.test(plain) ? plain : pascal(name);
}

/** Two answers of one kind under one name: the fields of both; required is what both have. */
function union(one, other) {
  const required = one.required?.filter((name) => other.required?.includes(name));
  const { required: _, ...rest } = one;
  return { ...rest, properties: { ...other.properties, ...one.properties }, ...(required?.length && { required }) };
}
