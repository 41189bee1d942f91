export * from '../certificates/index.ts';
export { type HealthCheck, version } from './documents.ts';
export { jsonBytes } from './json-bytes.ts';
export { createKeyTokenAuthority } from './key-token-authority.ts';
export { type HttpsOptions, type HttpsServing, serveHttps } from './serve.ts';
