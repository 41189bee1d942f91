import type { FlowSchema } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import type { AccessAttributes } from '../request-path.ts';

/** What a request is classified by. */
export interface FlowRequest {
  readonly user: UserInfo;
  readonly attributes: AccessAttributes;
}

type Rule = NonNullable<FlowSchema['spec']['rules']>[number];
type Subject = Rule['subjects'][number];

/**
 * The schema that a request belongs to: of those that match it the one of lowest precedence, then of the first name. Pure.
 * @param schemas in that order
 */
export function schemaOf(schemas: readonly FlowSchema[], request: FlowRequest): FlowSchema | undefined {
  return schemas.find(({ spec }) => spec.rules?.some((rule) => matches(rule, request)) === true);
}

/** The order in which flow schemas are asked. */
export function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  const first = precedence(a) - precedence(b);
  if (first !== 0) return first;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** The flow of a request within its schema: requests of one flow share queues. Pure. */
export function flowOf({ metadata, spec }: FlowSchema, { user, attributes }: FlowRequest): string {
  switch (spec.distinguisherMethod?.type) {
    case 'ByUser':
      return `${metadata.name}\n${user.username}`;
    case 'ByNamespace':
      return `${metadata.name}\n${'path' in attributes ? '' : attributes.namespace}`;
    default:
      return `${metadata.name}\n`;
  }
}

function precedence({ spec }: FlowSchema): number {
  return spec.matchingPrecedence ?? 1000;
}

function matches(rule: Rule, { user, attributes }: FlowRequest): boolean {
  // What a null in a list was decoded to has none of its fields. It matches nothing, and no other request may suffer from it.
  if (rule.subjects?.some((subject) => isSubject(subject, user)) !== true) return false;
  if ('path' in attributes) {
    return (
      rule.nonResourceRules?.some(
        ({ verbs, nonResourceURLs }) =>
          includes(verbs, attributes.verb) &&
          nonResourceURLs?.some((url) => matchesPath(url, attributes.path)) === true,
      ) === true
    );
  }
  const { verb, group, resource, subresource, namespace } = attributes;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return (
    rule.resourceRules?.some(
      ({ verbs, apiGroups, resources, namespaces = [], clusterScope = false }) =>
        includes(verbs, verb) &&
        includes(apiGroups, group) &&
        includes(resources, full) &&
        (namespace === '' ? clusterScope : includes(namespaces, namespace)),
    ) === true
  );
}

function isSubject(subject: Subject, { username, groups }: UserInfo): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.user !== undefined && includes([subject.user.name], username);
    case 'Group':
      return subject.group !== undefined && (subject.group.name === '*' || groups.includes(subject.group.name));
    case 'ServiceAccount': {
      if (subject.serviceAccount === undefined) return false;
      const { namespace, name } = subject.serviceAccount;
      const prefix = `system:serviceaccount:${namespace}:`;
      return name === '*' ? username.startsWith(prefix) : username === prefix + name;
    }
    default:
      return false;
  }
}

function includes(allowed: readonly string[] | undefined, value: string): boolean {
  return allowed !== undefined && (allowed.includes('*') || allowed.includes(value));
}

/** A pattern names a path and all below it; `*` all paths. */
function matchesPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  const stem = pattern.endsWith('*') ? pattern.slice(0, -1) : pattern;
  return path.startsWith(stem.endsWith('/') ? stem : `${stem}/`);
}
