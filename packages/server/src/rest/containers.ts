import { failures, type Pod } from '@orrery/api';

/** Annotation that names the default container of commands (Kubernetes "Well-known annotations"). */
const defaultContainer = 'kubectl.kubernetes.io/default-container';

/**
 * Resolves the container of a request.
 *
 * @param several what to do if none is named and the Pod has several: pick the first, or refuse
 * @throws StatusError BadRequest if there is no such container, or none is named and the choice is ambiguous
 */
export function containerOf(pod: Pod, named: string, several: 'first' | 'refuse'): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const has = (name: string) =>
    [...containers, ...initContainers, ...ephemeralContainers].some((container) => container.name === name);
  const podName = pod.metadata.name;
  if (named !== '') {
    if (has(named)) return named;
    throw failures.badRequest(`container ${named} is not valid for pod ${podName}`);
  }
  const annotated = pod.metadata.annotations?.[defaultContainer];
  if (annotated !== undefined && has(annotated)) return annotated;
  const [first] = containers;
  if (first !== undefined && (containers.length === 1 || several === 'first')) return first.name;
  const names = (list: readonly { readonly name: string }[]) => `[${list.map(({ name }) => name).join(' ')}]`;
  const choice = containers.length === 0 ? '' : `, choose one of: ${names(containers)}`;
  const initChoice =
    containers.length === 0 || initContainers.length === 0
      ? ''
      : ` or one of the init containers: ${names(initContainers)}`;
  throw failures.badRequest(`a container name must be specified for pod ${podName}${choice}${initChoice}`);
}
