import { type Secret, textFromBase64 } from '@orrery/api';
import type { ImageAuth } from '@orrery/runtimes';
import { repositoryOf } from './image-reference.ts';

/** Credentials by registry or repository, as Docker's configuration file has them. */
export interface DockerConfig {
  readonly [registry: string]: { readonly auth?: string; readonly username?: string; readonly password?: string };
}

/** A Secret that holds credentials. */
export interface PullSecret {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Credentials that may open a repository, and the Secret that they come from. */
export interface PullCredential {
  readonly auth: ImageAuth;
  readonly secret: PullSecret;
}

/** The credentials in a pull secret; undefined if it is of another type or holds none that can be read. */
export function readDockerConfig({ type, data }: Secret): DockerConfig | undefined {
  try {
    if (type === 'kubernetes.io/dockerconfigjson') {
      const json = data?.['.dockerconfigjson'];
      return json === undefined ? undefined : (JSON.parse(textFromBase64(json)) as { auths?: DockerConfig }).auths;
    }
    const old = type === 'kubernetes.io/dockercfg' ? data?.['.dockercfg'] : undefined;
    return old === undefined ? undefined : (JSON.parse(textFromBase64(old)) as DockerConfig);
  } catch {
    // Kubernetes also skips credentials that it cannot read.
    return undefined;
  }
}

const defaultRegistry = 'index.docker.io';

/**
 * All credentials that fit an image, in the order in which they are to be tried: those for the longest name first
 * (Kubernetes "Interpretation of config.json").
 */
export function credentialsFor(
  image: string,
  configs: readonly { readonly config: DockerConfig; readonly secret: PullSecret }[],
): readonly PullCredential[] {
  const entries = configs.flatMap(({ config, secret }) =>
    Object.entries(config).flatMap(([name, entry]) => {
      const auth = authOf(entry);
      return auth === undefined ? [] : [{ name: keyOf(name), auth, secret }];
    }),
  );
  const repository = repositoryOf(image);
  const fitting = entries.filter(({ name }) => fits(name, repository));
  const found =
    fitting.length > 0 || !repository.startsWith('docker.io/')
      ? fitting
      : entries.filter(({ name }) => name === defaultRegistry);
  return found
    .toSorted((a, b) => (a.name === b.name ? 0 : a.name < b.name ? 1 : -1))
    .map(({ auth, secret }) => ({ auth, secret }));
}

function authOf({ auth, username, password }: DockerConfig[string]): ImageAuth | undefined {
  if (auth === undefined || auth === '') {
    return username === undefined || password === undefined ? undefined : { username, password };
  }
  let text: string;
  try {
    text = textFromBase64(auth);
  } catch {
    // An entry that is not base64 is no credential; others may be.
    return undefined;
  }
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Host and path of an entry's name, without scheme and API version: `https://index.docker.io/v1/` is `index.docker.io`. */
function keyOf(name: string): string {
  const [host = '', ...path] = name.replace(/^https?:\/\//, '').split('/');
  if (path.length > 1 && (path[0] === 'v1' || path[0] === 'v2')) path.shift();
  const rest = path.join('/');
  return rest === '' ? host : `${host}/${rest}`;
}

/** Whether an entry's name matches the repository; `*` in its host stands for any one label or part of one. */
function fits(name: string, repository: string): boolean {
  const [host = '', ...path] = name.split('/');
  const [ownHost = '', ...ownPath] = repository.split('/');
  if (!ownPath.join('/').startsWith(path.join('/'))) return false;
  const parts = host.split(/[.:]/);
  const ownParts = ownHost.split(/[.:]/);
  return (
    host.includes(':') === ownHost.includes(':') &&
    parts.length === ownParts.length &&
    parts.every((part, at) => matchesPart(part, ownParts[at] ?? ''))
  );
}

/** Whether a pattern of `*` (any text) and `?` (one character) matches: it goes back to the latest `*` alone. */
function matchesPart(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') {
      star = at++;
      resume = index;
    } else if (pattern[at] === '?' || pattern[at] === text[index]) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
