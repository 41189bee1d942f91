export { decodeProtobuf, type ProtobufKinds } from './decode-protobuf.ts';
export { encodeProtobuf, type ProtobufType } from './encode-protobuf.ts';
