import { contains, type Node, type Pod, parseQuantity, type Taint, type Toleration } from '@orrery/api';
import { isSidecar } from '../containers/pod-containers.ts';
import { forbiddenSysctl } from '../pod/sysctls.ts';

/** Amounts by resource: cpu in thousandths, everything else in whole units. */
export type Amounts = Map<string, number>;

/** What the Pods that a node has taken use of it. */
export interface NodeUse {
  readonly requests: Amounts;
  pods: number;
  /** `protocol/hostIP/port` of each port that is taken, with the uid of the Pod that has it. */
  readonly ports: Map<string, string>;
}

/** Nothing is used. */
export function newNodeUse(): NodeUse {
  return { requests: new Map(), pods: 0, ports: new Map() };
}

/** Why a node refuses a Pod. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
  /** What the node has too little of, and how much is missing; absent where it refuses for something else. */
  readonly shortage?: { readonly resource: string; readonly missing: number };
}

/**
 * What a Pod asks for: the sum of its containers or the largest of its init containers, with the sidecars that run beside
 * them, whichever is more, and the overhead (KEP-753 "Resources calculation").
 */
export function podRequests(pod: Pod): Amounts {
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of pod.spec.initContainers ?? []) {
    const own = amounts(container.resources?.requests);
    if (isSidecar(container)) {
      addTo(sidecars, own);
      raiseTo(peak, sidecars);
    } else {
      addTo(own, sidecars);
      raiseTo(peak, own);
    }
  }
  const total: Amounts = new Map(sidecars);
  for (const container of pod.spec.containers) addTo(total, amounts(container.resources?.requests));
  raiseTo(total, peak);
  for (const [resource, text] of Object.entries(pod.spec.resources?.requests ?? {})) {
    total.set(resource, amountOf(resource, text));
  }
  addTo(total, amounts(pod.spec.overhead));
  return total;
}

function amounts(list: { readonly [resource: string]: string | number } | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([resource, text]) => [resource, amountOf(resource, text)]));
}

/** An amount of a resource: cpu in thousandths, everything else in whole units. */
export function amountOf(resource: string, text: string | number): number {
  const quantity = parseQuantity(text);
  return resource === 'cpu' ? quantity.milliValue() : quantity.value();
}

function addTo(target: Amounts, more: Amounts): void {
  for (const [resource, amount] of more) target.set(resource, (target.get(resource) ?? 0) + amount);
}

function raiseTo(target: Amounts, least: Amounts): void {
  for (const [resource, amount] of least) target.set(resource, Math.max(target.get(resource) ?? 0, amount));
}

/** Adds a Pod's requests and ports to what is used, or removes them. */
export function charge(use: NodeUse, pod: Pod, sign: 1 | -1): void {
  use.pods += sign;
  for (const [resource, amount] of podRequests(pod)) {
    use.requests.set(resource, (use.requests.get(resource) ?? 0) + sign * amount);
  }
  for (const port of hostPorts(pod)) {
    if (sign > 0) use.ports.set(port, pod.metadata.uid ?? '');
    else if (use.ports.get(port) === (pod.metadata.uid ?? '')) use.ports.delete(port);
  }
}

/** The ports of the node that a Pod takes. */
function hostPorts(pod: Pod): string[] {
  const taken: string[] = [];
  for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)]) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (hostPort !== undefined && hostPort > 0) taken.push(`${protocol ?? 'TCP'}/${hostIP || '0.0.0.0'}/${hostPort}`);
    }
  }
  return taken;
}

/** What a refusal is decided by. */
export interface AdmissionSources {
  readonly nodeName: string;
  readonly operatingSystem: string;
  /** The Node as the API has it; undefined before it is registered. */
  readonly node: Pick<Node, 'metadata' | 'spec'> | undefined;
  readonly allocatable: { readonly [resource: string]: string | number };
  readonly use: NodeUse;
}

