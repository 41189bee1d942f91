import type { KubernetesObject, Pod } from '@orrery/api';
import type { IndexValues } from '@orrery/store';

/** Field selectors that the store serves from an index: a kubelet lists and watches its own node's Pods. */
export const podIndexes: { readonly [collection: string]: { readonly [field: string]: IndexValues } } = {
  pods: { 'spec.nodeName': (object: KubernetesObject) => [(object as Pod).spec.nodeName ?? ''] },
};
