import { failures, type Kind, type ObjectKey, parseKey } from '@orrery/api';

/** The path of a collection: `/apis/apps/v1/namespaces/a/deployments`. `namespace` is `''` for all. Pure. */
export function collectionPath({ group, version, resource, namespaced }: Kind, namespace: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  if (!namespaced || namespace === '') return `${root}/${resource}`;
  if (!isSegment(namespace)) throw failures.notFound({ group: '', resource: 'namespaces' }, namespace);
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
}

/**
 * The path of an object or of its subresource. Pure.
 * @throws StatusError NotFound for a key that no object can have, and whose path would name another resource
 */
export function objectPath(kind: Kind, key: ObjectKey | string, subresource = ''): string {
  const { namespace, name } = typeof key === 'string' ? parseKey(key) : key;
  if (!isSegment(name) || (kind.namespaced && namespace === '')) throw failures.notFound(kind, name);
  const path = `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
  return subresource === '' ? path : `${path}/${subresource}`;
}

/** Kubernetes' `IsValidPathSegmentName`. */
function isSegment(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name);
}
