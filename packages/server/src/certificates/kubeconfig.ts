import { textToBase64 } from '@orrery/api';
import type { KeyPair } from './authority.ts';

/** The contents of a kubeconfig file: the cluster's address and its user. */
export interface KubeconfigOptions {
  /** `https://127.0.0.1:6443`. */
  readonly server: string;
  /** PEM of the cluster's certificate authority. */
  readonly certificateAuthority: string;
  readonly client: KeyPair;
  /** Name of context and cluster. Default `orrery`. */
  readonly context?: string;
  /** Default `kubernetes-admin`. */
  readonly user?: string;
  /** Namespace of the context. Default: none, which kubectl reads as `default`. */
  readonly namespace?: string;
}

/** Renders a kubeconfig file (Kubernetes "Organizing Cluster Access Using kubeconfig Files"). It contains a private key. */
export function kubeconfig(options: KubeconfigOptions): string {
  const { context = 'orrery', user = 'kubernetes-admin', namespace } = options;
  const text = (value: string) => JSON.stringify(value);
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `  - name: ${text(context)}`,
    '    cluster:',
    `      server: ${text(options.server)}`,
    `      certificate-authority-data: ${textToBase64(options.certificateAuthority)}`,
    'users:',
    `  - name: ${text(user)}`,
    '    user:',
    `      client-certificate-data: ${textToBase64(options.client.certificate)}`,
    `      client-key-data: ${textToBase64(options.client.key)}`,
    'contexts:',
    `  - name: ${text(context)}`,
    '    context:',
    `      cluster: ${text(context)}`,
    `      user: ${text(user)}`,
    ...(namespace === undefined ? [] : [`      namespace: ${text(namespace)}`]),
    `current-context: ${text(context)}`,
    '',
  ].join('\n');
}
