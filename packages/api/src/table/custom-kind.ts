import type { Kind, PrinterColumn } from '../kind.ts';
import { ageSince } from './age.ts';
import { compileJsonPath, type JsonPath } from './json-path.ts';
import { type Cell, type Column, nameColumn, nameOf, type Printer } from './printer.ts';

const defaultColumns: readonly PrinterColumn[] = [
  {
    name: 'Age',
    type: 'date',
    jsonPath: '.metadata.creationTimestamp',
    description: 'Time since the object was created.',
  },
];

const printers = new WeakMap<Kind, Printer>();

/**
 * The printer of a custom kind: its name, then its `additionalPrinterColumns`; without any, its age. A path that cannot be
 * read yields empty cells, as in Kubernetes: the table of a kind must not fail for one column.
 */
export function customKindPrinter(kind: Kind): Printer {
  let printer = printers.get(kind);
  if (printer === undefined) {
    printer = makePrinter(kind.printerColumns ?? []);
    printers.set(kind, printer);
  }
  return printer;
}

function makePrinter(declared: readonly PrinterColumn[]): Printer {
  const columns = declared.length === 0 ? defaultColumns : declared;
  const paths = columns.map((column) => readablePath(column.jsonPath));
  return {
    columns: [nameColumn, ...columns.map(asColumn)],
    cells: (object, now) => [
      nameOf(object),
      ...columns.map((column, index) => cell(column.type, paths[index]?.(object) ?? [], now)),
    ],
  };
}

function readablePath(text: string): JsonPath | undefined {
  try {
    return compileJsonPath(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function asColumn({ name, type, format, description, priority }: PrinterColumn): Column {
  return {
    name,
    type,
    format: format ?? '',
    description: description ?? `Custom resource definition column (in JSONPath format): ${name}`,
    priority: priority ?? 0,
  };
}

/** The first value found, in the column's type; `null` where there is none of that type. */
function cell(type: PrinterColumn['type'], values: readonly unknown[], now: number): Cell {
  const value = values[0];
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? ageSince(value, now) : null;
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
