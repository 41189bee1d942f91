export {
  type AuthorityOptions,
  apiServerNames,
  type CertificateAuthority,
  type ClientSubject,
  createCertificateAuthority,
  type KeyPair,
  loadCertificateAuthority,
} from './authority.ts';
export type { KeySource, SigningKey } from './keys.ts';
export { type KubeconfigOptions, kubeconfig } from './kubeconfig.ts';
