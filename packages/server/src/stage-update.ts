import {
  deepFreeze,
  equalJson,
  failures,
  invalid,
  type Kind,
  type KubernetesObject,
  keyOf,
  type ObjectMeta,
  type Stored,
} from '@orrery/api';
import type { WriteOptions } from '@orrery/core';
import type { ObjectWrite } from '@orrery/store';
import type { AdmissionRequest } from './admission/admission-plugin.ts';
import { collectionOf } from './collections.ts';
import { admissionContext, type ServerContext } from './context.ts';
import { convert, storedKind } from './conversion.ts';
import { track } from './create-object.ts';
import { withoutDuplicateOwners } from './decode-body.ts';
import { isRemovable } from './deletion.ts';
import { withServerMetadata } from './prepare-write.ts';
import type { RequestScope } from './request-path.ts';
import type { Strategy, UpdateStrategy } from './strategies/strategy.ts';

/** Derives the new object of an update from the stored one. */
type Transform = (old: Stored) => KubernetesObject | Promise<KubernetesObject>;

/** An update to run. */
export interface UpdatePlan {
  /** Receives the stored object, and returns the new one in the request's version; the same object means no change. */
  readonly transform: Transform;
  /** The caller has recorded the managed fields itself (server-side apply). */
  readonly tracked?: boolean;
  /** The revision that the caller's object was read at; unset overwrites any state. */
  readonly expected?: string | undefined;
  readonly expectedUid?: string | undefined;
}

/** An update that is ready to commit. */
export interface StagedUpdate {
  /** The object's own write, and those in the same commit. */
  readonly writes: readonly ObjectWrite[];
  /** The result of the update, given the object written. Runs the tasks that admission queued for after the commit. */
  answer(stored: Stored): Stored | Promise<Stored>;
}

/**
 * Runs an update up to its commit: transform the stored object, admit, prepare, validate. Returns the result instead if there
 * is nothing to write. @throws StatusError
 */
export async function stageUpdate(
  server: ServerContext,
  scope: RequestScope,
  plan: UpdatePlan,
  options: WriteOptions,
): Promise<StagedUpdate | { readonly unchanged: Stored }> {
  const { kind, name, subresource } = scope;
  const strategy = server.strategies.of(kind);
  const endpoint = endpointOf(strategy, subresource);
  const namespace = kind.namespaced ? scope.namespace : '';
  const old = server.store.get(collectionOf(kind), { namespace, name });
  if (old === undefined) throw failures.notFound(kind, name);
  checkPreconditions(old, kind, plan);
  const before = convert(old, kind) as Stored;
  const transformed = plan.transform(old);
  const candidate = transformed instanceof Promise ? await transformed : transformed;
  if (candidate === old) return { unchanged: before };
  const prepare = (object: KubernetesObject): KubernetesObject =>
    endpoint.prepareForUpdate(withServerMetadata(object, before), before);
  let next = prepare(withoutDuplicateOwners(candidate, scope.warn));
  const context = admissionContext(server, scope.warn);
  const request: AdmissionRequest & { object: KubernetesObject } = {
    operation: 'UPDATE',
    kind,
    subresource,
    namespace,
    name,
    object: deepFreeze(next),
    oldObject: before,
    user: scope.user,
    dryRun: options.dryRun === true,
  };
  // Avoids a promise if admission is synchronous.
  const mutated = server.admission.mutate(request, context);
  const admitted = mutated instanceof Promise ? await mutated : mutated;
  if (admitted !== next) next = prepare(admitted);
  if (subresource === '') next = strategy.begin?.(server, next, before) ?? next;
  if (sameContent(next, before)) return { unchanged: before };
  if (plan.tracked !== true) next = track(server, scope, before, next, options);
  const errors = endpoint.validateUpdate(next, before);
  if (errors.length > 0) throw invalid(kind, name, errors);
  for (const warning of endpoint.warningsOnUpdate(next, before)) scope.warn(warning);
  strategy.checkAccess?.(server, scope, next, before);
  deepFreeze(next);
  const validated = server.admission.validate({ ...request, object: next }, context);
  if (validated !== undefined) await validated;
  if (options.dryRun === true) return { unchanged: atRevisionOf(next, old) };
  return staged(server, kind, next, old, (stored) => context.committed(stored));
}

/**
 * Commits several updates as one. Their objects are of different kinds: see `ObjectStore.commit`.
 * @throws RevisionConflict if another writer has changed one of them
 */
export async function commitStaged(
  { store }: Pick<ServerContext, 'store'>,
  updates: readonly (StagedUpdate | undefined)[],
): Promise<void> {
  const all = updates.filter((update) => update !== undefined);
  if (all.length === 0) return;
  const stored = await store.commit(all.flatMap(({ writes }) => writes));
  let first = 0;
  for (const { writes, answer } of all) {
    await answer(stored[first] as Stored);
    first += writes.length;
  }
}

function staged(
  server: ServerContext,
  kind: Kind,
  next: KubernetesObject,
  old: Stored,
  committed: (stored: Stored) => Promise<void> | undefined,
): StagedUpdate {
  const strategy = server.strategies.of(kind);
  const [collection, expected] = [collectionOf(kind), Number(old.metadata.resourceVersion)];
  if (isRemovable(next, strategy) && !isRemovable(old, strategy)) {
    const others = strategy.commitsWith?.(server, undefined, old) ?? [];
    return {
      writes: [{ type: 'delete', collection, key: keyOf(old), expected }, ...others],
      answer: () => atRevisionOf(next, old),
    };
  }
  const object = asStoredVersion(server, next, old, kind);
  const others = strategy.commitsWith?.(server, object, old) ?? [];
  return {
    writes: [{ type: 'put', collection, object, expected }, ...others],
    answer: (stored) => {
      const answer = convert(stored, kind) as Stored;
      return committed(stored)?.then(() => answer) ?? answer;
    },
  };
}

/** What is answered where nothing was stored: as in Kubernetes with the revision of the state that was found. */
function atRevisionOf(object: KubernetesObject, { metadata: { resourceVersion } }: Stored): Stored {
  return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion } }) as Stored;
}

/** The strategy of updates through the object's own endpoint or a subresource. @throws StatusError NotFound */
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

/** The error for a write that is meant for an earlier object of the same name. */
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

/** Whether two states of an object differ only in the times of its managed fields. */
function sameContent(next: KubernetesObject, old: Stored): boolean {
  return equalFields(next, old, ['metadata']) && sameMetadata(next.metadata ?? {}, old.metadata);
}

function sameMetadata(next: ObjectMeta, old: ObjectMeta): boolean {
  if (next === old) return true;
  const { managedFields: a } = next;
  const { managedFields: b } = old;
  return (
    equalFields(next, old, ['resourceVersion', 'managedFields']) &&
    // If they are omitted, the stored ones are kept.
    (a === undefined || a === b || equalJson(withoutTimes(a), withoutTimes(b)))
  );
}

/** Equality of all fields except some. */
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
