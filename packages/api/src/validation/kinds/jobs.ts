import { fieldErrors } from '../../field-error.ts';
import { equalJson } from '../../json.ts';
import type { CronJob, Job } from '../../kinds.ts';
import { dns1123Label, qualifiedName } from '../../names.ts';
import { labelSelectorMatcher } from '../../selectors/label-selector.ts';
import {
  checkChoice,
  checkName,
  checkNotNegative,
  checkOptionalChoice,
  checkRequired,
  type Errors,
  immutable,
} from '../checks.ts';
import { validateLabelSelector } from '../label-selectors.ts';
import { checkImmutable } from '../metadata.ts';
import { validatePodTemplate } from '../pod/pod-spec.ts';
import { cronScheduleFault } from './cron-schedule.ts';

type JobSpec = Job['spec'];

const maxParallelismIndexed = 100_000;
const maxRules = 20;

/** The rules of a Job. */
export function validateJob(errors: Errors, job: Job): void {
  const spec = job.spec;
  validateJobSpec(errors, spec, 'spec');
  if (spec?.completionMode === 'Indexed' && (spec.completions ?? 0) > 0 && job.metadata?.name) {
    // Each Pod's hostname is made of the Job's name and its index.
    const hostname = `${job.metadata.name}-${(spec.completions ?? 1) - 1}`;
    for (const fault of dns1123Label(hostname)) {
      errors.push(
        fieldErrors.invalid(
          'metadata.name',
          job.metadata.name,
          `will not able to create pod with invalid DNS label: ${hostname}: ${fault}`,
        ),
      );
    }
  }
  if (spec?.selector === undefined) return;
  const before = errors.length;
  validateLabelSelector(errors, spec.selector, 'spec.selector');
  const labels = spec.template?.metadata?.labels ?? {};
  if (errors.length === before && !labelSelectorMatcher(spec.selector).matches(labels)) {
    errors.push(
      fieldErrors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  }
}

function validateJobSpec(errors: Errors, spec: JobSpec | undefined, path: string): void {
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    checkNotNegative(errors, `${path}.${field}`, spec?.[field]);
  }
  const mode = spec?.completionMode;
  checkOptionalChoice(errors, `${path}.completionMode`, mode, ['NonIndexed', 'Indexed']);
  if (mode === 'Indexed') {
    if (spec?.completions === undefined) {
      errors.push(fieldErrors.required(`${path}.completions`, 'when completion mode is Indexed'));
    }
    if ((spec?.parallelism ?? 0) > maxParallelismIndexed) {
      errors.push(
        fieldErrors.invalid(
          `${path}.parallelism`,
          spec?.parallelism,
          `must be less than or equal to ${maxParallelismIndexed} when completion mode is Indexed`,
        ),
      );
    }
  } else if (spec?.backoffLimitPerIndex !== undefined) {
    errors.push(
      fieldErrors.invalid(
        `${path}.backoffLimitPerIndex`,
        spec.backoffLimitPerIndex,
        'requires indexed completion mode',
      ),
    );
  }
  if (spec?.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(fieldErrors.required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  checkOptionalChoice(errors, `${path}.podReplacementPolicy`, spec?.podReplacementPolicy, [
    'Failed',
    'TerminatingOrFailed',
  ]);
  validateFailurePolicy(errors, spec, `${path}.podFailurePolicy`);
  validatePodTemplate(errors, spec?.template, `${path}.template`);
  validateJobRestartPolicy(errors, spec, `${path}.template.spec.restartPolicy`);
}

function validateJobRestartPolicy(errors: Errors, spec: JobSpec | undefined, path: string): void {
  const policy = spec?.template?.spec?.restartPolicy;
  if (policy === 'Always') {
    errors.push(fieldErrors.required(path, 'valid values: "OnFailure", "Never"'));
  } else if (policy !== undefined && policy !== 'OnFailure' && policy !== 'Never') {
    errors.push(fieldErrors.notSupported(path, policy, ['OnFailure', 'Never']));
  } else if (spec?.podFailurePolicy !== undefined && policy !== 'Never') {
    errors.push(
      fieldErrors.invalid(path, policy ?? '', 'only "Never" is supported when podFailurePolicy is specified'),
    );
  }
}

function validateFailurePolicy(errors: Errors, spec: JobSpec | undefined, path: string): void {
  const policy = spec?.podFailurePolicy;
  if (policy === undefined) return;
  const rules = policy.rules ?? [];
  if (rules.length > maxRules) errors.push(fieldErrors.tooMany(`${path}.rules`, rules.length, maxRules));
  for (const [i, rule] of rules.entries()) {
    const at = `${path}.rules[${i}]`;
    checkChoice(errors, `${at}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore']);
    if (rule.action === 'FailIndex' && spec?.backoffLimitPerIndex === undefined) {
      errors.push(fieldErrors.invalid(`${at}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'));
    }
    const { onExitCodes, onPodConditions = [] } = rule;
    if (onExitCodes !== undefined && onPodConditions.length > 0) {
      errors.push(fieldErrors.invalid(at, '', 'specifying both OnExitCodes and OnPodConditions is not supported'));
    } else if (onExitCodes === undefined && onPodConditions.length === 0) {
      errors.push(fieldErrors.invalid(at, '', 'specifying one of OnExitCodes and OnPodConditions is required'));
    }
    if (onExitCodes !== undefined) {
      checkChoice(errors, `${at}.onExitCodes.operator`, onExitCodes.operator, ['In', 'NotIn']);
      const values = onExitCodes.values ?? [];
      if (values.length === 0) {
        errors.push(fieldErrors.invalid(`${at}.onExitCodes.values`, values, 'at least one value is required'));
      }
      const seen = new Set<number>();
      for (const [j, value] of values.entries()) {
        if (onExitCodes.operator === 'In' && value === 0) {
          errors.push(
            fieldErrors.invalid(`${at}.onExitCodes.values[${j}]`, value, 'must not be 0 for the In operator'),
          );
        }
        if (seen.has(value)) errors.push(fieldErrors.duplicate(`${at}.onExitCodes.values[${j}]`, value));
        seen.add(value);
      }
    }
    for (const [j, pattern] of onPodConditions.entries()) {
      checkName(errors, `${at}.onPodConditions[${j}].type`, pattern.type ?? '', qualifiedName);
      checkChoice(errors, `${at}.onPodConditions[${j}].status`, pattern.status, ['False', 'True', 'Unknown']);
    }
  }
}

/** What of a Job may never change. A suspended Job that has not started may still be steered to other nodes. */
export function validateJobUpdate(errors: Errors, job: Job, old: Job): void {
  const elastic =
    old.spec.completionMode === 'Indexed' &&
    old.spec.completions !== undefined &&
    job.spec.completions === job.spec.parallelism;
  if (!elastic) checkImmutable(errors, 'spec.completions', job.spec.completions, old.spec.completions);
  checkImmutable(errors, 'spec.selector', job.spec.selector, old.spec.selector);
  const mayBeSteered = old.spec.suspend === true && old.status?.startTime === undefined;
  const compared = mayBeSteered ? unsteered(job.spec, old.spec) : job.spec.template;
  if (!equalJson(compared, old.spec.template)) {
    errors.push(fieldErrors.invalid('spec.template', job.spec.template, immutable));
  }
  for (const field of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const) {
    checkImmutable(errors, `spec.${field}`, job.spec[field], old.spec[field]);
  }
}

/** The new template with the scheduling directives of the old one. */
function unsteered(next: JobSpec, old: JobSpec): unknown {
  const spec: { [field: string]: unknown } = { ...next.template.spec };
  for (const field of ['nodeSelector', 'affinity', 'tolerations', 'schedulingGates'] as const) {
    const value = old.template.spec?.[field];
    if (value === undefined) delete spec[field];
    else spec[field] = value;
  }
  const metadata: { [field: string]: unknown } = { ...next.template.metadata };
  for (const field of ['labels', 'annotations'] as const) {
    const value = old.template.metadata?.[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
  return { ...next.template, metadata, spec };
}

/** The rules of a CronJob. */
export function validateCronJob(errors: Errors, cronJob: CronJob, old?: CronJob): void {
  const spec = cronJob.spec;
  const schedule = spec?.schedule ?? '';
  if (checkRequired(errors, 'spec.schedule', schedule)) {
    const fault = cronScheduleFault(schedule);
    if (fault !== undefined) errors.push(fieldErrors.invalid('spec.schedule', schedule, fault));
    if (schedule.includes('TZ') && old?.spec.schedule !== schedule) {
      errors.push(
        fieldErrors.invalid(
          'spec.schedule',
          schedule,
          'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
        ),
      );
    }
  }
  if (spec?.timeZone !== undefined) validateTimeZone(errors, spec.timeZone);
  checkNotNegative(errors, 'spec.startingDeadlineSeconds', spec?.startingDeadlineSeconds);
  checkChoice(errors, 'spec.concurrencyPolicy', spec?.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  checkNotNegative(errors, 'spec.successfulJobsHistoryLimit', spec?.successfulJobsHistoryLimit);
  checkNotNegative(errors, 'spec.failedJobsHistoryLimit', spec?.failedJobsHistoryLimit);
  validateJobSpec(errors, spec?.jobTemplate?.spec, 'spec.jobTemplate.spec');
  if (spec?.jobTemplate?.spec?.manualSelector === true) {
    errors.push(fieldErrors.notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']));
  }
}

function validateTimeZone(errors: Errors, timeZone: string): void {
  const path = 'spec.timeZone';
  if (timeZone === '') errors.push(fieldErrors.invalid(path, timeZone, 'timeZone must be nil or non-empty string'));
  else if (timeZone.toLowerCase() === 'local') {
    errors.push(
      fieldErrors.invalid(
        path,
        timeZone,
        'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ),
    );
  } else if (!isTimeZone(timeZone)) {
    errors.push(fieldErrors.invalid(path, timeZone, `unknown time zone ${timeZone}`));
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
