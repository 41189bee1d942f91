export {
  type AuthorityOptions,
  apiServerNames,
  type CertificateAuthority,
  type ClientSubject,
  createCertificateAuthority,
  type KeyPair,
  type KeySource,
  type KubeconfigOptions,
  kubeconfig,
  loadCertificateAuthority,
  type SigningKey,
} from '../certificates/index.ts';
export { createKeyTokenAuthority } from './key-token-authority.ts';
export { type HttpsOptions, type HttpsServing, serveHttps } from './serve.ts';
