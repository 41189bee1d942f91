import { fieldErrors } from '../../field-error.ts';
import { equalJson } from '../../json.ts';
import type { DaemonSet, Deployment, ReplicaSet, ReplicationController, StatefulSet } from '../../kinds.ts';
import type { LabelSelector, PodTemplateSpec } from '../../parts.ts';
import { labelSelectorMatcher } from '../../selectors/label-selector.ts';
import { checkChoice, checkNotNegative, checkOptionalChoice, type Errors } from '../checks.ts';
import { isEmptySelector, validateLabelSelector } from '../label-selectors.ts';
import { checkImmutable } from '../metadata.ts';
import { validatePodTemplate } from '../pod/pod-spec.ts';

const mismatch = '`selector` does not match template `labels`';

/** A selector that must be there, must not select everything, and must select the template's Pods. */
function validateSelector(
  errors: Errors,
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  emptyText: string,
): void {
  if (selector === undefined) {
    errors.push(fieldErrors.required('spec.selector'));
    return;
  }
  const before = errors.length;
  validateLabelSelector(errors, selector, 'spec.selector');
  const isValid = errors.length === before;
  if (isEmptySelector(selector)) {
    errors.push(fieldErrors.invalid('spec.selector', selector, emptyText));
  } else if (isValid && !labelSelectorMatcher(selector).matches(template?.metadata?.labels ?? {})) {
    errors.push(fieldErrors.invalid('spec.template.metadata.labels', template?.metadata?.labels ?? {}, mismatch));
  }
}

/** A template of Pods that a controller keeps running: they are always restarted, and have no deadline. */
function validateRunningTemplate(errors: Errors, template: PodTemplateSpec | undefined, controller: string): void {
  validatePodTemplate(errors, template, 'spec.template');
  const spec = template?.spec;
  if (spec?.restartPolicy !== undefined && spec.restartPolicy !== 'Always') {
    errors.push(fieldErrors.notSupported('spec.template.spec.restartPolicy', spec.restartPolicy, ['Always']));
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      fieldErrors.forbidden(
        'spec.template.spec.activeDeadlineSeconds',
        `activeDeadlineSeconds in ${controller} is not Supported`,
      ),
    );
  }
}

