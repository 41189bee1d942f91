export { AdmissionChain, arrangeAdmission } from './admission-chain.ts';
export { ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts';
export * from './authorizer.ts';
export type { NodeDirectory } from './context.ts';
export { createLocalClient } from './local-client.ts';
export type * from './request-path.ts';
export { type ResourceRules, resourceRules } from './resource-rules.ts';
export { createSimulatedTokenAuthority, defaultIssuer } from './tokens/simulated-authority.ts';
export type { TokenAuthority, TokenClaims } from './tokens/token-authority.ts';
