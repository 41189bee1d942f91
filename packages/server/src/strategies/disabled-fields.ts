import type { PodSpec } from '@orrery/api';

/**
 * The object without the fields of its Pods that Kubernetes 1.35 drops unless a feature gate is switched on: `podCertificate`
 * projections (gate PodCertificateRequest, off by default). Their entries stay as empty sources. `podSpec` is the path
 * of the Pods' spec. Pure; the same object if it has no such fields.
 */
export function withoutDisabledFields<T extends object>(object: T, podSpec: readonly string[]): T {
  return changed(object, podSpec, 0);
}

/** The fields with the Pod's spec at the path changed; the same fields if it does not change. */
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
