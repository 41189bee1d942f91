export { applyServerSide, type ServerSideApply, type TrackedUpdate, trackUpdate } from '../apply/index.ts';
export { builtinTypes } from '../builtin-types.ts';
export { applyDefaults } from '../defaults/index.ts';
export { type AggregatedVersion, type DiscoveryDocuments, discoveryDocuments } from '../discovery/index.ts';
export { sliceOf } from '../frozen-list.ts';
export { goScalar } from '../manifest/index.ts';
export {
  contentHash,
  type Descriptions,
  loadDescriptions,
  openApiV2,
  openApiV2Protobuf,
  openApiV2ProtobufAccept,
  openApiV2ProtobufContentType,
  openApiV3,
  openApiV3Index,
} from '../openapi/index.ts';
export { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '../patch/index.ts';
export { decodeProtobuf, encodeProtobuf, type ProtobufKinds, type ProtobufType } from '../protobuf/index.ts';
export {
  type Cell,
  type Column,
  inPrintingOrder,
  type ListMetadata,
  type MetaVersion,
  partialObjectMetadata,
  partialObjectMetadataList,
  type RowCondition,
  type RowOptions,
  type Table,
  type TableOptions,
  type TableRow,
  tableFor,
  tableRow,
} from '../table/index.ts';
export {
  type DecodedObject,
  decodeObject,
  type FieldValidation,
  validateCreate,
  validateStatusUpdate,
  validateSubresourceUpdate,
  validateUpdate,
} from '../validation/index.ts';
