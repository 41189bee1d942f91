import { type Pod, parseQuantity, Quantity, qosClass } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { NodeUsage } from '@orrery/runtimes';
import type { NodeResources } from '../options.ts';
import { type Refusal, tolerates } from './node-admission.ts';
import { isCritical } from './preemption.ts';

/** What a kubelet watches of its node (Kubernetes "Node-pressure Eviction", eviction signals). */
export type EvictionSignal =
  | 'memory.available'
  | 'nodefs.available'
  | 'nodefs.inodesFree'
  | 'imagefs.available'
  | 'imagefs.inodesFree'
  | 'pid.available';

/** How little may be left, by signal: a quantity, or a share of what the node has as `10%`. */
export type EvictionHard = { readonly [signal in EvictionSignal]?: string };

/** Kubernetes' own hard thresholds for Linux. */
export const defaultEvictionHard: EvictionHard = {
  'memory.available': '100Mi',
  'nodefs.available': '10%',
  'nodefs.inodesFree': '5%',
  'imagefs.available': '15%',
  'imagefs.inodesFree': '5%',
};

/** What can be in short supply, in the words of the messages. */
export type StarvedResource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids';

/** The conditions of a Node that report it. */
export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

/** Less than `quantity` of `capacity` left is too little; both in the resource's units (bytes, or pieces). */
export interface Threshold {
  readonly signal: EvictionSignal;
  readonly resource: StarvedResource;
  readonly condition: PressureCondition;
  readonly quantity: number;
  readonly capacity: number;
}

/** In this order they are reclaimed: memory goes first. The node has one file system, for images and for everything else. */
const signals: readonly (readonly [EvictionSignal, StarvedResource, PressureCondition])[] = [
  ['memory.available', 'memory', 'MemoryPressure'],
  ['nodefs.available', 'ephemeral-storage', 'DiskPressure'],
  ['nodefs.inodesFree', 'inodes', 'DiskPressure'],
  ['imagefs.available', 'ephemeral-storage', 'DiskPressure'],
  ['imagefs.inodesFree', 'inodes', 'DiskPressure'],
  ['pid.available', 'pids', 'PIDPressure'],
];

/** Bytes of a file system for each of its inodes, as mkfs.ext4 makes it. */
const bytesPerInode = 16_384;
/** Processes that a Linux machine of today has numbers for. */
const processNumbers = 4_194_304;

/** The thresholds of a node with that capacity. @throws QuantityError for what is neither a quantity nor a share */
export function evictionThresholds(hard: EvictionHard, node: NodeResources): readonly Threshold[] {
  const storage = parseQuantity(node['ephemeral-storage'] ?? '0').value();
  const capacities: { readonly [resource in StarvedResource]: number } = {
    memory: parseQuantity(node.memory ?? '0').value(),
    'ephemeral-storage': storage,
    inodes: Math.floor(storage / bytesPerInode),
    pids: processNumbers,
  };
  return signals.flatMap(([signal, resource, condition]) => {
    const text = hard[signal];
    const capacity = capacities[resource];
    // The node cannot be short of what it does not have.
    if (text === undefined || capacity === 0) return [];
    const quantity = text.endsWith('%')
      ? Math.floor((capacity * Number(text.slice(0, -1))) / 100)
      : parseQuantity(text).value();
    return [{ signal, resource, condition, quantity, capacity }];
  });
}

const none: readonly Threshold[] = [];

/** The thresholds that are met: there is less left than they say. Allocates nothing where none is, for it is asked every few seconds. */
export function metThresholds(thresholds: readonly Threshold[], usage: NodeUsage): readonly Threshold[] {
  let met: Threshold[] | undefined;
  for (const threshold of thresholds) {
    if (available(threshold, usage) >= threshold.quantity) continue;
    met ??= [];
    met.push(threshold);
  }
  return met ?? none;
}

/** The available amount, in the resource's units. */
export function available({ resource, capacity }: Threshold, usage: NodeUsage): number {
  return capacity - usedOf(resource, usage);
}

function usedOf(resource: StarvedResource, { memoryBytes, storageBytes, inodes, processes }: NodeUsage): number {
  switch (resource) {
    case 'memory':
      return memoryBytes;
    case 'ephemeral-storage':
      return storageBytes;
    case 'inodes':
      return inodes;
    case 'pids':
      return processes;
  }
}

/** An amount as messages write it. */
export function amountText(amount: number): string {
  return new Quantity(BigInt(Math.trunc(amount)) * 1_000_000_000n, 'BinarySI').toString();
}

/** When each condition was last true, in milliseconds since the epoch. */
export type LastSeen = ReadonlyMap<PressureCondition, Milliseconds>;

/** Nothing has been short. */
export const neverSeen: LastSeen = new Map();

/**
 * When the conditions were last true, after a look at the thresholds. What has not been true for the transition period is
 * forgotten, so that a node that goes up and down around a threshold does not flap.
 */
export function pressureSeen(
  before: LastSeen,
  met: readonly Threshold[],
  now: Milliseconds,
  transitionPeriod: Milliseconds,
): LastSeen {
  const seen = new Map([...before].filter(([, at]) => now - at < transitionPeriod));
  for (const { condition } of met) seen.set(condition, now);
  return seen.size === 0 ? neverSeen : seen;
}

/** Why a node under pressure does not take the Pod (the eviction manager's admission); undefined if it does. */
export function pressureRefusal(pod: Pod, conditions: readonly PressureCondition[]): Refusal | undefined {
  if (conditions.length === 0 || isCritical(pod)) return undefined;
  if (conditions.length === 1 && conditions[0] === 'MemoryPressure') {
    const taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' } as const;
    if (qosClass(pod) !== 'BestEffort') return undefined;
    if (pod.spec.tolerations?.some((toleration) => tolerates(toleration, taint)) === true) return undefined;
  }
  return { reason: 'Evicted', message: `The node had condition: [${conditions.join(' ')}]. ` };
}
