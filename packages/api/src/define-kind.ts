import type { OpenApiSchema } from './custom-schema/open-api-schema.ts';
import type { Infer, Schema } from './custom-schema/schema.ts';
import { typesOf } from './custom-schema/to-types.ts';
import {
  apiVersionOf,
  type Kind,
  type PrinterColumn,
  type ReplacedAs,
  type ReplacedAsItself,
  type ScalePaths,
  type Subresource,
} from './kind.ts';
import type { NamedMeta } from './kinds.ts';
import { dns1035Label, dns1123Subdomain } from './names.ts';
import type { KubernetesObject } from './object.ts';
import type { Scale } from './parts.ts';

/** The subresources that a custom kind can have. */
export interface KindSubresources {
  /** The status is written apart from the rest, by the controller. */
  readonly status?: boolean;
  /** `kubectl scale` and autoscalers can change the replicas. */
  readonly scale?: ScalePaths;
}

/** The types of a custom kind's subresources. */
export type CustomSubresources<T extends KubernetesObject, Sub> = (Sub extends { readonly status: true }
  ? { readonly status: ReplacedAsItself<T> }
  : unknown) &
  (Sub extends { readonly scale: ScalePaths } ? { readonly scale: ReplacedAs<Scale> } : unknown) & {};

/** The definition of a custom kind. */
export interface KindDefinition<
  Group extends string,
  Version extends string,
  Name extends string,
  S extends Schema<object>,
  Sub extends KindSubresources = KindSubresources,
> {
  /** A domain with at least one dot: `demo.orrery.dev`. */
  readonly group: Group;
  readonly version: Version;
  readonly kind: Name;
  /** Lower case. Default: the English plural of the kind. */
  readonly plural?: string;
  /** Lower case. Default: the kind. */
  readonly singular?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Default: `Namespaced`. */
  readonly scope?: 'Namespaced' | 'Cluster';
  /** `spec`, `status` and other fields beside `apiVersion`, `kind` and `metadata`. A `status` may always be absent. */
  readonly schema: S;
  readonly subresources?: Sub;
  readonly printerColumns?: readonly PrinterColumn[];
}

/** The objects of a kind with that identity and schema. */
export type CustomObject<Group extends string, Version extends string, Name extends string, Content> = {
  apiVersion: `${Group}/${Version}`;
  kind: Name;
  metadata: NamedMeta;
} & Omit<Content, 'apiVersion' | 'kind' | 'metadata' | 'status'> &
  ('status' extends keyof Content ? { status?: Content['status'] } : unknown);

/** The objects of a kind: `type Website = ObjectOf<typeof Website>`. */
export type ObjectOf<K> = K extends { readonly objectType?: infer T } ? Exclude<T, undefined> : never;

/**
 * Defines a custom kind (Kubernetes "Custom Resources"). The type of its objects is inferred from the schema. The value
 * can be registered with a server, watched by controllers, and made into a CustomResourceDefinition for a real cluster.
 * @throws Error if a name is not valid.
 */
export function defineKind<
  const Group extends string,
  const Version extends string,
  const Name extends string,
  S extends Schema<object>,
  const Sub extends KindSubresources = Record<never, never>,
>(
  definition: KindDefinition<Group, Version, Name, S, Sub>,
): Kind<
  CustomObject<Group, Version, Name, Infer<S>>,
  CustomSubresources<CustomObject<Group, Version, Name, Infer<S>>, Sub>
> {
  const { group, version, kind, shortNames = [], categories = [], scope = 'Namespaced', printerColumns } = definition;
  return makeKind({
    group,
    version,
    kind,
    resource: definition.plural ?? pluralOf(kind.toLowerCase()),
    singular: definition.singular ?? kind.toLowerCase(),
    listKind: `${kind}List`,
    shortNames,
    categories,
    namespaced: scope === 'Namespaced',
    schema: definition.schema.openApi,
    status: definition.subresources?.status === true,
    ...(definition.subresources?.scale === undefined ? {} : { scale: definition.subresources.scale }),
    ...(printerColumns === undefined ? {} : { printerColumns }),
  });
}

/** A custom kind's properties, wherever they come from. */
export interface CustomKindParts
  extends Pick<
    Kind,
    | 'group'
    | 'version'
    | 'kind'
    | 'resource'
    | 'singular'
    | 'listKind'
    | 'shortNames'
    | 'categories'
    | 'namespaced'
    | 'scale'
    | 'printerColumns'
  > {
  readonly schema: OpenApiSchema;
  readonly status: boolean;
}

/** @throws Error if a name is not valid. */
export function makeKind<T extends KubernetesObject, Sub>(parts: CustomKindParts): Kind<T, Sub> {
  const { group, version, kind, schema, status, scale, ...rest } = parts;
  checkNames(parts);
  const subresources: { [name: string]: Subresource } = {};
  const verbs = ['get', 'patch', 'put'];
  if (status) subresources.status = { group, version, kind, verbs };
  if (scale !== undefined) subresources.scale = { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs };
  const type = `${group}.${version}.${kind}`;
  const required = schema.required?.filter((field) => field !== 'status') ?? [];
  return {
    ...rest,
    group,
    version,
    kind,
    apiVersion: apiVersionOf(group, version),
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'post', 'put'],
    subresources,
    type,
    types: typesOf(type, { ...schema, required }),
    custom: true,
    ...(scale === undefined ? {} : { scale }),
  };
}

function checkNames({ group, version, kind, resource, singular, shortNames }: CustomKindParts): void {
  const check = (what: string, value: string, faults: readonly string[]) => {
    if (faults.length > 0) throw new Error(`kind ${kind}: ${what} ${JSON.stringify(value)}: ${faults.join('; ')}`);
  };
  check('group', group, group.includes('.') ? dns1123Subdomain(group) : ['should be a domain with at least one dot']);
  check('version', version, dns1035Label(version));
  check('kind', kind, dns1035Label(kind.toLowerCase()));
  check('plural', resource, dns1035Label(resource));
  check('singular', singular, dns1035Label(singular));
  for (const name of shortNames) check('short name', name, dns1035Label(name));
}

function pluralOf(word: string): string {
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}
