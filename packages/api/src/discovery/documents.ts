import { apiVersionOf, type Kind } from '../kind.ts';
import { compareGroups, compareText, compareVersions } from './order.ts';
import { kubernetesVerbs, subresourceVerbs } from './verbs.ts';

/** Versions of the aggregated form: `v2` from Kubernetes 1.30 on, `v2beta1` for clients of 1.26 to 1.29. */
export type AggregatedVersion = 'v2' | 'v2beta1';

/** The documents that describe the kinds that the API server serves (Kubernetes API concepts, "API discovery"). */
export interface DiscoveryDocuments {
  /**
   * The document at `/api`, `/api/v1`, `/apis`, `/apis/GROUP` or `/apis/GROUP/VERSION`; undefined for what is not served. A
   * slash at the end does not matter.
   */
  path(path: string): object | undefined;
  /** `/api` as one APIGroupDiscoveryList with all resources of the core group. */
  aggregatedApi(version: AggregatedVersion): object;
  /** `/apis` as one APIGroupDiscoveryList with all resources of all other groups. */
  aggregatedApis(version: AggregatedVersion): object;
}

type KindsOfGroup = ReadonlyMap<string, readonly Kind[]>;

/**
 * Discovery of these kinds as they are now: groups in Kubernetes' order, the preferred version of each first, resources by
 * name. Documents are built on first use and cached; build a new set when kinds are added or removed.
 */
export function discoveryDocuments(kinds: Iterable<Kind>): DiscoveryDocuments {
  const groups = groupKinds(kinds);
  const built = new Map<string, object | undefined>();
  const once = (key: string, build: () => object | undefined): object | undefined => {
    if (!built.has(key)) built.set(key, build());
    return built.get(key);
  };
  const named = (): (readonly [string, KindsOfGroup])[] => [...groups].filter(([group]) => group !== '');
  const core = (): (readonly [string, KindsOfGroup])[] => [['', groups.get('') ?? new Map()]];
  return {
    path: (path) => {
      const plain = path.endsWith('/') ? path.slice(0, -1) : path;
      return once(plain, () => documentAt(groups, plain.split('/').slice(1)));
    },
    aggregatedApi: (version) => once(`api ${version}`, () => aggregated(core(), version)) as object,
    aggregatedApis: (version) => once(`apis ${version}`, () => aggregated(named(), version)) as object,
  };
}

/** Group → version → kinds, everything in the order of discovery. */
function groupKinds(kinds: Iterable<Kind>): ReadonlyMap<string, KindsOfGroup> {
  const groups = new Map<string, Map<string, Kind[]>>();
  const sorted = [...kinds].sort(
    (left, right) =>
      compareGroups(left.group, right.group) ||
      compareVersions(left.version, right.version) ||
      compareText(left.resource, right.resource),
  );
  for (const kind of sorted) {
    const versions = groups.get(kind.group) ?? new Map<string, Kind[]>();
    groups.set(kind.group, versions);
    const list = versions.get(kind.version) ?? [];
    versions.set(kind.version, list);
    list.push(kind);
  }
  return groups;
}

function documentAt(groups: ReadonlyMap<string, KindsOfGroup>, segments: readonly string[]): object | undefined {
  const [root, first, second, ...rest] = segments;
  if (rest.length > 0) return undefined;
  if (root === 'api') {
    if (first === undefined) return apiVersions(groups.get(''));
    return second === undefined ? resourceList('', first, groups) : undefined;
  }
  if (root !== 'apis' || first === '') return undefined;
  if (first === undefined) return groupList(groups);
  if (second !== undefined) return resourceList(first, second, groups);
  const versions = groups.get(first);
  return versions === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(first, versions) };
}

function apiVersions(core: KindsOfGroup | undefined): object {
  return { kind: 'APIVersions', versions: [...(core ?? new Map()).keys()], serverAddressByClientCIDRs: [] };
}

function groupList(groups: ReadonlyMap<string, KindsOfGroup>): object {
  const named = [...groups].filter(([group]) => group !== '');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: named.map(([group, versions]) => apiGroup(group, versions)),
  };
}

function apiGroup(group: string, versions: KindsOfGroup): object {
  const entries = [...versions.keys()].map((version) => ({ groupVersion: apiVersionOf(group, version), version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

function resourceList(group: string, version: string, groups: ReadonlyMap<string, KindsOfGroup>): object | undefined {
  const kinds = groups.get(group)?.get(version);
  if (kinds === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(group, version),
    resources: kinds.flatMap(resources),
  };
}

/** A kind's own entry, then one for each subresource. */
function resources(kind: Kind): object[] {
  const own = {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kubernetesVerbs(kind),
    ...optionalNames(kind),
  };
  const sub = subresourceNames(kind).map((name) => {
    const { group, version, kind: subKind } = kind.subresources[name] as Kind['subresources'][string];
    const elsewhere = group !== kind.group || version !== kind.version;
    return {
      name: `${kind.resource}/${name}`,
      singularName: '',
      namespaced: kind.namespaced,
      ...(elsewhere ? { group, version } : {}),
      kind: subKind,
      verbs: subresourceVerbs(kind, name),
    };
  });
  return [own, ...sub];
}

function optionalNames(kind: Kind): object {
  return {
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  };
}

function subresourceNames(kind: Kind): string[] {
  return Object.keys(kind.subresources).sort();
}

function aggregated(groups: readonly (readonly [string, KindsOfGroup])[], version: AggregatedVersion): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: [...versions].map(([name, kinds]) => ({
        version: name,
        resources: kinds.map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResource(kind: Kind): object {
  const subresources = subresourceNames(kind).map((name) => {
    const { group, version, kind: subKind } = kind.subresources[name] as Kind['subresources'][string];
    return { subresource: name, responseKind: { group, version, kind: subKind }, verbs: subresourceVerbs(kind, name) };
  });
  return {
    resource: kind.resource,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kubernetesVerbs(kind),
    ...optionalNames(kind),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
