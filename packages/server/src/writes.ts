import {
  applyDefaults,
  applyServerSide,
  decodeObject,
  deepFreeze,
  equalJson,
  failures,
  fieldErrors,
  hasReason,
  invalid,
  type Kind,
  type KubernetesObject,
  type ObjectMeta,
  type Stored,
  trackUpdate,
  validateCreate,
  validateSubresourceUpdate,
} from '@orrery/api';
import type { AdmissionRequest, WriteOptions } from '@orrery/core';
import { RevisionConflict } from '@orrery/store';
import { admissionContext, type ServerContext } from './context.ts';
import { mayGo, timestamp } from './deletion.ts';
import { applyPatch } from './patch-body.ts';
import {
  checkIdentity,
  checkNamespace,
  prepareCreate,
  prepareFinalize,
  prepareStatusUpdate,
  prepareUpdate,
  withoutServerFields,
} from './prepare-write.ts';
import type { PatchBody, RequestScope, WriteResult } from './request-path.ts';
import { convert, resourceRules, storedKind } from './resource-rules.ts';

/** Names tried before `generateName` gives up. */
const nameAttempts = 8;
/** Characters that a generated name's base may have, so that 5 more fit in 63. */
const maxGeneratedBase = 58;
/** Tries of a write that races others, before it is refused. */
const maxRaces = 50;

/** Creates an object: decode, default, admit, validate, commit. @throws StatusError */
export async function createObject(
  server: ServerContext,
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
): Promise<WriteResult> {
  const { kind } = scope;
  const decoded = decode(scope, body, options);
  if ((decoded.metadata?.resourceVersion ?? '') !== '')
    throw failures.unexpected('resourceVersion should not be set on objects to be created');
  return createDecoded(server, scope, applyDefaults(kind, decoded), options);
}

/** What create does once the body is an object of its kind. Server-side apply of a new object joins here. */
async function createDecoded(
  server: ServerContext,
  scope: RequestScope,
  given: KubernetesObject,
  options: WriteOptions,
  tracked = false,
): Promise<WriteResult> {
  const { kind } = scope;
  const rules = resourceRules(kind);
  checkNamespace(given, kind, scope.namespace);
  let object = inNamespace(withoutServerFields(given), kind, scope.namespace);
  const context = admissionContext(server, scope.warn);
  const request: AdmissionRequest & { object: KubernetesObject } = {
    operation: 'CREATE',
    kind,
    subresource: '',
    namespace: kind.namespaced ? scope.namespace : '',
    name: object.metadata?.name ?? '',
    object: deepFreeze(object),
    user: scope.user,
    dryRun: options.dryRun === true,
  };
  object = await server.admission.mutate(request, context);
  const { random, clock } = server.environment;
  const base = object.metadata?.generateName ?? '';
  const generated = (object.metadata?.name ?? '') === '' && base !== '';
  for (let attempt = 1; ; attempt++) {
    const name = generated ? base.slice(0, maxGeneratedBase) + random.nameSuffix(5) : (object.metadata?.name ?? '');
    let prepared = prepareCreate(object, kind, rules, {
      name,
      uid: random.uuid(),
      creationTimestamp: timestamp(clock.now()),
    });
    if (!tracked) prepared = track(server, scope, undefined, prepared, options);
    if (attempt === 1) {
      const errors = validateCreate(kind, prepared);
      if (errors.length > 0) throw invalid(kind, name, errors);
      await server.admission.validate({ ...request, name, object: deepFreeze(prepared) }, context);
    }
    const key = { namespace: kind.namespaced ? scope.namespace : '', name };
    const existing = server.store.get(rules.collection, key);
    if (existing === undefined) {
      if (options.dryRun === true) return { object: deepFreeze(prepared), created: true };
      try {
        const stored = await server.store.create(rules.collection, prepared);
        await context.committed(stored);
        return { object: stored, created: true };
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
      }
    }
    if (!generated) {
      const terminating = existing?.metadata.deletionTimestamp !== undefined;
      throw failures.alreadyExists(kind, name, terminating ? 'object is being deleted: ' : '');
    }
    if (attempt === nameAttempts) throw failures.nameNotGenerated(kind, name);
  }
}

/** How an update makes the new object from the stored one. */
type Transform = (old: Stored) => KubernetesObject | Promise<KubernetesObject>;

interface UpdatePlan {
  readonly transform: Transform;
  /** The caller has recorded the managed fields itself (server-side apply). */
  readonly tracked?: boolean;
  /** The revision that the caller's object was read at; unset overwrites whatever is there. */
  readonly expected?: string;
  readonly expectedUid?: string;
}

