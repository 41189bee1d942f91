import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  PodDisruptionBudget,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../kinds.ts';
import { ageSince, humanAge } from './age.ts';
import { containerCells, labelsText, selectorCell, selectorText } from './cell-text.ts';
import {
  ageColumn,
  ageOf,
  column,
  containersColumn,
  imagesColumn,
  nameColumn,
  nameOf,
  printer,
  selectorColumn,
} from './printer.ts';

const readyColumn = column('Ready', 'string', 'How many Pods are ready, of how many that are wanted.');
const templateColumns = [containersColumn, imagesColumn, selectorColumn];

export const deploymentPrinter = printer<Deployment>(
  [
    nameColumn,
    readyColumn,
    column('Up-to-date', 'string', 'Pods that have the newest template.'),
    column('Available', 'string', 'Pods that have been ready for long enough.'),
    ageColumn,
    ...templateColumns,
  ],
  (deployment, now) => [
    nameOf(deployment),
    `${deployment.status?.readyReplicas ?? 0}/${deployment.spec?.replicas ?? 0}`,
    deployment.status?.updatedReplicas ?? 0,
    deployment.status?.availableReplicas ?? 0,
    ageOf(deployment, now),
    ...containerCells(deployment.spec?.template?.spec?.containers),
    selectorText(deployment.spec?.selector) ?? '<invalid>',
  ],
);

const replicaColumns = [
  nameColumn,
  column('Desired', 'integer', 'Pods that are wanted.'),
  column('Current', 'integer', 'Pods that exist.'),
  column('Ready', 'integer', 'Pods that are ready.'),
  ageColumn,
  ...templateColumns,
];

export const replicaSetPrinter = printer<ReplicaSet>(replicaColumns, (set, now) => [
  nameOf(set),
  set.spec?.replicas ?? 0,
  set.status?.replicas ?? 0,
  set.status?.readyReplicas ?? 0,
  ageOf(set, now),
  ...containerCells(set.spec?.template?.spec?.containers),
  selectorCell(set.spec?.selector),
]);

export const replicationControllerPrinter = printer<ReplicationController>(replicaColumns, (controller, now) => [
  nameOf(controller),
  controller.spec?.replicas ?? 0,
  controller.status?.replicas ?? 0,
  controller.status?.readyReplicas ?? 0,
  ageOf(controller, now),
  ...containerCells(controller.spec?.template?.spec?.containers),
  labelsText(controller.spec?.selector),
]);

export const daemonSetPrinter = printer<DaemonSet>(
  [
    nameColumn,
    column('Desired', 'integer', 'Nodes that should run the Pod.'),
    column('Current', 'integer', 'Nodes that should run the Pod and do.'),
    column('Ready', 'integer', 'Nodes on which the Pod is ready.'),
    column('Up-to-date', 'integer', 'Nodes whose Pod has the newest template.'),
    column('Available', 'integer', 'Nodes whose Pod has been ready for long enough.'),
    column('Node Selector', 'string', 'Labels that a node needs to run the Pod.'),
    ageColumn,
    ...templateColumns,
  ],
  (set, now) => [
    nameOf(set),
    set.status?.desiredNumberScheduled ?? 0,
    set.status?.currentNumberScheduled ?? 0,
    set.status?.numberReady ?? 0,
    set.status?.updatedNumberScheduled ?? 0,
    set.status?.numberAvailable ?? 0,
    labelsText(set.spec?.template?.spec?.nodeSelector),
    ageOf(set, now),
    ...containerCells(set.spec?.template?.spec?.containers),
    selectorCell(set.spec?.selector),
  ],
);

export const statefulSetPrinter = printer<StatefulSet>(
  [nameColumn, readyColumn, ageColumn, containersColumn, imagesColumn],
  (set, now) => [
    nameOf(set),
    `${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 0}`,
    ageOf(set, now),
    ...containerCells(set.spec?.template?.spec?.containers),
  ],
);