/** All that keeps the node from taking the Pod (the kubelet's lifecycle predicates); what it gives as the reason is first. */
export function refusals(pod: Pod, sources: AdmissionSources): readonly Refusal[] {
  const { node, use } = sources;
  const sysctl = forbiddenSysctl(pod);
  if (sysctl !== undefined) return [{ reason: 'SysctlForbidden', message: sysctl }];
  const os = pod.spec.os?.name;
  if (os !== undefined && os !== sources.operatingSystem) {
    return [{ reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }];
  }
  const found = shortages(pod, sources);
  if (node !== undefined && !matchesNode(pod, node)) {
    found.push(predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector"));
  }
  if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== '' && pod.spec.nodeName !== sources.nodeName) {
    found.push(predicate('NodeName', "node(s) didn't match the requested node name"));
  }
  if (hostPorts(pod).some((port) => isTaken(port, use))) {
    found.push(predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports"));
  }
  const taint = (node?.spec.taints ?? []).find(
    (one) =>
      one.effect === 'NoExecute' && !(pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, one)),
  );
  if (taint !== undefined) found.push(predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate"));
  return found;
}

/** In this order a node counts what it has; after them what else the Pod asks for. */
const countedFirst = ['cpu', 'memory', 'ephemeral-storage'];

function shortages(pod: Pod, { allocatable, use }: AdmissionSources): Refusal[] {
  const requests = podRequests(pod);
  const found: Refusal[] = [];
  const count = (resource: string, requested: number, used: number): void => {
    if (requested === 0) return;
    const capacity = amountOf(resource, allocatable[resource] ?? 0);
    const missing = used + requested - capacity;
    if (missing <= 0) return;
    found.push({
      reason: `OutOf${resource}`,
      message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
      shortage: { resource, missing },
    });
  };
  count('pods', 1, use.pods);
  for (const resource of countedFirst) count(resource, requests.get(resource) ?? 0, use.requests.get(resource) ?? 0);
  for (const [resource, requested] of requests) {
    if (countedFirst.includes(resource)) continue;
    // A resource that no node counts may belong to the whole cluster, which is for the scheduler to check.
    if (isExtended(resource) && allocatable[resource] === undefined) continue;
    count(resource, requested, use.requests.get(resource) ?? 0);
  }
  return found;
}

/** Whether a resource is not one of Kubernetes' own (Kubernetes "Extended Resources"). */
function isExtended(resource: string): boolean {
  return resource.includes('/') && !resource.includes('kubernetes.io/');
}

function predicate(name: string, why: string): Refusal {
  return { reason: name, message: `Predicate ${name} failed: ${why}` };
}

function isTaken(port: string, { ports }: NodeUse): boolean {
  if (ports.has(port)) return true;
  const [protocol, ip, number] = port.split('/') as [string, string, string];
  if (ip !== '0.0.0.0') return ports.has(`${protocol}/0.0.0.0/${number}`);
  for (const other of ports.keys()) if (other.startsWith(`${protocol}/`) && other.endsWith(`/${number}`)) return true;
  return false;
}

/** Whether a toleration covers a taint (Kubernetes "Taints and Tolerations"). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key !== undefined && toleration.key !== '' && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return toleration.key !== undefined && toleration.key !== '' && (toleration.value ?? '') === (taint.value ?? '');
}

/** `nodeSelector` and required node affinity. */
function matchesNode(pod: Pod, node: Pick<Node, 'metadata' | 'spec'>): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? undefined;
  if (terms === undefined) return true;
  return terms.some((term) => {
    const expressions = term.matchExpressions ?? [];
    const fields = term.matchFields ?? [];
    if (expressions.length + fields.length === 0) return false;
    return (
      expressions.every((one) => matches(one, labels[one.key])) &&
      fields.every((one) => matches(one, one.key === 'metadata.name' ? node.metadata.name : undefined))
    );
  });
}

function matches(
  { operator, values = [] }: { readonly operator: string; readonly values?: readonly string[] },
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && contains(values, value);
    case 'NotIn':
      return value === undefined || !contains(values, value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