/** Replaces an object (PUT), or its status through `/status`. @throws StatusError */
export async function updateObject(
  server: ServerContext,
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
): Promise<WriteResult> {
  const { kind } = scope;
  const rules = resourceRules(kind);
  const object = applyDefaults(kind, decode(scope, body, options));
  checkIdentity(object, kind, scope);
  const key = { namespace: kind.namespaced ? scope.namespace : '', name: scope.name };
  if (server.store.get(rules.collection, key) === undefined && rules.createOnUpdate && scope.subresource === '') {
    return createDecoded(server, scope, withoutResourceVersion(object), options);
  }
  const expected = object.metadata?.resourceVersion ?? '';
  if (expected === '' && !rules.unconditionalUpdate) {
    throw invalid(kind, scope.name, [
      fieldErrors.invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  const uid = object.metadata?.uid ?? '';
  const plan: UpdatePlan = {
    transform: () => object,
    ...(expected === '' ? {} : { expected }),
    ...(uid === '' ? {} : { expectedUid: uid }),
  };
  return { object: await runUpdate(server, scope, plan, options), created: false };
}

/** Changes an object by a patch. Races with other writers are run again on the newer object. @throws StatusError */
export async function patchObject(
  server: ServerContext,
  scope: RequestScope,
  patch: PatchBody,
  options: WriteOptions,
): Promise<WriteResult> {
  if (patch.type === 'apply') return applyObject(server, scope, patch, options);
  const { kind } = scope;
  if (patch.type === 'strategic' && kind.custom) {
    throw failures.unsupportedMediaType([
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/apply-patch+yaml',
    ]);
  }
  const transform: Transform = (old) => {
    const current = convert(old, kind);
    const patched = applyPatch(current, patch, kind);
    if (patched === current) return old;
    return applyDefaults(kind, decode(scope, patched, options));
  };
  const body = patch.body as { metadata?: { resourceVersion?: unknown; uid?: unknown } } | undefined;
  const stated = patch.type === 'json' ? undefined : body?.metadata?.resourceVersion;
  const plan: UpdatePlan = { transform, ...(typeof stated === 'string' && stated !== '' ? { expected: stated } : {}) };
  return { object: await runUpdate(server, scope, plan, options), created: false };
}

/** Server-side apply: creates what is not there. */
async function applyObject(
  server: ServerContext,
  scope: RequestScope,
  patch: PatchBody & { type: 'apply' },
  options: WriteOptions,
): Promise<WriteResult> {
  const { kind } = scope;
  const manager = options.fieldManager ?? '';
  if (manager === '') {
    throw failures.unprocessable(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value: is required for apply patch',
            field: 'fieldManager',
          },
        ],
      },
    );
  }
  const applied = decode(scope, patch.body, options);
  checkIdentity(applied, kind, scope);
  if ((applied.metadata?.managedFields ?? []).length > 0)
    throw failures.badRequest('metadata.managedFields must be nil');
  const apply = (live: KubernetesObject | undefined) =>
    applyServerSide({
      kind,
      live,
      applied: inNamespace({ ...applied, metadata: { ...applied.metadata, name: scope.name } }, kind, scope.namespace),
      manager,
      force: patch.force,
      time: timestamp(server.environment.clock.now()),
      subresource: scope.subresource,
    });
  const key = { namespace: kind.namespaced ? scope.namespace : '', name: scope.name };
  for (let race = 1; ; race++) {
    if (server.store.get(resourceRules(kind).collection, key) === undefined) {
      if (scope.subresource !== '') throw failures.notFound(kind, scope.name);
      try {
        return await createDecoded(server, scope, applyDefaults(kind, apply(undefined)), options, true);
      } catch (error) {
        if (!hasReason(error, 'AlreadyExists') || race === maxRaces) throw error;
        continue;
      }
    }
    const expected = applied.metadata?.resourceVersion ?? '';
    const plan: UpdatePlan = {
      transform: (old) => applyDefaults(kind, apply(convert(old, kind))),
      tracked: true,
      ...(expected === '' ? {} : { expected }),
    };
    return { object: await runUpdate(server, scope, plan, options), created: false };
  }
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
  const { kind } = scope;
  const rules = resourceRules(kind);
  const key = { namespace: kind.namespaced ? scope.namespace : '', name: scope.name };
  for (let race = 1; ; race++) {
    const old = server.store.get(rules.collection, key);
    if (old === undefined) throw failures.notFound(kind, scope.name);
    if (plan.expectedUid !== undefined && plan.expectedUid !== old.metadata.uid) {
      throw failures.conflict(
        kind,
        scope.name,
        `Precondition failed: UID in precondition: ${plan.expectedUid}, UID in object meta: ${old.metadata.uid}`,
      );
    }
    if (plan.expected !== undefined && plan.expected !== old.metadata.resourceVersion)
      throw failures.conflict(kind, scope.name);
    const before = convert(old, kind) as Stored;
    const candidate = await plan.transform(old);
    if (candidate === old) return before;
    const prepare = (object: KubernetesObject): KubernetesObject =>
      scope.subresource === 'status'
        ? prepareStatusUpdate(object, before, kind)
        : scope.subresource === 'finalize'
          ? prepareFinalize(object, before, kind, rules)
          : prepareUpdate(object, before, kind, rules);
    let next = prepare(candidate);
    const context = admissionContext(server, scope.warn);
    const request: AdmissionRequest & { object: KubernetesObject } = {
      operation: 'UPDATE',
      kind,
      subresource: scope.subresource,
      namespace: key.namespace,
      name: scope.name,
      object: deepFreeze(next),
      oldObject: before,
      user: scope.user,
      dryRun: options.dryRun === true,
    };
    const admitted = await server.admission.mutate(request, context);
    if (admitted !== next) next = prepare(admitted);
    if (sameContent(next, before)) return before;
    if (plan.tracked !== true) next = track(server, scope, before, next, options);
    const errors = validateSubresourceUpdate(kind, scope.subresource, next, before);
    if (errors.length > 0) throw invalid(kind, scope.name, errors);
    deepFreeze(next);
    await server.admission.validate({ ...request, object: next }, context);
    if (options.dryRun === true) return next as Stored;
    try {
      const revision = Number(old.metadata.resourceVersion);
      if (mayGo(next, kind) && !mayGo(old, kind)) {
        await server.store.delete(rules.collection, key, revision);
        return next as Stored;
      }
      const stored = await server.store.update(rules.collection, asStoredVersion(server, next, old, kind), revision);
      await context.committed(stored);
      return convert(stored, kind) as Stored;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      if (plan.expected !== undefined || race === maxRaces) throw failures.conflict(kind, scope.name);
    }
  }
}

