import { failures, type Kind, type KubernetesObject, type Status } from '@orrery/api';
import {
  inPrintingOrder,
  partialObjectMetadata,
  partialObjectMetadataList,
  tableFor,
  tableRow,
} from '@orrery/api/server';
import type { ObjectList } from '@orrery/core';
import type { Representation } from '../rest/media-type.ts';
import { jsonBytes } from './json-bytes.ts';
import { ListJson } from './list-json.ts';

/** How objects are shown. */
export interface Presentation extends Representation {
  /** How much of each object a table's rows carry. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  /** Milliseconds since the epoch: the moment that ages are computed for. */
  readonly now: number;
}

/** The `includeObject` query parameter. @throws StatusError BadRequest */
export function includeObject(query: URLSearchParams): Presentation['includeObject'] {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw failures.badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`);
}

/** JSON of one object, in the representation that the client asked for. A Status, or an object of another kind, is unchanged. */
export function objectBytes(kind: Kind, object: KubernetesObject | Status, presentation: Presentation): Uint8Array {
  return jsonBytes(shown(kind, object, presentation, true));
}

/** JSON of a list, in the representation that the client asked for. */
export function listJson(kind: Kind, list: ObjectList, presentation: Presentation): ListJson {
  const { as, version } = presentation;
  const { items, metadata } = list;
  switch (as) {
    case 'object': {
      const head = { kind: kind.listKind, apiVersion: kind.apiVersion, metadata };
      return new ListJson({ head, field: 'items', objects: items, bytesOf: jsonBytes });
    }
    case 'Table':
      return tableJson(kind, list, presentation);
    case 'PartialObjectMetadata': {
      const { items: _, ...head } = partialObjectMetadataList(kind, [], metadata, version);
      return new ListJson({
        head,
        field: 'items',
        objects: items,
        bytesOf: (object) => jsonBytes(metadataOf(object, version)),
      });
    }
  }
}

function tableJson(kind: Kind, { items, metadata }: ObjectList, presentation: Presentation): ListJson {
  const { now, includeObject, version } = presentation;
  const options = { now, includeObject, version };
  const { rows: _, ...head } = tableFor(kind, [], { ...options, withColumns: true, list: metadata });
  return new ListJson({
    head,
    field: 'rows',
    objects: inPrintingOrder(kind, items),
    bytesOf: (object) => jsonBytes(tableRow(kind, object, options)),
  });
}

/** One object as shown in a response or in a watch event; only the first event of a watch carries the table's columns. */
export function shown(
  kind: Kind,
  object: KubernetesObject | Status,
  { as, version, includeObject, now }: Presentation,
  withColumns: boolean,
): object {
  if (as === 'object' || isOther(kind, object)) return object;
  if (as === 'PartialObjectMetadata') return metadataOf(object as KubernetesObject, version);
  return tableFor(kind, [object as KubernetesObject], { now, includeObject, version, withColumns });
}

function isOther(kind: Kind, object: KubernetesObject | Status): boolean {
  return object.kind !== undefined && object.kind !== kind.kind;
}

const metadataOnly = { v1: new WeakMap<object, object>(), v1beta1: new WeakMap<object, object>() };

/** Built once per object, and frozen, so that its JSON is encoded only once as well. */
function metadataOf(object: KubernetesObject, version: Representation['version']): object {
  const known = metadataOnly[version].get(object);
  if (known !== undefined) return known;
  const made = partialObjectMetadata(object, version);
  if (Object.isFrozen(object)) metadataOnly[version].set(object, Object.freeze(made));
  return made;
}
