import { deepFreeze, invalid, type Kind, type KubernetesObject, keyOf, type Stored, timestamp } from '@orrery/api';
import { applyServerSide } from '@orrery/api/server';
import type { WriteOptions } from '@orrery/core';
import type { AdmissionRequest } from './admission/admission-plugin.ts';
import { collectionOf } from './collections.ts';
import { admissionContext, type ServerContext } from './context.ts';
import { inNamespace, track } from './create-object.ts';
import { decodeBody } from './decode-body.ts';
import { withIdentity, withoutServerFields } from './prepare-write.ts';
import type { RequestScope } from './request-path.ts';

/** Options of seeds. */
export interface SeedOptions extends WriteOptions {
  /** Applies the statuses of those that have one. */
  readonly statusManager?: string;
  /** What a controller would write right after an object was created: the object then, and its manager. Default: nothing. */
  next?(created: KubernetesObject): { readonly object: KubernetesObject; readonly manager: string } | undefined;
}

/** What is the same of a seed in every cluster. */
interface Seed {
  /** Decoded and defaulted: what admission gets. */
  readonly decoded: KubernetesObject;
  /** Validated, with its managed fields: what is stored, but for its uid and its times. */
  readonly prepared: KubernetesObject;
}

/** By the frozen body. */
const seeds = new WeakMap<KubernetesObject, Seed>();

/**
 * Creates the objects that a cluster begins with, each unless the store has it from an earlier run. They pass admission as any
 * other object does; what else a create does is done once per process, because a test starts many clusters.
 * @throws StatusError for an object that is not valid, or that admission refuses
 */
export async function seedObjects(
  server: ServerContext,
  scopeOf: (object: KubernetesObject) => RequestScope,
  objects: readonly KubernetesObject[],
  options: SeedOptions,
): Promise<void> {
  const { environment, store, admission } = server;
  const time = timestamp(environment.clock.now());
  for (const object of objects) {
    const scope = scopeOf(object);
    const { kind, namespace, name, user } = scope;
    const collection = collectionOf(kind);
    if (store.get(collection, keyOf(object)) !== undefined) continue;
    const seed = knownSeed(server, scope, object, options);
    const context = admissionContext(server, scope.warn);
    const request: AdmissionRequest & { object: KubernetesObject } = {
      operation: 'CREATE',
      kind,
      subresource: '',
      namespace,
      name,
      object: seed.decoded,
      user,
      dryRun: false,
    };
    const mutated = admission.mutate(request, context);
    const admitted = mutated instanceof Promise ? await mutated : mutated;
    const prepared = admitted === seed.decoded ? seed.prepared : prepare(server, scope, admitted, options);
    const stamped = deepFreeze(stamp(prepared, environment.random.uuid(), time));
    const validated = admission.validate({ ...request, object: stamped }, context);
    if (validated !== undefined) await validated;
    const [stored] = await store.commit([{ type: 'put', collection, object: stamped, expected: 0 }]);
    const afterwards = context.committed(stored as Stored);
    if (afterwards !== undefined) await afterwards;
  }
}

function knownSeed(server: ServerContext, scope: RequestScope, object: KubernetesObject, options: SeedOptions): Seed {
  const known = seeds.get(object);
  if (known !== undefined) return known;
  const decoded = deepFreeze(
    inNamespace(withoutServerFields(decodeBody(scope, object, options)), scope.kind, scope.namespace),
  );
  const seed = { decoded, prepared: prepare(server, scope, decoded, options) };
  if (Object.isFrozen(object)) seeds.set(object, seed);
  return seed;
}

function prepare(
  server: ServerContext,
  scope: RequestScope,
  decoded: KubernetesObject,
  options: SeedOptions,
): KubernetesObject {
  const { kind, name } = scope;
  const strategy = server.strategies.of(kind);
  const identified = withIdentity(decoded, {
    name,
    uid: '',
    creationTimestamp: '',
  });
  const created = track(server, scope, undefined, strategy.prepareForCreate(identified), options);
  const next = options.next?.(created);
  const followed =
    next === undefined ? created : track(server, scope, created, next.object, { fieldManager: next.manager });
  const prepared = deepFreeze(withStatus(kind, followed, decoded, options));
  const errors = strategy.validate(stamp(prepared, '00000000-0000-4000-8000-000000000000', '2020-01-01T00:00:00Z'));
  if (errors.length > 0) throw invalid(kind, name, errors);
  return prepared;
}

/** What a create drops and a controller would write right afterwards. */
function withStatus(
  kind: Kind,
  created: KubernetesObject,
  { apiVersion, metadata, ...decoded }: KubernetesObject & { readonly status?: unknown },
  { statusManager }: SeedOptions,
): KubernetesObject {
  if (statusManager === undefined || decoded.status === undefined) return created;
  return applyServerSide({
    kind,
    live: created,
    applied: {
      apiVersion,
      kind: kind.kind,
      metadata: { name: metadata?.name ?? '' },
      status: decoded.status,
    } as KubernetesObject,
    manager: statusManager,
    time: '',
    subresource: 'status',
    force: true,
  });
}

function stamp(prepared: KubernetesObject, uid: string, time: string): KubernetesObject {
  const { metadata } = prepared;
  const managedFields = metadata?.managedFields?.map((entry) => ({
    ...entry,
    time,
  }));
  const { status } = prepared as { readonly status?: { readonly conditions?: readonly object[] } };
  const conditions = status?.conditions?.map((condition) => ({ ...condition, lastTransitionTime: time }));
  return {
    ...prepared,
    metadata: {
      ...metadata,
      uid,
      creationTimestamp: time,
      ...(managedFields === undefined ? {} : { managedFields }),
    },
    ...(conditions === undefined ? {} : { status: { ...status, conditions } }),
  } as KubernetesObject;
}
