import {
  equalJson,
  failures,
  type Kind,
  type KubernetesObject,
  type PolicyRule,
  type Role,
  type RoleBinding,
} from '@orrery/api';
import { privilegedGroup } from '../authorizer.ts';
import type { ServerContext } from '../context.ts';
import type { RequestScope } from '../request-path.ts';
import { decide } from '../subresources/reviews.ts';
import { rbacCollections } from './collections.ts';
import { uncoveredRules } from './covering.ts';

const group = 'rbac.authorization.k8s.io';
const everything: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

type RoleLike = Role & { readonly aggregationRule?: unknown };

/**
 * Prevents privilege escalation: a role may only contain rules that its writer has, unless they have the verb `escalate`
 * (Kubernetes "Privilege escalation prevention"). @throws StatusError Forbidden
 */
export function checkHeldRules(
  server: Server,
  scope: RequestScope,
  next: KubernetesObject,
  before: KubernetesObject | undefined,
): void {
  if (scope.user.groups.includes(privilegedGroup)) return;
  checkGranted(server, scope, next, heldRules(server, scope, next as RoleLike, before as RoleLike | undefined));
}

/**
 * The same for a binding: it may only bind a role whose rules its writer has, unless they have the verb `bind`.
 * @throws StatusError Forbidden; NotFound for a binding to a role that does not exist
 */
export function checkBoundRules(
  server: Server,
  scope: RequestScope,
  next: KubernetesObject,
  before: KubernetesObject | undefined,
): void {
  if (scope.user.groups.includes(privilegedGroup)) return;
  checkGranted(server, scope, next, boundRules(server, scope, next as RoleBinding, before as RoleBinding | undefined));
}

function checkGranted(
  server: Server,
  { kind, user, namespace }: RequestScope,
  next: KubernetesObject,
  wanted: readonly PolicyRule[],
): void {
  if (wanted.length === 0) return;
  const owned = server.authorizers.flatMap((authorizer) => authorizer.rules?.(user, namespace) ?? []);
  const missing = uncoveredRules(owned, wanted);
  if (missing.length === 0) return;
  const groups = user.groups.map((name) => JSON.stringify(name)).join(' ');
  throw failures.forbidden(
    kind,
    next.metadata?.name ?? '',
    `user ${JSON.stringify(user.username)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${missing.map(ruleText).join('\n')}`,
  );
}

type Server = Pick<ServerContext, 'authorizers' | 'store'>;

function heldRules(server: Server, scope: RequestScope, next: RoleLike, before: RoleLike | undefined) {
  const aggregates = next.aggregationRule !== undefined && !equalJson(next.aggregationRule, before?.aggregationRule);
  if (!aggregates && before !== undefined && equalJson(next.rules, before.rules)) return [];
  if (may(server, scope, 'escalate', scope.kind.resource, next.metadata.name)) return [];
  // Anyone who can label a role can add rules to an aggregated one, so only a user with all rights may create those.
  return aggregates ? [everything] : (next.rules ?? []);
}

function boundRules(
  { store, ...server }: Server,
  scope: RequestScope,
  next: RoleBinding,
  before: RoleBinding | undefined,
): readonly PolicyRule[] {
  const { roleRef, subjects } = next;
  if (before !== undefined && equalJson(subjects, before.subjects) && equalJson(roleRef, before.roleRef)) return [];
  const { name } = roleRef;
  const cluster = roleRef.kind === 'ClusterRole';
  const resource = cluster ? 'clusterroles' : 'roles';
  if (may(server, scope, 'bind', resource, name)) return [];
  const role = cluster
    ? store.get(rbacCollections.clusterRoles, { namespace: '', name })
    : store.get(rbacCollections.roles, { namespace: scope.namespace, name });
  if (role === undefined) throw failures.notFound({ group, resource }, name);
  return (role as RoleLike).rules ?? [];
}

function may(
  { authorizers }: Pick<ServerContext, 'authorizers'>,
  { user, kind, namespace }: { readonly user: RequestScope['user']; readonly kind: Kind; readonly namespace: string },
  verb: string,
  resource: string,
  name: string,
): boolean {
  const attributes = { verb, group, version: kind.version, resource, subresource: '', namespace, name };
  return decide(authorizers, user, attributes).allowed;
}

/** A rule as Kubernetes prints it: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
function ruleText(rule: PolicyRule): string {
  const list = (name: string, values: readonly string[] | undefined) =>
    values === undefined || values.length === 0
      ? []
      : [`${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`];
  const fields = [
    ...list('APIGroups', rule.apiGroups),
    ...list('Resources', rule.resources),
    ...list('NonResourceURLs', rule.nonResourceURLs),
    ...list('ResourceNames', rule.resourceNames),
    ...list('Verbs', rule.verbs),
  ];
  return `{${fields.join(', ')}}`;
}
