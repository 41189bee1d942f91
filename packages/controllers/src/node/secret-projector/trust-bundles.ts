import {
  builtinKind,
  type Kind,
  type KubernetesObject,
  labelSelectorMatcher,
  type Stored,
  type VolumeProjection,
} from '@orrery/api';

/** A cluster-wide set of certificates (certificates.k8s.io). */
export type TrustBundle = KubernetesObject & {
  readonly spec?: { readonly signerName?: string; readonly trustBundle?: string };
};

export const ClusterTrustBundle: Kind<TrustBundle> = builtinKind('certificates.k8s.io/v1beta1', 'ClusterTrustBundle');

type Projection = NonNullable<VolumeProjection['clusterTrustBundle']>;

/**
 * The file of a `clusterTrustBundle` source: the certificates of the one that it names, or of all its signer's that its label
 * selector matches (no selector matches none, an empty one all), each certificate once. null where no bundle matches.
 */
export function trustBundleFile(
  { name, labelSelector }: Projection,
  bundles: readonly Stored<TrustBundle>[],
): string | null {
  const labels = labelSelector === undefined ? undefined : labelSelectorMatcher(labelSelector);
  const chosen = bundles.filter(({ metadata }) => name !== undefined || labels?.matches(metadata.labels) === true);
  if (chosen.length === 0) return null;
  const certificates = chosen.flatMap(({ spec }) => spec?.trustBundle?.match(certificate) ?? []);
  return [...new Set(certificates)].map((pem) => `${pem}\n`).join('');
}

const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
