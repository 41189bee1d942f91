import type { UserInfo } from '@orrery/core';
import type { AccessAttributes } from './request-path.ts';

/** What an authorizer says of a request: `undefined` is no opinion, and the next one is asked. */
export interface Decision {
  readonly allowed: boolean | undefined;
  /** Why, for `kubectl auth can-i` and the 403. */
  readonly reason: string;
}

/** Says who may do what (Kubernetes "Authorization"). */
export interface Authorizer {
  authorize(user: UserInfo, attributes: AccessAttributes): Decision;
  /** The rules that a user has in a namespace, for `kubectl auth can-i --list`. */
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

/** Members may do everything, whatever roles say. */
export const privilegedGroup = 'system:masters';

/** The API server itself, which admission and internal loops act as. */
export const apiServerUser: UserInfo = {
  username: 'system:apiserver',
  groups: [privilegedGroup, 'system:authenticated'],
};

/** Allows what the privileged group asks. */
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

/** What the 403 says: `User "u" cannot get resource "pods" in API group "" in the namespace "ns"`. */
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
