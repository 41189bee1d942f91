import { readFile } from 'node:fs/promises';
import { type Kind, KindRegistry, textFromBase64 } from '@orrery/api';
import { type Client, createEnvironment, type Environment, type UserInfo } from '@orrery/core';
import { HttpClient } from './client/http-client.ts';
import { credentialsOf } from './credentials/credentials.ts';
import { Transport } from './http/transport.ts';
import { type Kubeconfig, KubeconfigError, type KubeconfigUser } from './kubeconfig/kubeconfig.ts';
import { readKubeconfig } from './kubeconfig/load.ts';
import { type SelectedContext, selectContext } from './kubeconfig/select-context.ts';

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** The kubeconfig's context. Default: its current one. */
  readonly context?: string;
  /** Custom kinds whose objects are written. Built-in kinds are known, and so is every kind already passed to the client. */
  readonly kinds?: readonly Kind[];
  /** Receives the server's warnings. Default: they are dropped. */
  warn?(text: string): void;
  /** The User-Agent header. The part before a slash is the field manager of writes that name none. Default `orrery`. */
  readonly userAgent?: string;
  /** Clock and randomness, for waits and for the duration of watches. Default: real ones. */
  readonly environment?: Pick<Environment, 'clock' | 'random'>;
  /** Environment variables, for proxies and credential plugins. Default: the process's. */
  readonly env?: { readonly [name: string]: string | undefined };
}

/** A connection to a cluster. Sockets are opened on demand and kept open. */
export interface Connection extends AsyncDisposable {
  /** Acts as the kubeconfig's user. */
  readonly client: Client;
  /** The server's URL, as the kubeconfig has it. */
  readonly server: string;
  /** The context's namespace, into which the client puts objects that name none; `default` if the context names none. */
  readonly namespace: string;
  /** Fails all pending requests and watches with a ConnectionError, and closes the sockets. */
  close(): Promise<void>;
}

/**
 * Connects to any Kubernetes cluster by a kubeconfig. The client has the interface of the in-process client, so controllers run
 * unchanged. Nothing is sent before the client's first call.
 * @param kubeconfig a path, or the result of `loadKubeconfig`, `readKubeconfig` or `parseKubeconfig`
 * @throws KubeconfigError if it cannot be read, is incomplete or contradicts itself
 */
export async function connect(kubeconfig: string | Kubeconfig, options: ConnectOptions = {}): Promise<Connection> {
  const config = typeof kubeconfig === 'string' ? await readKubeconfig(kubeconfig) : kubeconfig;
  const context = selectContext(config, options.context);
  const { environment = createEnvironment(), env = process.env, warn = noWarning, userAgent = 'orrery' } = options;
  const { clock } = environment;
  const authority = await authorityOf(context);
  const transport = new Transport({
    cluster: context.cluster,
    authority,
    env,
    credentials: credentialsOf({ context, clock, env, authority }),
    clock,
    userAgent,
    warn,
  });
  const kinds = new KindRegistry();
  for (const kind of options.kinds ?? []) kinds.add(kind);
  const impersonate = impersonatedBy(context.user);
  const { namespace } = context;
  return {
    client: new HttpClient({ transport, environment, kinds, namespace, impersonate }),
    server: transport.server,
    namespace,
    close: () => transport.close(),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

const noWarning = () => undefined;

/** The authorities' certificates, as PEM. */
async function authorityOf({ cluster }: SelectedContext): Promise<string | undefined> {
  const data = cluster['certificate-authority-data'] ?? '';
  if (data !== '') return textFromBase64(data);
  const path = cluster['certificate-authority'] ?? '';
  if (path === '') return undefined;
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new KubeconfigError(`cannot read the certificate authority ${path}: ${cause.message}`, { cause });
  });
}

function impersonatedBy(user: KubeconfigUser): UserInfo | undefined {
  const { as: username = '', 'as-uid': uid, 'as-groups': groups = [], 'as-user-extra': extra } = user;
  if (username === '') return undefined;
  return {
    username,
    groups,
    ...(uid === undefined ? {} : { uid }),
    ...(extra === undefined ? {} : { extra }),
  };
}
