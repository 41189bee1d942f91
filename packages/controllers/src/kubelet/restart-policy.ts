import type { Container, Pod } from '@orrery/api';
import type { ContainerState } from '@orrery/runtimes';

/** What the latest instance of a container came to, as far as restarting it asks. */
export interface Instance {
  readonly state: ContainerState;
  readonly exitCode: number;
}

/**
 * Whether an exit calls for a restart: the container's own rules first (KEP-5307 "Container Restart Rules"), then its own
 * policy, then the Pod's.
 */
export function restartsAfter(container: Container, podPolicy: string | undefined, exitCode: number): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    if (rule.action === 'Restart' && matches(rule.exitCodes, exitCode)) return true;
  }
  switch (container.restartPolicy ?? podPolicy ?? 'Always') {
    case 'Never':
      return false;
    case 'OnFailure':
      return exitCode !== 0;
    default:
      return true;
  }
}

function matches(
  rule: { readonly operator: string; readonly values?: readonly number[] } | undefined,
  exitCode: number,
): boolean {
  if (rule === undefined) return false;
  const listed = (rule.values ?? []).includes(exitCode);
  return rule.operator === 'In' ? listed : rule.operator === 'NotIn' ? !listed : false;
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
