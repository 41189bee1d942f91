import type { KubernetesObject } from '../object.ts';
import { ageSince } from './age.ts';

/** One column of a table (`meta.k8s.io` TableColumnDefinition). */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** `name` marks the column that holds the object's name; otherwise an OpenAPI format or `''`. */
  readonly format: string;
  readonly description: string;
  /** 0 is always shown; above 0 only with `-o wide`. */
  readonly priority: number;
}

/** What a cell may hold. `null` is printed as `<none>`. */
export type Cell = string | number | boolean | null;

/** A mark on a row as a whole (`meta.k8s.io` TableRowCondition). */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** How the objects of one kind become rows. `now` is in milliseconds since 1970. */
export interface Printer {
  readonly columns: readonly Column[];
  cells(object: KubernetesObject, now: number): readonly Cell[];
  conditions?(object: KubernetesObject): readonly RowCondition[] | undefined;
}

/** A column that is always shown. */
export function column(name: string, type: 'string' | 'integer' | 'boolean' | 'date', description: string): Column {
  return { name, type, format: '', description, priority: 0 };
}

/** A column for `-o wide`. */
export function wideColumn(name: string, description: string): Column {
  return { name, type: 'string', format: '', description, priority: 1 };
}

/** The object's name: the first column of nearly every table. */
export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique among its kind within its namespace.',
  priority: 0,
};

/** Time since the object was made. */
export const ageColumn: Column = column('Age', 'string', 'Time since the object was created.');

/** Names, images and selector of a workload's Pods: the wide columns that workloads share. */
export const containersColumn: Column = wideColumn('Containers', 'Names of the containers in the Pod template.');
export const imagesColumn: Column = wideColumn('Images', 'Images of the containers in the Pod template.');
export const selectorColumn: Column = wideColumn('Selector', 'Labels of the Pods that belong to the object.');

/** A printer for objects of type `T`; the table calls it only with objects of its kind. */
export function printer<T extends KubernetesObject>(
  columns: readonly Column[],
  cells: (object: T, now: number) => readonly Cell[],
  conditions?: (object: T) => readonly RowCondition[] | undefined,
): Printer {
  return {
    columns,
    cells: (object, now) => cells(object as T, now),
    ...(conditions === undefined ? {} : { conditions: (object: KubernetesObject) => conditions(object as T) }),
  };
}

export function nameOf(object: KubernetesObject): string {
  return object.metadata?.name ?? '';
}

export function ageOf(object: KubernetesObject, now: number): string {
  return ageSince(object.metadata?.creationTimestamp, now);
}