/** Writes go back in the version that the object was stored in, so that its other readers are not surprised. */
function asStoredVersion(
  server: ServerContext,
  object: KubernetesObject,
  old: KubernetesObject,
  kind: Kind,
): KubernetesObject {
  const target = storedKind(server.kinds, old, kind);
  return target.apiVersion === object.apiVersion ? object : convert(object, target);
}

function decode(scope: RequestScope, body: unknown, options: WriteOptions): KubernetesObject {
  const { object, warnings } = decodeObject(scope.kind, body, options.fieldValidation ?? 'Warn');
  for (const warning of warnings) scope.warn(warning);
  return object;
}

function inNamespace(object: KubernetesObject, kind: Kind, namespace: string): KubernetesObject {
  const metadata: ObjectMeta = { ...object.metadata };
  if (kind.namespaced) metadata.namespace = namespace;
  else delete metadata.namespace;
  return { ...object, metadata };
}

function withoutResourceVersion(object: KubernetesObject): KubernetesObject {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

/** Whether two states of an object differ in nothing but who manages its fields. */
function sameContent(next: KubernetesObject, old: Stored): boolean {
  const { managedFields: a, resourceVersion: _1, ...metaNext } = next.metadata ?? {};
  const { managedFields: b, resourceVersion: _2, ...metaOld } = old.metadata;
  if (!equalJson(metaNext, metaOld)) return false;
  if (a !== b && !equalJson(withoutTimes(a), withoutTimes(b))) return false;
  return equalJson({ ...next, metadata: undefined }, { ...old, metadata: undefined });
}

function withoutTimes(fields: ObjectMeta['managedFields']): unknown {
  return (fields ?? []).map(({ time: _, ...field }) => field);
}

function track(
  server: ServerContext,
  scope: RequestScope,
  before: KubernetesObject | undefined,
  after: KubernetesObject,
  options: WriteOptions,
): KubernetesObject {
  return trackUpdate({
    kind: scope.kind,
    before,
    after,
    manager: options.fieldManager ?? defaultManager(scope),
    operation: 'Update',
    time: timestamp(server.environment.clock.now()),
    subresource: scope.subresource,
  });
}

function defaultManager(scope: RequestScope): string {
  return scope.user.username.split(':').at(-1) ?? 'unknown';
}
