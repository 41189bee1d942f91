export * from '../certificates/index.ts';
export { createKeyTokenAuthority } from './key-token-authority.ts';
export { type HttpsOptions, type HttpsServing, serveHttps } from './serve.ts';
