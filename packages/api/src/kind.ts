import { builtinResources, builtinTypes, type ResourceInfo } from './builtin-types.ts';
import type { KubernetesObject, Stored } from './object.ts';
import type { TypeTable } from './schema.ts';
import type { QualifiedResource } from './status.ts';

/** Group, version and kind: what an object's `apiVersion` and `kind` say. */
export interface GroupVersionKind {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A subresource that a kind serves. */
export interface Subresource {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly string[];
}

/** The request and response types of one subresource, by call; a call that has no type here is not served. */
export interface SubresourceCalls {
  /** What a GET answers. */
  readonly get?: KubernetesObject;
  /** Request and response of a POST. */
  readonly create?: { readonly body: KubernetesObject; readonly answer: KubernetesObject };
  /** Request and response of a PUT. */
  readonly update?: { readonly body: KubernetesObject; readonly answer: KubernetesObject };
}

/** A subresource that is read and replaced as one type: `scale`. */
export interface ReplacedAs<Body extends KubernetesObject, Answer extends KubernetesObject = Body> {
  readonly get: Answer;
  readonly update: { readonly body: Body; readonly answer: Answer };
}

/** A subresource that is the object itself, seen from another side: `status`, `resize`. */
export type ReplacedAsItself<T extends KubernetesObject> = ReplacedAs<T, Stored<T>>;

/** Names of the subresources of a kind that serve a call; any name for a kind whose types are unknown. */
export type SubresourceName<S, Call extends keyof SubresourceCalls> = unknown extends S
  ? string
  : { [N in keyof S]: S[N] extends { readonly [C in Call]: KubernetesObject | object } ? N : never }[keyof S] & string;

/** The request body of a subresource call. */
export type SubresourceBody<S, N, Call extends 'create' | 'update'> = N extends keyof S
  ? S[N] extends { readonly [C in Call]: { readonly body: infer Body extends KubernetesObject } }
    ? Body
    : never
  : KubernetesObject;

/** What a call of a subresource answers. */
export type SubresourceAnswer<S, N, Call extends keyof SubresourceCalls> = N extends keyof S
  ? S[N] extends { readonly [C in Call]: infer Answer }
    ? Answer extends { readonly body: unknown; readonly answer: infer A extends KubernetesObject }
      ? A
      : Answer
    : never
  : KubernetesObject;

/** A column of `kubectl get` for a custom kind (`additionalPrinterColumns` of a CustomResourceDefinition). */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly format?: string;
  readonly description?: string;
  /** 0 is always shown; above 0 only with `-o wide`. */
  readonly priority?: number;
}

/** JSON paths of a custom kind's counts, such as `.spec.replicas` (`subresources.scale` of a CustomResourceDefinition). */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  /** Where the status has its Pods' selector as text. */
  readonly labelSelectorPath?: string;
}

/**
 * A kind is a value. `Kind<T, S>` carries the object's type and those of its subresources ({@link SubresourceCalls} by name),
 * so that every call that accepts a kind infers its result.
 * Built-in kinds are exported by name (`Pod`, `Deployment` …); `defineKind` makes one of yours.
 */
export interface Kind<T extends KubernetesObject = KubernetesObject, S = unknown>
  extends GroupVersionKind,
    QualifiedResource {
  /** `apps/v1`; `v1` for the core group. */
  readonly apiVersion: string;
  /** Plural, lower case: the segment in the URL. */
  readonly resource: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: { readonly [name: string]: Subresource };
  /** Name of the object's type in {@link types}. */
  readonly type: string;
  readonly types: TypeTable;
  /** True of a kind that Orrery's table does not bring: patches, unconditional updates and columns follow the rules for custom resources. */
  readonly custom: boolean;
  readonly printerColumns?: readonly PrinterColumn[];
  /** Where a custom kind with the subresource `scale` keeps its counts. */
  readonly scale?: ScalePaths;
  /** The object's type; never set. */
  readonly objectType?: T;
  /** The types of the subresources; never set. */
  readonly subresourceTypes?: S;
}

/** `group/version`, or the version alone for the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Takes an `apiVersion` apart. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `Deployment.apps`-like name that is unique among kinds of one version set: `apps/v1/Deployment`. */
export function kindId(kind: GroupVersionKind): string {
  return `${apiVersionOf(kind.group, kind.version)}/${kind.kind}`;
}

function fromResource(resource: ResourceInfo): Kind {
  return {
    group: resource.group,
    version: resource.version,
    kind: resource.kind,
    apiVersion: apiVersionOf(resource.group, resource.version),
    resource: resource.resource,
    singular: resource.singular,
    listKind: `${resource.kind}List`,
    shortNames: resource.shortNames ?? [],
    categories: resource.categories ?? [],
    namespaced: resource.namespaced,
    verbs: resource.verbs,
    subresources: resource.subresources,
    type: resource.type,
    types: builtinTypes,
    custom: false,
  };
}

/** Every built-in kind, in the table's order. */
export const builtinKinds: readonly Kind[] = builtinResources.map(fromResource);

const builtinById = new Map(builtinKinds.map((kind) => [kindId(kind), kind]));

/**
 * The built-in kind of that name.
 * @throws Error if Kubernetes 1.35 has none.
 */
export function builtinKind<T extends KubernetesObject, S>(apiVersion: string, kind: string): Kind<T, S> {
  const found = builtinById.get(`${apiVersion}/${kind}`);
  if (found === undefined) throw new Error(`no built-in kind ${apiVersion} ${kind}`);
  return found as Kind<T, S>;
}

/**
 * The kinds that a server or client knows. Lookups by URL and by `apiVersion`/`kind`. Kinds can come and go while it runs
 * (a plugin, a CustomResourceDefinition).
 */
export class KindRegistry {
  readonly #byId = new Map<string, Kind>();
  readonly #byResource = new Map<string, Kind>();
  #generation = 0;

  constructor(kinds: Iterable<Kind> = builtinKinds) {
    for (const kind of kinds) this.add(kind);
  }

  /** Grows with every change, so that derived documents (discovery, OpenAPI) know when they are stale. */
  get generation(): number {
    return this.#generation;
  }

  /** @throws Error if another kind has the same name or the same URL. */
  add(kind: Kind): void {
    const id = kindId(kind);
    const resource = `${kind.apiVersion}/${kind.resource}`;
    if (this.#byId.has(id)) throw new Error(`kind ${id} is registered already`);
    if (this.#byResource.has(resource)) throw new Error(`resource ${resource} is registered already`);
    this.#byId.set(id, kind);
    this.#byResource.set(resource, kind);
    this.#generation++;
  }

  remove(kind: Kind): void {
    this.#byId.delete(kindId(kind));
    this.#byResource.delete(`${kind.apiVersion}/${kind.resource}`);
    this.#generation++;
  }

  byKind(apiVersion: string, kind: string): Kind | undefined {
    return this.#byId.get(`${apiVersion}/${kind}`);
  }

  byResource(group: string, version: string, resource: string): Kind | undefined {
    return this.#byResource.get(`${apiVersionOf(group, version)}/${resource}`);
  }

  [Symbol.iterator](): IterableIterator<Kind> {
    return this.#byId.values();
  }
}
