// Reads one OpenAPI file of HighLevel into a list of operations, with the known defects patched.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { patches } from './patches.mjs';

const methods = ['get', 'post', 'put', 'patch', 'delete'];

const encodings = {
  'application/json': 'json',
  'multipart/form-data': 'multipart',
  'application/x-www-form-urlencoded': 'form',
  undefined: 'none',
};

const camel = (text) =>
  text
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    // All capitals are shouting (`GET-all`), mixed ones are a name already (`getAllSchedules`).
    .map(
      (word, i) =>
        (i ? word[0].toUpperCase() : word[0].toLowerCase()) +
        (/[a-z]/.test(word) ? word.slice(1) : word.slice(1).toLowerCase()),
    )
    .join('');

/** The specification as `{ app, version, operations, lookUp }`. */
export function readSpecification(file) {
  const app = basename(file, '.json');
  const document = JSON.parse(readFileSync(file, 'utf8'));
  const operations = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods) {
      if (item[method]) operations.push(readOperation(app, method.toUpperCase(), path, item[method]));
    }
  }
  return {
    app,
    version: mostCommon(operations.map(({ version }) => version)),
    operations,
    lookUp: lookUpIn(document, file),
  };
}

function readOperation(app, method, path, found) {
  const route = `${method} ${path}`;
  const patch = patches[route] ?? {};
  const declared = (found.parameters ?? []).filter((one) => one.in === 'path' || one.in === 'query');
  const parameters = declared.map(({ name, in: place, required, schema, explode }) => ({
    name,
    place,
    required: place === 'path' || Boolean(required),
    schema: schema ?? {},
    // An array in the query: one pair for each value, or all in one, joined by commas.
    joined: place === 'query' && schema?.type === 'array' && explode === false,
  }));
  for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
    if (parameters.some((one) => one.place === 'path' && one.name === name)) continue;
    parameters.push({ name, place: 'path', required: true, schema: patch.parameters?.[name] ?? { type: 'string' } });
  }
  for (const one of parameters) Object.assign(one.schema, patch.parameters?.[one.name]);
  const [media, content] = Object.entries(found.requestBody?.content ?? {})[0] ?? [];
  const good = Object.entries(found.responses).find(([status]) => status.startsWith('2'))?.[1];
  const scopes = (found.security ?? []).flatMap((one) => Object.values(one).flat());
  const header = (found.parameters ?? []).find((one) => one.in === 'header' && one.name === 'Version');
  return {
    id: `ghl.${app}.${patch.name ?? camel(found.operationId)}`,
    method,
    path,
    version: header?.schema.enum[0] ?? '',
    scopes: patch.scopes ?? [...new Set(scopes)],
    // A token of the agency may name any sub-account: none is the connection's own.
    isAgency:
      found.security?.length > 0 &&
      found.security.every((one) => Object.keys(one).every((kind) => kind.startsWith('Agency'))),
    deprecated: Boolean(found.deprecated),
    parameters,
    encoding: encodings[media],
    body: withFields(content?.schema ?? (found.requestBody ? {} : undefined), patch),
    place: patch.place ?? {},
    answer: patch.answer,
    output: good?.content?.['application/json']?.schema ?? {},
  };
}

/** A body with the fields that its schema lacks. */
function withFields(body, { fields, required }) {
  if (!fields) return body;
  const extra = { type: 'object', properties: fields, ...(required && { required }) };
  return body?.$ref ? { allOf: [body, extra] } : extra;
}

function mostCommon(values) {
  const count = (value) => values.filter((one) => one === value).length;
  return values.reduce((best, value) => (count(value) > count(best) ? value : best));
}

/** Looks up references within the file and into the files beside it. */
function lookUpIn(document, file) {
  const others = {};
  return (ref) => {
    const [name, pointer] = ref.split('#');
    if (name) others[name] ??= JSON.parse(readFileSync(join(dirname(file), name), 'utf8'));
    let value = name ? others[name] : document;
    for (const part of pointer.slice(1).split('/')) value = value?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
    if (!value) throw new Error(`${file}: ${ref} leads nowhere`);
    return value;
  };
}
