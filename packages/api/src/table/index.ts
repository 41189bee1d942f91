export {
  type ListMetadata,
  type MetaVersion,
  partialObjectMetadata,
  partialObjectMetadataList,
} from './partial-metadata.ts';
export type { Cell, Column, RowCondition } from './printer.ts';
export {
  inPrintingOrder,
  type RowOptions,
  type Table,
  type TableOptions,
  type TableRow,
  tableFor,
  tableRow,
} from './table.ts';
