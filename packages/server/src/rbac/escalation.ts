import {
  equalJson,
  failures,
  type Kind,
  type KubernetesObject,
  type PolicyRule,
  type Role,
  type RoleBinding,
} from '@orrery/api';
import { type AccessRule, privilegedGroup } from '../authorizer.ts';
import type { ServerContext } from '../context.ts';
import type { RequestScope } from '../request-path.ts';
import { decide } from '../subresources/reviews.ts';
import { rbacCollections } from './collections.ts';
import { pathMatches, resourceMatches } from './rules.ts';

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

/** The wanted rules that the owned ones do not allow; rules that differ only in verbs are merged. Pure. */
export function uncoveredRules(owned: readonly AccessRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  const missing = new Map<string, PolicyRule>();
  for (const part of wanted.flatMap(parts)) {
    if (owned.some((rule) => covers(rule, part))) continue;
    const { verbs, ...what } = part;
    const id = JSON.stringify(what);
    const known = missing.get(id);
    if (known?.verbs.includes(verbs[0] ?? '') === true) continue;
    missing.set(id, { ...what, verbs: [...(known?.verbs ?? []), ...verbs] });
  }
  return [...missing.values()];
}

/** Splits a rule into rules with one verb and one resource each. */
function parts(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const out: PolicyRule[] = [];
  for (const verb of verbs) {
    for (const url of nonResourceURLs) out.push({ verbs: [verb], nonResourceURLs: [url] });
    for (const apiGroup of apiGroups) {
      for (const resource of resources) {
        const one = { verbs: [verb], apiGroups: [apiGroup], resources: [resource] };
        if (resourceNames.length === 0) out.push(one);
        for (const name of resourceNames) out.push({ ...one, resourceNames: [name] });
      }
    }
  }
  return out;
}

function covers(owned: AccessRule, part: PolicyRule): boolean {
  if (!allOf(owned.verbs, part.verbs)) return false;
  if ('nonResourceURLs' in owned) {
    const [path] = part.nonResourceURLs ?? [];
    return path !== undefined && owned.nonResourceURLs.some((pattern) => pathMatches(pattern, path));
  }
  const [wanted] = part.resources ?? [];
  if (wanted === undefined || !allOf(owned.apiGroups, part.apiGroups ?? [])) return false;
  const [resource = '', subresource = ''] = wanted.split('/');
  if (!resourceMatches(owned.resources, resource, subresource)) return false;
  const [name] = part.resourceNames ?? [];
  return owned.resourceNames.length === 0 || (name !== undefined && owned.resourceNames.includes(name));
}

function allOf(owned: readonly string[], wanted: readonly string[]): boolean {
  return owned.includes('*') || wanted.every((one) => owned.includes(one));
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
