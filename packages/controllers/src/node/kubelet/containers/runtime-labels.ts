import type { Container, Pod } from '@orrery/api';

/** What the kubelet writes on sandboxes and containers, to know them again (the kubelet's types and kuberuntime's labels). */

const podName = 'io.kubernetes.pod.name';
const podNamespace = 'io.kubernetes.pod.namespace';
/** Label: whose sandbox or container it is. */
export const podUidLabel = 'io.kubernetes.pod.uid';
const containerName = 'io.kubernetes.container.name';

/** Annotation: the hash of what the instance was made from. */
export const hashAnnotation = 'io.kubernetes.container.hash';
/** Annotation: the resources that the instance was made with, as JSON. */
export const resourcesAnnotation = 'io.kubernetes.container.resources';
const restartCount = 'io.kubernetes.container.restartCount';
const messagePath = 'io.kubernetes.container.terminationMessagePath';
const messagePolicyName = 'io.kubernetes.container.terminationMessagePolicy';

/** The labels of a Pod's sandboxes. */
export function podLabels({ metadata: { name, namespace = '', uid = '' } }: Pod): { [label: string]: string } {
  return { [podName]: name, [podNamespace]: namespace, [podUidLabel]: uid };
}

/** The labels of a container's instance. */
export function containerLabels(pod: Pod, { name }: Container): { [label: string]: string } {
  return { ...podLabels(pod), [containerName]: name };
}

/** The annotations of a container's instance. */
export function containerAnnotations(
  { terminationMessagePath, terminationMessagePolicy }: Container,
  { hash, resources, attempt }: { readonly hash: string; readonly resources: object; readonly attempt: number },
): { [annotation: string]: string } {
  return {
    [hashAnnotation]: hash,
    [resourcesAnnotation]: JSON.stringify(resources),
    [restartCount]: String(attempt),
    [messagePath]: terminationMessagePath ?? '/dev/termination-log',
    [messagePolicyName]: terminationMessagePolicy ?? 'File',
  };
}

/** How an instance's termination message is found: written on it when it was made. */
export function messagePolicy(annotations: { readonly [annotation: string]: string }): string {
  return annotations[messagePolicyName] ?? 'File';
}
