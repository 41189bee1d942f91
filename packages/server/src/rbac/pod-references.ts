import type { Container, Pod } from '@orrery/api';

/** Kinds of objects in its own namespace that a Pod references. */
export type ReferencedKind = 'secrets' | 'configmaps' | 'persistentvolumeclaims' | 'serviceaccounts';

/** Whether a Pod references an object of its namespace, so that its kubelet may read it. Pure. */
export function podReferences(pod: Pod, kind: ReferencedKind, name: string): boolean {
  switch (kind) {
    case 'secrets':
      return secretNames(pod).includes(name);
    case 'configmaps':
      return configMapNames(pod).includes(name);
    case 'persistentvolumeclaims':
      return claimNames(pod).includes(name);
    case 'serviceaccounts':
      return pod.spec.serviceAccountName === name;
  }
}

/** Whether a Pod references any object of the kind. Pure. */
export function namesAny(pod: Pod, kind: ReferencedKind): boolean {
  switch (kind) {
    case 'secrets':
      return secretNames(pod).length > 0;
    case 'configmaps':
      return configMapNames(pod).length > 0;
    case 'persistentvolumeclaims':
      return claimNames(pod).length > 0;
    case 'serviceaccounts':
      return (pod.spec.serviceAccountName ?? '') !== '';
  }
}

function secretNames(pod: Pod): readonly (string | undefined)[] {
  return [
    ...(pod.spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...containersOf(pod).flatMap(({ env, envFrom }) => [
      ...(env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...(envFrom ?? []).map(({ secretRef }) => secretRef?.name),
    ]),
    ...(pod.spec.volumes ?? []).flatMap((volume) => [
      volume.secret?.secretName,
      volume.csi?.nodePublishSecretRef?.name,
      volume.azureFile?.secretName,
      volume.cephfs?.secretRef?.name,
      volume.cinder?.secretRef?.name,
      volume.flexVolume?.secretRef?.name,
      volume.iscsi?.secretRef?.name,
      volume.rbd?.secretRef?.name,
      volume.scaleIO?.secretRef?.name,
      volume.storageos?.secretRef?.name,
      ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name),
    ]),
  ].filter((name) => name !== undefined);
}

function configMapNames(pod: Pod): readonly (string | undefined)[] {
  return [
    ...containersOf(pod).flatMap(({ env, envFrom }) => [
      ...(env ?? []).map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ...(envFrom ?? []).map(({ configMapRef }) => configMapRef?.name),
    ]),
    ...(pod.spec.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]),
  ].filter((name) => name !== undefined);
}

function claimNames(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) =>
    persistentVolumeClaim !== undefined
      ? [persistentVolumeClaim.claimName]
      : ephemeral !== undefined
        ? [`${pod.metadata.name}-${name}`]
        : [],
  );
}

function containersOf({ spec }: Pod): readonly Pick<Container, 'env' | 'envFrom'>[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
}
