export { contentHash } from './content-hash.ts';
export { type Descriptions, loadDescriptions } from './descriptions.ts';
export {
  openApiV2,
  openApiV2Protobuf,
  openApiV2ProtobufAccept,
  openApiV2ProtobufContentType,
  openApiV3,
  openApiV3Index,
} from './documents.ts';
