// Turns OpenAPI schemas into the part of JSON Schema 2020-12 that the catalog uses. Descriptions and examples of the
// specification stay behind: they are not this project's words.
import { names } from './patches.mjs';

const limits = ['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'];
const list = (value) => (value === undefined ? [] : [value].flat());
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The types of one specification. Inputs refuse what they don't know, so a type may have two forms. */
export class Types {
  #lookUp;
  #app;
  /** `input#/components/schemas/X` -> node, with such keys as references in it. */
  #nodes = new Map();

  constructor(app, lookUp) {
    this.#app = app;
    this.#lookUp = lookUp;
  }

  /** A schema as a node; references in it are keys for {@link finish}. */
  convert(schema, way) {
    if (schema.$ref) return this.#reference(schema.$ref, way);
    const parts = schema.allOf?.map((one) => this.convert(one, way)) ?? [];
    if (parts.length === 1 && !schema.properties) return parts[0];
    if (parts.length) return this.#merge([...parts, this.convert({ ...schema, allOf: undefined }, way)]);
    const variants = schema.anyOf ?? schema.oneOf;
    if (variants) return this.#choice(variants.map((one) => this.convert(one, way)));

    const node = {};
    const types = list(schema.type).filter((type) => type !== 'any');
    if (!types.length && schema.properties) types.push('object');
    if (types.includes('array') && schema.enum && !schema.items?.enum) {
      // Written one level too high.
      return this.convert({ ...schema, enum: undefined, items: { ...schema.items, enum: schema.enum } }, way);
    }
    if (types.length)
      node.type = types.length === 1 && !schema.nullable ? types[0] : [...types, ...(schema.nullable ? ['null'] : [])];
    if (schema.format === 'binary') return { $ref: `${way}#File` };
    if (schema.properties) node.properties = {};
    for (const [name, one] of Object.entries(schema.properties ?? {})) {
      if (way === 'input' && one.readOnly) continue;
      node.properties[name] = this.convert(one, way);
    }
    if (schema.required?.length) {
      node.required = [...new Set(schema.required)];
      for (const name of node.required) if (node.properties) node.properties[name] ??= {};
    }
    const rest = schema.additionalProperties;
    if (rest && typeof rest === 'object' && Object.keys(rest).length)
      node.additionalProperties = this.convert(rest, way);
    else if (way === 'input' && rest === undefined && Object.keys(node.properties ?? {}).length)
      node.additionalProperties = false;
    if (!Object.keys(node.properties ?? {}).length) delete node.properties;
    if (schema.items && types.includes('array')) {
      const items = this.convert(schema.items, way);
      // A list of lists of nothing in an answer stands for a list of objects that are not described.
      const isVague = way === 'output' && items.type === 'array' && !items.items;
      if (Object.keys(items).length && !isVague) node.items = items;
    }
    // A list in a list, and strings under the type number: the values tell what is meant.
    const values = schema.enum?.flat() ?? [];
    if (
      values.length &&
      types.includes('number') &&
      values.every((one) => typeof one === 'string' && !Number.isFinite(Number(one)))
    ) {
      node.type = 'string';
      types.splice(0, types.length, 'string');
    }
    if (values.length)
      node.enum = [...new Set(values.map((one) => fitted(one, types)).filter((one) => one !== undefined))];
    if (node.enum && schema.nullable && !node.enum.includes(null)) node.enum.push(null);
    if (schema.format === 'date-time') node.format = schema.format;
    for (const name of limits) if (typeof schema[name] === 'number') node[name] = schema[name];
    const value = schema.default === null ? undefined : fitted(schema.default, types);
    if (value !== undefined && (!node.enum || node.enum.includes(value)) && !same(value, {})) node.default = value;
    return node;
  }

  #reference(ref, way) {
    const key = `${way}${ref}`;
    if (!this.#nodes.has(key)) {
      this.#nodes.set(key, {});
      Object.assign(this.#nodes.get(key), this.convert(this.#lookUp(ref), way));
    }
    return { $ref: key };
  }

