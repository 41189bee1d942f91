import { type Container, type Pod, parseQuantity } from '@orrery/api';
import type { PodVerdict } from './pod-status.ts';

/** Bytes that a Pod uses on the node. */
export interface StorageUse {
  emptyDir(volume: string): number;
}

/** Whether anything of the Pod is limited in the storage that it may use. */
export function hasStorageLimits(pod: Pod): boolean {
  return (
    (pod.spec.volumes ?? []).some(({ emptyDir }) => positive(emptyDir?.sizeLimit)) ||
    pod.spec.containers.some((container) => storageLimit(container) !== undefined)
  );
}

/** Why the Pod must leave the node for what it stores (Kubernetes "Local ephemeral storage"); undefined if it may stay. */
export function storageEviction(pod: Pod, use: StorageUse): PodVerdict | undefined {
  let total = 0;
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    if (emptyDir === undefined) continue;
    const used = use.emptyDir(name);
    if (emptyDir.medium !== 'Memory') total += used;
    const limit = emptyDir.sizeLimit;
    if (limit !== undefined && positive(limit) && used > parseQuantity(limit).value()) {
      return evicted(`Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `);
    }
  }
  const limits = pod.spec.containers.map(storageLimit);
  if (limits.some((limit) => limit === undefined)) return undefined;
  const allowed = limits.reduce<number>((sum, limit) => sum + parseQuantity(limit ?? 0).value(), 0);
  if (total <= allowed) return undefined;
  const [first, ...others] = limits.map((limit) => parseQuantity(limit ?? 0));
  const text = others.reduce((sum, one) => sum?.add(one), first)?.toString() ?? '0';
  return evicted(`Pod ephemeral local storage usage exceeds the total limit of containers ${text}. `);
}

/** What a Pod becomes that is put off the node. */
export function evicted(message: string): PodVerdict {
  return { reason: 'Evicted', message, disruption: { status: 'True', reason: 'TerminationByKubelet', message } };
}

function storageLimit({ resources }: Container): string | number | undefined {
  const limit = resources?.limits?.['ephemeral-storage'];
  return positive(limit) ? limit : undefined;
}

function positive(limit: string | number | undefined): boolean {
  return limit !== undefined && parseQuantity(limit).value() > 0;
}
