import type { Kind } from '../kind.ts';
import { type FieldInfo, type ParsedType, parseType, type TypeInfo, type TypeTable } from '../schema.ts';

/** How server-side apply treats the values of one type ("Server-Side Apply", "Merge strategy"). */
export type MergeNode =
  /** Owned and replaced as a whole. */
  | { readonly form: 'leaf' }
  /** Identity and bookkeeping, which have no owner. */
  | { readonly form: 'untracked' }
  | MapNode
  | ListNode;

/** An object whose fields are owned one by one. */
export interface MapNode {
  readonly form: 'map';
  /** The node of a field; undefined if the type has no such field. */
  readonly field: (name: string) => MergeNode | undefined;
  /** Whether the type names its fields, rather than taking any. */
  readonly struct: boolean;
}

/** A list whose items are owned one by one. */
export interface ListNode {
  readonly form: 'list';
  /** The fields that identify an item; undefined for a set of scalars. */
  readonly keys: readonly string[] | undefined;
  /** What a key is where an item leaves it out. */
  readonly keyDefaults: { readonly [key: string]: unknown };
  readonly items: MergeNode;
}

const leafNode: MergeNode = { form: 'leaf' };
const untracked: MergeNode = { form: 'untracked' };
/** Values of no known type: objects field by field, everything else whole. */
const anyNode: MapNode = { form: 'map', field: () => anyNode, struct: false };

/** The published schema's defaults of list keys; the type table leaves defaults to code. */
const keyDefaults: { readonly [type: string]: { readonly [key: string]: unknown } } = {
  'core.v1.ContainerPort': { protocol: 'TCP' },
  'core.v1.ServicePort': { protocol: 'TCP' },
};

const untrackedMetadata: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

const roots = new WeakMap<Kind, MapNode>();
const nodes = new WeakMap<TypeTable, Map<string, MergeNode>>();

/** The node of a kind's whole objects. */
export function rootNode(kind: Kind): MapNode {
  let root = roots.get(kind);
  if (root === undefined) {
    root = makeRoot(kind);
    roots.set(kind, root);
  }
  return root;
}

function makeRoot(kind: Kind): MapNode {
  const object = typeNode(parseType(kind.type), kind.types);
  const metadata = typeNode(parseType('meta.v1.ObjectMeta'), kind.types);
  const trackedMetadata: MapNode = {
    form: 'map',
    struct: true,
    field: (name) =>
      untrackedMetadata.has(name) ? untracked : metadata.form === 'map' ? metadata.field(name) : leafNode,
  };
  return {
    form: 'map',
    struct: true,
    field: (name) => {
      if (name === 'metadata') return trackedMetadata;
      if (name === 'apiVersion' || name === 'kind') return untracked;
      return object.form === 'map' ? object.field(name) : anyNode;
    },
  };
}

function typeNode(type: ParsedType, types: TypeTable): MergeNode {
  switch (type.kind) {
    case 'scalar':
    case 'list':
      return leafNode;
    case 'map': {
      const values = typeNode(type.values, types);
      return { form: 'map', field: () => values, struct: false };
    }
    case 'ref':
      return namedNode(type.name, types);
  }
}

function namedNode(name: string, types: TypeTable): MergeNode {
  let known = nodes.get(types);
  if (known === undefined) {
    known = new Map();
    nodes.set(types, known);
  }
  let node = known.get(name);
  if (node === undefined) {
    node = infoNode(name, types);
    known.set(name, node);
  }
  return node;
}

function infoNode(name: string, types: TypeTable): MergeNode {
  const info = types.get(name);
  if (info === undefined) return anyNode;
  if (info.mapType === 'atomic') return leafNode;
  if (info.fields === undefined) return info.preserveUnknownFields === true ? anyNode : leafNode;
  return structNode(info, types);
}

function structNode(info: TypeInfo, types: TypeTable): MapNode {
  const infos = info.fields ?? {};
  const fields = new Map<string, MergeNode>();
  return {
    form: 'map',
    struct: true,
    field: (name) => {
      let node = fields.get(name);
      if (node !== undefined) return node;
      const field = Object.hasOwn(infos, name) ? infos[name] : undefined;
      if (field === undefined) return info.preserveUnknownFields === true ? anyNode : undefined;
      node = fieldNode(field, types);
      fields.set(name, node);
      return node;
    },
  };
}

function fieldNode(field: FieldInfo, types: TypeTable): MergeNode {
  const type = parseType(field.type);
  if (type.kind === 'list') return listNode(field, type.items, types);
  if (field.mapType === 'atomic') return leafNode;
  if (field.mapType === 'granular' && type.kind === 'ref') {
    const info = types.get(type.name);
    return info?.fields === undefined ? namedNode(type.name, types) : structNode(info, types);
  }
  return typeNode(type, types);
}

function listNode(field: FieldInfo, items: ParsedType, types: TypeTable): MergeNode {
  if (field.listType !== 'map' && field.listType !== 'set') return leafNode;
  return {
    form: 'list',
    keys: field.listType === 'map' ? [...(field.listMapKeys ?? [])].sort() : undefined,
    keyDefaults: items.kind === 'ref' ? defaultsOf(items.name, field.listMapKeys ?? [], types) : {},
    items: typeNode(items, types),
  };
}

function defaultsOf(type: string, keys: readonly string[], types: TypeTable): { [key: string]: unknown } {
  const defaults: { [key: string]: unknown } = { ...keyDefaults[type] };
  for (const key of keys) {
    const stated = types.get(type)?.fields?.[key]?.default;
    if (stated !== undefined) defaults[key] = stated;
  }
  return defaults;
}
