import {
  deepFreeze,
  equalJson,
  failures,
  fieldErrors,
  invalid,
  type Kind,
  type KubernetesObject,
  type ObjectMeta,
  type Stored,
} from '@orrery/api';
import type { WriteOptions } from '@orrery/core';
import { RevisionConflict } from '@orrery/store';
import type { AdmissionRequest } from './admission/admission-plugin.ts';
import { collectionOf } from './collections.ts';
import { admissionContext, type ServerContext } from './context.ts';
import { convert, storedKind } from './conversion.ts';
import { createDecoded, track } from './create-object.ts';
import { checkNamed, decodeBody, expectedRevision, withoutDuplicateOwners } from './decode-body.ts';
import { mayGo } from './deletion.ts';
import { checkIdentity, withServerMetadata } from './prepare-write.ts';
import type { RequestScope, WriteResult } from './request-path.ts';
import type { Strategy, UpdateStrategy } from './strategies/strategy.ts';

/** Tries of a write that races others, before it is refused. */
export const maxRaces = 50;

/** How an update makes the new object from the stored one. */
type Transform = (old: Stored) => KubernetesObject | Promise<KubernetesObject>;

/** An update that is to be run. */
export interface UpdatePlan {
  /** Gets the object as it is stored, and gives it in the request's version; the same object changes nothing. */
  readonly transform: Transform;
  /** The caller has recorded the managed fields itself (server-side apply). */
  readonly tracked?: boolean;
  /** The revision that the caller's object was read at; unset overwrites whatever is there. */
  readonly expected?: string | undefined;
  readonly expectedUid?: string | undefined;
}

