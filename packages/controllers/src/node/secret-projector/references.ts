import type { Volume } from '@orrery/api';
import { named } from './object-watches.ts';
import type { TokenProjection } from './payload.ts';

/** Objects whose data a volume shows: one by its name, or all trust bundles of a signer. */
export interface ObjectReference {
  readonly kind: 'Secret' | 'ConfigMap' | 'ClusterTrustBundle';
  /** Which ones. */
  readonly fieldSelector: string;
}

/** The objects whose data a volume shows. */
export function volumeReferences(volume: Volume): ObjectReference[] {
  const references: ObjectReference[] = [];
  const add = (kind: ObjectReference['kind'], name: string | undefined): void => {
    if (name !== undefined && name !== '') references.push({ kind, fieldSelector: named(name) });
  };
  add('Secret', volume.secret?.secretName);
  add('ConfigMap', volume.configMap?.name);
  for (const { secret, configMap, clusterTrustBundle } of volume.projected?.sources ?? []) {
    add('Secret', secret?.name);
    add('ConfigMap', configMap?.name);
    if (clusterTrustBundle === undefined) continue;
    const { name, signerName } = clusterTrustBundle;
    add('ClusterTrustBundle', name);
    if (signerName !== undefined && signerName !== '')
      references.push({ kind: 'ClusterTrustBundle', fieldSelector: bySigner(signerName) });
  }
  return references;
}

/** The field selector of a signer's trust bundles. */
export function bySigner(signerName: string): string {
  return `spec.signerName=${signerName}`;
}

/** The tokens that a volume shows. */
export function volumeTokens(volume: Volume): TokenProjection[] {
  return (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
}
