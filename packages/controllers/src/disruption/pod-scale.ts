import {
  controllerOf,
  Deployment,
  isNotFound,
  type Kind,
  type KubernetesObject,
  type OwnerReference,
  ReplicaSet,
  ReplicationController,
  type Scale,
  StatefulSet,
  type Stored,
} from '@orrery/api';
import type { Cache, Client } from '@orrery/core';
import type { PodOwner } from './budget-pods.ts';

/** Finds the kind of an owner that is no built-in workload; undefined if the cluster does not serve it. */
export type FindKind = (apiVersion: string, kind: string) => Kind | undefined;

interface ScaleContext {
  readonly client: Client;
  readonly cache: Cache;
  readonly findKind: FindKind;
}

/** A controller, and what it is scaled to. */
interface Scaled {
  readonly uid: string;
  readonly replicas: number;
}

/**
 * How many Pods their controllers want together. Each counts once; a ReplicaSet of a Deployment counts as its Deployment.
 * @throws Error if a controller is not found or cannot be scaled
 */
export async function expectedScale(
  owners: Iterable<PodOwner>,
  namespace: string,
  context: ScaleContext,
): Promise<number> {
  const scales = new Map<string, number>();
  for (const { reference, podName } of owners) {
    const scaled = await scaleOf(reference, namespace, context);
    if (scaled === undefined) throw new Error(`found no controllers for pod ${JSON.stringify(podName)}`);
    scales.set(scaled.uid, scaled.replicas);
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
}

async function scaleOf(owner: OwnerReference, namespace: string, context: ScaleContext): Promise<Scaled | undefined> {
  const { cache } = context;
  const [group] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : [''];
  const of = (kind: Kind) => kind.group === group && kind.kind === owner.kind;
  if (of(ReplicaSet)) {
    const replicaSet = owned(cache, ReplicaSet, owner, namespace);
    const parent = replicaSet === undefined ? undefined : controllerOf(replicaSet);
    if (parent === undefined || parent.kind !== Deployment.kind) return replicasOf(replicaSet);
    return replicasOf(owned(cache, Deployment, parent, namespace));
  }
  if (of(StatefulSet)) return replicasOf(owned(cache, StatefulSet, owner, namespace));
  if (of(ReplicationController)) return replicasOf(owned(cache, ReplicationController, owner, namespace));
  return scaleOfOther(owner, namespace, context);
}

/** Whatever else has the subresource `scale`. @throws Error if it has none */
async function scaleOfOther(
  { apiVersion, kind: kindName, name, uid }: OwnerReference,
  namespace: string,
  { client, findKind }: ScaleContext,
): Promise<Scaled | undefined> {
  const kind = findKind(apiVersion, kindName);
  if (kind === undefined) throw new Error(`no matches for kind "${kindName}" in version "${apiVersion}"`);
  if (kind.subresources.scale === undefined) {
    const resource = kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
    throw new Error(`${resource} does not implement the scale subresource`);
  }
  try {
    const scale = (await client.getSubresource(kind, { namespace, name }, 'scale')) as Scale;
    return scale.metadata?.uid === uid ? { uid, replicas: scale.spec?.replicas ?? 0 } : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

type Replicated = KubernetesObject & { readonly spec?: { readonly replicas?: number } };

function owned<T extends Replicated>(
  cache: Cache,
  kind: Kind<T>,
  { name, uid }: OwnerReference,
  namespace: string,
): Stored<T> | undefined {
  const object = cache.get(kind, { namespace, name });
  return object?.metadata.uid === uid ? object : undefined;
}

function replicasOf(
  object: (Replicated & { readonly metadata: { readonly uid: string } }) | undefined,
): Scaled | undefined {
  return object === undefined ? undefined : { uid: object.metadata.uid, replicas: object.spec?.replicas ?? 1 };
}
