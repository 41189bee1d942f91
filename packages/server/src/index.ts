export {
  AdmissionChain,
  type AdmissionContext,
  type AdmissionPlugin,
  type AdmissionRequest,
  arrangeAdmission,
  builtinAdmission,
  forbiddenNodeLabels,
  systemPriorityClasses,
  tokenMountPath,
} from './admission/index.ts';
export { ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts';
export * from './authorizer.ts';
export type { NodeDirectory } from './context.ts';
export {
  type ApiDoor,
  type ApiDoorOptions,
  type ApiRequest,
  type ApiRequestHeaders,
  type ApiResponse,
  type ApiResponseHeaders,
  type ApiUpgrade,
  type BodyController,
  type BodySource,
  createApiDoor,
  type HealthCheck,
  isSource,
  type Peer,
} from './door/index.ts';
export { createLocalClient } from './local-client.ts';
export type * from './node-api.ts';
export { bootstrapPolicy } from './rbac/bootstrap-policy.ts';
export { createNodeAuthorizer } from './rbac/node-authorizer.ts';
export { createRbacAuthorizer, rbacIndexes } from './rbac/rbac-authorizer.ts';
export type * from './request-path.ts';
export { serviceNetwork } from './services/service-addresses.ts';
export { signLegacyToken } from './tokens/legacy-tokens.ts';
export { createSimulatedTokenAuthority, defaultIssuer } from './tokens/simulated-authority.ts';
export type { LegacyTokenClaims, SignedClaims, TokenAuthority, TokenClaims } from './tokens/token-authority.ts';
