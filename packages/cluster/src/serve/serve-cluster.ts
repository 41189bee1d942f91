import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Environment } from '@orrery/core';
import { createRealClock } from '@orrery/core';
import {
  apiServerNames,
  type CertificateAuthority,
  createCertificateAuthority,
  type HttpsServing,
  kubeconfig,
  serveHttps,
} from '@orrery/server/http';
import type { Cluster } from '../cluster.ts';
import { adminUser } from '../identities.ts';

/** The cluster's own certificate authority, and what it signed for the front door and the administrator. */
export interface ClusterCertificates {
  readonly authority: CertificateAuthority;
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly admin: { readonly certificate: string; readonly key: string };
}

/** Makes a cluster's certificates. Times are the real clock's: clients check them by theirs. */
export async function makeCertificates(
  environment: Environment,
  clock = createRealClock(),
): Promise<ClusterCertificates> {
  const authority = await createCertificateAuthority({ clock, random: environment.random.fork('certificates') });
  const [serving, admin] = await Promise.all([
    authority.serving(apiServerNames),
    authority.client({ commonName: adminUser.username, organizations: ['system:masters'] }),
  ]);
  return { authority, serving, admin };
}

export interface ServeOptions {
  readonly cluster: Cluster;
  readonly certificates: ClusterCertificates;
  /** 0 takes any free port. */
  readonly port: number;
}

/** Opens the cluster's API on 127.0.0.1. @throws Error that names the port if it is in use */
export function serveCluster({ cluster, certificates, port }: ServeOptions): Promise<HttpsServing> {
  return serveHttps({
    requestPath: cluster.server,
    environment: cluster.environment,
    clock: createRealClock(),
    port,
    certificates: { serving: certificates.serving, clientAuthority: certificates.authority.authority.certificate },
  });
}

/** The administrator's kubeconfig for a cluster that is served at `url`. */
export function adminKubeconfig(url: string, { authority, admin }: ClusterCertificates): string {
  return kubeconfig({ server: url, certificateAuthority: authority.authority.certificate, client: admin });
}

/** Writes a kubeconfig, readable by its owner alone, in one step. @throws what the file system refuses with */
export async function writeKubeconfig(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path));
  const scratch = `${path}.${process.pid}.tmp`;
  await writeFile(scratch, text, { mode: 0o600 });
  await rename(scratch, path);
}

/** Makes a folder and those above it, one by one: Node's own way of doing so never ends below a folder like `/proc`. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const above = dirname(path);
    if (code !== 'ENOENT' || above === path || (await isFolder(above))) throw error;
    await makeFolder(above);
    await mkdir(path);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
