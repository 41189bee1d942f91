import { type FieldError, failures, fieldErrors, invalid, type Kind, type KubernetesObject } from '@orrery/api';
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

/** Answers SelfSubjectAccessReview, SubjectAccessReview and LocalSubjectAccessReview (authorization.k8s.io). @throws StatusError Invalid */
export function reviewAccess(
  authorizers: readonly Authorizer[],
  asking: UserInfo,
  kind: Kind,
  body: KubernetesObject,
  namespace: string,
): KubernetesObject {
  const spec = (body as { spec?: ReviewSpec }).spec ?? {};
  const own = kind.kind === 'SelfSubjectAccessReview';
  const subject: UserInfo = own
    ? asking
    : {
        username: spec.user ?? '',
        groups: spec.groups ?? [],
        ...(spec.uid === undefined ? {} : { uid: spec.uid }),
        ...(spec.extra === undefined ? {} : { extra: spec.extra }),
      };
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  const errors = reviewErrors(kind, spec, namespace);
  if (errors.length > 0) throw invalid(kind, '', errors);
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

function reviewErrors(kind: Kind, spec: ReviewSpec, namespace: string): FieldError[] {
  const { user = '', groups = [], resourceAttributes: resource, nonResourceAttributes: path } = spec;
  const errors: FieldError[] = [];
  if (resource !== undefined && path !== undefined) {
    const why = 'cannot be specified in combination with resourceAttributes';
    errors.push(fieldErrors.invalid('spec.nonResourceAttributes', path, why));
  }
  if (resource === undefined && path === undefined) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    errors.push(fieldErrors.invalid('spec.resourceAttributes', null, why));
  }
  if (kind.kind !== 'SelfSubjectAccessReview' && user === '' && groups.length === 0)
    errors.push(fieldErrors.invalid('spec.user', user, 'at least one of user or group must be specified'));
  if (kind.kind !== 'LocalSubjectAccessReview') return errors;
  if (path !== undefined)
    errors.push(fieldErrors.invalid('spec.nonResourceAttributes', path, 'disallowed on this kind of request'));
  if (resource !== undefined && (resource.namespace ?? '') !== namespace) {
    const where = 'spec.resourceAttributes.namespace';
    errors.push(fieldErrors.invalid(where, resource.namespace ?? '', 'must match metadata.namespace'));
  }
  return errors;
}

/** Answers SelfSubjectRulesReview, which `kubectl auth can-i --list` shows. */
export function reviewRules(
  authorizers: readonly Authorizer[],
  user: UserInfo,
  body: KubernetesObject,
): KubernetesObject {
  const namespace = (body as { spec?: { namespace?: string } }).spec?.namespace ?? '';
  if (namespace === '') throw failures.badRequest('no namespace on request');
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
