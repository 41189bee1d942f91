import { type FieldError, failures, fieldErrors, invalid } from '@orrery/api';
import type { ListOptions, WatchOptions, WriteOptions } from '@orrery/core';
import type { DeleteRequestOptions } from '../request-path.ts';

/** Options of a watch, with those that only the front door reads. */
export interface WatchQuery {
  readonly options: WatchOptions & { readonly resourceVersionMatch?: string };
  /** Seconds after which the client wants the stream to end; undefined leaves it to the server. */
  readonly timeoutSeconds: number | undefined;
}

/** Query parameters that select objects of a collection. @throws StatusError BadRequest, Invalid */
export function listOptions(query: URLSearchParams): ListOptions & { readonly sendInitialEvents?: boolean } {
  const match = query.get('resourceVersionMatch') ?? '';
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalidOptions('ListOptions', [
      fieldErrors.notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']),
    ]);
  }
  const limit = integer(query, 'limit');
  const sendInitialEvents = boolean(query, 'sendInitialEvents');
  return {
    ...selection(query),
    ...(limit === undefined || limit === 0 ? {} : { limit }),
    ...text(query, 'continue'),
    ...text(query, 'resourceVersion'),
    ...(match === '' ? {} : { resourceVersionMatch: match }),
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
  };
}

/** Query parameters of a watch. @throws StatusError BadRequest */
export function watchQuery(query: URLSearchParams): WatchQuery {
  const sendInitialEvents = boolean(query, 'sendInitialEvents');
  return {
    options: {
      ...selection(query),
      ...text(query, 'resourceVersion'),
      ...text(query, 'resourceVersionMatch'),
      ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
      allowWatchBookmarks: boolean(query, 'allowWatchBookmarks') ?? false,
    },
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  };
}

/** The options object of a write's query parameters, named in errors. */
export type WriteKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

/**
 * Query parameters of a create, update or patch. Without `fieldManager` the manager is the program that the User-Agent
 * header names, except for an apply, which must name it.
 * @throws StatusError BadRequest, Invalid
 */
export function writeOptions(
  query: URLSearchParams,
  userAgent: string | undefined,
  kind: WriteKind,
  apply = false,
): WriteOptions & { readonly force: boolean } {
  const manager = query.get('fieldManager') ?? '';
  const validation = query.get('fieldValidation') ?? '';
  const force = boolean(query, 'force');
  const errors: FieldError[] = [...dryRunErrors(query.getAll('dryRun')), ...managerErrors(manager)];
  if (apply && manager === '') errors.push(fieldErrors.required('fieldManager', 'is required for apply patch'));
  if (!apply && force !== undefined && kind === 'PatchOptions') {
    errors.push(fieldErrors.forbidden('force', 'may not be specified for non-apply patch'));
  }
  if (validation !== '' && validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore') {
    errors.push(fieldErrors.notSupported('fieldValidation', validation, ['Ignore', 'Strict', 'Warn']));
    throw invalidOptions(kind, errors);
  }
  if (errors.length > 0) throw invalidOptions(kind, errors);
  return {
    fieldManager: manager === '' ? managerOf(userAgent) : manager,
    dryRun: query.getAll('dryRun').some((value) => value !== ''),
    fieldValidation: validation === '' ? 'Warn' : validation,
    force: force ?? false,
  };
}

/**
 * Options of a delete: from the body if there is one, else from the query.
 * @throws StatusError BadRequest, Invalid
 */
export function deleteOptions(query: URLSearchParams, body: unknown): DeleteRequestOptions {
  const given = body === undefined ? fromQuery(query) : bodyOptions(body);
  const errors: FieldError[] = dryRunErrors(given.dryRun);
  const { gracePeriodSeconds, propagationPolicy, orphanDependents } = given;
  if (
    propagationPolicy !== undefined &&
    propagationPolicy !== 'Orphan' &&
    propagationPolicy !== 'Background' &&
    propagationPolicy !== 'Foreground'
  ) {
    errors.push(
      fieldErrors.notSupported('propagationPolicy', propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']),
    );
    throw invalidOptions('DeleteOptions', errors);
  }
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    errors.push(
      fieldErrors.invalid(
        'propagationPolicy',
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  }
  if (errors.length > 0) throw invalidOptions('DeleteOptions', errors);
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(given.preconditions === undefined ? {} : { preconditions: given.preconditions }),
    dryRun: given.dryRun.some((value) => value !== ''),
  };
}

interface GivenDeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: string | undefined;
  readonly orphanDependents?: boolean | undefined;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
  readonly dryRun: readonly string[];
}

