export {
  type ListMetadata,
  type MetaVersion,
  partialObjectMetadata,
  partialObjectMetadataList,
} from './partial-metadata.ts';
export type { Cell, Column, RowCondition } from './printer.ts';
export { type Table, type TableOptions, type TableRow, tableFor } from './table.ts';
