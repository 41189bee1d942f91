import { type Container, type Pod, restartsAfter } from '@orrery/api';
import type { ContainerState } from '@orrery/runtimes';

/** What the latest instance of a container came to, as far as restarting it asks. */
export interface Instance {
  readonly state: ContainerState;
  readonly exitCode: number;
}

/** Whether a container should be started, given its latest instance (kubecontainer.ShouldContainerBeRestarted). */
export function shouldStart(container: Container, pod: Pod, instance: Instance | undefined): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  if (instance === undefined) return true;
  if (instance.state === 'RUNNING') return false;
  if (instance.state !== 'EXITED') return true;
  return restartsAfter(container, pod.spec.restartPolicy, instance.exitCode);
}

/** Whether a container that the kubelet itself killed (a failed probe) comes back. */
export function restartsWhenKilled(container: Container, pod: Pod): boolean {
  return restartsAfter(container, pod.spec.restartPolicy, 137);
}
