import { type Container, Job, type Pod, type Stored } from '@orrery/api';
import { podFromTemplate } from '../workload/pod-control.ts';
import type { JobIndexes } from './assessment.ts';
import {
  completionIndexKey,
  failureCountKey,
  ignoredFailureCountKey,
  ignoredIndexFailures,
  indexFailures,
} from './completion-index.ts';
import { isCounted } from './failure-policy.ts';
import { trackingFinalizer } from './job-pods.ts';

/** A Pod of the Job, which stays until the Job has counted it. */
export function jobPod(job: Stored<Job>): Pod {
  const pod = podFromTemplate(Job, job, job.spec.template);
  const finalizers = pod.metadata.finalizers ?? [];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      finalizers: finalizers.includes(trackingFinalizer) ? finalizers : [...finalizers, trackingFinalizer],
    },
  };
}

/**
 * A Pod for an index of an Indexed Job: the index is in an annotation, a label, its hostname and the environment of its containers.
 */
export function indexedJobPod(job: Stored<Job>, index: number, indexes: JobIndexes | undefined): Pod {
  const { metadata, spec } = jobPod(job);
  const { initContainers } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      generateName: generateName(job.metadata.name, index),
      labels: { ...metadata.labels, [completionIndexKey]: `${index}` },
      annotations: {
        ...metadata.annotations,
        [completionIndexKey]: `${index}`,
        ...failureCounts(job, indexes?.awaiting.get(index)),
      },
    },
    spec: {
      ...spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: spec.containers.map(withIndex),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(withIndex) }),
    },
  };
}

/** The longest beginning of a name that is generated: the random end has five characters more. */
const maxGenerateName = 58;

function generateName(name: string, index: number): string {
  const end = `-${index}-`;
  return name.slice(0, maxGenerateName - end.length) + end;
}

const variable = 'JOB_COMPLETION_INDEX';

function withIndex(container: Container): Container {
  const { env = [] } = container;
  if (env.some(({ name }) => name === variable)) return container;
  const fieldPath = `metadata.labels['${completionIndexKey}']`;
  return { ...container, env: [...env, { name: variable, valueFrom: { fieldRef: { fieldPath } } }] };
}

/** How often Pods of the index have failed, with the Pod that is replaced. */
function failureCounts(job: Job, replaced: Pod | undefined): { readonly [annotation: string]: string } {
  if (job.spec.backoffLimitPerIndex === undefined) return {};
  if (replaced === undefined) return { [failureCountKey]: '0' };
  const counted = isCounted(job, replaced) ? 1 : 0;
  const ignored = ignoredIndexFailures(replaced) + 1 - counted;
  return {
    [failureCountKey]: `${indexFailures(replaced) + counted}`,
    ...(ignored === 0 ? {} : { [ignoredFailureCountKey]: `${ignored}` }),
  };
}
