import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An answer that is a refusal, in the shapes of the specification's common error schemas. */
export class Problem extends Error {
  constructor(
    readonly status: ContentfulStatusCode,
    readonly body: Record<string, unknown>,
  ) {
    super(String(body.message));
  }
}

/** 400. HighLevel uses it for "not found" too. */
export function badRequest(message: string, more: Record<string, unknown> = {}): Problem {
  return new Problem(400, { statusCode: 400, message, ...more });
}

/** 400 for a thing that is not there, e.g. "Contact with id X not found". */
export function notFound(thing: string, id: string): Problem {
  return badRequest(`${thing} with id ${id} not found`);
}

/** 401: a bad token, but a missing scope or Version header as well. */
export function unauthorized(message: string): Problem {
  return new Problem(401, { statusCode: 401, message, error: 'Unauthorized' });
}

/** 403: the token belongs to another location. */
export function wrongLocation(): Problem {
  const message = 'The token does not have access to this location.';
  return new Problem(403, { statusCode: 403, message, error: 'Forbidden' });
}

/** 422: `message` is a list. */
export function unprocessable(message: string[]): Problem {
  return new Problem(422, { statusCode: 422, message, error: 'Unprocessable Entity' });
}
