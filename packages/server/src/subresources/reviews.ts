import { type FieldError, failures, fieldErrors, invalid, type Kind, type KubernetesObject } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import { type AccessRule, type Authorizer, privilegedAuthorizer } from '../authorizer.ts';
import type { ServerContext } from '../context.ts';
import type { AccessAttributes, WriteResult } from '../request-path.ts';

/** Consults the authorizers in order; no opinion of any is a refusal. */
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

/** The review with its result; a review is never stored, and has no name. */
export function answered(review: KubernetesObject, status: object): WriteResult {
  return { object: { ...review, metadata: review.metadata ?? {}, status } as KubernetesObject, created: true };
}

/** Whether the subject may do what an access review (authorization.k8s.io) asks about. @throws StatusError Invalid */
export function accessStatus(
  server: Pick<ServerContext, 'authorizers'>,
  kind: Kind,
  review: KubernetesObject,
  subject: UserInfo,
  errors: readonly FieldError[] = [],
): object {
  const { resourceAttributes: resource, nonResourceAttributes: path } = specOf(review);
  const all = [...attributeErrors(review), ...errors];
  if (all.length > 0) throw invalid(kind, '', all);
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
  const { allowed, reason } = decide([privilegedAuthorizer, ...server.authorizers], subject, attributes);
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

/** The subject of a review. */
export function subjectOf(review: KubernetesObject): UserInfo {
  const { user: username = '', groups = [], uid, extra } = specOf(review);
  return { username, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}

function specOf(review: KubernetesObject): ReviewSpec {
  return (review as { readonly spec?: ReviewSpec }).spec ?? {};
}

function attributeErrors(review: KubernetesObject): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: path } = specOf(review);
  const errors: FieldError[] = [];
  if (resource !== undefined && path !== undefined) {
    const why = 'cannot be specified in combination with resourceAttributes';
    errors.push(fieldErrors.invalid('spec.nonResourceAttributes', path, why));
  }
  if (resource === undefined && path === undefined) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    errors.push(fieldErrors.invalid('spec.resourceAttributes', null, why));
  }
  return errors;
}

/** The errors in the subject of a review. */
export function subjectErrors(review: KubernetesObject): readonly FieldError[] {
  const { user = '', groups = [] } = specOf(review);
  if (user !== '' || groups.length > 0) return [];
  return [fieldErrors.invalid('spec.user', user, 'at least one of user or group must be specified')];
}

/** The errors in a review that may only ask about its own namespace. */
export function localErrors(review: KubernetesObject, namespace: string): readonly FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: path } = specOf(review);
  const errors: FieldError[] = [];
  if (path !== undefined)
    errors.push(fieldErrors.invalid('spec.nonResourceAttributes', path, 'disallowed on this kind of request'));
  if (resource !== undefined && (resource.namespace ?? '') !== namespace) {
    const where = 'spec.resourceAttributes.namespace';
    errors.push(fieldErrors.invalid(where, resource.namespace ?? '', 'must match metadata.namespace'));
  }
  return errors;
}

/** The user's rules in a namespace: the status of a SelfSubjectRulesReview, as shown by `kubectl auth can-i --list`. @throws StatusError BadRequest */
export function rulesStatus(
  server: Pick<ServerContext, 'authorizers'>,
  user: UserInfo,
  review: KubernetesObject,
): object {
  const namespace = (review as { readonly spec?: { readonly namespace?: string } }).spec?.namespace ?? '';
  if (namespace === '') throw failures.badRequest('no namespace on request');
  const rules: AccessRule[] = [privilegedAuthorizer, ...server.authorizers].flatMap(
    (authorizer) => authorizer.rules?.(user, namespace) ?? [],
  );
  return {
    resourceRules: rules.filter((rule) => 'resources' in rule),
    nonResourceRules: rules.filter((rule) => 'nonResourceURLs' in rule),
    incomplete: false,
  };
}

/** UserInfo in the form of a review's status. */
export function userInfoBody(user: UserInfo): object {
  return {
    username: user.username,
    ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(user.extra === undefined || Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
  };
}
