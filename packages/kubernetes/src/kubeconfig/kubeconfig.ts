/**
 * A kubeconfig (`client.config.k8s.io` Config v1), as `kubectl config view --raw -o json` prints it. Paths in it are absolute, or
 * relative to the working directory.
 */
export interface Kubeconfig {
  readonly clusters?: readonly NamedCluster[];
  readonly users?: readonly NamedUser[];
  readonly contexts?: readonly NamedContext[];
  readonly 'current-context'?: string;
}

export interface NamedCluster {
  readonly name: string;
  readonly cluster: KubeconfigCluster;
}

export interface NamedUser {
  readonly name: string;
  readonly user: KubeconfigUser;
}

export interface NamedContext {
  readonly name: string;
  readonly context: KubeconfigContext;
}

/** A cluster's address, and how to verify its server. */
export interface KubeconfigCluster {
  /** `https://host:port`, with a path if a proxy serves the API below one. */
  readonly server?: string;
  /** The name that the serving certificate must have. Default: the server's host. */
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  /** A file with the authorities' certificates, as PEM. */
  readonly 'certificate-authority'?: string;
  /** The same in base64; it takes precedence over the file. */
  readonly 'certificate-authority-data'?: string;
  /** `http://`, `https://` or `socks5://`. */
  readonly 'proxy-url'?: string;
  readonly 'disable-compression'?: boolean;
  readonly extensions?: readonly { readonly name: string; readonly extension?: unknown }[];
}

/** The credentials of a user. Base64 data takes precedence over files. */
export interface KubeconfigUser {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly as?: string;
  readonly 'as-uid'?: string;
  readonly 'as-groups'?: readonly string[];
  readonly 'as-user-extra'?: { readonly [key: string]: readonly string[] };
  readonly username?: string;
  readonly password?: string;
  readonly 'auth-provider'?: unknown;
  readonly exec?: ExecConfig;
}

/** A program that provides credentials (Kubernetes "client-go credential plugins"). */
export interface ExecConfig {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  /** The hint to show if the program is not installed. */
  readonly installHint?: string;
  /** Whether to pass the cluster's details to the program. */
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
}

/** A cluster, a user, and a namespace to work in. */
export interface KubeconfigContext {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** A kubeconfig that cannot be used. The message names the reason and the place. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}
