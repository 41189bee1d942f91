import type { Pod, Toleration } from '@orrery/api';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { isPodRequest, podOf } from './pod-request.ts';

/** Seconds that a Pod stays on a node that is not ready or unreachable. */
const defaultSeconds = 300;

const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;

/**
 * Lets Pods without tolerations of their own stay for five minutes on a node that is not ready or unreachable (Kubernetes
 * "Taints and Tolerations", taint based evictions).
 */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  matches: (request) => isPodRequest(request) && (request.operation === 'CREATE' || request.operation === 'UPDATE'),
  mutate: (request: AdmissionRequest) => withDefaultTolerations(podOf(request)),
};

/** The Pod with the missing tolerations added; undefined if none are missing. */
export function withDefaultTolerations(pod: Pod): Pod | undefined {
  const own = pod.spec.tolerations ?? [];
  const missing = taints.filter((key) => !own.some((toleration) => concerns(toleration, key)));
  if (missing.length === 0) return undefined;
  const added = missing.map(
    (key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: defaultSeconds }),
  );
  return { ...pod, spec: { ...pod.spec, tolerations: [...own, ...added] } };
}

function concerns({ key, effect }: Toleration, taint: string): boolean {
  return (
    (key === undefined || key === '' || key === taint) &&
    (effect === undefined || (effect as string) === '' || effect === 'NoExecute')
  );
}
