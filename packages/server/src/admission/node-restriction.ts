import { equalJson, type KubernetesObject, type Node, type Pod, type Stored } from '@orrery/api';
import { nodeLeaseNamespace } from '../rbac/node-authorizer.ts';
import { nodeOf } from '../rbac/node-identity.ts';
import { namesAny } from '../rbac/pod-references.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { refusal } from './pod-request.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';

/**
 * Lets a kubelet write its own Node, its own lease and the objects of its own Pods, and nothing that belongs to other nodes (Kubernetes
 * "Admission Controllers", NodeRestriction).
 */
export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  matches: (request) => request.user.groups.includes('system:nodes') && restricted(request) !== undefined,
  validate: (request) => {
    const node = nodeOf(request.user);
    const fault =
      node === undefined
        ? `could not determine node from user ${JSON.stringify(request.user.username)}`
        : restricted(request)?.(request, node);
    if (fault !== undefined) throw refusal(request, fault);
  },
};

/** Returns why a request of that node is refused; undefined if it is not. Pure. */
type Check = (request: AdmissionRequest, node: string) => string | undefined;

const checks: { readonly [resource: string]: Check } = {
  '/pods': podFault,
  '/pods/status': podStatusFault,
  '/pods/eviction': ({ oldObject }, node) =>
    nodeNameOf(oldObject) === node
      ? undefined
      : `node ${quoted(node)} can only evict pods with spec.nodeName set to itself`,
  '/nodes': nodeFault,
  '/nodes/status': nodeFault,
  'coordination.k8s.io/leases': leaseFault,
};

function restricted({ kind, subresource }: AdmissionRequest): Check | undefined {
  return checks[`${kind.group}/${kind.resource}${subresource === '' ? '' : `/${subresource}`}`];
}

function podFault({ operation, object, oldObject }: AdmissionRequest, node: string): string | undefined {
  const who = `node ${quoted(node)}`;
  if (operation === 'CREATE') {
    const pod = object as Pod;
    if (pod.metadata.annotations?.[mirrorAnnotation] === undefined)
      return `pod does not have ${quoted(mirrorAnnotation)} annotation, ${who} can only create mirror pods`;
    if (nodeNameOf(pod) !== node) return `${who} can only create pods with spec.nodeName set to itself`;
    return mirrorFault(pod, node);
  }
  if (operation === 'DELETE')
    return nodeNameOf(oldObject) === node ? undefined : `${who} can only delete pods with spec.nodeName set to itself`;
  return `unexpected operation ${operation}, ${who} can only create and delete mirror pods`;
}

/** A mirror Pod would grant its node the right to read the objects that it references. */
function mirrorFault(pod: Pod, node: string): string | undefined {
  const who = `node ${quoted(node)}`;
  if (namesAny(pod, 'serviceaccounts')) return `${who} can not create pods that reference a service account`;
  if (namesAny(pod, 'secrets')) return `${who} can not create pods that reference secrets`;
  if (namesAny(pod, 'configmaps')) return `${who} can not create pods that reference configmaps`;
  if (namesAny(pod, 'persistentvolumeclaims'))
    return `${who} can not create pods that reference persistentvolumeclaims`;
  const owners = pod.metadata.ownerReferences ?? [];
  if (owners.length > 1) return `${who} can only create pods with a single owner reference set to itself`;
  const [owner] = owners;
  if (owner !== undefined && (owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node))
    return `${who} can only create pods with an owner reference set to itself`;
  return undefined;
}

function podStatusFault({ object, oldObject }: AdmissionRequest, node: string): string | undefined {
  const who = `node ${quoted(node)}`;
  if (nodeNameOf(oldObject) !== node)
    return `${who} can only update pod status for pods with spec.nodeName set to itself`;
  return same(object?.metadata?.labels, oldObject?.metadata?.labels)
    ? undefined
    : `${who} cannot update labels through pod status`;
}

function nodeFault({ operation, name, object, oldObject }: AdmissionRequest, node: string): string | undefined {
  const who = `node ${quoted(node)}`;
  const asked = name === '' ? (object?.metadata?.name ?? '') : name;
  if (asked !== node) return `${who} is not allowed to modify node ${quoted(asked)}`;
  if (operation === 'CREATE') {
    const labels = forbiddenNodeLabels(object?.metadata?.labels ?? {});
    return labels.length === 0 ? undefined : `${who} is not allowed to set the following labels: ${labels.join(', ')}`;
  }
  if (operation !== 'UPDATE') return undefined;
  const [before, after] = [oldObject as Stored<Node>, object as Node];
  if (!same(before.spec?.taints, after.spec?.taints)) return `${who} is not allowed to modify taints`;
  const labels = forbiddenLabels(before.metadata.labels ?? {}, after.metadata.labels ?? {});
  return labels.length === 0 ? undefined : `is not allowed to modify labels: ${labels.join(', ')}`;
}

function leaseFault({ namespace, name, object }: AdmissionRequest, node: string): string | undefined {
  if (namespace !== nodeLeaseNamespace)
    return `can only access leases in the ${quoted(nodeLeaseNamespace)} system namespace`;
  const asked = name === '' ? (object?.metadata?.name ?? '') : name;
  return asked === node ? undefined : 'can only access node lease with the same name as the requesting node';
}

type Labels = { readonly [key: string]: string };

/** Labels of Kubernetes' own domains that a kubelet may set on its Node. */
const kubeletLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
]);

/** The labels that a kubelet may not set on its own Node at registration. */
export function forbiddenNodeLabels(labels: Labels): readonly string[] {
  return forbiddenLabels({}, labels);
}

/** The changed labels that isolate nodes: a kubelet that set them could attract Pods with sensitive data. */
function forbiddenLabels(before: Labels, after: Labels): readonly string[] {
  return Object.keys({ ...before, ...after })
    .filter((key) => before[key] !== after[key] && !mayLabel(key))
    .sort();
}

function mayLabel(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  const within = (parent: string) => domain === parent || domain.endsWith(`.${parent}`);
  if (within('node-restriction.kubernetes.io')) return false;
  if (!within('kubernetes.io') && !within('k8s.io')) return true;
  return kubeletLabels.has(key) || within('kubelet.kubernetes.io') || within('node.kubernetes.io');
}

function nodeNameOf(object: KubernetesObject | undefined): string | undefined {
  return (object as Pod | undefined)?.spec?.nodeName;
}

function same(a: unknown, b: unknown): boolean {
  return equalJson(a ?? null, b ?? null);
}

const quoted = (text: string) => JSON.stringify(text);
