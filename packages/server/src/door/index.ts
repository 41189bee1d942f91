export { type ApiDoor, type ApiDoorOptions, createApiDoor } from './api-door.ts';
export type { ApiRequest, ApiRequestHeaders, Peer } from './api-request.ts';
export {
  type ApiResponse,
  type ApiResponseHeaders,
  type BodyController,
  type BodySource,
  isSource,
} from './api-response.ts';
export type { HealthCheck } from './documents.ts';
export type { ForwardedRequest, ForwardedResponse, SendToPort } from './proxy/proxy.ts';
export type {
  ApiUpgrade,
  CommandUpgrade,
  LogUpgrade,
  PortForwardUpgrade,
  TunnelUpgrade,
} from './upgrade.ts';
