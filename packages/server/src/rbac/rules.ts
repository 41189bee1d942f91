import { contains, type PolicyRule } from '@orrery/api';
import type { AccessAttributes } from '../request-path.ts';

/** Whether one rule allows a request (Kubernetes "Using RBAC Authorization"). Pure. */
export function ruleAllows(rule: PolicyRule, attributes: AccessAttributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if ('path' in attributes)
    return (rule.nonResourceURLs ?? []).some((pattern) => pathMatches(pattern, attributes.path));
  return (
    has(rule.apiGroups, attributes.group) &&
    resourceMatches(rule.resources ?? [], attributes.resource, attributes.subresource) &&
    nameMatches(rule.resourceNames ?? [], attributes.name)
  );
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (contains(list, '*') || contains(list, wanted));
}

/** `pods`, `pods/log`, `*`, `*` + `/scale`: a rule for a resource does not apply to its subresources. */
export function resourceMatches(resources: readonly string[], resource: string, subresource: string): boolean {
  if (contains(resources, '*')) return true;
  const asked = subresource === '' ? resource : `${resource}/${subresource}`;
  return contains(resources, asked) || (subresource !== '' && contains(resources, `*/${subresource}`));
}

/** A rule with resource names allows only requests for one of those objects. */
function nameMatches(names: readonly string[], name: string): boolean {
  return names.length === 0 || contains(names, name);
}

/** Whether a rule's path matches a path: exactly, or as a prefix if it ends in `*`. */
export function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}