function fromQuery(query: URLSearchParams): GivenDeleteOptions {
  return {
    gracePeriodSeconds: integer(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: boolean(query, 'orphanDependents'),
    dryRun: query.getAll('dryRun'),
  };
}

function bodyOptions(body: unknown): GivenDeleteOptions {
  if (!isRecord(body)) throw failures.badRequest('the body of a DELETE request must be DeleteOptions');
  const { kind, gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions, dryRun } = body;
  if (kind !== undefined && kind !== 'DeleteOptions') {
    throw failures.badRequest(
      `the body of a DELETE request must be DeleteOptions, not ${isString(kind) ? kind : JSON.stringify(kind)}`,
    );
  }
  return {
    gracePeriodSeconds: typed('gracePeriodSeconds', gracePeriodSeconds, isInteger),
    propagationPolicy: typed('propagationPolicy', propagationPolicy, isString),
    orphanDependents: typed('orphanDependents', orphanDependents, isBoolean),
    preconditions: readPreconditions(typed('preconditions', preconditions, isRecord)),
    dryRun: typed('dryRun', dryRun, isStrings) ?? [],
  };
}

function readPreconditions(
  given: { readonly [name: string]: unknown } | undefined,
): GivenDeleteOptions['preconditions'] {
  if (given === undefined) return undefined;
  const uid = typed('preconditions.uid', given.uid, isString);
  const resourceVersion = typed('preconditions.resourceVersion', given.resourceVersion, isString);
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}

/** A field of untrusted JSON; null reads as absent. */
function typed<T>(field: string, value: unknown, is: (value: unknown) => value is T): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (is(value)) return value;
  throw failures.badRequest(`DeleteOptions: field ${field} has a value of the wrong type: ${JSON.stringify(value)}`);
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every(isString);
const isRecord = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function selection(query: URLSearchParams): { labelSelector?: string; fieldSelector?: string } {
  return { ...text(query, 'labelSelector'), ...text(query, 'fieldSelector') };
}

function text<K extends string>(query: URLSearchParams, name: K): { readonly [name in K]?: string } {
  const value = query.get(name);
  return (value === null || value === '' ? {} : { [name]: value }) as { readonly [name in K]?: string };
}

/** An integer query parameter. @throws StatusError BadRequest */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  const number = Number(value);
  if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw failures.badRequest(`invalid query parameter ${name}: ${JSON.stringify(value)} is not an integer`);
  }
  return number;
}

/** A boolean query parameter, in the spellings that Kubernetes accepts: an empty value is true. */
export function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  return value !== '0' && value.toLowerCase() !== 'false';
}

function dryRunErrors(values: readonly string[]): FieldError[] {
  return values
    .filter((value) => value !== '' && value !== 'All')
    .map((value) => fieldErrors.notSupported('dryRun', value, ['All']));
}

const maxManagerBytes = 128;

function managerErrors(manager: string): FieldError[] {
  if (new TextEncoder().encode(manager).length > maxManagerBytes) {
    return [fieldErrors.tooLong('fieldManager', maxManagerBytes)];
  }
  return unprintable.test(manager)
    ? [fieldErrors.invalid('fieldManager', manager, 'should only contain printable characters')]
    : [];
}

const plain = /^[\x20-\x7e]*$/;
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

/** The program that a User-Agent header names: `kubectl` of `kubectl/v1.35.0 (linux/amd64)`. */
export function managerOf(userAgent: string | undefined): string {
  const program = (userAgent ?? '').split('/', 1)[0] ?? '';
  if (program.length <= maxManagerBytes && plain.test(program)) return program;
  return [...program]
    .filter((char) => !unprintable.test(char))
    .join('')
    .slice(0, maxManagerBytes);
}

function invalidOptions(kind: string, errors: readonly FieldError[]) {
  return invalid({ group: 'meta.k8s.io', kind: kind }, '', errors);
}
