import { deepFreeze, type Job, type Pod, type Stored } from '@orrery/api';
import { testPod } from '../workload/objects.fixture.ts';
import { completionIndexKey } from './completion-index.ts';
import { JobPods, trackingFinalizer } from './job-pods.ts';

/** Objects for tests of a Job's decisions. */

/** A Job of one Pod at a time, until one has succeeded. */
export function testJob(spec: Partial<Job['spec']> = {}, status: Job['status'] = {}): Stored<Job> {
  return deepFreeze({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'work',
      namespace: 'default',
      uid: 'job',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      parallelism: 1,
      backoffLimit: 6,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } },
      ...spec,
    },
    status,
  });
}

interface JobPodParts {
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly index?: number;
  readonly annotations?: { readonly [key: string]: string };
  readonly deleted?: boolean;
  readonly tracked?: boolean;
  readonly ready?: boolean;
  readonly restarts?: number;
  readonly exitCode?: number;
  /** When it ended. */
  readonly end?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: 'True' | 'False' }[];
}

/** A Pod of a Job, which runs and has yet to be counted. */
export function jobPodOf(name: string, parts: JobPodParts = {}): Stored<Pod> {
  const { phase = 'Running', index, deleted = false, tracked = true, end = '2026-01-01T00:01:00Z' } = parts;
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const terminated = { exitCode: parts.exitCode ?? (phase === 'Failed' ? 1 : 0), finishedAt: end };
  return testPod(name, {
    metadata: {
      annotations: { ...(index === undefined ? {} : { [completionIndexKey]: `${index}` }), ...parts.annotations },
      ...(tracked ? { finalizers: [trackingFinalizer] } : {}),
      ...(deleted ? { deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: 0 } : {}),
    },
    status: {
      phase,
      conditions: [
        ...(parts.ready === true ? [{ type: 'Ready', status: 'True' as const }] : []),
        ...(parts.conditions ?? []),
      ],
      containerStatuses: [
        {
          name: 'main',
          ready: parts.ready ?? false,
          image: 'busybox',
          imageID: '',
          restartCount: parts.restarts ?? 0,
          ...(isOver ? { state: { terminated } } : {}),
        },
      ],
    },
  });
}

/** What a Job knows of these Pods. */
export function jobPodsOf(...pods: readonly Stored<Pod>[]): JobPods {
  const all = new JobPods();
  for (const pod of pods) all.add(pod);
  return all;
}
