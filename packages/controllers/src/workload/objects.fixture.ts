import { deepFreeze, type Node, type Pod, type ReplicaSet, type Stored } from '@orrery/api';

/** Objects for tests: everything that a stored object has, with the given parts in place. */

let count = 0;

function metadata(name: string) {
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: String(++count),
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
}

interface Parts<S, T> {
  readonly metadata?: Partial<Stored['metadata']>;
  readonly spec?: Partial<S>;
  readonly status?: T;
}

/** A Pod with one container that asks for nothing. */
export function testPod(name: string, parts: Parts<Pod['spec'], Pod['status']> = {}): Stored<Pod> {
  return deepFreeze({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata(name), ...parts.metadata },
    spec: { containers: [{ name: 'main', image: 'busybox' }], ...parts.spec },
    ...(parts.status === undefined ? {} : { status: parts.status }),
  } as Stored<Pod>);
}

/** A container that asks for these resources. */
export function testContainer(requests: { readonly [resource: string]: string }, more: object = {}) {
  return { name: 'main', image: 'busybox', resources: { requests }, ...more };
}

/** A node of 4 cpus, 8Gi memory and 110 Pods, labelled with its name. */
export function testNode(
  name: string,
  parts: Parts<Node['spec'], Node['status']> & { readonly allocatable?: { readonly [resource: string]: string } } = {},
): Stored<Node> {
  const { namespace: _, ...plain } = metadata(name);
  const labels = { 'kubernetes.io/hostname': name, ...parts.metadata?.labels };
  return deepFreeze({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...plain, ...parts.metadata, labels },
    spec: { ...parts.spec },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...parts.allocatable }, ...parts.status },
  } as Stored<Node>);
}

/** A ReplicaSet of `app: web` Pods. */
export function testReplicaSet(
  name: string,
  parts: Parts<ReplicaSet['spec'], ReplicaSet['status']> = {},
): Stored<ReplicaSet> {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'busybox' }] } };
  return deepFreeze({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { ...metadata(name), ...parts.metadata },
    spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template, ...parts.spec },
    ...(parts.status === undefined ? {} : { status: parts.status }),
  } as Stored<ReplicaSet>);
}
