import { type Container, type KubernetesObject, type Pod, qosClass, type Stored } from '@orrery/api';
import { evictPod } from '../../subresources/eviction.ts';
import { bindPod } from '../../subresources/pod-subresources.ts';
import { podProxy } from '../../subresources/proxy.ts';
import { objectEndpoint, withStatus } from '../default-strategy.ts';
import { type Fields, withField, withMetadataField } from '../fields.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/pod/strategy.go`, and the subresources of `storage/`. */
export const pod: StrategyEntry = {
  group: '',
  kind: 'Pod',
  strategy: {
    generation: true,
    podSpec: ['spec'],
    returnDeletedObject: true,
    initialStatus,
    onUpdate: withoutGateCondition,
    gracePeriodSeconds,
    subresources: {
      status: { prepareForUpdate: withStatusExceptOwners },
      // A binding writes the whole stored Pod, including its status.
      binding: { create: bindPod, prepareForUpdate: (object) => object },
      eviction: { create: evictPod },
      ephemeralcontainers: {
        ...objectEndpoint,
        onUpdate: (object, old) => withEphemeralContainers(old as Stored<Pod>, object as Pod),
      },
      resize: { ...objectEndpoint, onUpdate: (object, old) => resized(old as Stored<Pod>, object as Pod) },
      proxy: { proxy: podProxy },
    },
  },
};

function initialStatus(object: KubernetesObject): unknown {
  const phase = { phase: 'Pending', qosClass: qosClass(object) };
  if (gatesOf(object).length === 0) return phase;
  return {
    ...phase,
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null,
        lastTransitionTime: null,
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ],
  };
}

function gatesOf(object: KubernetesObject): readonly unknown[] {
  return ((object as Fields).spec as Pod['spec'] | undefined)?.schedulingGates ?? [];
}

/** Removes the scheduling gates' condition along with the last gate. */
function withoutGateCondition(object: KubernetesObject, old: Stored): KubernetesObject {
  if (gatesOf(old).length === 0 || gatesOf(object).length > 0) return object;
  const status = (object as Fields).status as Pod['status'];
  if (status?.conditions === undefined) return object;
  const conditions = status.conditions.filter(
    ({ type, reason }) => !(type === 'PodScheduled' && reason === 'SchedulingGated'),
  );
  return withField(object, 'status', { ...status, conditions });
}

/** A status update changes neither the owners nor the QoS class, which follows from the spec and never changes. */
function withStatusExceptOwners(object: KubernetesObject, old: Stored): KubernetesObject {
  const next = withStatus(object, old) as Fields;
  const { ownerReferences } = old.metadata;
  const kept = withField(next, 'metadata', withMetadataField(next.metadata ?? {}, 'ownerReferences', ownerReferences));
  return withField(kept, 'status', withQosClass(next.status, old));
}

function withQosClass(status: unknown, old: Fields): unknown {
  if (typeof status !== 'object' || status === null) return status;
  const wanted = (old.status as Pod['status'])?.qosClass ?? qosClass(old);
  return (status as Pod['status'])?.qosClass === wanted ? status : { ...status, qosClass: wanted };
}

/** `/ephemeralcontainers` changes only the ephemeral containers. */
function withEphemeralContainers(old: Stored<Pod>, { spec: given }: Pod): Pod {
  const { ephemeralContainers } = given ?? {};
  const { ephemeralContainers: _, ...spec } = old.spec;
  return { ...old, spec: ephemeralContainers === undefined ? spec : { ...spec, ephemeralContainers } };
}

/** `/resize` changes only the resources of containers. */
function resized(old: Stored<Pod>, { spec: given }: Pod): Pod {
  const { containers, initContainers } = old.spec;
  return {
    ...old,
    spec: {
      ...old.spec,
      containers: containersResized(containers, given?.containers),
      ...(initContainers === undefined
        ? {}
        : { initContainers: containersResized(initContainers, given?.initContainers) }),
    },
  };
}

function containersResized(
  before: readonly Container[],
  after: readonly Container[] | undefined,
): readonly Container[] {
  return before.map((container) => {
    const wanted = after?.find(({ name }) => name === container.name);
    if (wanted === undefined) return container;
    const { resources, resizePolicy } = wanted;
    return {
      ...container,
      ...(resources === undefined ? {} : { resources }),
      ...(resizePolicy === undefined ? {} : { resizePolicy }),
    };
  });
}

/** The Pod's grace period in seconds: none if it is not bound to a node or has ended; a negative number counts as 1. */
function gracePeriodSeconds(object: Stored, asked: number | undefined): number {
  const { spec, status } = object as Stored<Pod>;
  if ((spec?.nodeName ?? '') === '' || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  const grace = asked ?? spec.terminationGracePeriodSeconds ?? 0;
  return grace < 0 ? 1 : grace;
}
