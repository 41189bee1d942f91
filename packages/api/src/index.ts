export * from './apply/index.ts';
export {
  fromBase64,
  fromBase64url,
  textFromBase64,
  textFromBase64url,
  textToBase64,
  textToBase64url,
  toBase64,
  toBase64url,
} from './base64.ts';
export * from './builtin-types.ts';
export { type ConditionState, conditionAfter, withCondition } from './condition.ts';
export * from './custom-schema/index.ts';
export * from './defaults/index.ts';
export { type CustomObject, defineKind, type KindDefinition, type ObjectOf } from './define-kind.ts';
export * from './discovery/index.ts';
export * from './field-error.ts';
export * from './hash.ts';
export { Ipv4Range, ipv4Text, parseIpv4 } from './ipv4.ts';
export * from './json.ts';
export * from './kind.ts';
export * from './kinds.ts';
export * from './manifest/index.ts';
export * from './names.ts';
export * from './object.ts';
export * from './openapi/index.ts';
export { controllerOf, controllerReference } from './owner.ts';
export type * from './parts.ts';
export * from './patch/index.ts';
export * from './protobuf/index.ts';
export * from './qos-class.ts';
export * from './quantity.ts';
export * from './restart-policy.ts';
export * from './schema.ts';
export * from './selectors/index.ts';
export * from './status.ts';
export * from './table/index.ts';
export { microTimestamp, timestamp } from './timestamp.ts';
export * from './validation/index.ts';
