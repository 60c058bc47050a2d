import type { IHttpRequestMethods, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';
import type { Context } from './plugin.js';

/**
 * A fetch through n8n's own requests, signed with a credential: so n8n's proxy, limits and logs hold. The bytes come as they are,
 * whatever the status.
 */
export function fetchBy(context: Context, credentialOf: (url: string) => string): typeof fetch {
  return async (address, init) => {
    const url = String(address);
    const { signal, ...rest } = init ?? {};
    const request = new Request(url, rest);
    const body = Buffer.from(await request.arrayBuffer());
    const options: IHttpRequestOptions = {
      url,
      method: request.method as IHttpRequestMethods,
      headers: Object.fromEntries(request.headers),
      encoding: 'arraybuffer',
      returnFullResponse: true,
      ignoreHttpStatusErrors: true,
      disableFollowRedirect: true,
      json: false,
      ...(body.length > 0 && { body }),
      ...(signal && { abortSignal: signal as NonNullable<IHttpRequestOptions['abortSignal']> }),
    };
    const answer: IN8nHttpFullResponse = await context.helpers.httpRequestWithAuthentication.call(
      context,
      credentialOf(url),
      options,
    );
    const hasBody = ![204, 205, 304].includes(answer.statusCode) && request.method !== 'HEAD';
    return new Response(hasBody ? (answer.body as unknown as BodyInit) : null, {
      status: answer.statusCode,
      headers: headersOf(answer.headers),
    });
  };
}

function headersOf(given: IN8nHttpFullResponse['headers']): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one != null) headers.append(name, String(one));
  }
  return headers;
}
