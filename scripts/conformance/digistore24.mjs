// What the plugin really sends for each Digistore24 function, decoded by a decoder that is not ours (npm's qs) and
// compared with the arguments that the specification names. Digistore24's specification describes queries and JSON,
// the service takes a form in PHP's bracket notation, so Prism can't judge it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual as same } from 'node:util';
import qs from 'qs';
import { readSpecification } from '../import/digistore24.mjs';
import { unpublished } from '../import/digistore24-patches.mjs';
import { published, repoRoot, specsDir } from './catalog.mjs';

const pluginFile = join(repoRoot, 'pkg/dist/src/index.js');
const apiKey = '900001-conformance';

/** Runs the whole check. `skipped` is a reason when there is nothing to compare with. */
export async function checkForms({ files = published(), specs = specsDir(), open = openPlugin } = {}) {
  const functions = specs && (await readSpecification(join(specs, 'digistore24')));
  const skipped =
    (!specs && 'the published specifications are not here (set SPECS_DIR to their folder)') ||
    (!functions && 'no specification of Digistore24') ||
    (!existsSync(pluginFile) && 'the plugin is not built (pkg/dist/src/index.js)');
  if (skipped) return { skipped, results: [] };
  const results = [];
  for (const { data } of files.filter(({ data }) => data.service === 'digistore24')) {
    for (const operation of data.operations) {
      const wanted = documented(functions, operation.id.slice('digistore24.'.length));
      const problems = wanted ? await judge(operation, wanted, open) : ['nobody documents its arguments'];
      results.push({ id: operation.id, skipped: null, problems });
    }
  }
  return { skipped: null, results };
}

/** The arguments as one schema of what a decoder of the form should see. */
function documented(functions, name) {
  const found = functions.get(name);
  if (!found) {
    const takes = unpublished[name]?.takes;
    return takes && { type: 'object', properties: Object.fromEntries(takes.map((key) => [key, {}])) };
  }
  const root = { type: 'object', properties: {}, required: [] };
  for (const [key, schema] of Object.entries(found.properties)) {
    const onWire = found.wire[key] ?? key;
    const inside = found.place[key] === 'data';
    if (inside) root.properties.data ??= { type: 'object', properties: {}, required: [] };
    const holder = inside ? root.properties.data : root;
    holder.properties[onWire] = schema;
    if (found.required.includes(key)) holder.required.push(onWire);
  }
  return root;
}

async function judge(operation, wanted, open) {
  const problems = [];
  const say = (problem) => problems.push(problem);
  const { sample } = operation;
  check(wanted, await sent(operation, sample.input, open, say), '', say);

  // The sample has some of the arguments; together with an input that has all of them nothing stays untried.
  const everything = fullValue(operation.input);
  const decoded = await sent(operation, everything, open, say);
  check(wanted, decoded, '', say);
  for (const path of untouched(wanted, decoded)) say(`${path}: the specification has it, but it can't be sent`);
  return problems;
}

/** Runs the operation and gives back what its form decodes to. */
async function sent(operation, input, open, say) {
  const requests = [];
  const plugin = await open(async (url, init) => {
    const request = new Request(url, init);
    requests.push({ url: request.url, method: request.method, headers: request.headers, body: await request.text() });
    return Response.json({ result: 'success', data: {} });
  });
  const error = await plugin.run(operation.id, input).then(
    () => undefined,
    (thrown) => thrown,
  );
  await plugin.close();
  if (error) say(`not accepted: ${JSON.stringify(error.fields ?? error.message)}`);
  if (requests.length !== 1) {
    say(`${requests.length} requests`);
    return {};
  }
  const [{ url, method, headers, body }] = requests;
  if (method !== 'POST') say(`method ${method}`);
  if (new URL(url).pathname !== operation.path || new URL(url).search) say(`address ${url}`);
  if (headers.get('x-ds-api-key') !== apiKey) say('no API key in the header');
  if (!headers.get('content-type')?.startsWith('application/x-www-form-urlencoded'))
    say('the body is not called a form');
  const decoded = qs.parse(body, { depth: 20, arrayLimit: 1000, parameterLimit: 10_000, strictDepth: true });
  // Whatever way the values took, none may be lost or changed.
  const given = leaves(input).sort();
  const came = leaves(decoded).sort();
  if (!same(given, came)) say(`values: ${JSON.stringify(given)} given, ${JSON.stringify(came)} sent`);
  return decoded;
}

const leaves = (value) => {
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(leaves);
  return [typeof value === 'boolean' ? (value ? 'Y' : 'N') : String(value)];
};

const patterns = { integer: /^-?\d+$/, number: /^-?\d+(\.\d+)?$/, boolean: /^[YN]$/ };

/** A decoded value against the specification: known names, what must be there, types and values as text. */
function check(schema, value, path, say) {
  const types = [schema.type ?? []].flat();
  if (typeof value === 'string') {
    if (schema.enum && !schema.enum.map(String).includes(value)) say(`${path}: ${value} is not among its values`);
    const fits =
      types.length === 0 || types.some((type) => (patterns[type] ?? (type === 'string' && /^/))?.test(value));
    if (!fits) say(`${path}: ${value} is no ${types.join(' or ')}`);
    return;
  }
  if (Array.isArray(value)) {
    if (!types.includes('array')) say(`${path}: a list, but should be ${types.join(' or ')}`);
    for (const [i, item] of value.entries()) check(schema.items ?? {}, item, `${path}[${i}]`, say);
    return;
  }
  if (types.length > 0 && !types.includes('object')) say(`${path}: an object, but should be ${types.join(' or ')}`);
  const { properties, additionalProperties, required = [] } = schema;
  for (const name of required) if (!(name in value)) say(`${path}[${name}] is missing`);
  for (const [name, inner] of Object.entries(value)) {
    const known = properties ? properties[name] : (additionalProperties ?? {});
    if (known) check(known, inner, path ? `${path}[${name}]` : name, say);
    else say(`${path ? `${path}[${name}]` : name} is not in the specification`);
  }
}

/** The arguments of the specification that a decoded form does not have. */
function untouched(schema, value, path = '') {
  if (value === undefined) return [path];
  if (schema.items) return untouched(schema.items, Object.values(value)[0], `${path}[]`);
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    untouched(inner, value[name], path ? `${path}[${name}]` : name),
  );
}

const byFormat = { email: 'nina@example.org', uri: 'https://example.org/a?b=c&d=ä', date: '2026-02-01' };

/** A value that has every property of a schema. */
function fullValue(schema) {
  const { enum: values, properties, items, additionalProperties, minimum = 1, format } = schema;
  const [type] = [schema.type ?? (properties ? 'object' : 'string')].flat();
  if (values) return values.at(-1);
  if (type === 'object') {
    if (!properties) return { 'a b': additionalProperties?.type ? fullValue(additionalProperties) : 'ü' };
    return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, fullValue(inner)]));
  }
  if (type === 'array') return [fullValue(items ?? {})];
  if (type === 'boolean') return true;
  if (type === 'integer') return Math.max(minimum, 2);
  if (type === 'number') return Math.max(minimum, 2.5);
  return (byFormat[format] ?? 'ä & [b]=c').slice(0, schema.maxLength);
}

async function openPlugin(fetch) {
  const { createPlugin } = await import(pathToFileURL(pluginFile).href);
  return createPlugin({ digistore24: { apiKey }, fetch, log: () => {} });
}
