import type { Container, EphemeralContainer, Pod } from '@orrery/api';

/** What part a container has in its Pod. A sidecar is an init container with `restartPolicy: Always` (KEP-753). */
export type ContainerRole = 'init' | 'sidecar' | 'regular' | 'ephemeral';

/** A container of a Pod's spec and where it stands there. */
export interface PodContainer {
  readonly spec: Container;
  readonly role: ContainerRole;
  /** Its place in its own list. */
  readonly index: number;
  /** As events name it: `spec.containers{web}`. */
  readonly fieldPath: string;
}

/** Whether an init container is a sidecar. Containers of other lists never are. */
export function isSidecar(initContainer: Container): boolean {
  return initContainer.restartPolicy === 'Always';
}

const found = new WeakMap<object, readonly PodContainer[]>();

/** All containers of a Pod: init containers and sidecars, then regular, then ephemeral ones, each in the order of the spec. */
export function podContainers(pod: Pod): readonly PodContainer[] {
  let containers = found.get(pod.spec);
  if (containers === undefined) {
    containers = [
      ...(pod.spec.initContainers ?? []).map(
        (spec, index): PodContainer => ({
          spec,
          role: isSidecar(spec) ? 'sidecar' : 'init',
          index,
          fieldPath: `spec.initContainers{${spec.name}}`,
        }),
      ),
      ...pod.spec.containers.map(
        (spec, index): PodContainer => ({ spec, role: 'regular', index, fieldPath: `spec.containers{${spec.name}}` }),
      ),
      ...(pod.spec.ephemeralContainers ?? []).map(
        (spec, index): PodContainer => ({
          spec: asContainer(spec),
          role: 'ephemeral',
          index,
          fieldPath: `spec.ephemeralContainers{${spec.name}}`,
        }),
      ),
    ];
    found.set(pod.spec, containers);
  }
  return containers;
}

/** The container of that name, whatever its part; names are unique in a Pod. */
export function findContainer(pod: Pod, name: string): PodContainer | undefined {
  for (const container of podContainers(pod)) if (container.spec.name === name) return container;
  return undefined;
}

/** An ephemeral container has the fields of a container, and a target (Kubernetes "EphemeralContainerCommon"). */
function asContainer(spec: EphemeralContainer): Container {
  return spec as Container;
}

/** `name_namespace(uid)`: how the kubelet's messages name a Pod. */
export function podText(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`;
}
