import type { ClusterRole, KubernetesObject, PolicyRule, Role, RoleBinding, Stored } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import type { IndexValues, ObjectStore } from '@orrery/store';
import type { AccessRule, Authorizer, Decision } from '../authorizer.ts';
import type { AccessAttributes } from '../request-path.ts';
import { rbacCollections } from './collections.ts';
import { ruleAllows } from './rules.ts';

const subjectIndex = 'subject';

/** The store's indexes of bindings by subject. */
export const rbacIndexes: { readonly [collection: string]: { readonly [index: string]: IndexValues } } = {
  [rbacCollections.roleBindings]: { [subjectIndex]: subjectsOf },
  [rbacCollections.clusterRoleBindings]: { [subjectIndex]: subjectsOf },
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
export function createRbacAuthorizer(store: Pick<ObjectStore, 'get' | 'list' | 'changedAt'>): Authorizer {
  return new RbacAuthorizer(store);
}

interface BoundRule {
  readonly rule: PolicyRule;
  readonly binding: Stored<RoleBinding>;
  readonly subject: string;
}

/** A user's rules per namespace, valid until a role or a binding changes. */
interface KnownRules {
  readonly changedAt: number;
  readonly byNamespace: Map<string, readonly BoundRule[]>;
}

class RbacAuthorizer implements Authorizer {
  readonly #store: Pick<ObjectStore, 'get' | 'list' | 'changedAt'>;
  /** In-process clients send many requests with the same user object. */
  readonly #known = new WeakMap<UserInfo, KnownRules>();

  constructor(store: Pick<ObjectStore, 'get' | 'list' | 'changedAt'>) {
    this.#store = store;
  }

  authorize(user: UserInfo, attributes: AccessAttributes): Decision {
    for (const bound of this.#rulesFor(user, 'path' in attributes ? '' : attributes.namespace)) {
      if (ruleAllows(bound.rule, attributes)) return new Allowed(bound);
    }
    return noOpinion;
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

  #rulesFor(user: UserInfo, namespace: string): readonly BoundRule[] {
    let changedAt = 0;
    for (const collection of collections) changedAt = Math.max(changedAt, this.#store.changedAt(collection));
    let known = this.#known.get(user);
    if (known === undefined || known.changedAt !== changedAt) {
      known = { changedAt, byNamespace: new Map() };
      this.#known.set(user, known);
    }
    let rules = known.byNamespace.get(namespace);
    if (rules === undefined) {
      rules = this.#findRules(user, namespace);
      known.byNamespace.set(namespace, rules);
    }
    return rules;
  }

  #findRules(user: UserInfo, namespace: string): readonly BoundRule[] {
    const subjects = subjectsFor(user);
    const out: BoundRule[] = [];
    for (const subject of subjects) {
      const { items } = this.#store.list(rbacCollections.clusterRoleBindings, {
        index: { name: subjectIndex, value: subject },
      });
      for (const binding of items) this.#addBound(out, binding as Stored<RoleBinding>, subject);
    }
    if (namespace === '') return out;
    for (const subject of subjects) {
      const { items } = this.#store.list(rbacCollections.roleBindings, {
        namespace,
        index: { name: subjectIndex, value: subject },
      });
      for (const binding of items) this.#addBound(out, binding as Stored<RoleBinding>, subject);
    }
    return out;
  }

  #addBound(out: BoundRule[], binding: Stored<RoleBinding>, subject: string): void {
    const { kind, name } = binding.roleRef;
    const namespace = binding.metadata.namespace ?? '';
    const role =
      kind === 'ClusterRole'
        ? this.#store.get(rbacCollections.clusterRoles, { namespace: '', name })
        : this.#store.get(rbacCollections.roles, { namespace, name });
    if (role === undefined) return;
    for (const rule of (role as Stored<Role | ClusterRole>).rules ?? []) out.push({ rule, binding, subject });
  }
}

const collections = Object.values(rbacCollections);
const noOpinion: Decision = Object.freeze({ allowed: undefined, reason: '' });

/** Only reviews read the reason, so it is formatted lazily. */
class Allowed implements Decision {
  readonly allowed = true;
  readonly #bound: BoundRule;

  constructor(bound: BoundRule) {
    this.#bound = bound;
  }

  get reason(): string {
    const { binding, subject } = this.#bound;
    const { metadata, roleRef } = binding;
    const namespace = metadata.namespace ?? '';
    const bound =
      namespace === '' ? `ClusterRoleBinding "${metadata.name}"` : `RoleBinding "${metadata.name}/${namespace}"`;
    return `RBAC: allowed by ${bound} of ${roleRef.kind} "${roleRef.name}" to ${subjectText(subject)}`;
  }
}

function subjectText(subject: string): string {
  const [kind = '', ...rest] = subject.split(':');
  if (kind === 'ServiceAccount') return `ServiceAccount "${rest[1]}/${rest[0]}"`;
  return `${kind} "${rest.join(':')}"`;
}