export function validateDeployment(errors: Errors, { spec }: Deployment): void {
  checkNotNegative(errors, 'spec.replicas', spec?.replicas);
  validateSelector(errors, spec?.selector, spec?.template, 'empty selector is invalid for deployment');
  validateRunningTemplate(errors, spec?.template, 'ReplicaSet');
  const { type, rollingUpdate } = spec?.strategy ?? {};
  checkChoice(errors, 'spec.strategy.type', type, ['Recreate', 'RollingUpdate']);
  if (type === 'Recreate' && rollingUpdate !== undefined) {
    errors.push(
      fieldErrors.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"),
    );
  } else if (type === 'RollingUpdate') {
    if (rollingUpdate === undefined) {
      errors.push(fieldErrors.required('spec.strategy.rollingUpdate', 'this should be defaulted and never be nil'));
    } else {
      const { maxUnavailable, maxSurge } = rollingUpdate;
      const at = 'spec.strategy.rollingUpdate';
      checkIntOrPercent(errors, maxUnavailable, `${at}.maxUnavailable`);
      checkIntOrPercent(errors, maxSurge, `${at}.maxSurge`);
      if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
        errors.push(fieldErrors.invalid(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
      }
      checkAtMostAll(errors, maxUnavailable, `${at}.maxUnavailable`);
    }
  }
  checkNotNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  checkNotNegative(errors, 'spec.revisionHistoryLimit', spec?.revisionHistoryLimit);
  const deadline = spec?.progressDeadlineSeconds;
  if (deadline === undefined) return;
  checkNotNegative(errors, 'spec.progressDeadlineSeconds', deadline);
  if (deadline <= (spec?.minReadySeconds ?? 0)) {
    errors.push(fieldErrors.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
}

export function validateReplicaSet(errors: Errors, { spec }: ReplicaSet): void {
  checkNotNegative(errors, 'spec.replicas', spec?.replicas);
  checkNotNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  validateSelector(errors, spec?.selector, spec?.template, 'empty selector is invalid for deployment');
  if (spec?.template === undefined) errors.push(fieldErrors.required('spec.template'));
  else validateRunningTemplate(errors, spec.template, 'ReplicaSet');
}

export function validateReplicationController(errors: Errors, { spec }: ReplicationController): void {
  checkNotNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  checkNotNegative(errors, 'spec.replicas', spec?.replicas);
  const selector = spec?.selector ?? {};
  if (Object.keys(selector).length === 0) errors.push(fieldErrors.required('spec.selector'));
  const labels = spec?.template?.metadata?.labels ?? {};
  if (spec?.template === undefined) {
    errors.push(fieldErrors.required('spec.template'));
    return;
  }
  if (Object.entries(selector).some(([key, value]) => labels[key] !== value)) {
    errors.push(fieldErrors.invalid('spec.template.metadata.labels', labels, mismatch));
  }
  validateRunningTemplate(errors, spec.template, 'ReplicationController');
}

export function validateDaemonSet(errors: Errors, { spec }: DaemonSet): void {
  validateSelector(errors, spec?.selector, spec?.template, 'empty selector is invalid for daemonset');
  validateRunningTemplate(errors, spec?.template, 'DaemonSet');
  checkNotNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  checkChoice(errors, 'spec.updateStrategy.type', type, ['RollingUpdate', 'OnDelete']);
  if (type === 'RollingUpdate' && rollingUpdate !== undefined) {
    const at = 'spec.updateStrategy.rollingUpdate';
    const { maxUnavailable, maxSurge } = rollingUpdate;
    checkIntOrPercent(errors, maxUnavailable, `${at}.maxUnavailable`);
    checkAtMostAll(errors, maxUnavailable, `${at}.maxUnavailable`);
    checkIntOrPercent(errors, maxSurge, `${at}.maxSurge`);
    checkAtMostAll(errors, maxSurge, `${at}.maxSurge`);
    if (amountOf(maxUnavailable) !== 0 && amountOf(maxSurge) !== 0) {
      errors.push(fieldErrors.invalid(`${at}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
    } else if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
      errors.push(fieldErrors.required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
    }
  }
  checkNotNegative(errors, 'spec.revisionHistoryLimit', spec?.revisionHistoryLimit);
}

export function validateStatefulSet(errors: Errors, { spec }: StatefulSet): void {
  checkChoice(errors, 'spec.podManagementPolicy', spec?.podManagementPolicy, ['OrderedReady', 'Parallel']);
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  checkChoice(errors, 'spec.updateStrategy.type', type, ['OnDelete', 'RollingUpdate']);
  if (type === 'RollingUpdate') {
    checkNotNegative(errors, 'spec.updateStrategy.rollingUpdate.partition', rollingUpdate?.partition);
    checkIntOrPercent(errors, rollingUpdate?.maxUnavailable, 'spec.updateStrategy.rollingUpdate.maxUnavailable');
  } else if (rollingUpdate !== undefined) {
    errors.push(
      fieldErrors.invalid(
        'spec.updateStrategy.rollingUpdate',
        rollingUpdate,
        "only allowed for updateStrategy 'RollingUpdate'",
      ),
    );
  }
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const policy = spec?.persistentVolumeClaimRetentionPolicy?.[field];
    checkOptionalChoice(errors, `spec.persistentVolumeClaimRetentionPolicy.${field}`, policy, ['Retain', 'Delete']);
  }
  checkNotNegative(errors, 'spec.replicas', spec?.replicas);
  checkNotNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  checkNotNegative(errors, 'spec.ordinals.start', spec?.ordinals?.start);
  validateSelector(errors, spec?.selector, spec?.template, 'empty selector is invalid for statefulset');
  // Volumes of the claim templates are mounted by name, as if the template had them.
  validateRunningTemplate(errors, withClaimVolumes(spec), 'StatefulSet');
}

function withClaimVolumes(spec: StatefulSet['spec'] | undefined): PodTemplateSpec | undefined {
  const template = spec?.template;
  if (template?.spec === undefined || (spec?.volumeClaimTemplates ?? []).length === 0) return template;
  const claimed = new Set((spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? ''));
  const volumes = [
    ...(template.spec.volumes ?? []).filter(({ name }) => !claimed.has(name)),
    ...Array.from(claimed, (name) => ({ name, persistentVolumeClaim: { claimName: name } })),
  ];
  return { ...template, spec: { ...template.spec, volumes } };
}

const statefulSetMutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export function validateStatefulSetUpdate(errors: Errors, next: StatefulSet, old: StatefulSet): void {
  const fixed = (spec: StatefulSet['spec']) => {
    const rest: { [field: string]: unknown } = { ...spec };
    for (const field of statefulSetMutable) delete rest[field];
    return rest;
  };
  if (equalJson(fixed(next.spec), fixed(old.spec))) return;
  errors.push(
    fieldErrors.forbidden(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  );
}

/** In `apps/v1` a selector never changes: what it selected would be lost. */
export function validateSelectorUpdate(
  errors: Errors,
  next: Deployment | ReplicaSet | DaemonSet,
  old: Deployment | ReplicaSet | DaemonSet,
): void {
  checkImmutable(errors, 'spec.selector', next.spec?.selector, old.spec?.selector);
}

/** Counts in a workload's status: none is negative, and none counts more than there are. */
export function validateReplicaStatus(errors: Errors, status: { readonly [count: string]: unknown } | undefined): void {
  const count = (field: string) => (typeof status?.[field] === 'number' ? (status[field] as number) : 0);
  for (const field in status) {
    if (typeof status[field] === 'number') checkNotNegative(errors, `status.${field}`, status[field]);
  }
  for (const field of ['updatedReplicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']) {
    if (count(field) > count('replicas')) {
      errors.push(fieldErrors.invalid(`status.${field}`, count(field), 'cannot be greater than status.replicas'));
    }
  }
  if (count('availableReplicas') > count('readyReplicas')) {
    errors.push(
      fieldErrors.invalid(
        'status.availableReplicas',
        count('availableReplicas'),
        'cannot be greater than readyReplicas',
      ),
    );
  }
}

/** A number of things, or a part of them all in percent. */
export function checkIntOrPercent(errors: Errors, value: number | string | undefined, path: string): void {
  if (typeof value === 'number') checkNotNegative(errors, path, value);
  else if (value !== undefined && !/^[0-9]+%$/.test(value)) {
    errors.push(
      fieldErrors.invalid(
        path,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ),
    );
  }
}

function checkAtMostAll(errors: Errors, value: number | string | undefined, path: string): void {
  if (typeof value === 'string' && amountOf(value) > 100) {
    errors.push(fieldErrors.invalid(path, value, 'must not be greater than 100%'));
  }
}

function amountOf(value: number | string | undefined): number {
  return typeof value === 'string' ? Number.parseInt(value, 10) || 0 : (value ?? 0);
}
