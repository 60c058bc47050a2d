import { createPlugin, type Options, type Plugin } from 'ghl-digistore24';
import type { IExecuteFunctions, IHttpRequestMethods, ILoadOptionsFunctions } from 'n8n-workflow';

/** The credentials of a service, as n8n names them. */
export const CREDENTIALS = { ghl: 'ghlPrivateTokenApi', digistore24: 'digistore24Api' } as const;

type Service = keyof typeof CREDENTIALS;
type Context = IExecuteFunctions | ILoadOptionsFunctions;

/** The plugin on the credentials that the node has; its requests go through n8n, which signs them. */
export async function connect(context: Context, services: readonly Service[]): Promise<Plugin> {
  const options: Options = {
    log: ({ level, message }) => context.logger[level === 'debug' ? 'debug' : level](message),
  };
  const bases: [string, Service][] = [];
  for (const service of services) {
    const given = await context.getCredentials(CREDENTIALS[service]).catch(() => undefined);
    if (!given) continue;
    const baseUrl = String(given.baseUrl).replace(/\/+$/, '');
    bases.push([baseUrl, service]);
    if (service === 'ghl') {
      options.highlevel = { auth: { kind: 'host' }, locationId: String(given.locationId), baseUrl };
    } else {
      options.digistore24 = { apiKey: String(given.apiKey), baseUrl };
    }
  }
  return createPlugin({ ...options, fetch: fetchThrough(context, bases) });
}

/** `fetch` by n8n's helper, which knows its proxies and signs with the service's credentials. */
function fetchThrough(context: Context, bases: readonly [string, Service][]): typeof fetch {
  return async (address, init = {}) => {
    const url = String(address);
    const [, service] = bases.find(([base]) => url.startsWith(base)) ?? [];
    if (!service) throw new TypeError(`no credentials for ${new URL(url).host}`);
    const headers = new Headers(init.headers);
    // n8n signs; a second value would be joined to the first one.
    for (const signed of ['authorization', 'x-ds-api-key']) headers.delete(signed);
    const answer = await context.helpers.httpRequestWithAuthentication.call(context, CREDENTIALS[service], {
      url,
      method: (init.method ?? 'GET') as IHttpRequestMethods,
      headers: Object.fromEntries(headers),
      ...(init.body != null && { body: init.body as string }),
      ...(init.signal && { abortSignal: init.signal }),
      disableFollowRedirect: true,
      encoding: 'arraybuffer',
      returnFullResponse: true,
      ignoreHttpStatusErrors: true,
    });
    const response = answer as {
      statusCode: number;
      headers: Record<string, string | string[]>;
      body: ArrayBuffer;
    };
    // What n8n has unpacked is as long as it is.
    const { 'content-encoding': _, 'content-length': __, ...kept } = response.headers;
    const pairs = Object.entries(kept).map(([name, value]): [string, string] => [name, String(value)]);
    return new Response(NO_BODY.has(response.statusCode) ? null : response.body, {
      status: response.statusCode,
      headers: pairs,
    });
  };
}

const NO_BODY = new Set([204, 205, 304]);
