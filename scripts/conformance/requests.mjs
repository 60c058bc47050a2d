// What the plugin really sends, judged by Prism: each operation of the catalog with its own sample.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual as same } from 'node:util';
import { placeOf, published, repoRoot } from './catalog.mjs';
import { specsDir } from './catalog-vs-spec.mjs';
import { prismScript, startPrism, watchingFetch } from './prism.mjs';

const pluginFile = join(repoRoot, 'pkg/dist/src/index.js');
const locationId = 've9EPM428h8vShlRW1KT';

/** Runs the whole check. `skipped` is a reason when there is nothing to judge by. */
export async function checkRequests({ files = published(), specs = specsDir(), open = openPlugin } = {}) {
  const skipped =
    (!specs && 'the published specifications are not here (set SPECS_DIR to their folder)') ||
    (!prismScript() && '@stoplight/prism-cli is not installed') ||
    (!existsSync(pluginFile) && 'the plugin is not built (pkg/dist/src/index.js)');
  if (skipped) return { skipped, results: [] };
  const results = [];
  for (const { data } of files.filter(({ data }) => data.service === 'ghl')) {
    const specification = join(specs, data.service, `${data.resource}.json`);
    if (!existsSync(specification)) {
      const reason = `no specification for ${data.resource}`;
      results.push(...data.operations.map(({ id }) => ({ id, skipped: reason, problems: [] })));
      continue;
    }
    const prism = await startPrism(specification);
    try {
      for (const operation of data.operations) {
        results.push({ id: operation.id, skipped: null, problems: await judge(operation, prism.url, open) });
      }
    } finally {
      await prism.stop();
    }
  }
  return { skipped: null, results };
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
  // A mock answer may well displease the plugin; only its request is judged here.
  const error = await plugin.run(operation.id, operation.sample.input).then(
    () => undefined,
    (thrown) => thrown,
  );
  await plugin.close();

  if (error?.code === 'invalid_input')
    return [`refused its own sample: ${JSON.stringify(error.fields ?? error.message)}`];
  if (requests.length === 0) return [`no request was sent${error ? ` (${error.message})` : ''}`];
  const wanted = expected(operation);
  return requests.flatMap(({ method, url, body, status, violations }) => {
    const { pathname, search, searchParams } = new URL(url);
    const problems = violations.map((one) => `${one.location.join('.')}: ${one.message}`);
    if (!same(Object.fromEntries(searchParams), wanted.query)) problems.push('the query is not the sample');
    if (!same(body ? JSON.parse(body) : {}, wanted.body)) problems.push('the body is not the sample');
    if (status < 200 || status > 299) problems.push(`Prism answered ${status}`);
    return problems.map((problem) => `${problem} (${method} ${pathname}${search} ${body})`);
  });
}

/**
 * What must be in the query and in the body: the sample and nothing else. The service refuses fields that it does not
 * know, Prism does not.
 */
function expected({ input, sample, ...operation }) {
  const given = { ...sample.input };
  for (const [name, property] of Object.entries(input.properties)) {
    if (property['x-connection']) given[name] ??= locationId;
  }
  const query = {};
  const body = {};
  for (const [name, value] of Object.entries(given)) {
    const place = placeOf(operation, name);
    if (place === 'query') query[name] = String(value);
    if (place === 'body') body[name] = value;
  }
  return { query, body };
}
