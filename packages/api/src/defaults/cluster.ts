import type { ICSIDriver } from 'kubernetes-models/storage.k8s.io/v1/CSIDriver';
import type { IStorageClass } from 'kubernetes-models/storage.k8s.io/v1/StorageClass';
import type {
  ClusterRoleBinding,
  CustomResourceDefinition,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  PodPreset,
  PriorityClass,
  ResourceQuota,
  RoleBinding,
  Secret,
} from '../kinds.ts';
import { fill, through, throughEach } from './fill.ts';
import { defaultEnvVar } from './pod.ts';
import { defaultClaimSpec, defaultVolume } from './volume.ts';

export function defaultSecret(secret: Secret): Secret {
  return fill(secret, { type: 'Opaque' });
}

/** Every namespace carries its name as a label, so that selectors can name it. */
export function defaultNamespace(namespace: Namespace): Namespace {
  const name = namespace.metadata?.name;
  const labelled =
    name === undefined || name === ''
      ? namespace
      : through(namespace, 'metadata', (metadata) =>
          metadata.labels?.['kubernetes.io/metadata.name'] === name
            ? metadata
            : { ...metadata, labels: { ...metadata.labels, 'kubernetes.io/metadata.name': name } },
        );
  return through(fill(labelled, { status: {} }), 'status', (status) => fill(status, { phase: 'Active' }));
}

/** What a node can give to Pods is all that it has, unless it says otherwise. */
export function defaultNode(node: Node): Node {
  return through(defaultSpec(node), 'status', (status) =>
    status.capacity === undefined ? status : fill(status, { allocatable: status.capacity }),
  );
}

export function defaultPersistentVolume(volume: PersistentVolume): PersistentVolume {
  const withSpec = through(volume, 'spec', (given) => {
    const spec = through(given, 'hostPath', (hostPath) => fill(hostPath, { type: '' }));
    return fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
  });
  return through(fill(withSpec, { status: {} }), 'status', (status) => fill(status, { phase: 'Pending' }));
}

export function defaultPersistentVolumeClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const withSpec = through(claim, 'spec', defaultClaimSpec);
  return through(fill(withSpec, { status: {} }), 'status', (status) => fill(status, { phase: 'Pending' }));
}

export function defaultStorageClass(storageClass: IStorageClass): IStorageClass {
  return fill(storageClass, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
}

export function defaultCsiDriver(driver: ICSIDriver): ICSIDriver {
  return through(driver, 'spec', (spec) =>
    fill(spec, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: ['Persistent'],
      requiresRepublish: false,
      seLinuxMount: false,
    }),
  );
}

/** A container's default limit is the maximum, its default request the default limit, or else the minimum. */
/** In Go a spec that nobody gives is there all the same, and empty. */
export function defaultSpec<T extends Node | PodDisruptionBudget | ResourceQuota | LimitRange>(object: T): T {
  return object.spec === undefined ? { ...object, spec: {} } : object;
}

export function defaultLimitRange(range: LimitRange): LimitRange {
  return through(defaultSpec(range), 'spec', (spec) =>
    throughEach(spec, 'limits', (item) => {
      if (item.type !== 'Container') return item;
      const limits = { ...item.max, ...item.default };
      const requests = { ...item.min, ...limits, ...item.defaultRequest };
      const isSame = (merged: object, before: object | undefined) =>
        Object.keys(merged).length === Object.keys(before ?? {}).length;
      if (isSame(limits, item.default) && isSame(requests, item.defaultRequest)) return item;
      return {
        ...item,
        ...(isSame(limits, item.default) ? {} : { default: limits }),
        ...(isSame(requests, item.defaultRequest) ? {} : { defaultRequest: requests }),
      };
    }),
  );
}

const rbacGroup = 'rbac.authorization.k8s.io';

export function defaultRoleBinding<B extends RoleBinding | ClusterRoleBinding>(binding: B): B {
  const withRole = through(binding as RoleBinding, 'roleRef', (ref) => fill(ref, { apiGroup: rbacGroup }));
  return throughEach(withRole, 'subjects', (subject) =>
    subject.kind === 'User' || subject.kind === 'Group' ? fill(subject, { apiGroup: rbacGroup }) : subject,
  ) as B;
}

export function defaultPriorityClass(priorityClass: PriorityClass): PriorityClass {
  return fill(priorityClass, { preemptionPolicy: 'PreemptLowerPriority' });
}

/** PodPresets are defaulted as Pods are, so that comparing shows whether two are identical. */
export function defaultPodPreset(preset: PodPreset): PodPreset {
  return through(preset, 'spec', (spec) =>
    throughEach(throughEach(spec, 'volumes', defaultVolume), 'env', defaultEnvVar),
  );
}

export function defaultCustomResourceDefinition(definition: CustomResourceDefinition): CustomResourceDefinition {
  return through(definition, 'spec', (given) => {
    const spec = through(given, 'names', (names) =>
      names.kind === undefined
        ? names
        : fill(names, { singular: names.kind.toLowerCase(), listKind: `${names.kind}List` }),
    );
    return fill(spec, { conversion: { strategy: 'None' } });
  });
}
