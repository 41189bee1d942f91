import { type Amounts, isNotFound, type Pod, parseQuantity, RuntimeClass, type Toleration } from '@orrery/api';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { isPodRequest, podOf, refusal } from './pod-request.ts';

/**
 * Refuses Pods of a RuntimeClass that does not exist, and gives the others its overhead, node selector and tolerations (Kubernetes
 * "Runtime Class", "Pod Overhead").
 */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  matches: (request) => isPodRequest(request) && request.operation === 'CREATE',
  async mutate(request, context) {
    const found = await classOf(request, context);
    if (found === undefined) return undefined;
    const pod = withClass(podOf(request), found);
    if (typeof pod === 'string') throw refusal(request, pod);
    return pod;
  },
  async validate(request, context) {
    const fault = overheadFault(podOf(request), await classOf(request, context));
    if (fault !== undefined) throw refusal(request, fault);
  },
};

async function classOf(request: AdmissionRequest, { client }: AdmissionContext): Promise<RuntimeClass | undefined> {
  const { runtimeClassName: name } = podOf(request).spec;
  if (name === undefined) return undefined;
  try {
    return await client.get(RuntimeClass, name);
  } catch (error) {
    throw isNotFound(error) ? refusal(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`) : error;
  }
}

/** The Pod with what its class brings; a text if they contradict each other. Pure. */
export function withClass(pod: Pod, { overhead, scheduling }: RuntimeClass): Pod | string {
  const fixed = overhead?.podFixed;
  const own = pod.spec.overhead ?? {};
  if (overhead !== undefined && Object.keys(own).length > 0 && !sameAmounts(fixed, own)) return mismatch;
  const selector = { ...pod.spec.nodeSelector };
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const wanted = selector[key];
    if (wanted !== undefined && wanted !== value) {
      return `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${wanted}`;
    }
    selector[key] = value;
  }
  const tolerations = mergedTolerations([...(pod.spec.tolerations ?? []), ...(scheduling?.tolerations ?? [])]);
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(fixed === undefined ? {} : { overhead: fixed }),
      ...(Object.keys(selector).length === 0 ? {} : { nodeSelector: selector }),
      ...(scheduling === undefined || tolerations.length === 0 ? {} : { tolerations }),
    },
  };
}

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** What is wrong with the overhead that a Pod has in the end. Pure. */
export function overheadFault({ spec }: Pod, found: RuntimeClass | undefined): string | undefined {
  if (found?.overhead !== undefined) return sameAmounts(found.overhead.podFixed, spec.overhead) ? undefined : mismatch;
  return spec.overhead === undefined
    ? undefined
    : 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';
}

function sameAmounts(a: Amounts = {}, b: Amounts = {}): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const [one, other] = [a[name], b[name]];
    return one !== undefined && other !== undefined && parseQuantity(one).compare(parseQuantity(other)) === 0;
  });
}

/** Tolerations without those that others include; of equal ones the first is kept. */
function mergedTolerations(all: readonly Toleration[]): readonly Toleration[] {
  const merged: Toleration[] = [];
  for (const [index, each] of all.entries()) {
    if (merged.some((other) => includes(other, each))) continue;
    const later = all.slice(index + 1);
    if (later.some((other) => !isEqual(other, each) && includes(other, each))) continue;
    merged.push(each);
  }
  return merged;
}

function isEqual(a: Toleration, b: Toleration): boolean {
  return (
    (a.key ?? '') === (b.key ?? '') &&
    (a.operator ?? '') === (b.operator ?? '') &&
    (a.value ?? '') === (b.value ?? '') &&
    (a.effect ?? '') === (b.effect ?? '') &&
    a.tolerationSeconds === b.tolerationSeconds
  );
}

/** Whether one toleration tolerates all that the other does. */
function includes(wide: Toleration, narrow: Toleration): boolean {
  if (isEqual(wide, narrow)) return true;
  const everyKey = (wide.key ?? '') === '' && wide.operator === 'Exists';
  if ((wide.key ?? '') !== (narrow.key ?? '') && !everyKey) return false;
  if (wide.effect !== undefined && wide.effect !== narrow.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  return narrow.operator === 'Equal' && (narrow.value ?? '') === (wide.value ?? '');
}