/** Replaces an object (PUT), or its status through `/status`. @throws StatusError */
export async function updateObject(
  server: ServerContext,
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
): Promise<WriteResult> {
  const { kind, name, namespace, subresource } = scope;
  const strategy = server.strategies.of(kind);
  const old = server.store.get(collectionOf(kind), { namespace: kind.namespaced ? namespace : '', name });
  const object = decodeBody(scope, body, options, old === undefined ? undefined : convert(old, kind));
  checkNamed(object, name);
  checkIdentity(object, kind, scope);
  const expected = expectedRevision(kind, object, name);
  if (old === undefined && strategy.allowCreateOnUpdate && subresource === '') {
    await authorizeCreate(server, scope);
    return createDecoded(server, scope, object, options);
  }
  if (expected === undefined && !strategy.allowUnconditionalUpdate) {
    throw invalid(kind, name, [fieldErrors.invalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
  }
  const plan: UpdatePlan = { transform: () => object, expected, expectedUid: object.metadata?.uid || undefined };
  return { object: await runUpdate(server, scope, plan, options), created: false };
}

/** An update or patch that creates what is not there needs the right to create. @throws StatusError Forbidden */
export function authorizeCreate(server: ServerContext, scope: RequestScope): Promise<void> {
  const { user, kind, subresource, namespace, name } = scope;
  const { group, version, resource } = kind;
  return server.authorize(user, { verb: 'create', group, version, resource, subresource, namespace, name });
}

/**
 * The way of every update: transform the stored object, admit, prepare, validate, compare-and-swap; again from the newer
 * object when another writer was faster and the caller did not name a revision.
 */
export async function runUpdate(
  server: ServerContext,
  scope: RequestScope,
  plan: UpdatePlan,
  options: WriteOptions,
): Promise<Stored> {
  const { kind, name, subresource } = scope;
  const strategy = server.strategies.of(kind);
  const endpoint = endpointOf(strategy, subresource);
  const collection = collectionOf(kind);
  const key = { namespace: kind.namespaced ? scope.namespace : '', name };
  for (let race = 1; ; race++) {
    const old = server.store.get(collection, key);
    if (old === undefined) throw failures.notFound(kind, name);
    checkPreconditions(old, kind, plan);
    const before = convert(old, kind) as Stored;
    const transformed = plan.transform(old);
    const candidate = transformed instanceof Promise ? await transformed : transformed;
    if (candidate === old) return before;
    const prepare = (object: KubernetesObject): KubernetesObject =>
      endpoint.prepareForUpdate(withServerMetadata(object, before), before);
    let next = prepare(withoutDuplicateOwners(candidate, scope.warn));
    const context = admissionContext(server, scope.warn);
    const request: AdmissionRequest & { object: KubernetesObject } = {
      operation: 'UPDATE',
      kind,
      subresource,
      namespace: key.namespace,
      name,
      object: deepFreeze(next),
      oldObject: before,
      user: scope.user,
      dryRun: options.dryRun === true,
    };
    // A write that nobody has to wait for does not wait.
    const mutated = server.admission.mutate(request, context);
    const admitted = mutated instanceof Promise ? await mutated : mutated;
    if (admitted !== next) next = prepare(admitted);
    if (subresource === '') next = strategy.begin?.(server, next, before) ?? next;
    if (sameContent(next, before)) return before;
    if (plan.tracked !== true) next = track(server, scope, before, next, options);
    const errors = endpoint.validateUpdate(next, before);
    if (errors.length > 0) throw invalid(kind, name, errors);
    for (const warning of endpoint.warningsOnUpdate(next, before)) scope.warn(warning);
    strategy.checkAccess?.(server, scope, next, before);
    deepFreeze(next);
    const validated = server.admission.validate({ ...request, object: next }, context);
    if (validated !== undefined) await validated;
    if (options.dryRun === true) return next as Stored;
    try {
      const revision = Number(old.metadata.resourceVersion);
      if (mayGo(next, strategy) && !mayGo(old, strategy)) {
        await server.store.delete(collection, key, revision);
        return next as Stored;
      }
      const stored = await server.store.update(collection, asStoredVersion(server, next, old, kind), revision);
      const afterwards = context.committed(stored);
      if (afterwards !== undefined) await afterwards;
      return convert(stored, kind) as Stored;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      if (plan.expected !== undefined || race === maxRaces) throw failures.conflict(kind, name);
    }
  }
}

/** What an update through the object's own endpoint, or through one below it, follows. @throws StatusError NotFound */
function endpointOf(strategy: Strategy, subresource: string): UpdateStrategy {
  const endpoint = subresource === '' ? strategy : strategy.subresources[subresource];
  if (endpoint === undefined) throw failures.noSuchPath();
  return endpoint;
}

/** @throws StatusError Conflict */
function checkPreconditions({ metadata }: Stored, kind: Kind, { expected, expectedUid }: UpdatePlan): void {
  if (expectedUid !== undefined && expectedUid !== metadata.uid) throw uidConflict(kind, metadata, expectedUid);
  if (expected !== undefined && expected !== metadata.resourceVersion) throw failures.conflict(kind, metadata.name);
}

/** What is said to a write that is meant for another object of the same name. */
export function uidConflict(kind: Kind, { name, uid }: Stored['metadata'], expected: string): Error {
  return failures.conflict(
    kind,
    name,
    `Precondition failed: UID in precondition: ${expected}, UID in object meta: ${uid}`,
  );
}

/** Writes go back in the version that the object was stored in, so that its other readers are not surprised. */
function asStoredVersion(
  server: ServerContext,
  object: KubernetesObject,
  old: KubernetesObject,
  kind: Kind,
): KubernetesObject {
  if (old.apiVersion === object.apiVersion) return object;
  return convert(object, storedKind(server.kinds, old, kind));
}

type Fields = KubernetesObject & { readonly [field: string]: unknown };

/** Whether two states of an object differ in nothing but when its fields were written. */
function sameContent(next: KubernetesObject, old: Stored): boolean {
  return equalFields(next, old, ['metadata']) && sameMetadata(next.metadata ?? {}, old.metadata);
}

function sameMetadata(next: ObjectMeta, old: ObjectMeta): boolean {
  if (next === old) return true;
  const { managedFields: a } = next;
  const { managedFields: b } = old;
  return (
    equalFields(next, old, ['resourceVersion', 'managedFields']) &&
    // Who leaves them out keeps those that are there.
    (a === undefined || a === b || equalJson(withoutTimes(a), withoutTimes(b)))
  );
}

/** Equality of all fields but some. */
function equalFields(a: object, b: object, but: readonly string[]): boolean {
  const [one, other] = [a as Fields, b as Fields];
  for (const field in one) if (!equalJson(one[field], other[field]) && !but.includes(field)) return false;
  for (const field in other)
    if (one[field] === undefined && other[field] !== undefined && !but.includes(field)) return false;
  return true;
}

function withoutTimes(fields: ObjectMeta['managedFields']): unknown {
  return (fields ?? []).map(({ time: _, ...field }) => field);
}
