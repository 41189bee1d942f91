import {
  deepFreeze,
  failures,
  invalid,
  type Kind,
  type KubernetesObject,
  type ObjectMeta,
  type Stored,
  timestamp,
} from '@orrery/api';
import { trackUpdate } from '@orrery/api/server';
import type { WriteOptions } from '@orrery/core';
import type { AdmissionRequest } from './admission/admission-plugin.ts';
import { collectionOf } from './collections.ts';
import { admissionContext, type ServerContext } from './context.ts';
import { decodeBody, withoutDuplicateOwners } from './decode-body.ts';
import { upToDate } from './freshness.ts';
import { checkNamespace, withIdentity, withoutServerFields } from './prepare-write.ts';
import { lostRace } from './races.ts';
import type { RequestScope, WriteResult } from './request-path.ts';

/** Attempts to generate a free name from `generateName`. */
const nameAttempts = 8;
/** Maximum length of a generated name's base, so that 5 random characters fit in 63. */
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
 * Creates an object whose body is already decoded. Updates that create, and server-side apply of a new object, enter here;
 * apply has already recorded the managed fields (`tracked`).
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
  const { random, clock } = server.environment;
  const base = admitted.metadata?.generateName ?? '';
  const generated = (admitted.metadata?.name ?? '') === '' && base !== '';
  let names = 0;
  for (let race = 1; ; race++) {
    object = strategy.begin?.(server, admitted, undefined) ?? admitted;
    const name = generated ? base.slice(0, maxGeneratedBase) + random.nameSuffix(5) : (object.metadata?.name ?? '');
    const identity = { name, uid: random.uuid(), creationTimestamp: timestamp(clock.now()) };
    let prepared = strategy.prepareForCreate(withIdentity(object, identity));
    if (!tracked) prepared = track(server, scope, undefined, prepared, options);
    deepFreeze(prepared);
    if (race === 1) {
      const errors = strategy.validate(prepared);
      if (errors.length > 0) throw invalid(kind, name, errors);
      for (const warning of strategy.warningsOnCreate(prepared)) scope.warn(warning);
      strategy.checkAccess?.(server, scope, prepared, undefined);
      await server.admission.validate({ ...request, name, object: prepared }, context);
    }
    const key = { namespace: kind.namespaced ? scope.namespace : '', name };
    // An object seen here may have been deleted in another process; one created there makes the commit fail.
    if (server.store.get(collection, key) !== undefined) {
      const wait = upToDate(server);
      if (wait !== undefined) await wait;
    }
    const existing = server.store.get(collection, key);
    if (existing !== undefined && !generated) throw exists(kind, existing);
    if (existing !== undefined && ++names === nameAttempts) throw failures.nameNotGenerated(kind, name);
    if (existing !== undefined) continue;
    if (options.dryRun === true) return { object: prepared, created: true };
    try {
      const others = strategy.commitsWith?.(server, prepared, undefined) ?? [];
      const own = { type: 'put', collection, object: prepared, expected: 0 } as const;
      const [stored] = (await server.store.commit([own, ...others])) as [Stored];
      const afterwards = context.committed(stored);
      if (afterwards !== undefined) await afterwards;
      return { object: stored, created: true };
    } catch (error) {
      await lostRace(server, { kind, name }, error, race);
    }
  }
}

function exists(kind: Kind, { metadata: { name, deletionTimestamp } }: Stored): Error {
  return failures.alreadyExists(kind, name, deletionTimestamp === undefined ? '' : 'object is being deleted: ');
}

/** The object in the request's namespace, or without one if its kind is cluster-scoped. */
export function inNamespace(object: KubernetesObject, kind: Kind, namespace: string): KubernetesObject {
  const { namespace: given, ...metadata }: ObjectMeta = object.metadata ?? {};
  if (!kind.namespaced) return given === undefined ? object : { ...object, metadata };
  return given === namespace ? object : { ...object, metadata: { ...metadata, namespace } };
}

/** The object with its managed fields updated for the changes of this request. */
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
