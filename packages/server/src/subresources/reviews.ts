import { failures, type Kind, type KubernetesObject } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import type { AccessRule, Authorizer } from '../authorizer.ts';
import type { AccessAttributes } from '../request-path.ts';

/** Asks every authorizer in turn; no opinion of any is a refusal. */
export function decide(
  authorizers: readonly Authorizer[],
  user: UserInfo,
  attributes: AccessAttributes,
): { readonly allowed: boolean; readonly reason: string } {
  const reasons: string[] = [];
  for (const authorizer of authorizers) {
    const decision = authorizer.authorize(user, attributes);
    if (decision.allowed !== undefined) return decision as { readonly allowed: boolean; readonly reason: string };
    if (decision.reason !== '') reasons.push(decision.reason);
  }
  return { allowed: false, reason: reasons.join(', ') };
}

interface ReviewSpec {
  readonly user?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: { readonly [key: string]: readonly string[] };
  readonly resourceAttributes?: {
    readonly verb?: string;
    readonly group?: string;
    readonly version?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly nonResourceAttributes?: { readonly verb?: string; readonly path?: string };
}

/** Answers SelfSubjectAccessReview, SubjectAccessReview and LocalSubjectAccessReview (authorization.k8s.io). @throws StatusError BadRequest */
export function reviewAccess(
  authorizers: readonly Authorizer[],
  asking: UserInfo,
  kind: Kind,
  body: KubernetesObject,
  namespace: string,
): KubernetesObject {
  const spec = (body as { spec?: ReviewSpec }).spec ?? {};
  const own = kind.kind === 'SelfSubjectAccessReview';
  if (!own && (spec.user ?? '') === '' && (spec.groups ?? []).length === 0) {
    throw failures.badRequest('spec.user: at least one of user or group must be specified');
  }
  const subject: UserInfo = own
    ? asking
    : {
        username: spec.user ?? '',
        groups: spec.groups ?? [],
        ...(spec.uid === undefined ? {} : { uid: spec.uid }),
        ...(spec.extra === undefined ? {} : { extra: spec.extra }),
      };
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if ((resource === undefined) === (path === undefined)) {
    throw failures.badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  }
  if (kind.kind === 'LocalSubjectAccessReview' && resource !== undefined && resource.namespace !== namespace) {
    throw failures.badRequest(`must match metadata.namespace: ${namespace}`);
  }
  const attributes: AccessAttributes =
    resource === undefined
      ? { verb: path?.verb ?? '', path: path?.path ?? '' }
      : {
          verb: resource.verb ?? '',
          group: resource.group ?? '',
          version: resource.version ?? '',
          resource: resource.resource ?? '',
          subresource: resource.subresource ?? '',
          namespace: resource.namespace ?? '',
          name: resource.name ?? '',
        };
  const { allowed, reason } = decide(authorizers, subject, attributes);
  return {
    ...body,
    metadata: body.metadata ?? {},
    status: { allowed, ...(reason === '' ? {} : { reason }) },
  } as KubernetesObject;
}

/** Answers SelfSubjectRulesReview, which `kubectl auth can-i --list` shows. */
export function reviewRules(
  authorizers: readonly Authorizer[],
  user: UserInfo,
  body: KubernetesObject,
): KubernetesObject {
  const namespace = (body as { spec?: { namespace?: string } }).spec?.namespace ?? '';
  const rules: AccessRule[] = authorizers.flatMap((authorizer) => authorizer.rules?.(user, namespace) ?? []);
  return {
    ...body,
    metadata: body.metadata ?? {},
    status: {
      resourceRules: rules.filter((rule) => 'resources' in rule),
      nonResourceRules: rules.filter((rule) => 'nonResourceURLs' in rule),
      incomplete: false,
    },
  } as KubernetesObject;
}

/** UserInfo in the form that reviews answer with. */
export function userInfoBody(user: UserInfo): object {
  return {
    username: user.username,
    ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(user.extra === undefined || Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
  };
}
