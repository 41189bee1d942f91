import type { ClusterRole, KubernetesObject, PolicyRule, Role, RoleBinding, Stored } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import type { IndexValues, ObjectStore } from '@orrery/store';
import type { AccessRule, Authorizer, Decision } from '../authorizer.ts';
import type { AccessAttributes } from '../request-path.ts';
import { ruleAllows } from './rules.ts';

const collections = {
  roles: 'roles.rbac.authorization.k8s.io',
  clusterRoles: 'clusterroles.rbac.authorization.k8s.io',
  roleBindings: 'rolebindings.rbac.authorization.k8s.io',
  clusterRoleBindings: 'clusterrolebindings.rbac.authorization.k8s.io',
} as const;

const subjectIndex = 'subject';

/** The store's indexes that RBAC looks bindings up by: whom they are for. */
export const rbacIndexes: { readonly [collection: string]: { readonly [index: string]: IndexValues } } = {
  [collections.roleBindings]: { [subjectIndex]: subjectsOf },
  [collections.clusterRoleBindings]: { [subjectIndex]: subjectsOf },
};

function subjectsOf(binding: KubernetesObject): readonly string[] {
  const { subjects } = binding as RoleBinding;
  const namespace = binding.metadata?.namespace ?? '';
  return (subjects ?? []).map(({ kind, name, namespace: own }) =>
    kind === 'ServiceAccount' ? `ServiceAccount:${own ?? namespace}:${name}` : `${kind}:${name}`,
  );
}

function subjectsFor(user: UserInfo): readonly string[] {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user.username);
  return [
    `User:${user.username}`,
    ...(account === null ? [] : [`ServiceAccount:${account[1]}:${account[2]}`]),
    ...user.groups.map((group) => `Group:${group}`),
  ];
}

/** Allows what Roles and ClusterRoles allow the user that they are bound to (Kubernetes "Using RBAC Authorization"). */
export function createRbacAuthorizer(store: Pick<ObjectStore, 'get' | 'list'>): Authorizer {
  return new RbacAuthorizer(store);
}

interface BoundRule {
  readonly rule: PolicyRule;
  /** How the reason names the binding. */
  readonly through: string;
}

class RbacAuthorizer implements Authorizer {
  readonly #store: Pick<ObjectStore, 'get' | 'list'>;

  constructor(store: Pick<ObjectStore, 'get' | 'list'>) {
    this.#store = store;
  }

  authorize(user: UserInfo, attributes: AccessAttributes): Decision {
    const namespace = 'path' in attributes ? '' : attributes.namespace;
    for (const { rule, through } of this.#rulesFor(user, namespace)) {
      if (ruleAllows(rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${through}` };
    }
    return { allowed: undefined, reason: '' };
  }

  rules(user: UserInfo, namespace: string): readonly AccessRule[] {
    const out: AccessRule[] = [];
    for (const { rule } of this.#rulesFor(user, namespace)) {
      const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
      if (resources.length > 0) out.push({ verbs, apiGroups, resources, resourceNames });
      if (nonResourceURLs.length > 0) out.push({ verbs, nonResourceURLs });
    }
    return out;
  }

  *#rulesFor(user: UserInfo, namespace: string): Iterable<BoundRule> {
    const subjects = subjectsFor(user);
    for (const subject of subjects) {
      const { items } = this.#store.list(collections.clusterRoleBindings, {
        index: { name: subjectIndex, value: subject },
      });
      for (const binding of items) yield* this.#bound(binding as Stored<RoleBinding>, 'ClusterRoleBinding', subject);
    }
    if (namespace === '') return;
    for (const subject of subjects) {
      const { items } = this.#store.list(collections.roleBindings, {
        namespace,
        index: { name: subjectIndex, value: subject },
      });
      for (const binding of items) yield* this.#bound(binding as Stored<RoleBinding>, 'RoleBinding', subject);
    }
  }

  *#bound(binding: Stored<RoleBinding>, bindingKind: string, subject: string): Iterable<BoundRule> {
    const { kind, name } = binding.roleRef;
    const namespace = binding.metadata.namespace ?? '';
    const role =
      kind === 'ClusterRole'
        ? this.#store.get(collections.clusterRoles, { namespace: '', name })
        : this.#store.get(collections.roles, { namespace, name });
    if (role === undefined) return;
    const bound = `${bindingKind} "${namespace === '' ? binding.metadata.name : `${binding.metadata.name}/${namespace}`}" of ${kind} "${name}" to ${subjectText(subject)}`;
    for (const rule of (role as Stored<Role | ClusterRole>).rules ?? []) yield { rule, through: bound };
  }
}

function subjectText(subject: string): string {
  const [kind = '', ...rest] = subject.split(':');
  if (kind === 'ServiceAccount') return `ServiceAccount "${rest[1]}/${rest[0]}"`;
  return `${kind} "${rest.join(':')}"`;
}