export const jobPrinter = printer<Job>(
  [
    nameColumn,
    column('Status', 'string', 'How the Job stands.'),
    column('Completions', 'string', 'Pods that succeeded, of how many that must.'),
    column('Duration', 'string', 'Time that the Job took, or has been running.'),
    ageColumn,
    ...templateColumns,
  ],
  (job, now) => [
    nameOf(job),
    jobStatus(job),
    completions(job),
    jobDuration(job, now),
    ageOf(job, now),
    ...containerCells(job.spec?.template?.spec?.containers),
    selectorCell(job.spec?.selector),
  ],
);

function jobStatus(job: Job): string {
  const holds = (type: string): boolean =>
    job.status?.conditions?.find((condition) => condition.type === type)?.status === 'True';
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata?.deletionTimestamp !== undefined) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  return holds('FailureTarget') ? 'FailureTarget' : 'Running';
}

function completions(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0;
  if (job.spec?.completions !== undefined) return `${succeeded}/${job.spec.completions}`;
  const parallelism = job.spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: Job, now: number): string {
  const { startTime, completionTime } = job.status ?? {};
  if (startTime === undefined) return '';
  return humanAge((completionTime === undefined ? now : Date.parse(completionTime)) - Date.parse(startTime));
}

export const cronJobPrinter = printer<CronJob>(
  [
    nameColumn,
    column('Schedule', 'string', 'When Jobs are started, in cron format.'),
    column('Timezone', 'string', 'Time zone of the schedule.'),
    column('Suspend', 'boolean', 'Whether no further Jobs are started.'),
    column('Active', 'integer', 'Jobs that run now.'),
    column('Last Schedule', 'string', 'Time since a Job was last started.'),
    ageColumn,
    ...templateColumns,
  ],
  (cronJob, now) => [
    nameOf(cronJob),
    cronJob.spec?.schedule ?? '',
    cronJob.spec?.timeZone ?? '<none>',
    truth(cronJob.spec?.suspend),
    cronJob.status?.active?.length ?? 0,
    cronJob.status?.lastScheduleTime === undefined ? '<none>' : ageSince(cronJob.status.lastScheduleTime, now),
    ageOf(cronJob, now),
    ...containerCells(cronJob.spec?.jobTemplate?.spec?.template?.spec?.containers),
    selectorCell(cronJob.spec?.jobTemplate?.spec?.selector),
  ],
);

function truth(value: boolean | undefined): string {
  if (value === undefined) return '<unset>';
  return value ? 'True' : 'False';
}

export const podDisruptionBudgetPrinter = printer<PodDisruptionBudget>(
  [
    nameColumn,
    column('Min Available', 'string', 'Pods that must stay available.'),
    column('Max Unavailable', 'string', 'Pods that may be unavailable.'),
    column('Allowed Disruptions', 'integer', 'Pods that may be evicted now.'),
    ageColumn,
  ],
  (budget, now) => [
    nameOf(budget),
    `${budget.spec?.minAvailable ?? 'N/A'}`,
    `${budget.spec?.maxUnavailable ?? 'N/A'}`,
    budget.status?.disruptionsAllowed ?? 0,
    ageOf(budget, now),
  ],
);

export const controllerRevisionPrinter = printer<ControllerRevision>(
  [
    nameColumn,
    column('Controller', 'string', 'Workload that the revision belongs to.'),
    column('Revision', 'string', 'Number of the revision.'),
    ageColumn,
  ],
  (revision, now) => {
    const owner = revision.metadata?.ownerReferences?.find((reference) => reference.controller === true);
    return [
      nameOf(revision),
      owner === undefined ? '<none>' : `${groupKind(owner.apiVersion, owner.kind)}/${owner.name}`,
      revision.revision ?? 0,
      ageOf(revision, now),
    ];
  },
);

function groupKind(apiVersion: string, kind: string): string {
  const slash = apiVersion.indexOf('/');
  return (slash < 0 ? kind : `${kind}.${apiVersion.slice(0, slash)}`).toLowerCase();
}

export const podTemplatePrinter = printer<PodTemplate>(
  [
    nameColumn,
    column('Containers', 'string', 'Names of the containers in the Pod template.'),
    column('Images', 'string', 'Images of the containers in the Pod template.'),
    column('Pod Labels', 'string', 'Labels of the Pod template.'),
  ],
  (template) => [
    nameOf(template),
    ...containerCells(template.template?.spec?.containers),
    labelsText(template.template?.metadata?.labels),
  ],
);
