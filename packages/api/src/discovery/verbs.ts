import type { Kind } from '../kind.ts';

const verbOf: { readonly [tableVerb: string]: readonly string[] } = { post: ['create'], put: ['update'] };

/** What a connection to a subresource such as `pods/exec` may be opened with; `proxy` passes every method on. */
const streamVerbs = ['create', 'get'];
const proxyVerbs = ['create', 'delete', 'get', 'patch', 'update'];

/**
 * The verbs of a kind as discovery and RBAC name them (`create`, `update`, `watch` …), sorted. What can be listed and changed
 * can also be watched.
 */
export function kubernetesVerbs(kind: Kind): readonly string[] {
  const verbs = new Set(kind.verbs.flatMap((verb) => verbOf[verb] ?? [verb]));
  if (verbs.has('list') && verbs.has('update')) verbs.add('watch');
  return [...verbs].sort();
}

/** {@link kubernetesVerbs} of a subresource. */
export function subresourceVerbs(kind: Kind, subresource: string): readonly string[] {
  const verbs = kind.subresources[subresource]?.verbs ?? [];
  if (verbs.includes('connect')) return subresource === 'proxy' ? proxyVerbs : streamVerbs;
  return verbs.flatMap((verb) => verbOf[verb] ?? [verb]).sort();
}
