/** A refusal of a Digistore24 function. It is answered with HTTP 200. */
export class CallError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Error 2: no API key, or a wrong one. */
export function badKey(message: string): CallError {
  return new CallError(2, message);
}

/** Error 3: a parameter is missing or wrong. */
export function badParameter(message: string): CallError {
  return new CallError(3, message);
}

/** Error 4: there is no such thing. */
export function unknownThing(thing: string, id: string): CallError {
  return new CallError(4, `${thing} not found: ${id}`);
}

/** Error 9: there is no such function. */
export function unknownFunction(name: string): CallError {
  return new CallError(9, `Unknown API function: ${name}`);
}
