/** One reason of a refusal: a field and what is wrong with it (`metav1.StatusCause`). */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** `metav1.Status`: what the API server answers when it has no object to give. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly StatusCause[];
    /** Seconds to wait before the next try. */
    readonly retryAfterSeconds?: number;
  };
  /** HTTP status code. */
  readonly code?: number;
}

/** `metav1.StatusReason`. */
export type StatusReason =
  | ''
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'ServerTimeout'
  | 'Timeout'
  | 'TooManyRequests'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'NamespaceTerminating';

/** The error of every client call: a `Status` that can be thrown. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'unknown error');
    this.status = status;
  }

  get reason(): StatusReason {
    return this.status.reason ?? '';
  }

  /** HTTP status code. */
  get code(): number {
    return this.status.code ?? 500;
  }
}

/** A resource as error texts name it: `pods`, `deployments.apps`. */
export interface QualifiedResource {
  readonly group: string;
  readonly resource: string;
}

/** `deployments.apps`; the core group adds nothing. */
export function resourceText({ group, resource }: QualifiedResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function failure(
  code: number,
  reason: StatusReason,
  message: string,
  details?: Status['details'],
  metadata: Status['metadata'] = {},
): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
}

function about(resource: QualifiedResource, name: string): { name?: string; group?: string; kind: string } {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.resource,
  };
}

/** Constructors of the API server's failures, with Kubernetes' wording (`apimachinery/pkg/api/errors`). */
export const failures = {
  badRequest: (message: string) => failure(400, 'BadRequest', message),
  unauthorized: (message = 'Unauthorized') => failure(401, 'Unauthorized', message),
  forbidden: (resource: QualifiedResource, name: string, why: string, causes?: readonly StatusCause[]) =>
    failure(
      403,
      'Forbidden',
      resource.resource === ''
        ? `forbidden: ${why}`
        : name === ''
          ? `${resourceText(resource)} is forbidden: ${why}`
          : `${resourceText(resource)} "${name}" is forbidden: ${why}`,
      { ...about(resource, name), ...(causes === undefined ? {} : { causes }) },
    ),
  notFound: (resource: QualifiedResource, name: string) =>
    failure(404, 'NotFound', `${resourceText(resource)} "${name}" not found`, about(resource, name)),
  /** No such path or kind: what the server says of a URL that it does not serve. */
  noSuchPath: () => failure(404, 'NotFound', 'the server could not find the requested resource', {}),
  methodNotAllowed: (resource: QualifiedResource, verb: string) =>
    failure(
      405,
      'MethodNotAllowed',
      `${verb} is not supported on resources of kind "${resourceText(resource)}"`,
      about(resource, ''),
    ),
  notAcceptable: (accepted: readonly string[]) =>
    failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`),
  alreadyExists: (resource: QualifiedResource, name: string, prefix = '') =>
    failure(409, 'AlreadyExists', `${prefix}${resourceText(resource)} "${name}" already exists`, about(resource, name)),
  nameNotGenerated: (resource: QualifiedResource, name: string) =>
    failure(
      409,
      'AlreadyExists',
      `${resourceText(resource)} "${name}" already exists, the server was not able to generate a unique name for the object`,
      { ...about(resource, name), retryAfterSeconds: 1 },
    ),
  conflict: (
    resource: QualifiedResource,
    name: string,
    why = 'the object has been modified; please apply your changes to the latest version and try again',
  ) =>
    failure(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${resourceText(resource)} "${name}": ${why}`,
      about(resource, name),
    ),
  applyConflict: (message: string, causes: readonly StatusCause[]) => failure(409, 'Conflict', message, { causes }),
  expired: (message: string, continueToken?: string) =>
    failure(410, 'Expired', message, undefined, continueToken === undefined ? {} : { continue: continueToken }),
  entityTooLarge: (message: string) => failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`),
  unsupportedMediaType: (accepted: readonly string[]) =>
    failure(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    ),
  /** 422 of a whole object: use `invalid` of the validation module, which builds message and causes from field errors. */
  unprocessable: (message: string, details: Status['details']) => failure(422, 'Invalid', message, details),
  tooManyRequests: (message: string, retryAfterSeconds: number, causes?: readonly StatusCause[]) =>
    failure(429, 'TooManyRequests', message, { retryAfterSeconds, ...(causes === undefined ? {} : { causes }) }),
  internal: (message: string) =>
    failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] }),
  /** An error from storage that is not itself a Status: code 500 and no reason. */
  unexpected: (message: string) => failure(500, '', message),
  serverTimeout: (resource: QualifiedResource, operation: string, retryAfterSeconds: number) =>
    failure(
      500,
      'ServerTimeout',
      `The ${operation} operation against ${resourceText(resource)} could not be completed at this time, please try again.`,
      { ...about(resource, operation), retryAfterSeconds },
    ),
  serviceUnavailable: (message: string) => failure(503, 'ServiceUnavailable', message),
  timeout: (message: string, retryAfterSeconds = 0, causes?: readonly StatusCause[]) =>
    failure(504, 'Timeout', `Timeout: ${message}`, {
      ...(causes === undefined ? {} : { causes }),
      ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
    }),
};

/** Whether an error is a `Status` with that reason. */
export function hasReason(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}

export const isNotFound = (error: unknown): error is StatusError => hasReason(error, 'NotFound');
export const isConflict = (error: unknown): error is StatusError => hasReason(error, 'Conflict');
export const isAlreadyExists = (error: unknown): error is StatusError => hasReason(error, 'AlreadyExists');
export const isForbidden = (error: unknown): error is StatusError => hasReason(error, 'Forbidden');
