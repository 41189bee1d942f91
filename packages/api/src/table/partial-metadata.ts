import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';

/** The position of a list: its revision, and how to get its next page (`metav1.ListMeta`). */
export interface ListMetadata {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Versions of `meta.k8s.io`: `v1`, and `v1beta1` for clients from before 1.15. */
export type MetaVersion = 'v1' | 'v1beta1';

/** An object reduced to its metadata, for clients that only look at labels, owners and the like (`PartialObjectMetadata`). */
export function partialObjectMetadata(object: KubernetesObject, version: MetaVersion = 'v1'): KubernetesObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    ...(object.metadata === undefined ? {} : { metadata: object.metadata }),
  };
}

/** A list reduced to the metadata of its objects (`PartialObjectMetadataList`). The list looks the same for every kind. */
export function partialObjectMetadataList(
  _kind: Kind,
  objects: readonly KubernetesObject[],
  metadata: ListMetadata,
  version: MetaVersion = 'v1',
): { readonly items: readonly KubernetesObject[]; readonly [field: string]: unknown } {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    items: objects.map((object) => partialObjectMetadata(object, version)),
  };
}
