import { fieldErrors } from '../../field-error.ts';
import type { CronJob } from '../../kinds.ts';
import { checkChoice, checkNotNegative, checkRequired, type Errors } from '../checks.ts';
import { cronScheduleFault } from './cron-schedule.ts';
import { validateJobSpec } from './jobs.ts';

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
