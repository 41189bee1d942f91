import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { type ListMetadata, type MetaVersion, partialObjectMetadata } from './partial-metadata.ts';
import type { Cell, Column, RowCondition } from './printer.ts';
import { printerFor } from './printers.ts';

/** How a table is requested (`meta.k8s.io` TableOptions, and the `Accept` header). */
export interface TableOptions {
  /** Milliseconds since 1970: the moment that ages count from. */
  readonly now: number;
  /** What each row carries beside its cells: nothing, the object's metadata, or the object. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  readonly version: MetaVersion;
  /** False for all but the first event of a watch, which need not repeat the columns. */
  readonly withColumns: boolean;
  /** Metadata of the list that the objects are from. Absent for a single object, whose revision the table then carries. */
  readonly list?: ListMetadata;
}

/** One row: the cells of one object. */
export interface TableRow {
  readonly cells: readonly Cell[];
  readonly conditions?: readonly RowCondition[];
  readonly object: KubernetesObject | null;
}

/** Objects as `kubectl get` prints them (`meta.k8s.io` Table, "Receiving resources as Tables"). */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: string;
  readonly metadata: ListMetadata;
  readonly columnDefinitions: readonly Column[] | null;
  readonly rows: readonly TableRow[];
}

/**
 * Prints objects of one kind as a table. Every column is filled, also those for `-o wide`: the client hides what it does
 * not want. The order of rows is the order of the objects, but that of FlowSchemas is the order in which they match.
 */
export function tableFor(kind: Kind, objects: readonly KubernetesObject[], options: TableOptions): Table {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: options.list ?? ownRevision(objects),
    columnDefinitions: options.withColumns ? printerFor(kind).columns : null,
    rows: inPrintingOrder(kind, objects).map((object) => tableRow(kind, object, options)),
  };
}

/** How a row is requested: a {@link TableOptions} without what concerns the whole table. */
export type RowOptions = Pick<TableOptions, 'now' | 'includeObject' | 'version'>;

/** One object as a row of its kind's table. */
export function tableRow(kind: Kind, object: KubernetesObject, options: RowOptions): TableRow {
  const printer = printerFor(kind);
  const conditions = printer.conditions?.(object);
  return {
    cells: printer.cells(object, options.now),
    ...(conditions === undefined ? {} : { conditions }),
    object: rowObject(kind, object, options),
  };
}

function rowObject(kind: Kind, object: KubernetesObject, options: RowOptions): KubernetesObject | null {
  if (options.includeObject === 'None') return null;
  if (options.includeObject === 'Metadata') return partialObjectMetadata(object, options.version);
  if (object.apiVersion !== undefined && object.kind !== undefined) return object;
  return { ...object, apiVersion: kind.apiVersion, kind: kind.kind };
}

function ownRevision(objects: readonly KubernetesObject[]): ListMetadata {
  const resourceVersion = objects.length === 1 ? objects[0]?.metadata?.resourceVersion : undefined;
  return resourceVersion === undefined ? {} : { resourceVersion };
}

/** Objects in the order of their rows: that of the list, but FlowSchemas in the order in which they match. */
export function inPrintingOrder(kind: Kind, objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  if (kind.kind !== 'FlowSchema' || kind.group !== 'flowcontrol.apiserver.k8s.io') return objects;
  const precedence = (object: KubernetesObject): number =>
    (object as { spec?: { matchingPrecedence?: number } }).spec?.matchingPrecedence ?? 0;
  return objects.toSorted(
    (left, right) =>
      precedence(left) - precedence(right) || ((left.metadata?.name ?? '') < (right.metadata?.name ?? '') ? -1 : 1),
  );
}
