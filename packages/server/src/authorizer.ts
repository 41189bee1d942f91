import type { UserInfo } from '@orrery/core';
import type { AccessAttributes } from './request-path.ts';

/** An authorizer's decision about a request: `undefined` is no opinion, and the next authorizer is consulted. */
export interface Decision {
  readonly allowed: boolean | undefined;
  /** The reason, for `kubectl auth can-i` and the 403. */
  readonly reason: string;
}

/** Decides who may do what (Kubernetes "Authorization"). */
export interface Authorizer {
  authorize(user: UserInfo, attributes: AccessAttributes): Decision;
  /** The rules of a user in a namespace, for `kubectl auth can-i --list`. */
  rules?(user: UserInfo, namespace: string): readonly AccessRule[];
}

/** One row of SelfSubjectRulesReview. */
export type AccessRule =
  | {
      readonly verbs: readonly string[];
      readonly apiGroups: readonly string[];
      readonly resources: readonly string[];
      readonly resourceNames: readonly string[];
    }
  | { readonly verbs: readonly string[]; readonly nonResourceURLs: readonly string[] };

/** Members may do everything, regardless of roles. */
export const privilegedGroup = 'system:masters';

/** The API server's own user, as which admission and internal loops act. */
export const apiServerUser: UserInfo = {
  username: 'system:apiserver',
  groups: [privilegedGroup, 'system:authenticated'],
};

/** Allows every request of the privileged group. */
export const privilegedAuthorizer: Authorizer = {
  authorize: (user) => ({ allowed: user.groups.includes(privilegedGroup) ? true : undefined, reason: '' }),
  rules: (user) =>
    user.groups.includes(privilegedGroup)
      ? [
          { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [] },
          { verbs: ['*'], nonResourceURLs: ['*'] },
        ]
      : [],
};

/** Verbs for collections: a name comes from a field selector. */
const ofCollections: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);

/**
 * The namespace that a request is authorized in. One for a Namespace is in that very namespace, as in Kubernetes' RequestInfo, so that
 * a Role in it can allow it.
 */
export function authorizedNamespace(request: {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  const { verb, group, resource, namespace, name } = request;
  return group === '' && resource === 'namespaces' && !ofCollections.has(verb) ? name : namespace;
}

/** The message of the 403: `User "u" cannot get resource "pods" in API group "" in the namespace "ns"`. */
export function refusal(user: UserInfo, attributes: AccessAttributes, reason: string): string {
  const who = `User ${JSON.stringify(user.username)}`;
  const why = reason === '' ? '' : `: ${reason}`;
  if ('path' in attributes) return `${who} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}${why}`;
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const where =
    attributes.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(attributes.namespace)}`;
  return `${who} cannot ${attributes.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(attributes.group)} ${where}${why}`;
}
