import type { Volume } from '@orrery/api';
import type { TokenProjection } from './payload.ts';

/** An object whose data a volume shows. */
export interface ObjectReference {
  readonly kind: 'Secret' | 'ConfigMap' | 'ClusterTrustBundle';
  readonly name: string;
}

/** The objects whose data a volume shows. */
export function volumeReferences(volume: Volume): ObjectReference[] {
  const references: ObjectReference[] = [];
  const add = (kind: ObjectReference['kind'], name: string | undefined): void => {
    if (name !== undefined && name !== '') references.push({ kind, name });
  };
  add('Secret', volume.secret?.secretName);
  add('ConfigMap', volume.configMap?.name);
  for (const source of volume.projected?.sources ?? []) {
    add('Secret', source.secret?.name);
    add('ConfigMap', source.configMap?.name);
    add('ClusterTrustBundle', source.clusterTrustBundle?.name);
  }
  return references;
}

/** The tokens that a volume shows. */
export function volumeTokens(volume: Volume): TokenProjection[] {
  return (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
}
