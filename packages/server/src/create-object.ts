import {
  deepFreeze,
  failures,
  invalid,
  type Kind,
  type KubernetesObject,
  type ObjectMeta,
  timestamp,
} from '@orrery/api';
import { trackUpdate } from '@orrery/api/server';
import type { WriteOptions } from '@orrery/core';
import { RevisionConflict } from '@orrery/store';
import type { AdmissionRequest } from './admission/admission-plugin.ts';
import { collectionOf } from './collections.ts';
import { admissionContext, type ServerContext } from './context.ts';
import { decodeBody, withoutDuplicateOwners } from './decode-body.ts';
import { checkNamespace, withIdentity, withoutServerFields } from './prepare-write.ts';
import type { RequestScope, WriteResult } from './request-path.ts';

/** Names tried before `generateName` gives up. */
const nameAttempts = 8;
/** Characters that a generated name's base may have, so that 5 more fit in 63. */
const maxGeneratedBase = 58;

/** Creates an object: decode, default, admit, validate, commit. @throws StatusError */
export async function createObject(
  server: ServerContext,
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
): Promise<WriteResult> {
  const object = decodeBody(scope, body, options);
  if (Number(object.metadata?.resourceVersion ?? '') > 0)
    throw failures.unexpected('resourceVersion should not be set on objects to be created');
  return createDecoded(server, scope, object, options);
}

/**
 * What create does once the body is an object of its kind. Updates that create, and server-side apply of a new object, join
 * here; apply has recorded the managed fields itself (`tracked`).
 */
export async function createDecoded(
  server: ServerContext,
  scope: RequestScope,
  given: KubernetesObject,
  options: WriteOptions,
  tracked = false,
): Promise<WriteResult> {
  const { kind } = scope;
  const strategy = server.strategies.of(kind);
  const collection = collectionOf(kind);
  checkNamespace(given, kind, scope.namespace);
  let object = withoutDuplicateOwners(inNamespace(withoutServerFields(given), kind, scope.namespace), scope.warn);
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
  const admitted = await server.admission.mutate(request, context);
  object = strategy.begin?.(server, admitted, undefined) ?? admitted;
  const { random, clock } = server.environment;
  const base = object.metadata?.generateName ?? '';
  const generated = (object.metadata?.name ?? '') === '' && base !== '';
  for (let attempt = 1; ; attempt++) {
    const name = generated ? base.slice(0, maxGeneratedBase) + random.nameSuffix(5) : (object.metadata?.name ?? '');
    const identity = { name, uid: random.uuid(), creationTimestamp: timestamp(clock.now()) };
    let prepared = strategy.prepareForCreate(withIdentity(object, identity));
    if (!tracked) prepared = track(server, scope, undefined, prepared, options);
    deepFreeze(prepared);
    if (attempt === 1) {
      const errors = strategy.validate(prepared);
      if (errors.length > 0) throw invalid(kind, name, errors);
      for (const warning of strategy.warningsOnCreate(prepared)) scope.warn(warning);
      strategy.checkAccess?.(server, scope, prepared, undefined);
      await server.admission.validate({ ...request, name, object: prepared }, context);
    }
    const key = { namespace: kind.namespaced ? scope.namespace : '', name };
    const existing = server.store.get(collection, key);
    if (existing === undefined) {
      if (options.dryRun === true) return { object: prepared, created: true };
      try {
        const stored = await server.store.create(collection, prepared);
        const afterwards = context.committed(stored);
        if (afterwards !== undefined) await afterwards;
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

/** The object in the request's namespace, or in none if its kind has none. */
export function inNamespace(object: KubernetesObject, kind: Kind, namespace: string): KubernetesObject {
  const { namespace: given, ...metadata }: ObjectMeta = object.metadata ?? {};
  if (!kind.namespaced) return given === undefined ? object : { ...object, metadata };
  return given === namespace ? object : { ...object, metadata: { ...metadata, namespace } };
}

/** The object with its managed fields brought up to date for what this request changed. */
export function track(
  server: ServerContext,
  scope: RequestScope,
  before: KubernetesObject | undefined,
  after: KubernetesObject,
  options: WriteOptions,
): KubernetesObject {
  const { username } = scope.user;
  return trackUpdate({
    kind: scope.kind,
    before,
    after,
    manager: options.fieldManager ?? username.slice(username.lastIndexOf(':') + 1),
    operation: 'Update',
    time: timestamp(server.environment.clock.now()),
    subresource: scope.subresource,
  });
}
