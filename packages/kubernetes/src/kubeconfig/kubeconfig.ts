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

/** Where a cluster is, and how it is known to be that one. */
export interface KubeconfigCluster {
  /** `https://host:port`, with a path where a proxy puts the API below one. */
  readonly server?: string;
  /** The name that the serving certificate must have. Default: the server's host. */
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  /** A file with the authorities' certificates, as PEM. */
  readonly 'certificate-authority'?: string;
  /** The same in base64; it wins over the file. */
  readonly 'certificate-authority-data'?: string;
  /** `http://`, `https://` or `socks5://`. */
  readonly 'proxy-url'?: string;
  readonly 'disable-compression'?: boolean;
  readonly extensions?: readonly { readonly name: string; readonly extension?: unknown }[];
}

/** How a user proves who they are. Data in base64 wins over files. */
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

/** A program that gives credentials (Kubernetes "client-go credential plugins"). */
export interface ExecConfig {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  /** What to tell people on whose machine the program is missing. */
  readonly installHint?: string;
  /** Whether the program gets to know the cluster. */
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
}

/** A cluster, a user, and a namespace to work in. */
export interface KubeconfigContext {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** A kubeconfig that cannot be used. The message says why, and where. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}
