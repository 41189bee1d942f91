import { type Deployment, deepFreeze, type ReplicaSet, type Stored } from '@orrery/api';
import { testReplicaSet } from '../workload/objects.fixture.ts';
import { annotations } from './revision.ts';

/** A Deployment of `app: web` Pods for tests. */
export function testDeployment(
  spec: Partial<Deployment['spec']> = {},
  more: { metadata?: Partial<Stored['metadata']>; status?: Deployment['status'] } = {},
): Stored<Deployment> {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'busybox' }] } };
  return deepFreeze({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'uid-web',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
      ...more.metadata,
    },
    spec: { replicas: 10, selector: { matchLabels: { app: 'web' } }, progressDeadlineSeconds: 600, template, ...spec },
    ...(more.status === undefined ? {} : { status: more.status }),
  } as Stored<Deployment>);
}

interface SetParts {
  readonly available?: number;
  readonly created?: number;
  readonly desired?: number;
  readonly max?: number;
  readonly revision?: number;
  readonly observed?: boolean;
  readonly image?: string;
}

/** A ReplicaSet of so many replicas; `created` is the minute of its making. All replicas are there, `available` of them available. */
export function testSet(name: string, replicas: number, parts: SetParts = {}): Stored<ReplicaSet> {
  const { available = replicas, created = 0, desired, max, revision, image = 'busybox' } = parts;
  const notes: { [key: string]: string } = {};
  if (desired !== undefined) notes[annotations.desiredReplicas] = String(desired);
  if (max !== undefined) notes[annotations.maxReplicas] = String(max);
  if (revision !== undefined) notes[annotations.revision] = String(revision);
  return testReplicaSet(name, {
    metadata: {
      creationTimestamp: `2026-01-01T00:${String(created).padStart(2, '0')}:00Z`,
      annotations: notes,
      generation: 1,
    },
    spec: {
      replicas,
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image }] } },
    },
    status: {
      replicas,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration: parts.observed === false ? 0 : 1,
    },
  });
}
