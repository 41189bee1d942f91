import { createEnvironment, createRealClock, type UserInfo } from '@orrery/core';
import { type ClientServer, clientServer } from '@orrery/server/fixtures';
import {
  apiServerNames,
  type CertificateAuthority,
  createCertificateAuthority,
  kubeconfig,
  serveHttps,
} from '@orrery/server/http';
import type { Kubeconfig } from './kubeconfig/kubeconfig.ts';
import { parseKubeconfig } from './kubeconfig/parse.ts';

/** An empty API server behind HTTPS on a port of this machine. */
export interface ServedApi extends ClientServer {
  readonly url: string;
  /** The authority that signed the serving certificate, as PEM. */
  readonly authority: CertificateAuthority;
  /** The kubeconfig of a user, by a client certificate. */
  kubeconfigOf(user: UserInfo): Promise<Kubeconfig>;
  /** Ends watches, and then the server. */
  stop(): Promise<void>;
}

let shared: Promise<{ authority: CertificateAuthority; serving: { certificate: string; key: string } }> | undefined;

/** An authority, and a certificate that it signed for a server on this machine. Generating keys is slow, so all tests share them. */
export function certificates() {
  shared ??= (async () => {
    const authority = await createCertificateAuthority(createEnvironment());
    return { authority, serving: await authority.serving(apiServerNames) };
  })();
  return shared;
}

export async function serveApi(): Promise<ServedApi> {
  const server = await clientServer();
  const { authority, serving } = await certificates();
  const https = await serveHttps({
    requestPath: server.path,
    environment: server.api.sim.environment,
    clock: createRealClock(),
    port: 0,
    certificates: { serving, clientAuthority: authority.authority.certificate },
  });
  return {
    ...server,
    url: https.url,
    authority,
    kubeconfigOf: async ({ username, groups }) => {
      const organizations = groups.filter((group) => group !== 'system:authenticated');
      const client = await authority.client({ commonName: username, organizations });
      return parseKubeconfig(
        kubeconfig({ server: https.url, certificateAuthority: authority.authority.certificate, client }),
      );
    },
    stop: async () => {
      await https.close();
      await server.api.store.close();
    },
  };
}
