// Turns OpenAPI schemas into the part of JSON Schema 2020-12 that the catalog uses. Descriptions and examples of the
// specification stay behind: they are not this project's words.

const limits = ['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'];
const list = (value) => (value === undefined ? [] : [value].flat());
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The types of one specification. Inputs refuse what they don't know, so a type may have two forms. */
export class Types {
  #lookUp;
  /** `input#/components/schemas/X` -> node, with such keys as references in it; see definitions.mjs. */
  nodes = new Map();

  constructor(lookUp) {
    this.#lookUp = lookUp;
  }

  /** A schema as a node; references in it are keys of {@link nodes}. */
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
    if (!this.nodes.has(key)) {
      this.nodes.set(key, {});
      Object.assign(this.nodes.get(key), this.convert(this.#lookUp(ref), way));
    }
    return { $ref: key };
  }

  resolve(node) {
    return node.$ref ? this.resolve(this.nodes.get(node.$ref)) : node;
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
      const required = whole[0].required?.filter((name) => whole.every((one) => one.required?.includes(name)));
      const merged = { ...whole[0], properties: {}, ...(required && { required }) };
      for (const name of Object.keys(whole[0].properties))
        merged.properties[name] = this.#choice(whole.map((one) => one.properties[name]));
      return merged;
    }
    // Plain types need no list of variants.
    const more = ['enum', 'properties', 'additionalProperties', ...limits];
    if (whole.every((one) => one.type && !more.some((key) => key in one))) {
      const items = whole.find((one) => one.items)?.items;
      return { type: [...new Set(whole.flatMap((one) => one.type))], ...(items && { items }) };
    }
    return { anyOf: variants };
  }
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
