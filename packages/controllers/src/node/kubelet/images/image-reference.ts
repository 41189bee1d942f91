/** How an image is fetched (`imagePullPolicy`). */
export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

const host =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?$|^\[[0-9a-fA-F:]+\](?::\d+)?$/;
/** Where official images lie in the registry. */
const dockerHub: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io']);
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagText = /^\w[\w.-]{0,127}$/;
const digestText = /^[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** Why a reference cannot be read (the `reference` package's texts). */
class InvalidReference extends Error {
  override readonly name = 'InvalidReference';
}

/**
 * The reference with the tag that it means: `latest` if it has neither tag nor digest.
 * @throws InvalidReference if it is none.
 */
export function withDefaultTag(image: string): string {
  const at = image.indexOf('@');
  const digest = at < 0 ? undefined : image.slice(at + 1);
  const named = at < 0 ? image : image.slice(0, at);
  const colon = named.lastIndexOf(':');
  const tag = colon > named.lastIndexOf('/') ? named.slice(colon + 1) : undefined;
  const name = tag === undefined ? named : named.slice(0, colon);
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = /[.:A-Z]/.test(first) || first === 'localhost';
  const path = hasHost ? name.slice(slash + 1) : name;
  if (path !== path.toLowerCase()) {
    const full = path.includes('/') || (hasHost && !dockerHub.has(first)) ? path : `library/${path}`;
    throw new InvalidReference(`invalid reference format: repository name (${full}) must be lowercase`);
  }
  const good =
    path.split('/').every((part) => component.test(part)) &&
    (!hasHost || host.test(first)) &&
    (tag === undefined || tagText.test(tag)) &&
    (digest === undefined || digestText.test(digest));
  if (!good) throw new InvalidReference('invalid reference format');
  return tag === undefined && digest === undefined ? `${image}:latest` : image;
}

/** The policy that holds where a Pod names none (Kubernetes "Default image pull policy"). */
export function defaultPullPolicy(image: string): PullPolicy {
  const [named = '', digest] = image.split('@');
  const colon = named.lastIndexOf(':');
  const tag = colon > named.lastIndexOf('/') ? named.slice(colon + 1) : undefined;
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent';
}

/** Registry and path of a reference, without tag and digest: `docker.io/library/nginx`. */
export function repositoryOf(image: string): string {
  const [named = ''] = image.split('@');
  const colon = named.lastIndexOf(':');
  const name = colon > named.lastIndexOf('/') ? named.slice(0, colon) : named;
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost';
  if (hasHost && !dockerHub.has(first)) return name;
  const path = hasHost ? name.slice(slash + 1) : name;
  return `docker.io/${path.includes('/') ? path : `library/${path}`}`;
}
