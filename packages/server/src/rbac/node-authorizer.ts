import type { PersistentVolumeClaim, Pod, PolicyRule, Stored } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import type { ObjectStore } from '@orrery/store';
import type { AccessRule, Authorizer, Decision } from '../authorizer.ts';
import type { AccessAttributes } from '../request-path.ts';
import { nodeOf } from './node-identity.ts';
import { podReferences, type ReferencedKind } from './pod-references.ts';
import { ruleAllows } from './rules.ts';

type ResourceAttributes = Exclude<AccessAttributes, { readonly path: string }>;

/** The namespace of nodes' leases. */
export const nodeLeaseNamespace = 'kube-node-lease';

/**
 * Allows a kubelet only what its node needs: Secrets, ConfigMaps, claims and accounts only if one of its own Pods
 * names them, Pods only if they are its own (Kubernetes "Using Node Authorization"). Expects the store to keep Pods indexed
 * by `spec.nodeName`. Roles may allow more.
 */
export function createNodeAuthorizer(store: Pick<ObjectStore, 'get' | 'list'>): Authorizer {
  return {
    authorize: (user, attributes) => {
      const node = nodeOf(user);
      if (node === undefined || 'path' in attributes) return noOpinion('');
      return decideFor(store, node, attributes);
    },
    rules: (user: UserInfo) => (nodeOf(user) === undefined ? [] : nodeRules.map(accessRule)),
  };
}

