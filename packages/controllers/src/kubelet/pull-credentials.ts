import type { Secret } from '@orrery/api';
import type { ImageAuth } from '@orrery/runtimes';

/** Credentials by registry, as Docker's configuration file has them. */
export interface DockerConfig {
  readonly [registry: string]: { readonly auth?: string; readonly username?: string; readonly password?: string };
}

/** The credentials in a pull secret; undefined if it holds none that can be read. */
export function readDockerConfig(secret: Secret): DockerConfig | undefined {
  try {
    const json = secret.data?.['.dockerconfigjson'];
    if (json !== undefined) return (JSON.parse(atob(json)) as { auths?: DockerConfig }).auths;
    const old = secret.data?.['.dockercfg'];
    return old === undefined ? undefined : (JSON.parse(atob(old)) as DockerConfig);
  } catch {
    // Kubernetes too goes on without the credentials that it cannot read.
    return undefined;
  }
}

/** The first credentials for a registry. */
export function credentialsFor(registry: string, configs: readonly DockerConfig[]): ImageAuth | undefined {
  for (const config of configs) {
    for (const [key, entry] of Object.entries(config)) {
      if (hostOf(key) !== registry) continue;
      const { username, password, auth } = entry;
      if (username !== undefined && password !== undefined) return { username, password };
      if (auth === undefined) continue;
      const text = atob(auth);
      const colon = text.indexOf(':');
      if (colon >= 0) return { username: text.slice(0, colon), password: text.slice(colon + 1) };
    }
  }
  return undefined;
}

function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}
