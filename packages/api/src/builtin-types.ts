import data from './data/kubernetes-1.35.json' with { type: 'json' };
import { podPresetResources, podPresetTypes } from './pod-preset-types.ts';
import type { TypeInfo, TypeTable } from './schema.ts';

/** A resource as the API publishes it (Kubernetes API concepts, "Resource URIs" and discovery). */
export interface ResourceInfo {
  readonly group: string;
  readonly version: string;
  /** Plural, lower case: the segment in the URL. */
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  /** HTTP-shaped verbs of the table: get, list by `get` on the collection, `post`, `put`, `patch`, `delete`, `deletecollection`. */
  readonly verbs: readonly string[];
  readonly subresources: {
    readonly [name: string]: {
      readonly kind: string;
      readonly group: string;
      readonly version: string;
      readonly verbs: readonly string[];
    };
  };
  /** Name of the object's type in the {@link TypeTable}. */
  readonly type: string;
}

const types = new Map<string, TypeInfo>([
  ...(Object.entries(data.types) as [string, TypeInfo][]),
  ...Object.entries(podPresetTypes),
]);

/** Every type of the Kubernetes 1.35 API, and PodPreset's (`settings.k8s.io/v1alpha1`, last served by 1.19). */
export const builtinTypes: TypeTable = types;

/** Every resource of the Kubernetes 1.35 API, and `podpresets`. */
export const builtinResources: readonly ResourceInfo[] = [
  ...(data.resources as unknown as ResourceInfo[]),
  ...podPresetResources,
];

/** Messages that only the protobuf form has: message → field → [number, type, 'repeated'?]. */
export const protobufMessages = data.messages as unknown as {
  readonly [message: string]: { readonly [field: string]: readonly [number, string, string?] };
};

/** Names of all built-in types, sorted as in the table. */
export function builtinTypeNames(): Iterable<string> {
  return types.keys();
}