function decideFor(store: Pick<ObjectStore, 'get' | 'list'>, node: string, attributes: ResourceAttributes): Decision {
  const { group, resource, subresource, verb, name, namespace } = attributes;
  const unrelated = noOpinion(`no relationship found between node '${node}' and this object`);
  const related = (kind: ReferencedKind) =>
    podsOn(store, node).some((pod) => pod.metadata.namespace === namespace && podReferences(pod, kind, name));
  switch (`${group}/${resource}`) {
    case '/secrets':
    case '/configmaps':
      if (!reading.includes(verb)) return noOpinion('can only read resources of this type');
      if (subresource !== '') return noOpinion('cannot read subresource');
      if (namespace === '') return noOpinion('can only read namespaced object of this type');
      if (name === '') return noOpinion('No Object name found');
      return related(resource as ReferencedKind) ? allowed : unrelated;
    case '/persistentvolumeclaims':
    case '/serviceaccounts':
      if (resource === 'serviceaccounts' && subresource === 'token') {
        if (verb !== 'create' || name === '')
          return noOpinion('can only create tokens for individual service accounts');
        return related('serviceaccounts') ? allowed : unrelated;
      }
      if (verb !== 'get') return noOpinion(`can only get individual resources of this type`);
      return related(resource as ReferencedKind) ? allowed : unrelated;
    case '/persistentvolumes':
      if (verb !== 'get') return noOpinion(`can only get individual resources of this type`);
      return claimsOn(store, node).some(({ spec }) => spec.volumeName === name) ? allowed : unrelated;
    case '/pods':
      return podDecision(store, node, attributes) ?? byRule(attributes);
    case '/nodes':
      return nodeDecision(node, attributes) ?? byRule(attributes);
    case 'coordination.k8s.io/leases':
      if (!leaseVerbs.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a node lease');
      if (namespace !== nodeLeaseNamespace)
        return noOpinion(`can only access leases in the "${nodeLeaseNamespace}" system namespace`);
      // The name of a lease to be created is checked on admission.
      if (verb !== 'create' && name !== node)
        return noOpinion('can only access node lease with the same name as the requesting node');
      return allowed;
    default:
      return byRule(attributes);
  }
}

function podDecision(
  store: Pick<ObjectStore, 'get' | 'list'>,
  node: string,
  { verb, subresource, namespace, name, fieldSelector }: ResourceAttributes,
): Decision | undefined {
  if (subresource !== '') return undefined;
  if (verb === 'get' || (verb !== 'delete' && name !== '')) {
    const pod = store.get('pods', { namespace, name }) as Stored<Pod> | undefined;
    return pod?.spec.nodeName === node
      ? undefined
      : noOpinion(`no relationship found between node '${node}' and this object`);
  }
  if (verb === 'list' || verb === 'watch') {
    if (!selects(fieldSelector, 'spec.nodeName', node))
      return noOpinion('can only list/watch pods with spec.nodeName field selector');
  }
  return undefined;
}

function nodeDecision(node: string, { verb, name, fieldSelector }: ResourceAttributes): Decision | undefined {
  // Admission checks which Node it may write.
  if (!reading.includes(verb) || name === node) return undefined;
  if ((verb === 'list' || verb === 'watch') && selects(fieldSelector, 'metadata.name', node)) return undefined;
  return noOpinion(`node '${node}' cannot read '${name}', only its own Node object`);
}

/** Whether a field selector selects only objects with that value. */
function selects(selector: string | undefined, field: string, value: string): boolean {
  return (selector ?? '').split(',').some((requirement) => {
    const [, name, wanted] = /^\s*([^=!\s]+)\s*==?\s*(\S+)\s*$/.exec(requirement) ?? [];
    return name === field && wanted === value;
  });
}

function podsOn(store: Pick<ObjectStore, 'list'>, node: string): readonly Stored<Pod>[] {
  return store.list('pods', { index: { name: 'spec.nodeName', value: node } }).items as readonly Stored<Pod>[];
}

function claimsOn(store: Pick<ObjectStore, 'get' | 'list'>, node: string): readonly Stored<PersistentVolumeClaim>[] {
  return podsOn(store, node).flatMap(({ metadata: { namespace = '' }, spec }) =>
    (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => {
      if (persistentVolumeClaim === undefined) return [];
      const claim = store.get('persistentvolumeclaims', { namespace, name: persistentVolumeClaim.claimName });
      return claim === undefined ? [] : [claim as Stored<PersistentVolumeClaim>];
    }),
  );
}

function byRule(attributes: ResourceAttributes): Decision {
  return nodeRules.some((rule) => ruleAllows(rule, attributes)) ? allowed : noOpinion('');
}

const allowed: Decision = { allowed: true, reason: '' };
const noOpinion = (reason: string): Decision => ({ allowed: undefined, reason });

function accessRule({ verbs, apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): AccessRule {
  return { verbs, apiGroups, resources, resourceNames };
}

const reading: readonly string[] = ['get', 'list', 'watch'];
const leaseVerbs: readonly string[] = ['get', 'create', 'update', 'patch', 'delete'];

const rule = (verbs: readonly string[], group: string, resources: readonly string[]): PolicyRule => ({
  verbs: [...verbs],
  apiGroups: [group],
  resources: [...resources],
});

/** The rules of kubelets, before they are limited to objects; also the rules of the role `system:node`. */
export const nodeRules: readonly PolicyRule[] = [
  rule(['create'], 'authentication.k8s.io', ['tokenreviews']),
  rule(['create'], 'authorization.k8s.io', ['localsubjectaccessreviews', 'subjectaccessreviews']),
  rule(reading, '', ['services']),
  rule(['create', ...reading, 'patch', 'update'], '', ['nodes']),
  rule(['patch', 'update'], '', ['nodes/status']),
  rule(['create', 'patch', 'update'], '', ['events']),
  rule(['create', 'delete', ...reading], '', ['pods']),
  rule(['patch', 'update'], '', ['pods/status']),
  rule(['create'], '', ['pods/eviction']),
  rule(reading, '', ['configmaps', 'secrets']),
  rule(['get'], '', ['persistentvolumeclaims', 'persistentvolumes', 'serviceaccounts']),
  rule(['create'], '', ['serviceaccounts/token']),
  rule(['create', 'delete', 'get', 'patch', 'update'], 'coordination.k8s.io', ['leases']),
  rule(reading, 'certificates.k8s.io', ['clustertrustbundles']),
  rule(reading, 'node.k8s.io', ['runtimeclasses']),
  rule(reading, 'storage.k8s.io', ['csidrivers']),
];
