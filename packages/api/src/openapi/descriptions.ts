import type { TypeInfo } from '../schema.ts';

/** What is said of types and fields, and which values a text field may have: what `kubectl explain` shows. */
export interface Descriptions {
  /** Undefined when nothing is said of the type. */
  ofType(type: string): string | undefined;
  ofField(type: string, field: string): string | undefined;
  /** Values that a text field (or each item of a list of texts) may have; undefined when they are not limited. */
  valuesOf(type: string, field: string): readonly string[] | undefined;
}

interface DescriptionData {
  readonly texts: readonly string[];
  /** Type → field → number of its text; the type's own text is under `''`. */
  readonly types: { readonly [type: string]: { readonly [field: string]: number } };
  readonly enums: { readonly [type: string]: { readonly [field: string]: readonly string[] } };
}

/** Says nothing: documents without descriptions are small, and serve every purpose but `kubectl explain`. */
export const noDescriptions: Descriptions = {
  ofType: () => undefined,
  ofField: () => undefined,
  valuesOf: () => undefined,
};

let loaded: Promise<Descriptions> | undefined;

/**
 * Kubernetes' own descriptions of the built-in types. They are read when they are first wanted, since they are larger than
 * all else that this package holds and only documentation needs them.
 */
export function loadDescriptions(): Promise<Descriptions> {
  loaded ??= import('../data/descriptions-1.35.json', { with: { type: 'json' } }).then((module) =>
    descriptionsFrom(module.default as unknown as DescriptionData),
  );
  return loaded;
}

/** Types that come without texts are older versions of types that have them: they borrow those. */
function descriptionsFrom({ texts, types, enums }: DescriptionData): Descriptions {
  const newest = new Map<string, string>();
  for (const type of Object.keys(types)) newest.set(withoutVersion(type), type);
  const known = (type: string): string =>
    types[type] === undefined ? (newest.get(withoutVersion(type)) ?? type) : type;
  const text = (type: string, field: string): string | undefined => {
    const number = types[known(type)]?.[field];
    return number === undefined ? undefined : texts[number];
  };
  return {
    ofType: (type) => text(type, ''),
    ofField: (type, field) => text(type, field) ?? typeMeta[field],
    valuesOf: (type, field) => enums[known(type)]?.[field],
  };
}

/** `resource.v1beta1.Device` and `resource.v1.Device` → `resource.Device`. */
function withoutVersion(type: string): string {
  return type.replace(/\.v\d+((alpha|beta)\d+)?\./, '.');
}

/** What every object has, and what the comments of the source leave out. */
const typeMeta: { readonly [field: string]: string } = {
  apiVersion:
    'APIVersion names the version of the schema that this representation of the object follows. Servers convert recognized schemas to their own and may reject values that they do not know.',
  kind: 'Kind names the REST resource that this object represents. Servers may infer it from the endpoint that the client submits requests to. Cannot be updated. In CamelCase.',
};

/** The description of a type: what its table says, else what Kubernetes says. */
export function typeDescription(descriptions: Descriptions, name: string, info: TypeInfo): string | undefined {
  return info.description ?? descriptions.ofType(name);
}
