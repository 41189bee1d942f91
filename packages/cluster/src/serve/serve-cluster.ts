import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
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

/** The cluster's own certificate authority, and the certificates that it signed for the front door and the administrator. */
export interface ClusterCertificates {
  readonly authority: CertificateAuthority;
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly admin: { readonly certificate: string; readonly key: string };
}

/** Makes a cluster's certificates. Their times are in real time, because clients check them against their own clocks. */
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
  /** 0 picks any free port. */
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

/** Writes a kubeconfig atomically, readable by its owner only; a failure leaves nothing behind. @throws the error of the file system */
export async function writeKubeconfig(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path));
  const scratch = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(scratch, text, { mode: 0o600 });
    await rename(scratch, path);
  } catch (error) {
    await rm(scratch, { force: true });
    throw error;
  }
}

/** Makes a folder and its parents, one by one: Node's recursive `mkdir` never returns below a folder like `/proc`. */
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
