import { builtinKinds, type GroupVersionKind, type Kind } from '../kind.ts';

/** Go packages outside `k8s.io/api` that define API types. */
const packages: { readonly [prefix: string]: string } = {
  'meta.v1': 'io.k8s.apimachinery.pkg.apis.meta.v1',
  'api.resource': 'io.k8s.apimachinery.pkg.api.resource',
  'util.intstr': 'io.k8s.apimachinery.pkg.util.intstr',
  runtime: 'io.k8s.apimachinery.pkg.runtime',
  version: 'io.k8s.apimachinery.pkg.version',
  'apiextensions.v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  'apiregistration.v1': 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
};

/** The name of a built-in type in OpenAPI: `core.v1.Pod` is `io.k8s.api.core.v1.Pod`. */
export function modelName(type: string): string {
  const dot = type.lastIndexOf('.');
  const prefix = type.slice(0, dot);
  return `${packages[prefix] ?? `io.k8s.api.${prefix}`}${type.slice(dot)}`;
}

/** The name of a kind in OpenAPI. Custom kinds are named by their group, backwards: `dev.orrery.demo.v1.Website`. */
export function kindModelName(kind: Kind): string {
  if (!kind.custom) return modelName(kind.type);
  return [...kind.group.split('.').reverse(), kind.version, kind.kind].join('.');
}

/** `io.k8s.api.core.v1.PodList`. */
export function listModelName(kind: Kind): string {
  return `${kindModelName(kind).slice(0, -kind.kind.length)}${kind.listKind}`;
}

const prefixes = new Map<string, string>();
for (const { group, version, type } of builtinKinds) {
  prefixes.set(`${group}/${version}`, type.slice(0, type.lastIndexOf('.')));
}

/** The type that a group, version and kind name, such as that of a subresource; undefined for an unknown group version. */
export function typeOf({ group, version, kind }: GroupVersionKind): string | undefined {
  const prefix = prefixes.get(`${group}/${version}`);
  return prefix === undefined ? undefined : `${prefix}.${kind}`;
}
