import type { PersistentVolumeClaim, Pod, Service } from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import { totalLimits, totalRequests } from '../pod-totals.ts';
import { parseQuantity, Quantity } from '../quantity.ts';
import type { ResourceKind } from './tracked.ts';

/** Amounts by the names that quotas have for them. */
export type ResourceTotals = ReadonlyMap<string, Quantity>;

/** What an object uses of quotas at the time `now` (milliseconds since the epoch). */
export function quotaUsage({ group, resource }: ResourceKind, object: KubernetesObject, now: number): ResourceTotals {
  const usage = new Map([[group === '' ? `count/${resource}` : `count/${resource}.${group}`, pieces(1)]]);
  if (group !== '') return usage;
  if (resource === 'pods') addPod(usage, object as Pod, now);
  else if (resource === 'services') addService(usage, object as Service);
  else if (resource === 'persistentvolumeclaims') addClaim(usage, object as PersistentVolumeClaim);
  else usage.set(resource, pieces(1));
  return usage;
}

const nanos = 1_000_000_000n;

function pieces(count: number): Quantity {
  return new Quantity(BigInt(count) * nanos, 'DecimalSI');
}

/** A Pod that has ended uses nothing, nor does one that should have by now. */
function addPod(usage: Map<string, Quantity>, pod: Pod, now: number): void {
  const { phase } = pod.status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') return;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds !== undefined) {
    if (now > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000) return;
  }
  usage.set('pods', pieces(1));
  const overhead = Object.entries(pod.spec.overhead ?? {});
  for (const [name, amount] of [...Object.entries(totalRequests(pod)), ...overhead]) {
    if (name.includes('/')) add(usage, `requests.${name}`, amount);
    else {
      add(usage, name, amount);
      add(usage, `requests.${name}`, amount);
    }
  }
  const limits = totalLimits(pod);
  for (const [name, amount] of Object.entries(limits)) if (isLimited(name)) add(usage, `limits.${name}`, amount);
  for (const [name, amount] of overhead) if (limits[name] !== undefined) add(usage, `limits.${name}`, amount);
}

const isLimited = (name: string) => name === 'cpu' || name === 'memory' || name === 'ephemeral-storage';

function addService(usage: Map<string, Quantity>, { spec }: Service): void {
  const ports = spec.ports ?? [];
  const balanced = spec.type === 'LoadBalancer';
  usage.set('services', pieces(1));
  usage.set('services.loadbalancers', pieces(balanced ? 1 : 0));
  const chosen = ports.filter(({ nodePort = 0 }) => nodePort !== 0).length;
  const onNodes = spec.type === 'NodePort' || (balanced && spec.allocateLoadBalancerNodePorts !== false);
  usage.set('services.nodeports', pieces(onNodes ? ports.length : balanced ? chosen : 0));
}

function addClaim(usage: Map<string, Quantity>, { metadata, spec, status }: PersistentVolumeClaim): void {
  const name = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
  const ofClass = (resource: string) => (name === '' ? [] : [`${name}.storageclass.storage.k8s.io/${resource}`]);
  for (const counted of ['persistentvolumeclaims', ...ofClass('persistentvolumeclaims')]) usage.set(counted, pieces(1));
  const requested = spec?.resources?.requests?.storage;
  if (requested === undefined) return;
  const allocated = status?.allocatedResources?.storage;
  const [asked, given] = [parseQuantity(requested), allocated === undefined ? undefined : parseQuantity(allocated)];
  const storage = given !== undefined && given.compare(asked) > 0 ? given : asked;
  for (const counted of ['requests.storage', ...ofClass('requests.storage')]) usage.set(counted, storage);
}

function add(usage: Map<string, Quantity>, name: string, amount: string | number): void {
  const quantity = parseQuantity(amount);
  usage.set(name, usage.get(name)?.add(quantity) ?? quantity);
}
