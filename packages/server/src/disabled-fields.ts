import type { Kind, KubernetesObject, PodSpec } from '@orrery/api';

/**
 * The Pod without the fields that Kubernetes 1.35 drops unless a feature gate is switched on: `podCertificate` projections
 * (gate PodCertificateRequest, off by default). An empty source stays where one was. Pure; the same Pod if it has none.
 */
export function withoutDisabledFields<T extends KubernetesObject>(object: T, kind: Kind): T {
  if (kind.kind !== 'Pod' || kind.group !== '') return object;
  const { spec } = object as { spec?: PodSpec };
  const uses = spec?.volumes?.some(({ projected }) =>
    projected?.sources?.some((one) => one.podCertificate !== undefined),
  );
  if (spec === undefined || uses !== true) return object;
  const volumes = (spec.volumes ?? []).map((volume) => {
    if (volume.projected === undefined) return volume;
    const sources = (volume.projected.sources ?? []).map(({ podCertificate: _, ...source }) => source);
    return { ...volume, projected: { ...volume.projected, sources } };
  });
  return { ...object, spec: { ...spec, volumes } };
}
