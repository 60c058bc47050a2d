// What the plugin really sends, judged by Prism: each operation of HighLevel with the sample of its catalog entry.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual as same } from 'node:util';
import { placeOf, published, repoRoot, specsDir } from './catalog.mjs';
import { prismScript, requestViolations, startPrism, watchingFetch } from './prism.mjs';
import { skips } from './skips.mjs';

const pluginFile = join(repoRoot, 'pkg/dist/src/index.js');
const locationId = 've9EPM428h8vShlRW1KT';

/**
 * Runs the whole check; `progress` hears what is under way. `skipped` is a reason when there is nothing to judge by.
 */
export async function checkRequests({
  files = published().filter(({ data }) => data.service === 'ghl'),
  specs = specsDir(),
  open = openPlugin,
  exceptions = skips,
  progress = () => {},
} = {}) {
  const skipped =
    (!specs && 'the published specifications are not here (set SPECS_DIR to their folder)') ||
    (!prismScript() && '@stoplight/prism-cli is not installed') ||
    (!existsSync(pluginFile) && 'the plugin is not built (pkg/dist/src/index.js)');
  if (skipped) return { skipped, results: [] };

  const results = new Map();
  const waiting = [...files];
  // A start of Prism is work for one core; the plugin's part is short.
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      results.set(file, await checkFile(file.data, specs, open, exceptions));
      progress(`${results.size} of ${files.length}: ${file.data.resource}`);
    }
  };
  await Promise.all([worker(), worker()]);
  return { skipped: null, results: files.flatMap((file) => results.get(file)) };
}

async function checkFile(data, specs, open, exceptions) {
  const published = join(specs, 'ghl', `${data.resource}.json`);
  if (!existsSync(published)) {
    return data.operations.map(({ id }) => ({ id, skipped: `no specification for ${data.resource}`, problems: [] }));
  }
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  let prism;
  try {
    const judged = join(folder, `${data.resource}.json`);
    writeFileSync(judged, JSON.stringify(requestsOnly(JSON.parse(readFileSync(published, 'utf8')))));
    prism = await startPrism(judged);
    const results = [];
    for (const operation of data.operations) {
      const problems = await judge(operation, prism.url, open);
      const excuse = exceptions[operation.id];
      const left = problems.filter((one) => !excuse?.problem.test(one));
      // An exception that nothing needs any more hides the next fault.
      if (excuse && left.length === problems.length) left.push('it is skipped without need');
      results.push({ id: operation.id, skipped: excuse && !left.length ? excuse.reason : null, problems: left });
    }
    return results;
  } finally {
    await prism?.stop();
    rmSync(folder, { recursive: true });
  }
}

/**
 * The specification with all that it says about requests. The error answers go: those of links.json refer to schemas
 * that don't exist, and Prism would not start.
 */
function requestsOnly(specification) {
  for (const item of Object.values(specification.paths)) {
    for (const operation of Object.values(item)) {
      const good = Object.keys(operation.responses).find((status) => status.startsWith('2'));
      operation.responses = { [good]: { description: '' } };
    }
  }
  readable(specification.components.schemas);
  return specification;
}

/** Slips that make Prism give up on a schema, and then take anything: examples that are no list, lists or repetitions in an enum. */
function readable(schemas) {
  for (const schema of Object.values(schemas)) {
    if (!schema || typeof schema !== 'object') continue;
    if (schema.examples && !Array.isArray(schema.examples) && !schema.examples.type) delete schema.examples;
    if (Array.isArray(schema.enum)) {
      if (Array.isArray(schema.enum[0])) schema.type = typeof schema.enum[0][0];
      schema.enum = [...new Set(schema.enum.flat())];
    }
    readable(schema);
  }
}

async function openPlugin({ baseUrl, fetch }) {
  const { createPlugin } = await import(pathToFileURL(pluginFile).href);
  return createPlugin({
    highlevel: { auth: { kind: 'private-integration', token: 'pit-test' }, locationId, baseUrl },
    fetch,
    log: () => {},
  });
}

