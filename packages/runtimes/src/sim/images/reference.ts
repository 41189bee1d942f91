/** An image reference taken apart (github.com/distribution/reference). */
export interface ImageReference {
  /** `docker.io` where none is given. */
  readonly registry: string;
  /** `library/nginx` */
  readonly path: string;
  /** `latest` where neither tag nor digest is given. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
  /** With registry and tag: `docker.io/library/nginx:latest`. */
  readonly name: string;
}

const pathPart = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;

/** Undefined where the text is no image reference. */
export function parseReference(text: string): ImageReference | undefined {
  const [withTag = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) return undefined;
  const colon = withTag.lastIndexOf(':');
  const hasTag = colon > withTag.lastIndexOf('/');
  const repository = hasTag ? withTag.slice(0, colon) : withTag;
  const givenTag = hasTag ? withTag.slice(colon + 1) : undefined;
  if (givenTag !== undefined && !tagPattern.test(givenTag)) return undefined;
  const slash = repository.indexOf('/');
  const first = slash < 0 ? '' : repository.slice(0, slash);
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost';
  const registry = hasRegistry ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io';
  let path = hasRegistry ? repository.slice(slash + 1) : repository;
  if (registry === 'docker.io' && !path.includes('/')) path = `library/${path}`;
  if (!path.split('/').every((part) => pathPart.test(part))) return undefined;
  const tag = givenTag ?? (digest === undefined ? 'latest' : undefined);
  const suffix = (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
  return { registry, path, tag, digest, name: `${registry}/${path}${suffix}` };
}

/** Organizations under which registries keep copies of the common images. */
const mirrors = new Set([
  'library',
  'google_containers',
  'google-containers',
  'kubernetes',
  'k8s',
  'e2e-test-images',
  'docker/library',
  'bitnami',
  'mirror',
]);

/** Whether a name of an image's definition means this reference. */
export function nameMatches(name: string, reference: ImageReference): boolean {
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  if (hasTag && name.slice(colon + 1) !== reference.tag) return false;
  const repository = hasTag ? name.slice(0, colon) : name;
  const [first = ''] = repository.split('/');
  if (repository.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost')) {
    return repository === `${reference.registry}/${reference.path}`;
  }
  if (repository === reference.path) return true;
  if (repository.includes('/')) return false;
  const slash = reference.path.lastIndexOf('/');
  return reference.path.slice(slash + 1) === repository && mirrors.has(reference.path.slice(0, slash));
}

const words = new Set(
  'latest stable mainline edge lts rolling alpine slim bookworm bullseye buster trixie sid noble jammy focal bionic glibc musl uclibc perl otel debug nonroot fpm apache cli jdk jre temurin openjdk windows nightly oldstable testing unstable'.split(
    ' ',
  ),
);

/** Whether a tag of a public image may exist: versions with small numbers, dates, and the usual words. */
export function plausibleTag(tag: string): boolean {
  return tag.split(/[-_]/).every((part) => {
    if (
      words.has(part) ||
      /^\d{8}$/.test(part) ||
      /^(alpine|jdk|jre|rc|beta|alpha|p|r|u)\d{1,3}(\.\d{1,2})*$/.test(part)
    )
      return true;
    return (
      /^v?\d+(\.\d+){0,3}$/.test(part) &&
      part
        .replace('v', '')
        .split('.')
        .every((number) => Number(number) < 100)
    );
  });
}
