import type { Kind, KubernetesObject, PodSpec } from '@orrery/api';

/** Where the Pods' specs stand in the built-in kinds that have one, by group and kind. */
const specPaths: { readonly [kind: string]: readonly string[] } = {
  '/Pod': ['spec'],
  '/PodTemplate': ['template', 'spec'],
  '/ReplicationController': ['spec', 'template', 'spec'],
  'apps/DaemonSet': ['spec', 'template', 'spec'],
  'apps/Deployment': ['spec', 'template', 'spec'],
  'apps/ReplicaSet': ['spec', 'template', 'spec'],
  'apps/StatefulSet': ['spec', 'template', 'spec'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  'batch/Job': ['spec', 'template', 'spec'],
};

/**
 * The object without the fields of its Pods that Kubernetes 1.35 drops unless a feature gate is switched on: `podCertificate`
 * projections (gate PodCertificateRequest, off by default). An empty source stays where one was. Pure; the same object if it
 * has none.
 */
export function withoutDisabledFields<T extends KubernetesObject>(object: T, kind: Kind): T {
  const path = specPaths[`${kind.group}/${kind.kind}`];
  return path === undefined ? object : changed(object, path, 0);
}

/** The fields with the Pod's spec at the path changed; the same fields if that is. */
function changed<T extends object>(fields: T, path: readonly string[], depth: number): T {
  const field = path[depth];
  if (field === undefined) return withoutCertificates(fields);
  const inner = (fields as { readonly [field: string]: unknown })[field];
  if (typeof inner !== 'object' || inner === null) return fields;
  const next = changed(inner, path, depth + 1);
  return next === inner ? fields : { ...fields, [field]: next };
}

function withoutCertificates<T extends Pick<PodSpec, 'volumes'>>(spec: T): T {
  const uses = spec.volumes?.some(({ projected }) =>
    projected?.sources?.some(({ podCertificate }) => podCertificate !== undefined),
  );
  if (uses !== true) return spec;
  const volumes = (spec.volumes ?? []).map((volume) => {
    if (volume.projected === undefined) return volume;
    const sources = (volume.projected.sources ?? []).map(({ podCertificate: _, ...source }) => source);
    return { ...volume, projected: { ...volume.projected, sources } };
  });
  return { ...spec, volumes };
}