  resolve(node) {
    return node.$ref ? this.resolve(this.#nodes.get(node.$ref)) : node;
  }

  /** All of them at the same time: one object with the fields of all. */
  #merge(parts) {
    const merged = { type: 'object', properties: {} };
    for (const part of parts.map((one) => this.resolve(one))) {
      Object.assign(merged.properties, part.properties);
      const required = [...new Set([...(merged.required ?? []), ...(part.required ?? [])])];
      if (required.length) merged.required = required;
      if (part.additionalProperties !== undefined && part.properties)
        merged.additionalProperties = part.additionalProperties;
    }
    if (!Object.keys(merged.properties).length) delete merged.properties;
    return merged;
  }

  /** One of them. Objects with the same fields become one object whose fields have several types. */
  #choice(given) {
    const variants = given.filter((one, i) => given.findIndex((other) => same(one, other)) === i);
    if (variants.length === 1) return variants[0];
    const whole = variants.map((one) => this.resolve(one));
    const fields = (one) => (one.type === 'object' ? Object.keys(one.properties ?? {}).sort() : undefined);
    if (whole.every((one) => fields(one)?.length && same(fields(one), fields(whole[0])))) {
      const merged = { ...whole[0], properties: {} };
      for (const name of Object.keys(whole[0].properties))
        merged.properties[name] = this.#choice(whole.map((one) => one.properties[name]));
      return merged;
    }
    // Plain types need no list of variants.
    if (
      whole.every(
        (one) =>
          one.type &&
          !one.enum &&
          !one.properties &&
          !one.additionalProperties &&
          !limits.some((limit) => limit in one),
      )
    ) {
      const items = whole.find((one) => one.items)?.items;
      return { type: [...new Set(whole.flatMap((one) => one.type))], ...(items && { items }) };
    }
    return { anyOf: variants };
  }

  /** The nodes with definitions for what is shared or contains itself, and everything else written where it stands. */
  finish(roots) {
    const uses = new Map();
    const visit = (value, open) => {
      if (!value || typeof value !== 'object') return;
      if (typeof value.$ref === 'string' && this.#nodes.has(value.$ref)) {
        const key = value.$ref;
        const isOpen = open.has(key);
        uses.set(key, (uses.get(key) ?? 0) + (isOpen ? 2 : 1));
        if (uses.get(key) === 1) visit(this.#nodes.get(key), new Set([...open, key]));
        return;
      }
      for (const one of Object.values(value)) visit(one, open);
    };
    visit(roots, new Set());

    const small = (key) =>
      JSON.stringify(this.#nodes.get(key)).length < 70 && !JSON.stringify(this.#nodes.get(key)).includes('$ref');
    const isShared = (key) => names[this.#app]?.[shortName(key)] !== undefined || (uses.get(key) > 1 && !small(key));
    const titles = this.#titles([...uses.keys()].filter(isShared));
    const write = (value) => {
      if (Array.isArray(value)) return value.map(write);
      if (!value || typeof value !== 'object') return value;
      const key = value.$ref;
      if (key?.endsWith('#File')) return { $ref: '#/$defs/File' };
      if (key && this.#nodes.has(key))
        return titles.has(key) ? { $ref: `#/$defs/${titles.get(key)}` } : write(this.#nodes.get(key));
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, write(one)]));
    };
    const defs = {};
    for (const [key, title] of titles)
      defs[title] = defs[title] ? union(defs[title], write(this.#nodes.get(key))) : write(this.#nodes.get(key));
    const hoisted = hoist(write(roots), defs);
    const used = (text) => text.includes('"#/$defs/File"');
    if (used(JSON.stringify(hoisted))) hoisted.defs.File = file;
    return hoisted;
  }

  /** Names for definitions: short where that is clear, the input's form with a suffix where both forms are needed. */
  #titles(keys) {
    const titles = new Map();
    const given = (key) => names[this.#app]?.[shortName(key)] ?? plainName(shortName(key));
    const isInput = (key) => key.startsWith('input');
    const owners = new Map();
    for (const key of keys) {
      const short = given(key);
      const other = [...(owners.get(short) ?? [])].find((one) => shortName(one) !== shortName(key));
      const isMerged = names[this.#app]?.[shortName(key)] !== undefined;
      const title = other && !isMerged ? pascal(shortName(key)) : short;
      owners.set(title, [...(owners.get(title) ?? []), key]);
      titles.set(key, title);
    }
    for (const key of keys) {
      const twin = keys.find(
        (one) => one !== key && isInput(one) !== isInput(key) && titles.get(one) === titles.get(key),
      );
      if (isInput(key) && twin) titles.set(key, `${titles.get(key).replace(/Input$/, '')}Input`);
    }
    return titles;
  }
}

/** Objects that stand in several places word for word become definitions too, named by the field that holds them. */
function hoist(roots, given) {
  const counts = new Map();
  const isLarge = (node) => (node.properties || node.enum) && JSON.stringify(node).length > 160;
  const each = (value, work, name = '') => {
    if (!value || typeof value !== 'object') return;
    work(value, name);
    for (const [key, one] of Object.entries(value))
      each(one, work, /^(items|properties|anyOf|additionalProperties|\d+)$/.test(key) ? name : key);
  };
  const everywhere = [roots, given];
  each(everywhere, (node) => {
    if (isLarge(node)) counts.set(JSON.stringify(node), (counts.get(JSON.stringify(node)) ?? 0) + 1);
  });
  const defs = { ...given };
  const titles = new Map();
  const titleFor = (text, name) => {
    if (titles.has(text)) return titles.get(text);
    const plain = pascal(name.replace(/([^s])s$/, '$1')) || 'Item';
    const isInput = text.includes('"additionalProperties":false');
    const candidates = [plain, `${plain}${isInput ? 'Input' : 'Output'}`];
    for (let i = 2; ; i++) {
      const title = candidates.shift() ?? `${plain}${i}`;
      if (defs[title]) continue;
      titles.set(text, title);
      return title;
    }
  };
  const replace = (value, name, isTop) => {
    if (Array.isArray(value)) return value.map((one) => replace(one, name));
    if (!value || typeof value !== 'object') return value;
    const text = JSON.stringify(value);
    const inner = () =>
      Object.fromEntries(
        Object.entries(value).map(([key, one]) => [
          key,
          replace(one, /^(items|properties|anyOf|additionalProperties)$/.test(key) ? name : key),
        ]),
      );
    if (isTop || !isLarge(value) || counts.get(text) < 2) return inner();
    const title = titleFor(text, name);
    if (!defs[title]) {
      defs[title] = {};
      defs[title] = inner();
    }
    return { $ref: `#/$defs/${title}` };
  };
  // The input and the output of an operation, and a definition, stay what they are.
  const written = roots.map(({ input, output }) => ({
    input: replace(input, '', true),
    output: replace(output, '', true),
  }));
  for (const title of Object.keys(given)) defs[title] = replace(given[title], title, true);
  return inlined({ roots: written, defs }, new Set(titles.values()));
}

/** Definitions of `candidates` that only one place needs, written there. */
function inlined({ roots, defs }, candidates) {
  const uses = {};
  const count = (value) => {
    if (!value || typeof value !== 'object') return;
    if (typeof value.$ref === 'string')
      uses[value.$ref.slice('#/$defs/'.length)] = (uses[value.$ref.slice('#/$defs/'.length)] ?? 0) + 1;
    Object.values(value).forEach(count);
  };
  count([roots, defs]);
  const write = (value) => {
    if (Array.isArray(value)) return value.map(write);
    if (!value || typeof value !== 'object') return value;
    const name = typeof value.$ref === 'string' && value.$ref.slice('#/$defs/'.length);
    if (name && candidates.has(name) && uses[name] < 2) return write(defs[name]);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, write(one)]));
  };
  const kept = Object.entries(defs).filter(([name]) => !candidates.has(name) || uses[name] > 1);
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

/** A value of the specification as one of its declared types; undefined where it can't be. */
function fitted(value, types) {
  if (value === undefined || !types.length) return value;
  const isA = {
    string: typeof value === 'string',
    number: typeof value === 'number',
    integer: Number.isInteger(value),
    boolean: typeof value === 'boolean',
    array: Array.isArray(value),
    object: value?.constructor === Object,
  };
  if (types.some((type) => isA[type])) return value;
  if (types.includes('string') && ['number', 'boolean'].includes(typeof value)) return String(value);
  if (types.includes('number') && typeof value === 'string' && value.trim() && Number.isFinite(Number(value)))
    return Number(value);
  if (types.includes('boolean') && ['true', 'false'].includes(value)) return value === 'true';
  return undefined;
}
