import { deepFreeze, isJsonObject, type QualifiedResource, resourceText, type Status, StatusError } from '@orrery/api';
import { retryAfterSeconds } from './retry.ts';

/** The subject of a request, for refusals that do not name it. */
export interface RequestSubject {
  readonly method: string;
  readonly resource: QualifiedResource;
  readonly name: string;
}

/** Maximum number of characters that a message quotes from a response that is not a Status. */
const quotedCharacters = 2048;

/**
 * Converts a failed response to the caller's error: the server's own Status, or, if a proxy or another server answered, the
 * Status for its code (client-go's `NewGenericServerResponse`). Pure.
 */
export function refusalOf(
  code: number,
  headers: { readonly [name: string]: unknown },
  body: string,
  subject: RequestSubject,
): StatusError {
  const status = statusIn(body);
  if (status !== undefined) return new StatusError({ ...status, code: status.code ?? code });
  const quoted = body.trim().slice(0, quotedCharacters);
  const said = quoted === '' ? 'unknown' : quoted;
  const { resource, name, method } = subject;
  const known = meanings[code] ?? (code >= 500 ? serverError : unknownError);
  const what = `${method.toLowerCase()} ${resourceText(resource)}${name === '' ? '' : ` ${name}`}`;
  const seconds = retryAfterSeconds(headers);
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${known.message(said, code)} (${what})`,
    reason: code === 409 && method === 'POST' ? 'AlreadyExists' : known.reason,
    details: {
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.resource,
      ...(name === '' ? {} : { name }),
      causes: [{ reason: 'UnexpectedServerResponse', message: said }],
      ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    },
    code,
  });
}

/** The failure Status in a JSON text; undefined for any other text. */
function statusIn(text: string): Status | undefined {
  try {
    return asFailure(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The value if it is a failure Status. */
export function asFailure(value: unknown): Status | undefined {
  const is = isJsonObject(value) && value.kind === 'Status' && value.apiVersion === 'v1' && value.status !== 'Success';
  if (!is) return undefined;
  return deepFreeze({ ...value, metadata: isJsonObject(value.metadata) ? value.metadata : {} }) as unknown as Status;
}

interface Meaning {
  readonly reason: NonNullable<Status['reason']>;
  message(said: string, code: number): string;
}

const say = (reason: Meaning['reason'], message: string): Meaning => ({ reason, message: () => message });
const quote = (reason: Meaning['reason']): Meaning => ({ reason, message: (said) => said });

const unknownError: Meaning = {
  reason: '',
  message: (_said, code) => `the server responded with the status code ${code} but did not return more information`,
};
const serverError: Meaning = {
  reason: 'InternalError',
  message: (said) => `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`,
};

/** Kubernetes' reasons and messages for bare HTTP codes. */
const meanings: { readonly [code: number]: Meaning } = {
  400: say('BadRequest', 'the server rejected our request for an unknown reason'),
  401: say('Unauthorized', 'the server has asked for the client to provide credentials'),
  403: quote('Forbidden'),
  404: say('NotFound', 'the server could not find the requested resource'),
  405: say('MethodNotAllowed', 'the server does not allow this method on the requested resource'),
  406: quote('NotAcceptable'),
  409: say('Conflict', 'the server reported a conflict'),
  410: quote('Gone'),
  415: quote('UnsupportedMediaType'),
  422: say('Invalid', 'the server rejected our request due to an error in our request'),
  429: say('TooManyRequests', 'the server has received too many requests and has asked us to try again later'),
  503: say('ServiceUnavailable', 'the server is currently unable to handle the request'),
  504: say(
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ),
};
