import { type Pod, type PodStatus, qosClass, timestamp } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { containerStatuses, type StatusSources } from '../containers/container-statuses.ts';
import { mayRun, type ObservedPod } from '../containers/observed.ts';
import { sandboxToUse } from './pod-actions.ts';
import {
  type ConditionValue,
  containersReadyCondition,
  foreignConditions,
  initializedCondition,
  mergeConditions,
  readyCondition,
} from './pod-conditions.ts';
import { isTerminal, podPhase } from './pod-phase.ts';
import { stoppedStatuses } from './stopped-statuses.ts';

/** A decision that ends the Pod whatever its containers do: a deadline, an eviction, a refusal of the node. */
export interface PodVerdict {
  readonly reason: string;
  readonly message: string;
  /** The node never took the Pod: nothing is said of its containers and of what they would need. */
  readonly refused?: true;
  /** The containers have no longer than this to stop, in milliseconds, whatever the Pod says. */
  readonly grace?: Milliseconds;
  /** A `DisruptionTarget` condition (KEP-3329) that goes with it. */
  readonly disruption?: ConditionValue;
}

/** What {@link podStatus} reads beside the Pod and the runtime's view. */
export interface PodStatusSources extends StatusSources {
  readonly now: Milliseconds;
  /** When the kubelet first saw the Pod, in milliseconds since the epoch; the written `startTime` goes before. */
  readonly acceptedAt: Milliseconds;
  readonly hostIp: string;
  readonly verdict: PodVerdict | undefined;
  /** All containers have been stopped for good. */
  readonly stopped: boolean;
  /** Conditions that report a change of resources. Default none. */
  readonly resize?: readonly (ConditionValue & { readonly type: string })[];
}

type Lists = Pick<PodStatus, 'initContainerStatuses' | 'containerStatuses' | 'ephemeralContainerStatuses'>;

const no: ConditionValue = { status: 'False' };
const yes: ConditionValue = { status: 'True' };

/** The whole `status` of a Pod as it is to be written (the kubelet's generateAPIPodStatus and its status manager's rules). */
export function podStatus(pod: Pod, observed: ObservedPod, sources: PodStatusSources): PodStatus {
  const { old, verdict } = sources;
  if (verdict?.refused === true) return refusedStatus(pod, sources, verdict);
  if (old !== undefined && isTerminal(old.phase) && old.containerStatuses === undefined && nothingOf(observed))
    return old;
  let lists: Lists = containerStatuses(pod, observed, sources);
  let phase = verdict === undefined ? podPhase(pod, lists, sources.stopped) : 'Failed';
  if (sources.stopped) {
    lists = stoppedStatuses(pod, lists);
    if (!isTerminal(phase)) phase = 'Failed';
  }
  if (isTerminal(old?.phase)) phase = old?.phase ?? phase;
  const held = isTerminal(phase) && !isTerminal(old?.phase) && !sources.stopped && mayRun(observed);
  const shown = held ? (old?.phase ?? 'Pending') : phase;

  const { sandbox, changed } = sandboxToUse(pod, observed);
  const ips = changed || sandbox === undefined ? [] : pod.spec.hostNetwork === true ? [sources.hostIp] : sandbox.ips;
  const init = lists.initContainerStatuses;
  const regular = lists.containerStatuses;
  const containersReady = containersReadyCondition(pod, init, regular, phase);
  const kept = shown === old?.phase ? old : undefined;
  const { reason, message } =
    held || verdict === undefined ? { reason: kept?.reason, message: kept?.message } : verdict;
  const podIps = ips.length > 0 ? ips.map((ip) => ({ ip })) : (old?.podIPs ?? []);
  const generation = pod.metadata.generation;
  return {
    ...carried(old),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: shown,
    conditions: mergeConditions(
      old?.conditions,
      {
        PodReadyToStartContainers: !changed && ips.length > 0 ? yes : no,
        Initialized: initializedCondition(pod, init, regular, phase),
        Ready: readyCondition(pod, containersReady, old?.conditions ?? []),
        ContainersReady: containersReady,
        PodScheduled: yes,
      },
      [
        ...(verdict?.disruption === undefined ? [] : [{ type: 'DisruptionTarget', ...verdict.disruption }]),
        ...(sources.resize ?? []),
      ],
      sources.now,
      generation,
    ),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(sources.hostIp === '' ? {} : { hostIP: sources.hostIp, hostIPs: [{ ip: sources.hostIp }] }),
    ...(podIps[0] === undefined ? {} : { podIP: podIps[0].ip, podIPs: podIps }),
    startTime: old?.startTime ?? timestamp(sources.acceptedAt),
    ...lists,
    qosClass: old?.qosClass ?? qosClass(pod),
  };
}

/** The status of a Pod that the node did not take: why, and nothing else. */
function refusedStatus(pod: Pod, { old, acceptedAt }: PodStatusSources, { reason, message }: PodVerdict): PodStatus {
  const { generation } = pod.metadata;
  const conditions = foreignConditions(old?.conditions);
  return {
    ...carried(old),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: 'Failed',
    ...(conditions.length === 0 ? {} : { conditions }),
    reason,
    message,
    startTime: old?.startTime ?? timestamp(acceptedAt),
    qosClass: old?.qosClass ?? qosClass(pod),
  };
}

/** Nothing was ever made for the Pod, or all of it has been removed. */
function nothingOf({ containers, sandboxes }: ObservedPod): boolean {
  return containers.length === 0 && sandboxes.length === 0;
}

/** Fields of the status that others write and the kubelet leaves as they are. */
function carried(old: PodStatus | undefined): PodStatus {
  return {
    ...(old?.nominatedNodeName === undefined ? {} : { nominatedNodeName: old.nominatedNodeName }),
    ...(old?.resourceClaimStatuses === undefined ? {} : { resourceClaimStatuses: old.resourceClaimStatuses }),
    ...(old?.extendedResourceClaimStatus === undefined
      ? {}
      : { extendedResourceClaimStatus: old.extendedResourceClaimStatus }),
  };
}
