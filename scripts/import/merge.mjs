// Joins what the specification says with what people wrote. Facts come from the specification, prose from the catalog.

const prose = ['title', 'description', 'examples', 'x-choices', 'x-secret'];
/** What the catalog may ask more strictly than the specification. */
const stricter = ['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'format', 'default'];
const order = [
  '$ref',
  'type',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'enum',
];

const list = (value) => (value === undefined ? [] : [value].flat());
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** One file's merge: definitions are merged where they are first met. */
export class Merge {
  #old;
  #fresh;
  #pins;
  #used = new Set();
  #done = {};
  #open = new Set();

  /** `old` and `fresh` are definitions; `pins` names the places where the catalog's own facts win. */
  constructor({ old, fresh, pins }) {
    this.#old = old;
    this.#fresh = fresh;
    this.#pins = pins;
  }

  /** A node; `at` is `ghl.app.operation input` or `Definition`, with the path of the field behind it. */
  node(fresh, old, at, way) {
    if (old && this.#pins.has(at)) {
      if (!same(this.#joined(fresh, old, at, way), old)) this.#used.add(at);
      return old;
    }
    return this.#joined(fresh, old, at, way);
  }

  #joined(fresh, old, at, way) {
    const node = { ...fresh };
    const { $ref: name, ...beside } = old ?? {};
    for (const key of prose) if (beside[key] !== undefined) node[key] = beside[key];
    if (fresh.$ref) {
      this.#definition(fresh.$ref.slice('#/$defs/'.length), old, way);
      return sorted(node);
    }
    const was = name ? { ...this.#old[name.slice('#/$defs/'.length)], ...beside } : beside;
    for (const key of stricter) if (was[key] !== undefined) node[key] ??= was[key];
    const type = typeOf(fresh, was, way);
    if (type !== undefined) node.type = type;
    if (way === 'output' && was.enum) node.enum ??= was.enum;
    if (fresh.properties || was.properties) node.properties = this.#properties(fresh, was, at, way);
    if (!node.properties) delete node.properties;
    const required = this.#required(fresh.required ?? [], was, at);
    if (node.properties && required.length) node.required = required;
    else delete node.required;
    if (fresh.items || (way === 'output' && was.items))
      node.items = this.node(fresh.items ?? was.items, was.items, `${at}[]`, way);
    if (fresh.anyOf) node.anyOf = fresh.anyOf.map((one, i) => this.node(one, was.anyOf?.[i], `${at}|${i}`, way));
    if (typeof fresh.additionalProperties === 'object') {
      const rest = typeof was.additionalProperties === 'object' ? was.additionalProperties : undefined;
      node.additionalProperties = this.node(fresh.additionalProperties, rest, `${at}.*`, way);
    }
    // Nothing is said about an answer: what people found out stays.
    if (way === 'output' && !Object.keys(fresh).length && old) return old;
    return sorted(node);
  }

  #properties(fresh, was, at, way) {
    const properties = {};
    const names = new Set([...Object.keys(was.properties ?? {}), ...Object.keys(fresh.properties ?? {})]);
    for (const name of names) {
      const there = fresh.properties?.[name];
      const here = was.properties?.[name];
      const where = under(at, name);
      if (there) properties[name] = this.node(there, here, where, way);
      // More in an answer is welcome; more in an input would be refused.
      else if (way === 'output' || this.#isPinned(where)) properties[name] = here;
    }
    return Object.keys(properties).length ? properties : undefined;
  }

  /** What must be there: as declared, but for pinned fields as it is here. */
  #required(declared, { properties = {}, required = [] }, at) {
    const isFree = (name) =>
      properties[name] && !required.includes(name) && this.#isPinned(`${under(at, name)} optional`);
    const isExtra = (name) => !declared.includes(name) && this.#isPinned(under(at, name));
    return [...declared.filter((name) => !isFree(name)), ...required.filter(isExtra)];
  }

  #isPinned(at) {
    if (!this.#pins.has(at)) return false;
    this.#used.add(at);
    return true;
  }

  #definition(name, old, way) {
    if (this.#done[name]) {
      // Written by hand for another operation: what is known of the same answer there comes along.
      const isOther = way === 'output' && old && !this.#old[name] && !this.#open.has(name);
      if (isOther) this.#done[name] = this.node(this.#done[name], old, name, way);
      return;
    }
    this.#open.add(name);
    const was = this.#old[name] ?? (old?.$ref ? this.#old[old.$ref.slice('#/$defs/'.length)] : old);
    this.#done[name] = {};
    this.#done[name] = this.node(this.#fresh[name], was, name, way);
    this.#open.delete(name);
  }

  /** All definitions that `roots` need, theirs and ours. */
  definitions(roots) {
    const defs = {};
    const add = (value) => {
      if (Array.isArray(value)) return value.forEach(add);
      if (!value || typeof value !== 'object') return;
      const name = typeof value.$ref === 'string' && value.$ref.slice('#/$defs/'.length);
      if (name && !defs[name]) {
        defs[name] = this.#done[name] ?? this.#old[name] ?? this.#fresh[name];
        add(defs[name]);
      }
      Object.values(value).forEach(add);
    };
    add(roots);
    const before = Object.keys(this.#old).filter((name) => defs[name]);
    const names = [...before, ...Object.keys(defs).filter((name) => !before.includes(name))];
    return Object.fromEntries(names.map((name) => [name, defs[name]]));
  }

  /** Pins that changed nothing: what they excuse is gone. */
  get stalePins() {
    return [...this.#pins].filter((at) => !this.#used.has(at));
  }
}

/** The place of a field. */
const under = (at, name) => `${at}${at.endsWith(' input') ? ' ' : '.'}${name}`;

/** A whole number is a number with less room, and an answer may have more types than are declared. */
function typeOf(fresh, was, way) {
  if (fresh.anyOf || fresh.$ref) return fresh.type;
  if (was.type === undefined || fresh.type === undefined)
    return fresh.type ?? (way === 'output' ? was.type : undefined);
  const [declared, ours] = [list(fresh.type), list(was.type)];
  if (way === 'output')
    return declared.every((type) => ours.includes(type) || (type === 'number' && ours.includes('integer')))
      ? was.type
      : fresh.type;
  const widened = ours.map((type) => (type === 'integer' && !declared.includes('integer') ? 'number' : type));
  return same([...widened].sort(), [...declared].sort()) ? was.type : fresh.type;
}

const place = (key) => (order.includes(key) ? order.indexOf(key) : order.length);
const sorted = (node) => Object.fromEntries(Object.entries(node).sort(([a], [b]) => place(a) - place(b)));
