import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kubeconfig } from './kubeconfig.ts';

/** The path of a Pod's service account (Kubernetes "Accessing the Kubernetes API from a Pod"). */
const defaultFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The access of a Pod's service account, as a kubeconfig. The token's file is read again when it is renewed.
 * @returns undefined outside of a Pod
 */
export async function inClusterKubeconfig(
  env: { readonly [name: string]: string | undefined },
  folder = defaultFolder,
): Promise<Kubeconfig | undefined> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  const tokenFile = join(folder, 'token');
  if (host === '' || port === '' || !(await exists(tokenFile))) return undefined;
  const namespace = await readFile(join(folder, 'namespace'), 'utf8').catch(() => 'default');
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    clusters: [{ name: 'in-cluster', cluster: { server, 'certificate-authority': join(folder, 'ca.crt') } }],
    users: [{ name: 'in-cluster', user: { tokenFile } }],
    contexts: [
      { name: 'in-cluster', context: { cluster: 'in-cluster', user: 'in-cluster', namespace: namespace.trim() } },
    ],
    'current-context': 'in-cluster',
  };
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
