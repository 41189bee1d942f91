import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import type { ClientCertificate } from '../credentials/credentials.ts';
import type { Environment } from '../credentials/exec-plugin.ts';
import type { SelectedContext } from '../kubeconfig/select-context.ts';

/** Options of the connections to a cluster, besides a client certificate. */
export interface DispatcherOptions {
  readonly cluster: SelectedContext['cluster'];
  /** The authorities' certificates, as PEM; undefined uses those of the platform. */
  readonly authority: string | undefined;
  readonly env: Environment;
}

/**
 * Milliseconds that an idle connection is kept. Servers close idle connections too (Go's after 90 s), and a request that is sent
 * just then is lost, so the client closes first.
 */
const keepAliveTimeout = 30_000;

/** Opens the connections to one cluster, directly or through a proxy. They are pooled and reused. */
export function createDispatcher(
  { cluster, authority, env }: DispatcherOptions,
  certificate: ClientCertificate | undefined,
): Dispatcher {
  const tls = {
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificate === undefined ? {} : certificate),
    ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    ...serverName(cluster),
  };
  // HTTP/1.1: each watch has its own connection, and closing it ends the watch.
  const options = { keepAliveTimeout, allowH2: false };
  const proxy = cluster['proxy-url'] ?? '';
  if (proxy !== '') return new ProxyAgent({ ...options, requestTls: tls, uri: proxy });
  const connect = buildConnector({ ...tls, allowH2: false });
  const { httpProxy, httpsProxy, noProxy } = proxies(env);
  if (httpProxy === '' && httpsProxy === '') return new Agent({ ...options, connect });
  return new EnvHttpProxyAgent({ ...options, connect, requestTls: tls, httpProxy, httpsProxy, noProxy });
}

function serverName(cluster: SelectedContext['cluster']): { readonly servername?: string } {
  const name = cluster['tls-server-name'] ?? '';
  return name === '' ? {} : { servername: name };
}

function proxies(env: Environment) {
  return {
    httpProxy: env.http_proxy ?? env.HTTP_PROXY ?? '',
    httpsProxy: env.https_proxy ?? env.HTTPS_PROXY ?? '',
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
  };
}
