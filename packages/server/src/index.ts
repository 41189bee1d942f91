export { AdmissionChain, arrangeAdmission } from './admission/admission-chain.ts';
export { builtinAdmission } from './admission/builtin.ts';
export { forbiddenNodeLabels } from './admission/node-restriction.ts';
export { systemPriorityClasses } from './admission/priority.ts';
export { ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts';
export type { AccessRule, Authorizer, Decision } from './authorizer.ts';
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
export { flowManagers, flowSeeds } from './flow-control/flow-seeds.ts';
export { defaultRequestLimits, type RequestLimits } from './flow-control/level-limits.ts';
export { createLocalClient } from './local-client.ts';
export type {
  AttachRequest,
  ByteSink,
  ContainerTarget,
  ExecRequest,
  LogOptions,
  NodeApi,
  PortConnection,
  StreamSession,
} from './node-api.ts';
export { bootstrapPolicy } from './rbac/bootstrap-policy.ts';
export { aggregatedSeeds } from './rbac/cluster-role-aggregation.ts';
export { createNodeAuthorizer } from './rbac/node-authorizer.ts';
export { createRbacAuthorizer, rbacIndexes } from './rbac/rbac-authorizer.ts';
export type {
  AccessAttributes,
  Credentials,
  DeleteRequestOptions,
  DeleteResult,
  PatchBody,
  RequestPath,
  RequestScope,
  WriteResult,
} from './request-path.ts';
export { serviceNetwork } from './services/cluster-ips.ts';
export { signLegacyToken } from './tokens/legacy-tokens.ts';
export { createSimulatedTokenAuthority } from './tokens/simulated-authority.ts';
export type { LegacyTokenClaims, SignedClaims, TokenAuthority, TokenClaims } from './tokens/token-authority.ts';
