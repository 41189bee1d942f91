import { fieldErrors } from '../../field-error.ts';
import { equalJson } from '../../json.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../kinds.ts';
import { dns1123Subdomain, pathSegment } from '../../names.ts';
import type { PolicyRule } from '../../parts.ts';
import { checkName, checkRequired, type Errors, isEmpty } from '../checks.ts';
import { validateLabelSelector } from '../label-selectors.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

export function validateRole(errors: Errors, role: Role): void {
  for (const [i, rule] of (role.rules ?? []).entries()) validateRule(errors, rule, `rules[${i}]`, true);
}

export function validateClusterRole(errors: Errors, role: ClusterRole): void {
  for (const [i, rule] of (role.rules ?? []).entries()) validateRule(errors, rule, `rules[${i}]`, false);
  if (role.aggregationRule === undefined) return;
  const selectors = role.aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    errors.push(
      fieldErrors.required(
        'aggregationRule.clusterRoleSelectors',
        'at least one clusterRoleSelector required if aggregationRule is non-nil',
      ),
    );
  }
  for (const [i, selector] of selectors.entries()) {
    validateLabelSelector(errors, selector, `aggregationRule.clusterRoleSelectors[${i}]`);
  }
}

function validateRule(errors: Errors, rule: PolicyRule, path: string, isNamespaced: boolean): void {
  const { verbs = [], nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  if (verbs.length === 0) errors.push(fieldErrors.required(`${path}.verbs`, 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    if (isNamespaced) {
      errors.push(
        fieldErrors.invalid(
          `${path}.nonResourceURLs`,
          nonResourceURLs,
          'namespaced rules cannot apply to non-resource URLs',
        ),
      );
    }
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      errors.push(
        fieldErrors.invalid(
          `${path}.nonResourceURLs`,
          nonResourceURLs,
          'rules cannot apply to both regular resources and non-resource URLs',
        ),
      );
    }
    return;
  }
  if (apiGroups.length === 0) {
    errors.push(fieldErrors.required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (resources.length === 0) {
    errors.push(fieldErrors.required(`${path}.resources`, 'resource rules must supply at least one resource'));
  }
}

/** The rules of both kinds of bindings. */
export function validateRoleBinding(errors: Errors, binding: RoleBinding | ClusterRoleBinding): void {
  const { apiGroup, kind, name } = binding.roleRef ?? {};
  const isCluster = binding.kind === 'ClusterRoleBinding';
  if (apiGroup !== rbacGroup) errors.push(fieldErrors.notSupported('roleRef.apiGroup', apiGroup ?? '', [rbacGroup]));
  const kinds = isCluster ? ['ClusterRole'] : ['Role', 'ClusterRole'];
  if (!kinds.includes(kind ?? '')) errors.push(fieldErrors.notSupported('roleRef.kind', kind ?? '', kinds));
  if (checkRequired(errors, 'roleRef.name', name)) checkName(errors, 'roleRef.name', name ?? '', pathSegment);
  for (const [i, subject] of (binding.subjects ?? []).entries()) {
    const at = `subjects[${i}]`;
    checkRequired(errors, `${at}.name`, subject.name);
    switch (subject.kind) {
      case 'ServiceAccount':
        if (!isEmpty(subject.name)) checkName(errors, `${at}.name`, subject.name, dns1123Subdomain);
        if (!isEmpty(subject.apiGroup)) {
          errors.push(fieldErrors.notSupported(`${at}.apiGroup`, subject.apiGroup, ['']));
        }
        if (isEmpty(subject.namespace)) errors.push(fieldErrors.required(`${at}.namespace`));
        break;
      case 'User':
      case 'Group':
        if (subject.apiGroup !== rbacGroup) {
          errors.push(fieldErrors.notSupported(`${at}.apiGroup`, subject.apiGroup ?? '', [rbacGroup]));
        }
        break;
      default:
        errors.push(fieldErrors.notSupported(`${at}.kind`, subject.kind ?? '', ['ServiceAccount', 'User', 'Group']));
    }
  }
}

/** The roleRef of a binding is immutable: it has to be deleted and recreated. */
export function validateRoleBindingUpdate(
  errors: Errors,
  binding: RoleBinding | ClusterRoleBinding,
  old: RoleBinding | ClusterRoleBinding,
): void {
  if (!equalJson(binding.roleRef, old.roleRef)) {
    errors.push(fieldErrors.invalid('roleRef', binding.roleRef, 'cannot change roleRef'));
  }
}