/** No request, a refused request, a violation, or something that nobody asked for: each is a problem. */
async function judge(operation, baseUrl, open) {
  const requests = [];
  const plugin = await open({ baseUrl, fetch: watchingFetch(requests) });
  // Tier `all` may have no sample of its own: the plugin makes one.
  const { sample } = operation.sample ? operation : plugin.catalog.list({ id: operation.id })[0];
  // A mock answer may well displease the plugin; only its request is judged here.
  const error = await plugin.run(operation.id, sample.input).then(
    () => undefined,
    (thrown) => thrown,
  );
  await plugin.close();

  if (error?.code === 'invalid_input')
    return [`refused its own sample: ${JSON.stringify(error.fields ?? error.message)}`];
  if (requests.length === 0) return [`no request was sent${error ? ` (${error.message})` : ''}`];
  const blind = await isBlind(requests[0], operation);
  const wanted = expected(operation, sample.input);
  const found = requests.flatMap(({ method, url, body, status, violations }) => {
    const { pathname, search, searchParams } = new URL(url);
    const problems = violations.map((one) => `${one.location?.join('.') ?? 'request'}: ${one.message}`);
    if (!same(grouped(searchParams), wanted.query)) problems.push('the query is not the sample');
    if (!same(body, wanted.body)) problems.push('the body is not the sample');
    if (!violations.length && (status < 200 || status > 299)) problems.push(`Prism answered ${status}`);
    return problems.map((problem) => `${problem} (${method} ${pathname}${search} ${shortened(JSON.stringify(body))})`);
  });
  return blind ? [...found, blind] : found;
}

/**
 * Where Prism can't read the schema of a body it takes any body. So the same request goes out once more without a field
 * that must be there; who finds nothing wrong with that is no judge.
 */
async function isBlind({ method, url, headers, body }, { input, wire = {}, encoding, ...operation }) {
  const needed = input.required?.find((name) => placeOf(operation, name) === 'body' && (wire[name] ?? name) in body);
  if (!needed || encoding === 'multipart' || encoding === 'form') return undefined;
  const { [wire[needed] ?? needed]: _, ...rest } = body;
  const answer = await fetch(url, { method, headers, body: JSON.stringify(rest) });
  await answer.body?.cancel();
  if (answer.status === 422 || requestViolations(answer.headers).length) return undefined;
  return `Prism takes the body without ${needed} too: it judges nothing (${method} ${new URL(url).pathname})`;
}

const shortened = (text) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** `[[name, value], …]` as name -> values. */
function grouped(entries) {
  const found = {};
  for (const [name, value] of entries) {
    found[name] ??= [];
    found[name].push(value);
  }
  return found;
}

const list = (value) => (Array.isArray(value) ? value : [value]);

/**
 * What must be in the query and in the body: the sample and nothing else. The service refuses fields that it does not
 * know, Prism does not.
 */
function expected(operation, sample) {
  const given = { ...sample };
  for (const [name, property] of Object.entries(operation.input.properties)) {
    if (property['x-connection']) given[name] ??= locationId;
  }
  const query = {};
  let body = {};
  for (const [name, value] of Object.entries(given)) {
    const wire = operation.wire?.[name] ?? name;
    const place = placeOf(operation, name);
    if (place === 'query' && list(value).length) query[wire] = list(value).map(String);
    if (place === 'list') query[wire] = [value.join(',')];
    if (place === 'body') body[wire] = value;
    if (place === 'whole') body = value;
    if (place === 'parts') Object.assign(body, value);
  }
  if (!['form', 'multipart'].includes(operation.encoding)) return { query, body };
  const text = (one) => (one?.base64 ? { ...one } : typeof one === 'object' ? JSON.stringify(one) : String(one));
  const fields = Object.entries(body).flatMap(([name, value]) => list(value).map((one) => [name, text(one)]));
  return { query, body: grouped(fields) };
}
