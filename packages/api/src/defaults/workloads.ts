import type {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../kinds.ts';
import { fill, through, throughEach } from './fill.ts';
import { defaultPodTemplate } from './pod.ts';
import { defaultClaimSpec } from './volume.ts';

/** The largest `int32`: no limit. */
const unlimited = 2_147_483_647;

export function defaultDeployment(deployment: Deployment): Deployment {
  return through(deployment, 'spec', (given) => {
    const spec = fill(through(given, 'template', defaultPodTemplate), {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: {},
    });
    return through(spec, 'strategy', (stated) => {
      const strategy = fill(stated, { type: 'RollingUpdate' });
      if (strategy.type !== 'RollingUpdate') return strategy;
      return through(fill(strategy, { rollingUpdate: {} }), 'rollingUpdate', (rolling) =>
        fill(rolling, { maxUnavailable: '25%', maxSurge: '25%' }),
      );
    });
  });
}

export function defaultReplicaSet(replicaSet: ReplicaSet): ReplicaSet {
  return through(replicaSet, 'spec', (spec) => fill(through(spec, 'template', defaultPodTemplate), { replicas: 1 }));
}

export function defaultDaemonSet(daemonSet: DaemonSet): DaemonSet {
  return through(daemonSet, 'spec', (given) => {
    const spec = fill(through(given, 'template', defaultPodTemplate), { revisionHistoryLimit: 10, updateStrategy: {} });
    return through(spec, 'updateStrategy', (stated) => {
      const strategy = fill(stated, { type: 'RollingUpdate' });
      if (strategy.type !== 'RollingUpdate') return strategy;
      return through(fill(strategy, { rollingUpdate: {} }), 'rollingUpdate', (rolling) =>
        fill(rolling, { maxUnavailable: 1, maxSurge: 0 }),
      );
    });
  });
}

export function defaultStatefulSet(statefulSet: StatefulSet): StatefulSet {
  return through(statefulSet, 'spec', (given) => {
    let spec = fill(through(given, 'template', defaultPodTemplate), {
      replicas: 1,
      revisionHistoryLimit: 10,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: {},
      persistentVolumeClaimRetentionPolicy: {},
    });
    spec = throughEach(spec, 'volumeClaimTemplates', (claim) =>
      through(
        fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } }),
        'spec',
        defaultClaimSpec,
      ),
    );
    spec = through(spec, 'persistentVolumeClaimRetentionPolicy', (policy) =>
      fill(policy, { whenDeleted: 'Retain', whenScaled: 'Retain' }),
    );
    return through(spec, 'updateStrategy', (stated) => {
      const strategy = fill(stated, { type: 'RollingUpdate' });
      if (strategy.type !== 'RollingUpdate') return strategy;
      return through(fill(strategy, { rollingUpdate: {} }), 'rollingUpdate', (rolling) =>
        fill(rolling, { partition: 0 }),
      );
    });
  });
}

export function defaultReplicationController(controller: ReplicationController): ReplicationController {
  const labels = controller.spec?.template?.metadata?.labels;
  let result = through(controller, 'spec', (spec) => {
    const filled = fill(through(spec, 'template', defaultPodTemplate), { replicas: 1 });
    return labels === undefined ? filled : fill(filled, { selector: labels });
  });
  if (labels !== undefined) result = through(result, 'metadata', (metadata) => fill(metadata, { labels }));
  return result;
}

export function defaultJob(job: Job): Job {
  const labels = job.spec?.template?.metadata?.labels;
  const withSpec = through(job, 'spec', (given) => {
    let spec = through(given, 'template', defaultPodTemplate);
    // Only a Job that states neither runs one Pod to completion: with parallelism alone it is a work queue.
    if (spec.completions === undefined && spec.parallelism === undefined) spec = { ...spec, completions: 1 };
    spec = through(spec, 'podFailurePolicy', (policy) =>
      throughEach(policy, 'rules', (rule) =>
        throughEach(rule, 'onPodConditions', (pattern) => fill(pattern, { status: 'True' })),
      ),
    );
    return fill(spec, {
      parallelism: 1,
      backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : unlimited,
      completionMode: 'NonIndexed',
      suspend: false,
      manualSelector: false,
      podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
    });
  });
  return labels === undefined ? withSpec : through(withSpec, 'metadata', (metadata) => fill(metadata, { labels }));
}

export function defaultCronJob(cronJob: CronJob): CronJob {
  return through(cronJob, 'spec', (given) => {
    const spec = through(given, 'jobTemplate', (template) =>
      through(template, 'spec', (job) => through(job, 'template', defaultPodTemplate)),
    );
    return fill(spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
  });
}

export function defaultPodTemplateObject(template: PodTemplate): PodTemplate {
  return through(template, 'template', defaultPodTemplate);
}
